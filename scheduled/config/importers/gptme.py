"""gptme's `config/scheduler.yaml` as settings (pure).

gptme's job files need no import: they are read as they are.
"""

from pathlib import Path

from scheduled.config import keys
from scheduled.config.conversion import describe, problem_with
from scheduled.config.converters import single_line
from scheduled.config.gptme_format import TIMEOUT
from scheduled.config.importers.findings import Findings, LeftOut, SourceKind
from scheduled.config.importers.repeated_keys import repeated
from scheduled.config.yaml_document import Node
from scheduled.system.text import excerpt

KEYS = {
    name: keys.KEYS[name].field or name
    for name in (
        "jobs_dir",
        "poll_interval_seconds",
        "default_timeout_seconds",
        "max_concurrent_jobs",
        "log_level",
        "log_file",
    )
}
"""Its keys, with the setting each becomes; scheduled.yaml accepts them as aliases as well."""
SIGNS = KEYS.keys() - {"log_level", "log_file"}
"""Those by which its file is recognised: many programs have a log."""
_PATHS = ("jobs_dir", "log_file")


def read(document: Node, folder: Path) -> Findings:
    """Return the settings of a scheduler.yaml in the directory `folder`."""
    settings = {}
    left_out = [*repeated(document)]
    for name, node in document.value.items():
        reason = _problem(name, node)
        if reason:
            text = f"{excerpt(name)}: {excerpt(node.text) or describe(node)}"
            left_out.append(LeftOut(node.line, text, reason))
        else:
            value = str(_path(node.text, folder)) if name in _PATHS else node.plain()
            settings[KEYS[name]] = value
    settings.setdefault("default_timeout", int(TIMEOUT))
    return Findings(SourceKind.GPTME, settings=settings, left_out=tuple(left_out))


def _problem(name: str, node: Node) -> str:
    """Return why a key cannot become a setting, or ''."""
    if name not in KEYS:
        return "not a key of gptme's scheduler"
    if name == "poll_interval_seconds" and isinstance(node.value, int | float) and node.value < 60:
        return "cron ticks once a minute at most"
    converter = single_line if name in _PATHS else keys.KEYS[name].convert
    return problem_with(converter, node)


def _path(text: str, folder: Path) -> Path:
    """Return the path, relative to the agent's workspace, the parent of `config/`."""
    workspace = folder.parent if folder.name == "config" else folder
    return workspace / text

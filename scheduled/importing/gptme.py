"""gptme's `config/scheduler.yaml` as settings of ours; pure.

Its job files need no import: they are read as they are.
"""

from pathlib import Path

from scheduled.config import fields
from scheduled.config.readers import found
from scheduled.config.source import Node, shown
from scheduled.importing.findings import Findings, Kind, LeftOut

KEYS = {
    name: fields.KEYS[name].field
    for name in (
        "jobs_dir",
        "poll_interval_seconds",
        "default_timeout_seconds",
        "max_concurrent_jobs",
    )
}
"""Its keys, and what they are called here; a scheduled.yaml may use them as they are, too."""
_NOT_USED = {
    "log_level": "scheduled -v says more, -q less; what jobs print is kept, see `scheduled logs`",
    "log_file": "`scheduled cron install --log FILE` writes what ticks say into a file",
}


def read(document: Node, folder: Path) -> Findings:
    """The settings in a scheduler.yaml that lies in `folder`."""
    settings = {}
    left_out = []
    for name, node in document.value.items():
        reason = _NOT_USED.get(name) or _too_often(name, node)
        if name not in KEYS or reason:
            text = f"{shown(name)}: {shown(node.text) or found(node)}"
            left_out.append(LeftOut(node.line, text, reason or "not a key of gptme's scheduler"))
        elif name == "jobs_dir" and node.text:
            settings["jobs_dirs"] = str(_jobs_dir(node.text, folder))
        else:
            settings[KEYS[name]] = node.plain()
    return Findings(Kind.GPTME, settings=settings, left_out=tuple(left_out))


def _too_often(name: str, node: Node) -> str:
    is_poll = name == "poll_interval_seconds" and isinstance(node.value, int | float)
    return "cron ticks once a minute at most" if is_poll and node.value < 60 else ""


def _jobs_dir(text: str, folder: Path) -> Path:
    """Relative to the agent's workspace, which is what `config/` lies in."""
    workspace = folder.parent if folder.name == "config" else folder
    return workspace / text

"""The configuration file that `config init` writes: all of it is a comment or harmless.

A line that begins with `#` and no space is a setting to enable; one with a space is prose. The
settings are the keys that have an example.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.key import Key
from scheduled.config.keys import KEYS
from scheduled.config.notify_keys import KIND_KEYS
from scheduled.config.paths import has_registry
from scheduled.jobs import builtin

_HEAD = """\
# What runs here, and when. Everything is optional.
# A line like `#timezone: ...` is a setting that is disabled: remove the # to change it.
# A relative directory is relative to that of this file.
# After every change: scheduled config validate

"""
_OWN = """
  # A job of your own needs a schedule and a command. It may as well be a file of its own: in
  # jobs/backup.yaml beside this file, `id: backup` and the same keys, not indented.
  #backup:
  #  schedule: "30 2 * * *"   # minute hour day month weekday; the quotes are needed
  #  command: tar czf "$HOME/backup.tar.gz" "$HOME/documents"
  #  description: Documents, packed every night
"""
_WIDTH = 30
"""The column at which the explanation of a setting begins."""


def text(root: Path) -> str:
    """Return the file for the root `root`, which says whether its built-in jobs are active."""
    return "".join(
        [
            _HEAD,
            *_settings("#", KEYS),
            "\nnotify:\n",
            *_channels(),
            "\nsubscribe:\n",
            *_subscribers(),
            "\njobs:\n",
            *_builtin_jobs(root),
            *_jobs_on_request(),
            _OWN,
            *_settings("  #  ", JOB_KEYS),
        ]
    )


def _settings(prefix: str, keys: Mapping[str, Key]) -> Iterator[str]:
    for name, key in keys.items():
        if key.example and not key.field:
            yield f"{f'{prefix}{name}: {key.example}':<{_WIDTH - 1}} # {key.plain}\n"


def _channels() -> Iterator[str]:
    """Yield a disabled channel of each kind."""
    yield "  # Who is told when a job fails and when it works again: a channel of each kind.\n"
    yield "  # After a change: scheduled notify test\n"
    for kind, keys in KIND_KEYS.items():
        examples = {name: key.example for name, key in keys.items() if key.example}
        pairs = [f"{name}: {_quoted(value)}" for name, value in examples.items()]
        yield f"  #by_{kind}: {{{', '.join([f'kind: {kind}', *pairs])}}}\n"


def _subscribers() -> Iterator[str]:
    """Yield a disabled subscriber of each kind."""
    yield "  # What is told of events as they happen, for other programs.\n"
    yield "  #program: {kind: command, command: cat >> events.jsonl, on: [job_*, incident_*]}\n"
    yield "  #server: {kind: webhook, url: https://example.org/events, on: scheduler.*}\n"


def _quoted(value: str) -> str:
    """Return a value as it can stand inside braces."""
    return f"'{value}'" if '"' in value or value[0] == "@" else value


def _builtin_jobs(root: Path) -> Iterator[str]:
    if has_registry(root):
        yield "  # The built-in jobs run as they are. Keys below an id change that job.\n"
    else:
        yield "  # These built-in jobs look after an ecosystem of branches, and are inactive\n"
        yield "  # while the root has no registry (*_REGISTRY.json). Keys change a job.\n"
    for job in builtin.JOBS:
        if job.id in builtin.OF_ECOSYSTEM:
            yield f'  #{job.id}:\n  #  schedule: "{job.schedule}"\n  #  enabled: true\n'


def _jobs_on_request() -> Iterator[str]:
    yield "\n  # More built-in jobs, each off until it is mentioned here or enabled:\n"
    for job in builtin.JOBS:
        if job.id not in builtin.OF_ECOSYSTEM:
            yield f"  #{job.id}: {{enabled: true}}   # {job.description}\n"

"""`scheduled handlers new`: write a handler that runs, with a test beside it that passes."""

import os
import re
from contextlib import suppress
from pathlib import Path

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.config import handler_files
from scheduled.config.load import Config
from scheduled.errors import ConfigError, UsageError, reason_of
from scheduled.handler import loader
from scheduled.jobs import builtin
from scheduled.system import files
from scheduled.system.text import excerpt

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9_])?"
_HANDLER = '''\
from scheduled.handler import Context, handler


@handler(schedule="daily")
def run(context: Context) -> dict[str, object]:
    """Count the entries of the root."""
    return {"entries": len(list(context.root.iterdir()))}
'''
_TEST = """\
from pathlib import Path

from scheduled.testing import Trial

HANDLER = str(Path(__file__).with_name("NAME.py"))


def test_it_counts_the_entries_of_the_root(trial: Trial) -> None:
    (trial.root / "one").touch()

    run = trial.run(HANDLER)

    assert (run.outcome, run.result) == ("succeeded", {"entries": 1})
"""


@command("new")
@click.argument("name")
@click.pass_obj
def new(session: Session, name: str) -> None:
    """Write the handler NAME, a job that runs daily, and its test.

    They go into the first of `handler_dirs`. Existing files are never overwritten.
    """
    session.is_changing = True
    config = session.config
    folder = _folder(config)
    _refuse_name(name, config)
    handler, test = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in (handler, test):
        if os.path.lexists(path):
            raise UsageError(f"{path}: already exists; it is not overwritten")
    _make(folder, config)
    # The test first: from when the handler is there, ticks know of it.
    _write(test, _TEST.replace("NAME", name))
    try:
        _write(handler, _HANDLER)
    except UsageError:
        with suppress(OSError):
            test.unlink()
        raise
    session.say(f"{handler}: written; it runs daily. To run it now: scheduled trigger {name}")
    session.say(f"{test}: written; to run it: pytest {test}")


def _folder(config: Config) -> Path:
    if not config.handler_dirs:
        path = config.places.config_file
        raise UsageError(
            "no directory of handlers is configured; add the line\n"
            f"    handler_dirs: handlers\nto {path}, and type this again"
        )
    return config.handler_dirs[0]


def _refuse_name(name: str, config: Config) -> None:
    """Raise UsageError for a name that no file of a handler may have, or that is taken."""
    if not re.fullmatch(_NAME, name):
        raise UsageError(
            f'{excerpt(name)!r}: the name of a handler has letters, digits, "_" and "-", at most'
            " 100 of them, and begins with a letter or a digit"
        )
    if handler_files.is_test(f"{name}.py"):
        raise UsageError(f"{name}: {name}.py would be taken for a test; choose another name")
    built_in = {word for job in builtin.JOBS for word in (job.id, job.handler)}
    if name in built_in or loader.exists(f"{loader.BUILTIN}.{name}"):
        raise UsageError(f"{name}: is the name of a built-in handler; choose another")
    places = {handler.name: handler.place for handler in config.handlers}
    places |= {each.name: f"{each.package} {each.version}" for each in config.unusable}
    place = places.get(name) or config.taken.get(name)
    if place is not None:
        raise UsageError(f"{name}: is already used by {place}; choose another name")


def _make(folder: Path, config: Config) -> None:
    """Make the directory if it is missing. Raise ConfigError if its files would be refused."""
    try:
        if not folder.exists():
            if refusals := config.trust.folder_problems(folder.parent):
                raise ConfigError(refusals)
            folder.mkdir(mode=0o755)
        if refusals := config.trust.folder_problems(folder):
            raise ConfigError(refusals)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be used: {reason_of(error)}") from error


def _write(path: Path, text: str) -> None:
    try:
        files.create(path, text.encode())
    except FileExistsError:
        raise UsageError(f"{path}: already exists; it is not overwritten") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {reason_of(error)}") from error

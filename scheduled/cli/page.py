"""`scheduled page`: all there is to see, as one HTML file."""

from pathlib import Path

import click

from scheduled.cli import named_output
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.unread import state_suffices
from scheduled.errors import ScheduledError, UsageError, reason_of
from scheduled.system import user_dirs

STDOUT = "-"


class NoBrowserError(ScheduledError):
    """There is no browser that could show the page; it was written all the same."""

    exit_code = 1


@command()
@click.option("--open", "is_opened", is_flag=True, help="Show it in a browser.")
@click.option("--output", metavar="FILE", help="Write it to FILE; - is standard output.")
@click.pass_obj
@state_suffices
def page(session: Session, *, is_opened: bool, output: str | None) -> None:
    """Make one HTML page of all there is to see.

    It shows problems, runs, outages, durations and what is next. Without FILE it goes to standard
    output; if that is a terminal, or with --open, to a file in your cache directory, whose name is
    printed. `page` in the configuration has ticks write it.
    """
    from scheduled.ticks import page_file

    if is_opened and output == STDOUT:
        raise UsageError("--open needs a file; name one with --output, or leave --output out")
    path = _target(session, output, is_needed=is_opened or session.is_terminal)
    snapshot = session.snapshot()
    text = page_file.html(session.config, session.store, snapshot, session.environ, path)
    if path is None:
        click.echo(text.encode("utf-8", "replace"), nl=False)
        return
    whose = page_file.of_another(path, session.config.places.root)
    if output is not None and whose:
        raise UsageError(f"--output {output}: {whose}")
    named_output.write(path, text)
    if output is None:
        session.say(str(path))
    if is_opened:
        _open(path)


def _target(session: Session, output: str | None, *, is_needed: bool) -> Path | None:
    """Return where the page goes; None: to standard output."""
    if output == STDOUT or (output is None and not is_needed):
        return None
    if output is not None:
        return named_output.path_of(session, output)
    folder = user_dirs.xdg(session.environ, "XDG_CACHE_HOME", ".cache") / "scheduled"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        advice = "name a file with --output"
        raise UsageError(f"{folder}: cannot be made: {reason_of(error)}; {advice}") from error
    from scheduled.installation import identity

    return folder / f"page-{identity.name_of(session.config.places.root)}.html"


def _open(path: Path) -> None:
    import webbrowser

    try:
        is_shown = webbrowser.open(path.as_uri())
    except webbrowser.Error:
        is_shown = False
    if not is_shown:
        raise NoBrowserError(f"no browser was found here; open it yourself: {path}")

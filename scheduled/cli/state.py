"""`scheduled state`: check what is remembered, rebuild it, back it up, clear out what is old."""

import json
import shlex
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

import click

from scheduled.cli.context import Session
from scheduled.config import paths
from scheduled.state.maintenance import backup as packing
from scheduled.state.maintenance import check as checking
from scheduled.state.maintenance import gc as clearing
from scheduled.state.maintenance import rebuild as rebuilding
from scheduled.state.maintenance.check import CheckResult
from scheduled.state.maintenance.inventory import FileKind, StateFile
from scheduled.state.maintenance.rebuild import RebuildResult
from scheduled.state.store import KEEP_DAYS
from scheduled.ticks.report import Exit
from scheduled.views.format import counted, size

_HELD = {FileKind.STATE: "state", FileKind.JOURNAL: "journal", FileKind.OUTPUT: "output of runs"}


@click.group("state")
def state() -> None:
    """Check, back up and clean the state directory."""


@state.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def check(session: Session, *, as_json: bool) -> int:
    """Check that the state can be read and agrees with the journal. Changes nothing.

    Exit codes: 0 no problems, 4 problems were found.
    """
    folder = _folder(session)
    found = checking.examine(folder)
    if as_json:
        click.echo(json.dumps(_document(folder, found), indent=2))
    else:
        _tell(folder, found, aloud=not session.quiet)
    return Exit.OK if found.is_fine else Exit.STATE


@state.command()
@click.pass_obj
def rebuild(session: Session) -> None:
    """Rebuild the state from the journal, and print what was different. The old one is kept."""
    done = rebuilding.rebuild(_folder(session), session.now)
    for sentence in done.warnings:
        click.echo(f"warning: {sentence}", err=True)
    if not session.quiet:
        click.echo("\n".join(_rebuilt(done)))


@state.command()
@click.argument("file", required=False)
@click.pass_obj
def backup(session: Session, file: str | None) -> None:
    """Pack state and journal into FILE, by default one named after the time, in this folder.

    Locks, caches and the output of runs are not included. Only you can read the archive.
    """
    folder, target = _folder(session), _target(session, file)
    names = packing.write(folder, target, session.now)
    if session.quiet:
        return
    click.echo(f"{target}: {counted(len(names), 'file')}, {size(target.stat().st_size)}")
    click.echo(
        "To restore it, take the line out of cron, move the old state and journal away, and type:\n"
        f"  mkdir -p {shlex.quote(str(folder))}\n"
        f"  tar xzf {shlex.quote(str(target))} -C {shlex.quote(str(folder))}\n"
        "  scheduled state check\n"
        "Runs after the backup are then unknown, and are caught up as the jobs are configured."
    )


@state.command()
@click.option(
    "--days",
    type=click.IntRange(1, 36_500),
    default=KEEP_DAYS,
    show_default=True,
    help="Keep this many days.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be removed; remove nothing.")
@click.pass_obj
def gc(session: Session, *, days: int, dry_run: bool) -> int:
    """Remove output, journals and kept-aside states that are older than a month, or than --days.

    Files in use are kept, and so are those the state could be rebuilt from. Ticks do the same
    once a day, except for states that were kept aside.
    """
    folder = _folder(session)
    found = clearing.expired(folder, session.now, days)
    if dry_run:
        for one in found:
            click.echo(one.path)
        _sum_up(session, found, "would be removed")
        return Exit.OK
    failed = _remove(session, folder, found)
    _sum_up(session, [one for one in found if one.path not in failed], "removed")
    return Exit.FAILED if failed else Exit.OK


def _folder(session: Session) -> Path:
    return session.config.places.state_dir


def _target(session: Session, file: str | None) -> Path:
    path = paths.absolute(file or ".", session.cwd, session.environ)
    return path / packing.default_name(session.now) if path.is_dir() else path


def _document(folder: Path, found: CheckResult) -> dict[str, object]:
    return {
        "ok": found.is_fine,
        "state_dir": str(folder),
        "problems": list(found.problems),
        "differences": [one.document() for one in found.differences],
        "notes": list(found.notes),
        "events": found.events,
        "files": {
            kind: {"count": count, "bytes": total} for kind, (count, total) in found.sizes.items()
        },
    }


def _tell(folder: Path, found: CheckResult, *, aloud: bool) -> None:
    for sentence in (*found.problems, *map(str, found.differences)):
        click.echo(sentence)
    if found.differences:
        click.echo("The journal is authoritative; to make the state agree: scheduled state rebuild")
    if not aloud:
        return
    for note in found.notes:
        click.echo(f"note: {note}")
    held = [f"{name} {_sized(found.sizes[kind])}" for kind, name in _HELD.items()]
    click.echo(f"{folder}: {', '.join(held)}; {counted(found.events, 'event')}")
    if found.is_fine:
        click.echo("ok")


def _sized(counted_bytes: tuple[int, int]) -> str:
    count, total = counted_bytes
    return f"{size(total)} in {counted(count, 'file')}" if count else "none"


def _rebuilt(done: RebuildResult) -> list[str]:
    if not done.written:
        return ["The state agrees with the journal; nothing was changed."]
    lines = [f"{one}" for one in done.differences]
    if done.kept_as is not None:
        lines.append(f"the old state is kept as {done.kept_as}")
    return [*lines, "The state was rebuilt from the journal."]


def _remove(session: Session, folder: Path, found: list[StateFile]) -> set[Path]:
    """What could not be removed, after saying why; with a bar for who watches."""
    failed = {}
    removed = clearing.remove(folder, found)
    is_watched = sys.stderr.isatty() and not session.quiet
    bar = click.progressbar(removed, len(found), file=sys.stderr) if is_watched else None
    with bar or nullcontext(removed) as steps:
        for one, reason in steps:
            if reason:
                failed[one.path] = reason
    for path, reason in failed.items():
        click.echo(f"{path}: cannot be removed: {reason}", err=True)
    return set(failed)


def _sum_up(session: Session, found: Iterable[StateFile], done: str) -> None:
    if session.quiet:
        return
    by_kind: dict[FileKind, list[int]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(one.bytes)
    told = [f"{kind} {_sized((len(held), sum(held)))}" for kind, held in by_kind.items()]
    click.echo(f"{done}: {', '.join(told)}" if told else "nothing is old enough to remove")

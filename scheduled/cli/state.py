"""`scheduled state`: check, rebuild, back up and clean the state directory."""

import shlex
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

import click

from scheduled.cli.adopt import adopt
from scheduled.cli.context import Session, changes_state
from scheduled.cli.groups import Group
from scheduled.cli.output import print_json
from scheduled.cli.values import Number
from scheduled.config import ownership, paths
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

_KINDS = {FileKind.STATE: "state", FileKind.JOURNAL: "journal", FileKind.OUTPUT: "output of runs"}


@click.group("state", cls=Group)
def state() -> None:
    """Check, back up, clean and take over the state directory."""


@state.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def check(session: Session, *, as_json: bool) -> int:
    """Check that the state can be read and agrees with the journal. Changes nothing.

    Exit codes: 0 no problems, 4 problems were found.
    """
    folder = _folder(session)
    result = checking.examine(folder)
    if as_json:
        print_json(_document(folder, result))
    else:
        _print_result(folder, result, aloud=not session.quiet)
    return Exit.OK if result.is_fine else Exit.STATE


@state.command()
@click.pass_obj
@changes_state
def rebuild(session: Session) -> None:
    """Rebuild the state from the journal, and print what was different. The old one is kept."""
    done = rebuilding.rebuild(_folder(session), session.now)
    for sentence in done.warnings:
        click.echo(f"warning: {sentence}", err=True)
    if not session.quiet:
        click.echo("\n".join(_rebuild_lines(done)))


@state.command()
@click.argument("file", required=False)
@click.pass_obj
def backup(session: Session, file: str | None) -> None:
    """Pack state and journal into FILE.

    Without FILE, it is one in this directory that is named after the time. Locks, caches and the
    output of runs are not included. Only you can read the archive.
    """
    session.is_changing = True
    folder, target = _folder(session), _target(session, file)
    ownership.refuse_foreign(folder, session.arguments)  # its lock would be taken
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
    type=Number(1, 36_500),
    default=KEEP_DAYS,
    show_default=True,
    help="Keep this many days.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be removed; remove nothing.")
@click.pass_obj
@changes_state
def gc(session: Session, *, days: int, dry_run: bool) -> int:
    """Remove output, journals and kept-aside states that are old.

    Files in use are kept, and so are those the state could be rebuilt from. Ticks do the same
    once a day, except for states that were kept aside.
    """
    folder = _folder(session)
    expired = clearing.expired(folder, session.now, days)
    if dry_run:
        for file in expired:
            click.echo(file.path)
        _print_totals(session, expired, "would be removed")
        return Exit.OK
    failed = _remove(session, folder, expired)
    _print_totals(session, [file for file in expired if file.path not in failed], "removed")
    return Exit.FAILED if failed else Exit.OK


state.add_command(adopt)


def _folder(session: Session) -> Path:
    return session.config.places.state_dir


def _target(session: Session, file: str | None) -> Path:
    path = paths.absolute(file or ".", session.cwd, session.environ)
    return path / packing.default_name(session.now) if path.is_dir() else path


def _document(folder: Path, result: CheckResult) -> dict[str, object]:
    return {
        "ok": result.is_fine,
        "state_dir": str(folder),
        "problems": list(result.problems),
        "differences": [difference.document() for difference in result.differences],
        "notes": list(result.notes),
        "events": result.events,
        "files": {
            kind: {"count": count, "bytes": total} for kind, (count, total) in result.sizes.items()
        },
    }


def _print_result(folder: Path, result: CheckResult, *, aloud: bool) -> None:
    for sentence in (*result.problems, *map(str, result.differences)):
        click.echo(sentence)
    if result.differences:
        click.echo("The journal is authoritative; to make the state agree: scheduled state rebuild")
    if not aloud:
        return
    for note in result.notes:
        click.echo(f"note: {note}")
    sizes = [f"{name} {_size_of(result.sizes[kind])}" for kind, name in _KINDS.items()]
    click.echo(f"{folder}: {', '.join(sizes)}; {counted(result.events, 'event')}")
    if result.is_fine:
        click.echo("ok")


def _size_of(counted_bytes: tuple[int, int]) -> str:
    count, total = counted_bytes
    return f"{size(total)} in {counted(count, 'file')}" if count else "none"


def _rebuild_lines(done: RebuildResult) -> list[str]:
    if not done.written:
        return ["The state agrees with the journal; nothing was changed."]
    lines = [str(difference) for difference in done.differences]
    if done.kept_as is not None:
        lines.append(f"the old state is kept as {done.kept_as}")
    return [*lines, "The state was rebuilt from the journal."]


def _remove(session: Session, folder: Path, files: list[StateFile]) -> set[Path]:
    """Remove files, with a progress bar on a terminal; return those that could not be removed."""
    failed = {}
    removed = clearing.remove(folder, files)
    is_watched = sys.stderr.isatty() and not session.quiet
    bar = click.progressbar(removed, len(files), file=sys.stderr) if is_watched else None
    with bar or nullcontext(removed) as steps:
        for file, reason in steps:
            if reason:
                failed[file.path] = reason
    for path, reason in failed.items():
        click.echo(f"{path}: cannot be removed: {reason}", err=True)
    return set(failed)


def _print_totals(session: Session, files: Iterable[StateFile], done: str) -> None:
    if session.quiet:
        return
    by_kind: dict[FileKind, list[int]] = {}
    for file in files:
        by_kind.setdefault(file.kind, []).append(file.bytes)
    totals = [f"{kind} {_size_of((len(sizes), sum(sizes)))}" for kind, sizes in by_kind.items()]
    click.echo(f"{done}: {', '.join(totals)}" if totals else "nothing is old enough to remove")

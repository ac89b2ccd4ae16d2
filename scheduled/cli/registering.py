"""Commands that make or change jobs put them on record at once, as the next tick would.

So the run that they promise is the one that comes, however far away the next tick is.
"""

from collections.abc import Collection
from pathlib import Path

import click

from scheduled.cli.context import Session
from scheduled.config import changes, created_files
from scheduled.config.load import load
from scheduled.errors import ConfigError, ScheduledError
from scheduled.planning import decide, reboot, registration
from scheduled.planning.slot_cache import SlotCache
from scheduled.planning.standing import Start
from scheduled.state import created_events, heartbeat, records
from scheduled.timing.timezones import INSTANT


def register(
    session: Session,
    jobs: Collection[str],
    *,
    forget: Collection[str] = (),
    start: Start | None = None,
) -> int:
    """Put jobs on record that were made or changed now; those in `forget` are new under old ids.

    They count from `start`, by default from now. Return 0, or the exit code if the state cannot be
    written, after saying so.
    """
    try:
        for job in forget:
            _forget(session, job)
        put_on_record(session, jobs, start or Start())
    except ConfigError as error:  # `import` has added settings, and says what is wrong with them
        return error.exit_code
    except ScheduledError as error:
        problem = str(error).partition("; nothing is lost")[0]
        click.echo(
            f"{problem}; written, but not on record: {', '.join(sorted(jobs))}. The next tick that"
            " can write the state will count from when the file was written",
            err=True,
        )
        return error.exit_code
    return 0


def put_on_record(session: Session, jobs: Collection[str], start: Start | None = None) -> None:
    """Put jobs on record as the configuration has them now; nothing is done for known ones.

    They count from `start`, by default as in a tick. Raises LockedError or StateError.
    """
    store, now, slots = session.store, session.now, SlotCache.at(session.now)
    config = load(session.path_options).with_known(jobs)
    if start is None:
        beat = heartbeat.load(config.places.state_dir)
        previous = beat.at if beat is not None else None
        start = Start(previous, lambda job: changes.changed_at(config, job))
    with store.locked():
        decisions = [
            decide.decide(job, records.job_memory(store.state, job.id), slots, INSTANT)
            for job in config.jobs
            if job.id in jobs
        ]
        registered = registration.register(decisions, store.state, slots, start)
        if registered:
            # A boot that no tick has seen makes due what there was before it, and nothing new.
            beat = heartbeat.read_clocks(now)
            booted = reboot.boot_events(config.jobs, store.state, beat, now)
            store.write(now, *booted, *registered)
    if registered:
        store.checkpoint(now)


def remember_file(session: Session, job: str, path: Path, text: str) -> None:
    """Keep which file was written for a job, by which `delete_after_success` knows it again."""
    sha256 = created_files.digest(text.encode())
    session.keep(created_events.file_created(job, str(path), sha256))


def is_remembered(session: Session, job: str, path: Path, text: str) -> bool:
    """Return whether a file is as `create` has left it."""
    entry = session.store.state["jobs"].get(job, {})
    known = {"file": str(path), "sha256": created_files.digest(text.encode())}
    return entry.get("created") == known


def unregister(session: Session, job: str) -> None:
    """Forget a job that was known by this id. Raises LockedError or StateError."""
    if _forget(session, job):
        session.store.checkpoint(session.now)


def _forget(session: Session, job: str) -> bool:
    store, slots = session.store, SlotCache.at(session.now)
    with store.locked():
        forgotten = registration.unregister(job, store.state, slots)
        if forgotten:
            store.write(session.now, *forgotten)
    return bool(forgotten)

"""Timers of systemd's with their services, as jobs (pure).

What cannot be said exactly is left out, with the reason; `systemctl start` in a command keeps a
service as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduled.config.importers import systemd_service, systemd_timer, unit_words
from scheduled.config.importers.crontab import TIMEOUT
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.job_names import as_id
from scheduled.config.importers.systemd_service import Manager
from scheduled.config.importers.systemd_timer import Trigger
from scheduled.config.importers.systemd_units import Pair
from scheduled.errors import UsageError
from scheduled.quick_classes import replace

_AS_ROOT = "systemd runs these as root; here they run as you"
_TEMPLATE = "a template; import its instances, scheduled config import DIRECTORY/"
_NO_DEADLINE = (
    f"a service without a time limit has a `timeout: {TIMEOUT}` here; one that"
    " still runs when its time comes is not started again, as there"
)


def read(
    pairs: Sequence[Pair],
    user: str,
    specifiers: Mapping[str, str],
    now: datetime,
    *,
    is_root: bool,
    problems: Sequence[LeftOut] = (),
) -> Findings:
    """Return the jobs of these timers, for a user who imports them.

    `specifiers` are those that do not depend on a unit, `problems` what could not be read. `now` is
    in the zone of times without one.
    """
    jobs: list[ImportedJob] = []
    left_out = [*problems]
    notes: list[str] = []
    for pair in pairs:
        manager = Manager(pair.is_of_user, user, is_root, _of_manager(specifiers, pair))
        for result in _jobs(pair, manager, now, notes):
            (jobs if isinstance(result, ImportedJob) else left_out).append(result)  # type: ignore[arg-type]
    if jobs:
        notes.insert(0, _NO_DEADLINE)
    if jobs and not is_root and not all(pair.is_of_user for pair in pairs):
        notes.insert(0, _AS_ROOT)
    return Findings(
        SourceKind.SYSTEMD, tuple(jobs), left_out=tuple(left_out), notes=tuple(dict.fromkeys(notes))
    )


def _jobs(
    pair: Pair, manager: Manager, now: datetime, notes: list[str]
) -> Iterator[ImportedJob | LeftOut]:
    timer, name = pair.timer, pair.timer.name
    if name.endswith("@.timer"):
        yield LeftOut(1, name, f"{_TEMPLATE}{name.replace('@', '@INSTANCE')}", pair.label)
        return
    if pair.service is None:
        yield LeftOut(1, name, pair.problem, pair.label)
        return
    try:
        service = systemd_service.read(pair.service, manager)
        names = {**manager.specifiers, **unit_words.of_name(name)}
        conditions = (*systemd_service.conditions(timer, names, {}), *service.conditions)
        triggers = systemd_timer.triggers(timer, now, is_of_user=pair.is_of_user)
    except UsageError as error:
        yield LeftOut(1, name, _with_advice(str(error), pair), pair.label)
        return
    yield from (
        LeftOut(trigger.line, f"{name}: {trigger.text}", trigger.problem, trigger.file)
        for trigger in triggers
        if trigger.problem
    )
    usable = [trigger for trigger in triggers if not trigger.problem]
    id_ = as_id(name.removesuffix(".timer")) or "job"
    shared: dict[str, Any] = {"id": id_, **service.fields}
    shared |= {"mutex": id_} if len(usable) > 1 else {}
    shared |= {} if pair.is_enabled else {"enabled": False}
    for trigger in usable:
        yield _job(f"{name}: {trigger.text}", trigger, shared, conditions)
    if usable:
        own = [*systemd_timer.notes(timer), *service.notes]
        own += [] if pair.is_enabled else ["not enabled there, so disabled here"]
        notes += [f"{name.removesuffix('.timer')}: {note}" for note in own]


def _job(
    text: str, trigger: Trigger, shared: Mapping[str, Any], conditions: Sequence[str]
) -> ImportedJob:
    fields = {**shared, **trigger.fields}
    if only_if := " && ".join(dict.fromkeys(filter(None, conditions))):
        fields["only_if"] = only_if
    return ImportedJob(trigger.line, text, fields, is_named=False, file=trigger.file)


def _with_advice(reason: str, pair: Pair) -> str:
    """Return why a service is no job, and what keeps it as it is."""
    if "import it as" in reason or pair.service is None:
        return reason
    user = " --user" if pair.is_of_user else ""
    return (
        f"{reason}; to keep it as it is, have a job run: systemctl{user} start {pair.service.name}"
    )


def _of_manager(specifiers: Mapping[str, str], pair: Pair) -> Mapping[str, str]:
    """Return the specifiers of the manager a unit belongs to."""
    if pair.is_of_user:
        return specifiers
    return {
        **specifiers, "t": "/run", "S": "/var/lib", "C": "/var/cache", "L": "/var/log", "E": "/etc",
    }  # fmt: skip


def unreadable(error: UsageError, name: str) -> LeftOut:
    """Return a timer that cannot be read, as something that is left out."""
    return replace(LeftOut(1, name, "", name), reason=str(error))

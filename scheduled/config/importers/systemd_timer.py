"""When a timer of systemd's fires, as keys of jobs (pure): systemd.timer(5)."""

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from scheduled.config.importers import calendar_spec, time_span
from scheduled.config.importers.calendar_spec import Spec
from scheduled.config.importers.unit_file import Unit, Value
from scheduled.errors import ScheduleError, UsageError
from scheduled.quick_classes import NamedTuple
from scheduled.timing import timezones
from scheduled.timing.cron_field import FIELDS

_TIMER = "Timer"
_DAY = 86_400
_BOOT = ("OnBootSec", "OnStartupSec", "OnActiveSec")
_NAMES = FIELDS[4].names


class Trigger(NamedTuple):
    """One way in which a timer fires: a job of its own."""

    text: str
    """As the timer has it."""
    line: int
    file: str
    fields: dict[str, Any]
    problem: str = ""
    """Why no schedule can say it."""


def triggers(unit: Unit, now: datetime, *, is_of_user: bool) -> list[Trigger]:
    """Return the ways in which a timer fires, in its order. Raise UsageError if there is none.

    `now` is in the zone of times without one: a time that has passed by then is a problem.
    """
    shared = _shared(unit)
    found = [
        *_calendars(unit, shared, now),
        *_periods(unit),
        *_at_boot(unit, is_of_user=is_of_user),
    ]
    for key in ("OnClockChange", "OnTimezoneChange"):
        for value in unit.all(_TIMER, key) if unit.is_on(_TIMER, key) else ():
            problem = "a change of the clock or the zone starts no job"
            found.append(Trigger(f"{key}=yes", value.line, value.file, {}, problem))
    if not found:
        raise UsageError("no OnCalendar= or other time in it")
    return found


def notes(unit: Unit) -> Iterator[str]:
    """Yield what is not kept of a timer."""
    if accuracy := unit.last(_TIMER, "AccuracySec"):
        try:
            is_coarse = time_span.seconds(accuracy) > 60
        except ValueError:
            is_coarse = False
        if is_coarse:
            yield f"AccuracySec={accuracy}: starts on the minute here"
    if unit.is_on(_TIMER, "WakeSystem"):
        yield "WakeSystem=: the machine is not woken"
    boot = [key for key in _BOOT if unit.all(_TIMER, key)]
    if boot and unit.all(_TIMER, "OnUnitActiveSec"):
        values = ", ".join(f"{key}={unit.last(_TIMER, key)}" for key in boot)
        yield f"{values}: the first run is counted from the import, later ones go on over a restart"
    elif boot:
        yield f"{boot[0]}={unit.last(_TIMER, boot[0])}: at the first tick after a start, not later"


def _shared(unit: Unit) -> dict[str, Any]:
    shared: dict[str, Any] = {} if unit.is_on(_TIMER, "Persistent") else {"catch_up": "skip"}
    if delay := unit.last(_TIMER, "RandomizedDelaySec"):
        try:
            span = time_span.seconds(delay)
        except ValueError as error:
            raise UsageError(f"RandomizedDelaySec: {error}") from None
        if span > _DAY:
            raise UsageError(f"RandomizedDelaySec={delay}: `jitter` is less than a day")
        if span >= 1:
            shared["jitter"] = time_span.duration(min(span, _DAY - 60))
    return shared


def _calendars(unit: Unit, shared: dict[str, Any], now: datetime) -> list[Trigger]:
    """Return a trigger for each OnCalendar=; those that one schedule can say are one."""
    read: list[tuple[Value, Spec]] = []
    problems: list[Trigger] = []
    for value in unit.all(_TIMER, "OnCalendar"):
        try:
            spec = calendar_spec.parse(value.text)
        except ScheduleError as error:
            problems.append(_refused("OnCalendar", value, str(error)))
            continue
        for place, (first, other) in enumerate(read):
            if merged := calendar_spec.merged(other, spec):
                both = first._replace(text=f"{first.text}, {value.text}")
                read[place] = (both if other != spec else first, merged)
                break
        else:
            read.append((value, spec))
    found: list[tuple[Trigger, Spec]] = []
    for value, spec in read:
        try:
            trigger = _calendar(value, spec, shared, now)
        except ScheduleError as error:
            problems.append(_refused("OnCalendar", value, str(error)))
            continue
        if any(calendar_spec.coincide(spec, other) for _, other in found):
            problem = "may come at the same time as another OnCalendar=, and would run twice"
            problems.append(_refused("OnCalendar", value, problem))
        else:
            found.append((trigger, spec))
    return [*(trigger for trigger, _ in found), *problems]


def _calendar(value: Value, spec: Spec, shared: dict[str, Any], now: datetime) -> Trigger:
    translated = calendar_spec.translate(spec)
    if translated.schedule.startswith("at:"):
        zone = timezones.zone_info(translated.zone) if translated.zone else now.tzinfo
        if datetime.fromisoformat(translated.schedule[3:]).replace(tzinfo=zone) <= now:
            raise ScheduleError(f"{translated.schedule[3:]} has passed")
    fields: dict[str, Any] = {"schedule": translated.schedule, **shared}
    if translated.zone:
        fields["timezone"] = translated.zone
    if translated.only_on:
        fields["only_on"] = [_NAMES[number] for number in sorted(translated.only_on)]
    return Trigger(f"OnCalendar={value.text}", value.line, value.file, fields)


def _periods(unit: Unit) -> Iterator[Trigger]:
    for value in unit.all(_TIMER, "OnUnitInactiveSec"):
        problem = (
            "counts from the end of the last run; OnUnitActiveSec= counts from its start, as"
            " `every` does"
        )
        yield _refused("OnUnitInactiveSec", value, problem)
    for value in unit.all(_TIMER, "OnUnitActiveSec"):
        try:
            span = time_span.seconds(value.text)
        except ValueError as error:
            yield _refused("OnUnitActiveSec", value, str(error))
            continue
        if span < 60:
            yield _refused("OnUnitActiveSec", value, "below a minute; a tick comes once a minute")
        elif math.isinf(span):
            yield _refused("OnUnitActiveSec", value, "never")
        else:
            shared = {key: text for key, text in _shared(unit).items() if key != "catch_up"}
            fields = {"schedule": f"every {time_span.duration(span)}", **shared}
            yield Trigger(f"OnUnitActiveSec={value.text}", value.line, value.file, fields)


def _at_boot(unit: Unit, *, is_of_user: bool) -> Iterator[Trigger]:
    """Yield the trigger for the start of the machine, where no period goes on from it."""
    if unit.all(_TIMER, "OnUnitActiveSec"):
        return
    for key in _BOOT:
        for value in unit.all(_TIMER, key)[:1]:
            if unit.all(_TIMER, "OnUnitInactiveSec"):
                yield _refused(key, value, "the first of the runs of OnUnitInactiveSec=")
            elif is_of_user and key != "OnBootSec":
                yield _refused(key, value, "counts from a login, which starts no job")
            else:
                yield Trigger(
                    f"{key}={value.text}", value.line, value.file, {"schedule": "@reboot"}
                )
                return


def _refused(key: str, value: Value, problem: str) -> Trigger:
    return Trigger(f"{key}={value.text}", value.line, value.file, {}, problem)

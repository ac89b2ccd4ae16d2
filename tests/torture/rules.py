"""What must hold after any sequence, from a model that knows schedules, ticks and nothing else.

The model does not look at the state. It follows which slots passed between two complete ticks
while a job was unchanged: each of them must have exactly one outcome in the journal. A slot may
have more than one only where the clock was set back so far that its time came again.
"""

import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.torture.operations import Command, Configure, JobPlan, Ticks
from tests.torture.world import Moment, World

MINUTE = timedelta(minutes=1)
CORRECTION = timedelta(hours=2)
"""A clock set back by more than three hours counts anew; the newest slot may be an hour old."""
CAPPED = 1000
"""Slots of a range are not counted further."""
TICK_CODES = (0, 1, 75)
RECOVERED = 4
COMMAND_CODES = (0, 1, 2, 3, 75)
UNCOUNTED = ("disable", "cancel")
"""After these a job has no slots until it is enabled."""
WRONG_WORDS = ("Traceback", "this is a bug")

Slot = tuple[str, datetime]


class Expected(NamedTuple):
    """The slots that must have an outcome, and how often the time of the clock came again."""

    slots: set[Slot]
    epochs: int
    idle: set[str]
    """Jobs that are disabled, cancelled or removed at the end: a slot of theirs may wait."""


def problems(
    world: World, settled_from: int, *, power_cut: bool = False, damaged: bool = False
) -> list[str]:
    """Return what does not hold; `settled_from` is where the undisturbed ticks begin.

    After a power cut it may be unknown how a run ended. It is repeated then, and has to be marked
    as interrupted. If it has `damaged` what was being written, a tick reports once that lines of
    the journal are damaged or missing.
    """
    expected = expect(world.moments, settled_from)
    events = world.events
    settled = Counter(settlements(events))
    waiting = _waiting(world, expected, settled)
    kills_jobs = any(
        isinstance(moment.operation, Ticks)
        and (moment.operation.kill_jobs or moment.operation.kill_keepers)
        for moment in world.moments
    )
    return [
        *_exits(world.moments, recoveries=1 if damaged else 0),
        *_lost(expected.slots - set(settled) - waiting),
        *_doubled(expected, settled),
        *_executions(
            world.ran,
            events,
            expected.epochs,
            _cut_short(events) if kills_jobs or power_cut else set(),
        ),
        *([] if kills_jobs or power_cut else _false_outcomes(world.ran, events)),
        *_attempts(events, expected.epochs),
        *_clashes(world.ran),
    ]


def expect(moments: list[Moment], settled_from: int) -> Expected:
    """Follow the ticks, and return the slots that passed between them."""
    slots: set[Slot] = set()
    known: dict[str, tuple[JobPlan, datetime]] = {}
    """How the last complete tick saw each job, and until when its slots are expected."""
    off: set[str] = set()
    reached = _Reached()
    claimed: dict[str, datetime] = {}
    """How far one may have claimed slots, if it was killed, or a command may have registered a
    job; a new or changed one counts from then on."""
    clock = _Clock()
    for number, moment in enumerate(moments):
        match moment.operation:
            case Configure(job, _):
                if not _is_unchanged(known.get(job), moment.jobs.get(job)):
                    known.pop(job, None)
            case Command(words):
                _follow(words, moment.ended[0].code, known, off)
                is_tick = words[0] in ("run", "trigger")  # it looks at all jobs, whatever it runs
                known_by_it = moment.jobs if is_tick else moment.jobs.keys() & words
                _reach(claimed, known_by_it, moment.now)
            case Ticks():
                _claim(claimed, clock, moment)
                if not any(end.code in TICK_CODES for end in moment.ended):
                    continue
                clock.forget_what_was_before(moment.now, known, reached)
                if number <= settled_from:
                    slots |= _passed(known, moment)
                for job in moment.jobs.keys() | reached.jobs:
                    # One that is missing is missed up to now, and does not run for that again.
                    is_new = job in moment.jobs and job not in known
                    reached.add(job, claimed[job] if is_new else moment.now)
                known = {
                    job: (plan, reached.farthest(job))
                    for job, plan in moment.jobs.items()
                    if job not in off
                }
    idle = off | (_jobs(slots) - set(moments[-1].jobs))
    return Expected(slots, clock.epochs, idle)


def _claim(claimed: dict[str, datetime], clock: "_Clock", moment: Moment) -> None:
    if clock.tick(moment.now):
        claimed.clear()
    _reach(claimed, moment.jobs, moment.now)


def _reach(reached: dict[str, datetime], jobs: Iterable[str], now: datetime) -> None:
    for job in jobs:
        reached[job] = max(now, reached.get(job, now))


class _Reached:
    """How far ticks have looked at the slots of each job since the clock was last corrected."""

    def __init__(self) -> None:
        self._times: dict[str, set[datetime]] = {}

    @property
    def jobs(self) -> set[str]:
        """All jobs that a tick has looked at."""
        return set(self._times)

    def add(self, job: str, until: datetime) -> None:
        """Note that a tick has looked at the slots up to then."""
        self._times.setdefault(job, set()).add(until)

    def farthest(self, job: str) -> datetime:
        """Return how far a job was looked at."""
        return max(self._times[job])

    def forget_far_ahead_of(self, now: datetime) -> None:
        """Forget what was reached while the clock was ahead.

        What was reached before that, and lies a little ahead of a clock that was also set back a
        little, may count still: a tick leaves out a job that is disabled, or that another one holds
        which is killed then, and so nothing of the job was far ahead.
        """
        for job, times in list(self._times.items()):
            near = {until for until in times if until - now <= CORRECTION}
            self._times[job] = near
            if not near:
                del self._times[job]


class _Clock:
    """How often the time of the clock came again."""

    def __init__(self) -> None:
        self.epochs = 1
        self._high: datetime | None = None
        self._corrected: datetime | None = None
        """The latest time that it had shown when it was corrected."""

    def tick(self, now: datetime) -> bool:
        """Note a tick, and return whether it finds the clock corrected.

        One that is killed may have recorded slots, too.
        """
        is_corrected = self._high is not None and self._high - now > CORRECTION
        if is_corrected:
            assert self._high is not None
            self._corrected = max(self._corrected or self._high, self._high)
            self.epochs, self._high = self.epochs + 1, None
        self._high = max(self._high or now, now)
        return is_corrected

    def forget_what_was_before(
        self, now: datetime, known: dict[str, Any], reached: "_Reached"
    ) -> None:
        """Forget all jobs, and how far their slots were seen, if the clock was corrected.

        If only a killed tick saw that, and the clock is near to what it had shown again, a complete
        one may see no correction at all: then what was seen already need not come again.
        """
        before, self._corrected = self._corrected, None
        if before is None:
            return
        known.clear()
        if before - now > CORRECTION:
            reached.forget_far_ahead_of(now)


def settlements(events: Iterable[dict[str, Any]]) -> Iterator[Slot]:
    """Yield each slot once for every outcome that is on record for it."""
    periods: dict[str, timedelta] = {}
    for event in events:
        match event:
            case {"event": "seen", "job": job, "schedule": schedule}:
                periods[job] = _period(schedule)
            case {"event": "end", "job": job, "slot": str(slot), "answered": True}:
                yield job, _instant(slot)
            case {"event": "given_up" | "skipped", "job": job, "slot": str(slot)}:
                yield job, _instant(slot)
            case {"event": "missed", "job": job, "first": first, "last": last, "count": count}:
                start, end = _instant(first), _instant(last)
                step = periods.get(job, MINUTE)
                if 1 < count < CAPPED:
                    step = (end - start) / (count - 1)
                while start <= end:
                    yield job, start
                    start += step


def _follow(
    words: tuple[str, ...], code: int, known: dict[str, tuple[JobPlan, datetime]], off: set[str]
) -> None:
    """Forget what a command may have changed, so that its slots count from the next tick."""
    name, job = words[0], words[1] if len(words) > 1 else ""
    if code != 0 or name not in ("update", "enable", *UNCOUNTED):
        return
    known.pop(job, None)
    if name in UNCOUNTED:
        off.add(job)
    elif name == "enable":
        off.discard(job)


def _is_unchanged(known: tuple[JobPlan, datetime] | None, plan: JobPlan | None) -> bool:
    return known is not None and plan is not None and known[0].schedule == plan.schedule


def _passed(known: dict[str, tuple[JobPlan, datetime]], moment: Moment) -> set[Slot]:
    """Return the slots that have passed since the last complete tick."""
    passed = set()
    for job, (plan, since) in known.items():
        step = plan.minutes
        start = since.replace(second=0) + MINUTE
        start += timedelta(minutes=-(start.hour * 60 + start.minute) % step)
        while start <= moment.now:
            passed.add((job, start))
            start += timedelta(minutes=step)
    return passed


def _exits(moments: list[Moment], recoveries: int) -> Iterator[str]:
    for moment in moments:
        killed = isinstance(moment.operation, Ticks) and any(
            boundary is not None for boundary in moment.operation.killed_at
        )
        for end in moment.ended:
            codes = TICK_CODES if end.words == ("run",) else COMMAND_CODES
            if end.code == RECOVERED and recoveries:
                recoveries -= 1
                continue
            if end.code not in codes and not (end.code == -9 and killed):
                yield f"{' '.join(end.words)} at {moment.now} ended with {end.code}: {end.said}"
            elif any(words in end.said for words in WRONG_WORDS):
                yield f"{' '.join(end.words)} at {moment.now} said: {end.said}"


def _waiting(world: World, expected: Expected, settled: Counter[Slot]) -> set[Slot]:
    """Return the slots that need no outcome yet.

    A job that is off keeps its newest slot waiting, and one that may have several due each that
    is newer than any with an outcome. After a correction of the clock, the time of a slot may
    be still to come; one of which a run has ended has to be settled nevertheless.
    """
    open_slots = expected.slots - set(settled)
    now = world.moments[-1].now
    waiting = set()
    for job in expected.idle & _jobs(open_slots):
        slots = {slot for name, slot in open_slots if name == job and slot <= now}
        answered = [slot for name, slot in settled if name == job]
        several = job in _keeping_several(world.moments)
        waiting |= {
            (job, slot)
            for slot in slots
            if slot == max(slots) or (several and slot > max(answered, default=slot - MINUTE))
        }
    ended = {
        (event["job"], _instant(event["slot"]))
        for event in world.events
        if event["event"] == "end" and event.get("slot")
    }
    return waiting | {key for key in open_slots if key[1] > now and key not in ended}


def _keeping_several(moments: list[Moment]) -> set[str]:
    """Return the jobs that may have several slots due: for catching up on all, or deferred."""
    catching_up = {
        job for moment in moments for job, plan in moment.jobs.items() if plan.catch_up == "all"
    }
    commands = [
        moment.operation.words for moment in moments if isinstance(moment.operation, Command)
    ]
    return catching_up | {words[1] for words in commands if words[0] == "defer"}


def _lost(slots: set[Slot]) -> Iterator[str]:
    for job, slot in sorted(slots):
        yield f"lost: {job} {slot}"


def _jobs(slots: Iterable[Slot]) -> set[str]:
    return {job for job, _ in slots}


def _doubled(expected: Expected, settled: Counter[Slot]) -> Iterator[str]:
    for (job, slot), count in sorted(settled.items()):
        if count > expected.epochs:
            yield f"{count} outcomes: {job} {slot}"


def _cut_short(events: list[dict[str, Any]]) -> set[str]:
    """Return the runs that are marked as interrupted, or killed.

    A job that is killed may just have written down that it succeeds.
    """
    return {
        event["run_id"]
        for event in events
        if event["event"] == "end"
        and (event["outcome"] == "interrupted" or event["exit_code"] == -signal.SIGKILL)
    }


def _executions(
    ran: list[list[str]], events: list[dict[str, Any]], epochs: int, unknown: set[str]
) -> Iterator[str]:
    """What the jobs wrote down must be on record, and nothing may succeed twice.

    The runs in `unknown` count as if they had not succeeded.
    """
    begun = {event["run_id"] for event in events if event["event"] == "begin"}
    starts = Counter(line[3] for line in ran if line[0] == "start")
    for run, count in starts.items():
        if count > 1:
            yield f"run {run} was started {count} times"
        if run not in begun:
            yield f"run {run} was started without an intent on record"
    succeeded: Counter[tuple[str, str]] = Counter()
    for what, job, slot, run, code in ran:
        if slot == "-":
            continue
        if what == "start" and succeeded[job, slot] >= epochs:
            yield f"run {run} repeats {job} {slot}, which has succeeded"
        if what == "end" and code == "0" and run not in unknown:
            succeeded[job, slot] += 1


def _false_outcomes(ran: list[list[str]], events: list[dict[str, Any]]) -> Iterator[str]:
    """A run that ended by itself must be recorded as what it was."""
    codes = {line[3]: int(line[4]) for line in ran if line[0] == "end"}
    for event in events:
        if event["event"] == "end" and event["run_id"] in codes:
            succeeded = codes[event["run_id"]] == 0
            if succeeded != (event["outcome"] == "succeeded"):
                code = codes[event["run_id"]]
                yield f"run {event['run_id']} ended with {code}, recorded as {event['outcome']}"


def _clashes(ran: list[list[str]]) -> Iterator[str]:
    """No run may begin while that of another job has a mutex of its own."""
    for what, job, mutex, *pids in ran:
        if what == "clash":
            yield f"{job} began as process {pids[1]} while process {pids[0]} had the mutex {mutex}"


def _attempts(events: list[dict[str, Any]], epochs: int) -> Iterator[str]:
    """The first run of a slot is its first attempt."""
    seen = set()
    for event in events if epochs == 1 else ():
        if event["event"] == "begin" and event.get("slot"):
            slot = event["job"], event["slot"]
            if slot not in seen and event["attempt"] != 1:
                yield f"{slot[0]} {slot[1]} begins with attempt {event['attempt']}"
            seen.add(slot)


def _period(schedule: str) -> timedelta:
    minute = schedule.split(maxsplit=1)[0]
    return {"*": MINUTE, "0": 60 * MINUTE}.get(minute) or int(minute.removeprefix("*/")) * MINUTE


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)

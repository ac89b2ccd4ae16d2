"""What can happen to an installation, and sequences of it drawn from a seed."""

import random
from typing import NamedTuple

SCHEDULES = {"* * * * *": 1, "*/5 * * * *": 5, "*/15 * * * *": 15, "0 * * * *": 60}
"""Schedules whose slots are the multiples of so many minutes since midnight, UTC."""
MUTEXES = ("", "", "x", "x", "x y", "y")
BEHAVIOURS = ("ok", "ok", "fails", "flaky", "slow", "busy")
IDS = ("a", "b", "c", "d")
PAST_ANY_BOUNDARY = 400
"""More than the openings, renamings and starts of processes that a tick does."""


class JobPlan(NamedTuple):
    """A job as the configuration has it."""

    behaviour: str
    schedule: str
    catch_up: str
    max_retries: int
    mutexes: str = ""
    """Their names."""

    @property
    def minutes(self) -> int:
        """The period of the schedule, in minutes."""
        return SCHEDULES[self.schedule]


class Advance(NamedTuple):
    """The clock moves on, or is set back, by so many seconds."""

    seconds: int


class Ticks(NamedTuple):
    """So many ticks at once; each is killed at a boundary of its work, or None if it is not."""

    killed_at: tuple[int | None, ...]
    kill_jobs: bool = False
    """Whether jobs in progress are killed, too, when the ticks have ended."""
    kill_keepers: bool = False
    """Whether their keepers are, and the jobs go on without them."""


class Configure(NamedTuple):
    """The configuration is rewritten: a job is changed, added, or (None) removed."""

    job: str
    plan: JobPlan | None


class Command(NamedTuple):
    """A command typed by a person."""

    words: tuple[str, ...]


Operation = Advance | Ticks | Configure | Command


def sequence(seed: int) -> list[Operation]:
    """Return the sequence of a seed; it begins with a configuration and a first tick."""
    chance = random.Random(f"torture {seed}")
    drawn: list[Operation] = [
        Configure(name, job_plan(chance)) for name in IDS[: chance.randint(1, 3)]
    ]
    drawn += [Ticks((None,))]
    for _ in range(chance.randint(5, 12)):
        drawn += _step(chance)
    return drawn


def job_plan(chance: random.Random) -> JobPlan:
    """Draw a job. Only one that fires rarely and is quick may catch up on all slots."""
    behaviour, schedule = chance.choice(BEHAVIOURS), chance.choice(list(SCHEDULES))
    is_quick = behaviour in ("ok", "slow") and SCHEDULES[schedule] >= 60
    policies = ["latest", "latest", "skip", *["all"] * is_quick]
    catch_up, retries = chance.choice(policies), chance.randint(0, 2)
    return JobPlan(behaviour, schedule, catch_up, retries, chance.choice(MUTEXES))


def _step(chance: random.Random) -> list[Operation]:
    kind = chance.random()
    if kind < 0.6:
        return [Advance(chance.choice((20, 60, 61, 90, 300, 1800, 7200))), _ticks(chance)]
    if kind < 0.7:
        return [Advance(chance.choice((-30, -600, -2400, 2 * 86400, -2 * 86400))), _ticks(chance)]
    if kind < 0.85:
        plan = job_plan(chance) if chance.random() < 0.8 else None
        return [Configure(chance.choice(IDS), plan)]
    return [Command(_command(chance, chance.choice(IDS[:3])))]


def _ticks(chance: random.Random) -> Ticks:
    count = chance.choice((1, 1, 1, 2, 3))
    killed = tuple(
        chance.randrange(PAST_ANY_BOUNDARY) if chance.random() < 0.35 else None
        for _ in range(count)
    )
    kill_jobs, kill_keepers = chance.random() < 0.3, chance.random() < 0.15
    return Ticks(killed, kill_jobs, kill_keepers)


def _command(chance: random.Random, job: str) -> tuple[str, ...]:
    return chance.choice(
        (
            ("pause", job, "--for", "10m"),
            ("pause", "--for", "5m"),
            ("resume", job),
            ("skip", job),
            ("defer", job, "--until", "20m"),
            ("cancel", job),
            ("cancel", job, "--stop"),
            ("disable", job),
            ("enable", job),
            ("trigger", job),
            ("update", job, "--schedule", chance.choice(list(SCHEDULES))),
            ("run",),
            ("status",),
            ("history",),
            ("state", "check"),
            ("state", "rebuild"),
        )
    )

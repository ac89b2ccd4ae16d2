"""What `simulate` foretells over a weekend of clock change is what `run` then does.

The real command line, real jobs and a whole night of ticks, each in a process of its own whose
clock libfaketime has shifted; nobody waits.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import needs
from tests.builders.command import BARE, Said, scheduled
from tests.builders.installed import WITHOUT_SWEEPS, configure

STEP = timedelta(minutes=15)
A_BIT = timedelta(seconds=5)

JOBS = f"""\
max_concurrent: 2
tick_interval: 15m
{WITHOUT_SWEEPS}
  night: {{schedule: "30 2 * * *", command: "true", priority: low}}
  repeated: {{schedule: "30 1 * * *", command: "true", timezone: America/New_York}}
  follows: {{schedule: "15 3 * * *", command: "true", after: [night], priority: urgent}}
  quarter: {{schedule: "*/15 * * * *", command: "true", catch_up: all, max_lateness: 90m}}
  latest: {{schedule: "*/15 * * * *", command: "true", priority: high}}
  hourly: {{schedule: "0 * * * *", command: "true", catch_up: skip}}
  strict: {{schedule: "20,50 * * * *", command: "true", max_lateness: 15m}}
  interval: {{schedule: every 50m, command: "true"}}
  windowed: {{schedule: "*/20 * * * *", command: "true", window: "02:30-05:30"}}
  spread: {{schedule: "5 * * * *", command: "true", jitter: 40m}}
  elsewhere: {{schedule: "40 * * * *", command: "true", timezone: Asia/Kathmandu}}
  late: {{schedule: "50 1 * * *", command: "true", first_run: now}}
"""

Facts = tuple[str, ...]


@dataclass(frozen=True)
class Night:
    """A zone, the ticks from one instant up to another, and when none comes between them."""

    zone: str
    start: datetime
    end: datetime
    outage: tuple[datetime, datetime]

    @property
    def ticks(self) -> Iterator[datetime]:
        tick = self.start
        while tick < self.end:
            if not self.outage[0] <= tick < self.outage[1]:
                yield tick
            tick += STEP


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


BERLIN = Night(
    "Europe/Berlin",
    utc("2026-03-28T22:00"),  # the clock goes from 02:00 to 03:00 at one o'clock UTC
    utc("2026-03-29T06:00"),
    (utc("2026-03-29T00:10"), utc("2026-03-29T02:40")),
)
NEW_YORK = Night(
    "America/New_York",
    utc("2026-11-01T03:00"),  # the clock goes from 02:00 back to 01:00 at six o'clock UTC
    utc("2026-11-01T11:00"),
    (utc("2026-11-01T05:40"), utc("2026-11-01T07:20")),
)


@pytest.mark.slow
@pytest.mark.parametrize("night", [BERLIN, NEW_YORK], ids=lambda night: str(night.zone))
def test_simulate_prints_what_run_then_does_at_a_clock_change_with_an_outage(
    root: Path, night: Night
) -> None:
    configure(root, f"timezone: {night.zone}\n{JOBS}")
    *_, midway = (tick for tick in night.ticks if tick < night.outage[1] + 4 * STEP)

    foretold = simulated(root, night, night.start)
    for tick in night.ticks:
        if tick == midway:
            foretold_midway = simulated(root, night, midway)
        said = at(tick, night, root, "run")
        assert (said.code, said.err) == (0, "")
    done = happened(root, night)

    assert foretold == done
    assert foretold_midway == [facts for facts in done if facts[0] >= midway.isoformat()]
    assert {facts[3] for facts in done} == {"run", "skip", "missed"}


def simulated(root: Path, night: Night, start: datetime) -> list[Facts]:
    """What is foretold just before `start` for the rest of the night."""
    period = ("--from", start.isoformat(), "--to", night.end.isoformat(), "--tick", "15m")
    outage = ("--outage", "..".join(instant.isoformat() for instant in night.outage))
    said = at(start - A_BIT, night, root, "simulate", *period, *outage, "--json")
    assert (said.code, said.err) == (0, "")
    runs: list[dict[str, Any]] = json.loads(said.out)["runs"]
    return joined(facts(run, run["at"], run["decision"]) for run in runs)


def happened(root: Path, night: Night) -> list[Facts]:
    """The history, each row at the tick it belongs to."""
    said = at(night.end, night, root, "history", "--limit", "0", "--json")
    words = {"succeeded": "run", "skipped": "skip"}
    return joined(
        facts(
            row, row["started_at"] or row["finished_at"], words.get(row["outcome"], row["outcome"])
        )
        for row in json.loads(said.out)["runs"]
    )


def joined(found: Iterable[Facts]) -> list[Facts]:
    """All facts in order; what was missed before one run is one, whatever its causes.

    Causes are not compared: to a real tick, a clock that is faked has been set forward.
    """
    result: list[Facts] = []
    for tick, job, slot, decision, catch_up, missed in sorted(found):
        before = result[-1] if result else None
        if before and decision == "missed" and (before[:2], before[3]) == ((tick, job), "missed"):
            missed = str(int(missed) + int(result.pop()[5]))  # noqa: PLW2901
        result.append((tick, job, slot, decision, catch_up, missed))
    return result


def facts(row: dict[str, Any], at: str, decision: str) -> Facts:
    began = datetime.fromisoformat(at)
    tick = datetime.fromtimestamp(began.timestamp() // 900 * 900, began.tzinfo)
    said = (row["job"], row["slot"], decision, row["catch_up"], row["missed"])
    return (tick.isoformat(), *map(str, said))


def at(now: datetime, night: Night, root: Path, *words: str) -> Said:
    """A command, for which it is `now`."""
    # The clock of this process may be a shifted one as well.
    really = time.time() - float(os.environ.get("FAKETIME", "0"))
    shifted = {
        "LD_PRELOAD": str(needs.libfaketime()),
        "FAKETIME": f"{now.timestamp() - really:+.3f}",
        # Deadlines of runs count on a clock that nobody sets.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    return scheduled(
        root, *words, env={**BARE, "TZ": night.zone, "HOME": os.environ["HOME"], **shifted}
    )

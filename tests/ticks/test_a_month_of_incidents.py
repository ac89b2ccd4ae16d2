"""A month in which everything goes wrong once: each kind of incident opens, is recalled, and ends.

The ticks get their time from the test, and so do the clocks of the machine: it is off for a day,
cron does not run for hours, summer time ends, and the clock is set back.
"""

import json
import os
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scheduled.jobs.model import CatchUp
from scheduled.planning.incidents import Kind
from scheduled.state import events, heartbeat, records
from scheduled.state.heartbeat import Heartbeat
from scheduled.views import incidents
from tests.builders import looks
from tests.builders.beside import wait_for
from tests.builders.engine import Engine
from tests.builders.jobs import job

pytestmark = pytest.mark.slow

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 10, 5, tzinfo=BERLIN)
"""Day 0 of the month. Summer time ends on day 20."""
LENGTH = 31

FLAGS = {
    # From which day on it goes wrong, and until which.
    "backup fails": (1, 24),
    "export fails": (3, 4),
    "sync fails": (4, 13),
    "disk is full": (8, 12),
    "index may end": (9, LENGTH),
    "report waits": (21, 25),
    "mail is down": (26, 29),
    "some fail": (26, 29),
}
BROKEN = range(26, 28)
"""The days on which the configuration is broken."""
EXPECTED = {
    # On which day it opens, on which it is brought back to mind, and on which it ends.
    Kind.FAILING: [(1, [2, 4, 8, 15, 22], 24), (8, [9, 11], 12)],
    Kind.SLOW: [(3, [4, 6], 9)],
    Kind.DEAD_LETTER: [(3, [4, 6, 10], 12)],
    Kind.SUSPENDED: [(4, [5, 7, 11], 13)],
    Kind.STATE: [(5, [6], 7)],
    Kind.DISK: [(8, [9, 11], 12)],
    Kind.DEADLINE: [(10, [11, 13], 15)],
    Kind.NO_TICKS: [(17, [18], 19)],
    Kind.MISSED: [(22, [23], 25)],
    Kind.CONFIGURATION: [(26, [27], 28)],
    Kind.UNDELIVERABLE: [(27, [28], 29)],
    Kind.UNREACHABLE: [(25, [26], 27)],
    Kind.ERROR_RATE: [(26, [27], 29)],
}

FULL = """
def run(context):
    if (context.root / "disk is full").exists():
        open("/dev/full", "w").write("x" * 100_000)
"""
TELLING = {"kind": "command", "command": 'printf "%s\\n" "$SCHEDULED_FACTS" >> told'}
STUCK = {"kind": "command", "command": 'test ! -e "mail is down" && echo x >> delivered'}


def daily(name: str, **fields: Any) -> Any:
    """A job of each noon in Berlin."""
    return job(name, **{"schedule": "0 12 * * *", "timezone": "Europe/Berlin", **fields})


def flagged(flag: str, code: int = 3) -> str:
    """Return a command that ends with a code while a file exists."""
    return f"test ! -e '{flag}' || exit {code}"


JOBS = (
    daily("backup", command=flagged("backup fails")),
    daily("export", command=flagged("export fails"), catch_up=CatchUp.ALL, alert_after=2),
    daily("sync", command=flagged("sync fails"), suspend_after=1),
    daily("report", command=flagged("report waits", 75), max_age=26 * 3600.0),
    daily("upload", handler="full:run"),
    daily("compute", command="true", schedule="0 12 15-19 10 *"),
    daily(
        "index",
        command="while ! test -e 'index may end'; do sleep 0.05; done",
        schedule="0 13 7 10 *",
        warn_after=7200.0,
        timeout=30 * 86400.0,
    ),
    *(daily(f"some-{n}", command=flagged("some fail"), alert_after=9) for n in range(3)),
    daily("far", executor="nas", enabled=False),
    daily("night", command="echo $SCHEDULED_SLOT >> nights", schedule="30 2 25 10 *"),
)


class Month:
    """An installation, the machine it is on, and what happens to both."""

    def __init__(self, folder: Path) -> None:
        (folder / "full.py").write_text(FULL)
        nobody = folder / "ssh_config"
        nobody.write_text("Host nas\n  HostName 127.0.0.1\n  Port 1\n")
        nobody.chmod(0o600)
        nas = {"kind": "ssh", "host": "nas", "ssh_config": str(nobody), "connect_timeout": 10.0}
        executors = {"nas": {**nas, "lease": 30.0, "max_concurrent": 1}}
        channels = {"ops": TELLING, "stuck": STUCK}
        metrics: Any = {"metrics_file": "metrics.prom"}
        self.engine = Engine(
            folder, JOBS, notify=channels, max_concurrent=8, executors=executors, **metrics
        )
        self.folder, self.boot, self.set_back = folder, 0, timedelta()

    def clocks(self, now: datetime) -> Heartbeat:
        """Return what the clocks show; to set one of them changes no other."""
        up = (now + self.set_back - FIRST).total_seconds() + 1e6
        return Heartbeat(now.timestamp(), up, up, f"boot-{self.boot}")

    def idle(self, day: int, clock: str, before: timedelta = timedelta(0)) -> None:
        """Leave what an idle tick leaves, so long before that time."""
        heartbeat.save(self.engine.state_dir, self.clocks(moment(day, clock) - before))

    def tick(self, day: int, clock: str) -> None:
        """Do a tick, whatever was before it."""
        self.engine.run_at(written(moment(day, clock)))

    def ticks(self, day: int, *clocks: str) -> None:
        """Do ticks, each after idle ones."""
        for clock in clocks:
            self.idle(day, clock, timedelta(minutes=1))
            self.tick(day, clock)

    def killed_tick(self, day: int, clock: str, name: str) -> None:
        """Do a tick that is killed while it waits for a run of this job."""
        pid = os.fork()
        if pid == 0:
            try:
                self.ticks(day, clock)
            finally:
                os._exit(1)
        wait_for(lambda: any(run.pid for run in self.runs(name)))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def runs(self, name: str) -> Any:
        """Return the runs of a job that are in progress."""
        return records.job_memory(self.engine.state, name).runs.values()

    def record(self, day: int, *recorded: Any) -> None:
        """Record what happens on a morning, as a command does."""
        self.engine.record(written(moment(day, "11:00")), *recorded)

    def change_flags(self, day: int) -> None:
        """Have go wrong what goes wrong from this day on, and work what works again."""
        for flag, (first, end) in FLAGS.items():
            if day == first:
                (self.folder / flag).touch()
            if day == end:
                (self.folder / flag).unlink()
        self.engine.problems = ("jobs/bad.yaml:1: schedule: no",) if day in BROKEN else ()

    def damage_state(self) -> None:
        """Write half of the state."""
        (self.engine.state_dir / "scheduled_state.json").write_text('{"version": 1, "jobs": {"ba')


def moment(day: int, clock: str) -> datetime:
    """Return an instant by the clock on a wall in Berlin; "2b:30" is half past two once more."""
    hour, minute = clock.split(":")
    wall = FIRST + timedelta(days=day, hours=int(hour.rstrip("b")), minutes=int(minute))
    return wall.replace(fold=hour.endswith("b")).astimezone(UTC)


def written(instant: datetime) -> str:
    """Return an instant as a tick is given it."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}"


def ended(number: int, day: int, seconds: float) -> Any:
    """Return the event of a long run of the job that computes."""
    slot = moment(day, "10:00")
    return looks.end(f"c{number}", slot, job="compute", duration_seconds=seconds)


def morning(month: Month, day: int) -> None:
    """Have happen what happens on a day before its noon."""
    month.change_flags(day)
    match day:
        case 0:
            month.tick(0, "08:00")
            month.record(0, *(ended(number, number - 9, 90.0 + number) for number in range(5)))
        case 5 | 6:
            month.damage_state()
            # Less than a day apart: then it is one incident.
            month.ticks(day, "11:00" if day == 5 else "10:00")
        case 9:
            wait_for(lambda: any(month.engine.state_dir.glob("runs/index/*.exit")))
        case 12:
            month.record(12, events.dead_letters_dropped("export"))
        case 13:
            month.record(13, events.job_enabled("sync", enabled=True))
        case 15:
            month.record(15, ended(9, 15, 80.0))
        case 17 | 18:
            month.idle(day, "08:00")
            month.tick(day, "11:50" if day == 17 else "11:40")  # cron did not run in between
        case 23 | 27:
            month.record(day, events.job_enabled("far", enabled=day == 23))
        case 20:
            month.ticks(20, "02:30", "2b:30")


def noon(month: Month, day: int) -> None:
    """Do the ticks of a day, the second a little later each day: so each reminder is in time."""
    match day:
        case 2:
            month.ticks(2, "12:00", "12:03")
            month.killed_tick(2, "13:00", "index")
        case 16:
            month.boot += 1  # the machine was off
            month.tick(16, "14:00")
        case 30:
            month.ticks(30, "12:00")
            month.set_back += timedelta(hours=2)
            month.tick(30, "10:01")
        case _:
            month.ticks(day, "12:00", f"12:{day + 1:02}")


def test_each_kind_of_incident_is_told_once_recalled_in_time_and_ended_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = Month(tmp_path)
    monkeypatch.setattr(heartbeat, "read_clocks", month.clocks)
    for day in range(LENGTH):
        morning(month, day)
        noon(month, day)
        agree(month, moment(day, "23:00"))

    found: dict[str, Any] = {}
    for first, *recalled, last in of_incidents(month.engine).values():
        assert (first["event"], last["event"]) == ("incident_opened", "incident_closed")
        assert {event["event"] for event in recalled} <= {"incident_reminded"}
        dates = (day_of(first), [day_of(event) for event in recalled], day_of(last))
        found.setdefault(first["kind"], []).append(dates)
    assert set(EXPECTED) == set(Kind)
    assert found == EXPECTED
    assert (tmp_path / "nights").read_text().split() == ["2026-10-25T00:30:00Z"]
    assert month.engine.state["outbox"] == []
    causes = [event["cause"] for event in month.engine.events if event["event"] == "gap"]
    assert causes == ["machine off", "cron silent", "cron silent", "clock set back"]


def of_incidents(engine: Engine) -> dict[str, list[Any]]:
    """Return the events of each incident by its id, oldest first, but for those that count."""
    found: dict[str, list[Any]] = {}
    for event in engine.events:
        if event["event"] in ("incident_opened", "incident_reminded", "incident_closed"):
            found.setdefault(event["id"], []).append(event)
    return found


def day_of(event: Any) -> int:
    """Return on which day of the month something was recorded."""
    return (datetime.fromisoformat(event["at"]).astimezone(BERLIN).date() - FIRST.date()).days


def agree(month: Month, now: datetime) -> None:
    """Hold against each other what journal, state, central file, metrics and messages say."""
    history = of_incidents(month.engine)
    rows = incidents.rows(month.engine.state, now)
    still = {ident for ident, told in history.items() if told[-1]["event"] != "incident_closed"}
    assert {row["id"] for row in rows} == still
    central = json.loads((month.folder / "central/SCHEDULED.central.json").read_text())
    assert central["incidents"] == rows
    families = text_string_to_metric_families((month.folder / "metrics.prom").read_text())
    (counts,) = [family.samples for family in families if family.name == "scheduled_incidents"]
    by_kind = Counter(row["kind"] for row in rows)
    assert {each.labels["kind"]: each.value for each in counts} == {k: by_kind[k] for k in Kind}
    messages: dict[str, list[str]] = {}
    for line in (month.folder / "told").read_text().splitlines() if history else ():
        message = json.loads(line)
        messages.setdefault(message["facts"]["id"], []).append(message["event"])
    assert messages == {
        ident: [event["event"] for event in told] for ident, told in history.items()
    }

"""What `create`, `update`, `import` promise, and what a file dropped in asks for, is what runs.

However soon the slot comes, and however far apart the ticks are.
"""

import json
import os
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli.import_ import import_
from scheduled.cli.list import list_jobs
from scheduled.cli.simulate import simulate
from scheduled.config import changes
from scheduled.planning.standing import Start
from scheduled.state.history import HistoryQuery, read
from scheduled.state.store import Store
from scheduled.ticks import tick
from tests.builders import soak
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at, job
from tests.builders.looks import Home, Said

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
NEVER = "0 3 29 2 *"
GAPS, INTERVALS = (1, 29, 59), (1, 5, 60)


@pytest.fixture
def home(root: Path) -> Home:
    return Home(root)


def ticked(home: Home, now: datetime) -> None:
    """One tick at `now`."""
    config = home.session(now).config
    tick.run(config, now, environ={"PATH": os.environ["PATH"]})


def answered(home: Home, name: str) -> list[tuple[str, str]]:
    """Slot and outcome of all that became of a job."""
    rows = read(Store(home.state_dir).journal, HistoryQuery(job=name, limit=0), lambda _: False)
    return [(str(row["slot"]), str(row["outcome"])) for row in rows[::-1]]


def remembered(home: Home) -> Any:
    """The jobs on record."""
    return Store(home.state_dir).load().state["jobs"]


def created(home: Home, name: str, schedule: str, now: datetime) -> Said:
    return home.call("create", name, schedule, "--command", "true", now=now)


def updated(home: Home, name: str, schedule: str, now: datetime) -> Said:
    created(home, name, NEVER, now - timedelta(hours=3))
    return home.call("update", name, "--schedule", schedule, now=now)


def imported(home: Home, name: str, schedule: str, now: datetime) -> Said:
    table = home.folder / "crontab"
    table.write_text(f"# {name}\n{schedule} /opt/{name}\n")
    return home.call(import_, str(table), "--from", "crontab", "--yes", now=now)


def dropped(home: Home, name: str, schedule: str, _now: datetime) -> Said:
    path = home.folder / "jobs" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'id: {name}\nschedule: "{schedule}"\ncommand: "true"\n')
    path.chmod(0o644)
    return Said(0, "", "")


Maker = Callable[[Home, str, str, datetime], Said]
MAKERS: tuple[Maker, ...] = (created, updated, imported, dropped)


@pytest.mark.parametrize("make", MAKERS)
def test_a2_what_is_promised_is_what_runs(
    home: Home, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(make.__name__)
    cases = [(gap, minutes) for gap in GAPS for minutes in INTERVALS]
    more = soak.count(1, 1000 // len(MAKERS) - len(cases))
    cases += [(dice.randrange(1, 60), dice.choice(INTERVALS)) for _ in range(more)]
    for number, (gap, minutes) in enumerate(cases):
        name = f"job{number}"
        # A day of its own for each, so that no other job is due.
        slot = at("12:00") + timedelta(days=number, minutes=dice.randrange(-600, 600))
        now, interval = slot - timedelta(seconds=gap), minutes * MINUTE
        first = now - interval * dice.random()
        is_once = make is not imported and dice.random() < 0.5
        schedule = f"at:{slot:%Y-%m-%dT%H:%M}:00Z" if is_once else f"{slot:%-M %-H} * * *"
        # The clock of the file system is the real one.
        monkeypatch.setattr(changes, "changed_at", lambda *_, changed=now: [changed])
        if number == 0:
            ticked(home, first - interval)
        ticked(home, first)
        said = make(home, name, schedule, now)
        for count in range(1, 4):
            ticked(home, first + count * interval)

        promised = re.search(r"runs next (.+?) \(UTC, in", said.out)
        if make in (created, updated):
            assert promised is not None
            day = "" if slot.date() == now.date() else f"{slot:%a} {slot.day} {slot:%b} "
            assert promised[1] == f"{day}{slot:%H:%M}", said
        assert answered(home, name)[:1] == [
            (f"{slot:%Y-%m-%dT%H:%M}:00Z", "failed" if make is imported else "succeeded")
        ], (name, gap, minutes, schedule)
        (home.folder / "jobs" / f"{name}.yaml").unlink()


def test_a2_the_command_alone_puts_the_job_on_record(home: Home) -> None:
    ticked(home, at("08:00:01"))

    created(home, "backup", "*/5 * * * *", at("08:04:30"))

    entry = remembered(home)["backup"]
    assert entry["anchor"] == entry["watermark"] == "2026-11-21T08:04:30Z"


@pytest.mark.parametrize("make", [created, updated])
def test_a2_a_command_that_cannot_write_the_state_promises_nothing(home: Home, make: Maker) -> None:
    created(home, "other", NEVER, at("08:00"))
    if make is updated:
        created(home, "backup", "5 5 * * *", at("08:00"))
    (home.state_dir / "journal").rename(home.state_dir / "aside")
    (home.state_dir / "journal").write_text("")

    said = home.call(*_words(make), now=at("08:00:30"))

    assert said.code == 4
    assert "runs next" not in said.out
    assert "journal" in said.err
    path = home.folder / "jobs" / "backup.yaml"
    if path.exists() and "1 8" in path.read_text():
        assert "written, but not on record: backup" in said.err


def _words(make: Maker) -> tuple[str, ...]:
    if make is updated:
        return ("update", "backup", "--schedule", "1 8 * * *")
    return ("create", "backup", "1 8 * * *", "--command", "true")


def test_a2_a_file_counts_from_its_real_change_and_not_from_what_it_brought_along(
    home: Home,
) -> None:
    dropped(home, "backup", "* * * * *", datetime.now(UTC))
    path = home.folder / "jobs" / "backup.yaml"
    os.utime(path, (0, 0))  # as `cp -p`, `mv` and git leave it
    changed = datetime.fromtimestamp(path.stat().st_ctime, UTC)
    path.rename(home.folder / "backup.yaml")
    ticked(home, changed - 10 * MINUTE)
    (home.folder / "backup.yaml").rename(path)
    last = changed.replace(second=0, microsecond=0) + 3 * MINUTE

    ticked(home, last + timedelta(seconds=1))

    (run,) = [answer for answer in answered(home, "backup") if answer[1] == "succeeded"]
    assert run[0] == f"{last:%Y-%m-%dT%H:%M}:00Z"
    entry = remembered(home)["backup"]
    assert abs(datetime.fromisoformat(entry["anchor"]) - changed) < MINUTE


def test_a2_only_the_new_job_of_a_file_with_many_counts_from_its_change(home: Home) -> None:
    home.configure('jobs:\n  old: {schedule: "every 50m", command: "true"}\n')
    ticked(home, at("08:00"))
    lines = '  new: {schedule: "every 50m", command: "true"}\n'
    home.configure(f'jobs:\n  old: {{schedule: "every 50m", command: "true"}}\n{lines}')

    ticked(home, at("08:30"))

    jobs = remembered(home)
    assert jobs["old"]["anchor"] == "2026-11-21T08:00:00Z"
    assert "2026-11-21T08:00:00Z" <= jobs["new"]["anchor"] <= "2026-11-21T08:30:00Z"


@pytest.mark.parametrize(
    ("previous", "changes", "schedule", "start"),
    [
        ("08:00", ["08:10"], "* * * * *", "08:10"),
        ("08:00", ["07:10"], "* * * * *", "08:00"),  # not before the last tick
        ("08:00", ["07:10", "08:20"], "* * * * *", "08:20"),  # the file of the settings
        ("08:00", ["08:10", "08:20"], "* * * * *", "08:10"),
        ("08:00", ["09:10"], "* * * * *", "08:00"),  # the clock was set back since
        ("08:00", [], "* * * * *", "08:30"),  # in no file
        (None, ["08:10"], "* * * * *", "08:30"),
        ("08:40", ["08:10"], "* * * * *", "08:30"),
        ("08:00", ["08:10"], "at:2026-11-21T08:05:00Z", "08:00"),  # never lost
    ],
)
def test_a2_from_when_a_new_job_counts(
    previous: str | None, changes: list[str], schedule: str, start: str
) -> None:
    before = at(previous) if previous is not None else None
    made = Start(before, lambda _: [at(change) for change in changes])

    assert made.of(job(schedule=schedule), at("08:30")) == at(start)


def test_a2_a_tick_for_some_jobs_loses_no_slot_of_a_new_one(home: Home) -> None:
    created(home, "other", NEVER, at("08:00"))
    ticked(home, at("08:00:01"))
    dropped(home, "backup", "at:2026-11-21T08:00:20Z", at("08:00:10"))
    home.call("trigger", "other", now=at("08:00:30"))

    ticked(home, at("08:01:01"))

    assert answered(home, "backup") == [("2026-11-21T08:00:20Z", "succeeded")]


def test_a2_a_job_that_was_made_while_a_tick_had_begun_is_not_taken_for_removed(
    home: Home,
) -> None:
    created(home, "other", NEVER, at("08:00"))
    config = home.session(at("08:00:01")).config
    created(home, "backup", "1 8 * * *", at("08:00:02"))

    tick.run(config, at("08:00:03"), environ={"PATH": os.environ["PATH"]})

    assert "away" not in remembered(home)["backup"]
    ticked(home, at("08:01:01"))
    assert answered(home, "backup") == [("2026-11-21T08:01:00Z", "succeeded")]


def test_a2_a_job_that_is_enabled_runs_at_the_next_slot(home: Home) -> None:
    home.configure('jobs: {backup: {schedule: "1 8 * * *", command: "true", enabled: false}}\n')
    ticked(home, at("08:00:01"))
    home.call("enable", "backup", now=at("08:00:30"))

    ticked(home, at("08:05:01"))

    assert answered(home, "backup") == [("2026-11-21T08:01:00Z", "succeeded")]


@pytest.mark.parametrize(
    ("schedule", "slot"),
    [
        ("*/5 * * * *", "2026-11-21T08:10:00Z"),
        ("every 6m", "2026-11-21T08:10:00Z"),
        ("7 8 * * *", "2026-11-21T08:07:00Z"),
        ("at:2026-11-21T08:03:00Z", "2026-11-21T08:03:00Z"),
    ],
)
def test_a2_what_is_simulated_for_a_file_dropped_in_is_what_the_next_tick_does(
    home: Home, monkeypatch: pytest.MonkeyPatch, schedule: str, slot: str
) -> None:
    home.configure(WITHOUT_SWEEPS)
    now = at("08:10:30")
    ticked(home, at("08:00:01"))
    monkeypatch.setattr(changes, "changed_at", lambda *_: [at("08:04:30")])
    dropped(home, "backup", schedule, now)

    runs = _json(home, simulate, "--to", "2m", now=now)["runs"]
    jobs = _json(home, list_jobs, "--at", "2026-11-21T08:11", now=now)["jobs"]
    (row,) = [job for job in jobs if job["id"] == "backup"]
    (due,) = [
        job
        for job in _json(home, "run", "--dry-run", now=now)["decisions"]
        if job["job"] == "backup"
    ]
    before = remembered(home)
    ticked(home, at("08:11:01"))

    assert [run["slot"] for run in runs if run["decision"] == "run"] == [slot]
    assert (row["decision"], row["slot"]) == ("run", slot)
    assert due["slot"] == slot
    assert "backup" not in before
    assert answered(home, "backup")[-1] == (slot, "succeeded")


def _json(home: Home, command: Any, *words: str, now: datetime) -> Any:
    said = home.call(command, *words, "--json", now=now)
    assert said.code == 0
    return json.loads(said.out)

"""The days of schedules outlive a process, and nothing wrong is believed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from scheduled import idle
from scheduled.state import known_days
from scheduled.state.store import Store
from scheduled.timing import expression, wall_times
from scheduled.timing.instants import format_utc
from scheduled.timing.schedule import Cron
from scheduled.timing.wall_times import ByCroniter, Days
from tests.builders.command import options, state_dir
from tests.builders.idle import ENTRY
from tests.builders.installed import WITHOUT_SWEEPS, configure

TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    forget(monkeypatch)
    yield
    wall_times.of.cache_clear()


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know what a new process knows: nothing."""
    monkeypatch.setattr(wall_times, "_remembered", {})
    monkeypatch.setattr(wall_times, "_asked", {})
    wall_times.of.cache_clear()


def cron(text: str) -> Cron:
    form = expression.parse(text, "UTC").form
    assert isinstance(form, Cron)
    return form


def keep(state_dir: Path, *texts: str) -> Path:
    """Do what a tick does with jobs of these schedules; return the file."""
    days = known_days.load(state_dir)
    for text in texts:
        wall_times.of(cron(text))
    days.save(TODAY)
    return state_dir / known_days.PLACE


def test_the_next_process_knows_what_was_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, "0 8 * * 1", "0 8 1 * *")
    forget(monkeypatch)

    known_days.load(tmp_path)

    assert not isinstance(wall_times.of(cron("7 7 * * mon")), ByCroniter)
    assert not isinstance(wall_times.of(cron("30 9 1 * *")), ByCroniter)
    after = wall_times.of(cron("7 7 * * 1")).after(datetime(2026, 11, 21))
    assert after == datetime(2026, 11, 23, 7, 7)
    assert isinstance(wall_times.of(cron("0 8 2 * *")), ByCroniter)
    assert wall_times.forecast(TODAY).keys() == {"2 * *"}


def test_daily_schedules_leave_no_file(tmp_path: Path) -> None:
    assert not keep(tmp_path, "0 8 * * *", "*/5 * * * *").exists()


def test_a_schedule_that_is_gone_is_forgotten_with_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, *(f"0 8 {day} * *" for day in range(1, 11)))
    for texts in (["0 8 1 * *", "0 8 20 * *"], ["0 8 1 * *", "0 8 21 * *"]):
        forget(monkeypatch)
        kept = keep(tmp_path, *texts)

    forget(monkeypatch)
    known_days.load(tmp_path)

    assert b"10 * *" not in kept.read_bytes().splitlines()[-1]
    assert not isinstance(wall_times.of(cron("0 8 1 * *")), ByCroniter)
    assert not isinstance(wall_times.of(cron("0 8 21 * *")), ByCroniter)


@pytest.mark.parametrize("what", ["version", "croniter", "torn", "bit", "facts"])
def test_what_others_computed_or_what_is_damaged_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    kept = keep(tmp_path, "0 8 * * 1")
    data = kept.read_bytes()
    forget(monkeypatch)
    match what:
        case "version":
            monkeypatch.setattr(known_days, "__version__", "0.0.1")
        case "croniter":
            monkeypatch.setattr(known_days, "_croniter", lambda: (1, 2, 3))
        case "torn":
            kept.write_bytes(data[:-9])
        case "bit":
            kept.write_bytes(data.replace(b"0000010", b"0000110", 1))
        case _:
            wrong = [[1, "0012"], ["1", "01"], [1, ""], [1], "x"]
            assert [list(known_days._days(json.loads(json.dumps(facts)))) for facts in wrong] == [
                [] for _ in wrong
            ]
            return

    known_days.load(tmp_path)

    assert isinstance(wall_times.of(cron("0 8 * * 1")), ByCroniter)
    assert list(known_days._days([7, "01"])) == [Days(7, "01")]


@pytest.mark.slow
def test_a_tick_imports_croniter_once_for_schedules_of_certain_days(tmp_path: Path) -> None:
    jobs = {"hourly": "0 * * * *", "weekly": "0 8 * * 1", "first": "0 8 1 */2 *"}
    configure(
        tmp_path,
        WITHOUT_SWEEPS
        + "".join(f'  {name}: {{command: "true", schedule: "{jobs[name]}"}}\n' for name in jobs),
    )
    store = Store(state_dir(tmp_path))
    imported = []
    for name in jobs:
        imported.append("croniter" in importing_tick(tmp_path))
        now = datetime.now(UTC)
        months_ago = format_utc(now - timedelta(days=65))
        store.load().record(now, {"event": "clamped", "job": name, "watermark": months_ago})
        idle.forget(str(store.state_dir))

    counts = {name: store.load().state["jobs"][name].get("counts") for name in jobs}
    assert imported == [True, False, False]
    assert counts == {"hourly": {"succeeded": 1}, "weekly": {"succeeded": 1}, "first": None}


def importing_tick(home: Path) -> str:
    """Tick as cron does; return what was imported, as the interpreter prints it."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-X", "importtime", str(ENTRY)]
    done = subprocess.run(
        [*command, *options(home), "run"], capture_output=True, text=True, check=False
    )
    return done.stderr

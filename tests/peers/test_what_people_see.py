"""What people suffer who look after other schedulers: `PEERS.md`, by number.

Each test is one of their stories, told with real commands, and how it ends here.
"""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli import disable, enable, history, pause, resume, run, skip
from tests.builders.command import scheduled
from tests.builders.engine import Engine, outcomes
from tests.builders.installed import WITHOUT_SWEEPS, configure
from tests.builders.jobs import RARELY, at, job
from tests.builders.looks import Home

pytestmark = pytest.mark.slow

INSTANT_AND_DAYS = r"(\d{4}-\d\d-\d\d \d\d:\d\d[+-]\d\d:\d\d)\W+in (\d+) d"
IN_SOME_DAYS = (datetime.now(UTC) + timedelta(days=3)).isoweekday()
DUE_NOW = f"""\
  due: {{schedule: "{RARELY}", command: "true", first_run: now}}
  weekly: {{schedule: "30 3 * * {IN_SOME_DAYS}", command: "true", timezone: America/St_Johns}}
  failing: {{schedule: "{RARELY}", command: exit 3, first_run: now}}
"""


def test_nothing_is_written_into_the_configuration(tmp_path: Path) -> None:
    # 15. agentwire-dev#449: the state was kept in the user's file, and one day it was wiped.
    home = Home(tmp_path)
    home.configure(f"{WITHOUT_SWEEPS}  backup: {{schedule: hourly, command: 'true'}}  # mine\n")
    before = (tmp_path / "scheduled.yaml").read_bytes()

    for command, *words in (
        (run.run,),
        (disable.disable, "backup"),
        (enable.enable, "backup"),
        (pause.pause, "backup"),
        (resume.resume, "backup"),
        (skip.skip, "backup"),
        (run.run, "--force"),
    ):
        assert home.call(command, *words).code == 0

    assert (tmp_path / "scheduled.yaml").read_bytes() == before


def test_what_passes_in_a_pause_is_on_record_and_is_not_replayed_after_it(tmp_path: Path) -> None:
    # 25. laravel#59169, kestra#14349.
    home = Home(tmp_path)
    home.configure(
        f"{WITHOUT_SWEEPS}  backup: {{schedule: hourly, command: echo $SCHEDULED_SLOT >> out}}\n"
    )
    home.call(run.run, now=at("08:30"))
    until = ("--until", "2026-11-21T12:30", "--reason", "deployment")
    home.call(pause.pause, "backup", *until, now=at("08:40"))

    for hour in (9, 10, 12, 13):  # and at eleven the machine was off
        home.call(run.run, now=at(f"{hour:02}:00"))

    said = home.call(history.history, "backup", "--json", now=at("13:01")).out
    told = [(row["slot"][11:16], row["outcome"], row["reason"]) for row in json.loads(said)["runs"]]
    why = "paused until 2026-11-21 12:30 UTC: deployment"
    assert told == [
        ("13:00", "succeeded", None),
        ("12:00", "skipped", why),
        ("11:00", "missed", "paused"),
        ("10:00", "skipped", why),
        ("09:00", "skipped", why),
    ]
    assert (tmp_path / "out").read_text() == "2026-11-21T13:00:00Z\n"


def test_what_would_run_is_what_then_runs(root: Path) -> None:
    # 26. laravel#56532, #56707.
    configure(root, WITHOUT_SWEEPS + DUE_NOW)

    foretold = the_json(root, "run", "--dry-run")["decisions"]
    told = {(row["job"], row["slot"]) for row in foretold if row["decision"] == "run"}
    assert the_json(root, "history")["runs"] == []
    ran = the_json(root, "run", code=1)

    assert {name for name, _ in told} == {"due", "failing"}
    assert told == {(row["job"], row["slot"]) for row in ran["runs"]}
    assert scheduled(root, "run", "--dry-run").out == "Simulated: nothing is due.\n"


@pytest.mark.parametrize(
    "words",
    [
        ("next", "weekly"),
        ("list",),
        ("show", "weekly"),
        ("why", "weekly"),
        ("simulate", "--to", "8d", "--only", "weekly"),
    ],
)
def test_when_it_runs_next_is_an_instant_that_cannot_be_misread(
    root: Path, words: tuple[str, ...]
) -> None:
    # 26. pkp-lib#13323: "1 week from now" was in twelve days.
    configure(root, f"timezone: America/St_Johns\n{WITHOUT_SWEEPS}{DUE_NOW}")
    scheduled(root, "run")
    (slot,) = the_json(root, "next", "weekly", "-n", "1")["next"]
    local = datetime.fromisoformat(slot["local"])

    before = datetime.now(UTC)
    said = scheduled(root, *words).out
    after = datetime.now(UTC)

    assert (local.isoweekday(), local.hour, local.minute) == (IN_SOME_DAYS, 3, 30)
    day, offset = f"{local:%Y-%m-%d}", slot["local"][-6:]
    shown = f"{local:%a} {local.day} {local:%b}"
    is_on_clock = re.search(rf"{shown}( |\n.*\n)03:30", said) and f"({offset}" in said
    assert is_on_clock or (day in said and f"03:30{offset}" in said)
    for instant, days in re.findall(INSTANT_AND_DAYS, said):
        slot_at = datetime.fromisoformat(instant)
        assert (slot_at - after).days <= int(days) <= (slot_at - before).days


def test_why_it_did_not_run_is_answered(root: Path) -> None:
    # 26. And why one did, or how it failed.
    configure(root, WITHOUT_SWEEPS + DUE_NOW)
    scheduled(root, "run")

    answers = {name: the_json(root, "why", name) for name in ("due", "weekly", "failing")}

    assert answers["due"]["answer"] == "succeeded"
    assert answers["failing"]["answer"] == "failed"
    assert "exit code 3" in answers["failing"]["reasons"][0]
    assert answers["weekly"]["answer"] == "none"
    assert answers["weekly"]["reasons"][-1] == "not due"


def test_history_does_not_fill_the_disk(tmp_path: Path) -> None:
    # 28. Cronicle#13: 893,000 files.
    engine = Engine(tmp_path, [job(schedule="0 0 * * *", command="echo x; echo $SCHEDULED_SLOT")])
    days = [at("2026-09-01T00:00") + timedelta(days=number) for number in range(40)]
    for day in days:
        engine.run_at(day.replace(tzinfo=None).isoformat())
        aged(engine.state_dir, day)

    kept = [path for path in engine.state_dir.rglob("*") if path.suffix in (".log", ".jsonl")]
    assert len(kept) <= 2 * 32
    assert len(outcomes(engine.rows)) >= 29


def aged(folder: Path, day: datetime) -> None:
    """The output of that day's run is as old as it says."""
    for path in folder.glob(f"runs/*/{day:%Y%m%d}*.log"):
        os.utime(path, (day.timestamp(), day.timestamp()))


def the_json(root: Path, *words: str, code: int = 0) -> dict[str, Any]:
    """What a command prints with --json."""
    said = scheduled(root, *words, "--json")
    assert said.code == code, said.err
    document: dict[str, Any] = json.loads(said.out)
    return document

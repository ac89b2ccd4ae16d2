"""Every command, in a state directory that belongs to another host, and what takes it over."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli.context import Session
from scheduled.cli.main import main
from scheduled.runs import exit_file
from scheduled.runs.executors import lease
from scheduled.runs.exit_file import ExitStatus
from scheduled.state import heartbeat, history, tick_interval
from scheduled.state.owner import NotOwnerError
from scheduled.state.store import Store
from scheduled.system import machine, processes
from scheduled.ticks import opening
from scheduled.timing.instants import format_utc
from scheduled.views import answers
from tests.builders.crontab import Crontab
from tests.builders.installed import WITHOUT_SWEEPS, configure
from tests.builders.locks import held_by_another
from tests.cli.test_foreign_state import CHANGING, JUDGING, READING, called, everything

RUN = "20261121T120000-abc123"
TAKING = {"state adopt", "state backup", "cron uninstall"}
"""Changes whose state it is; reads it; ends what ticks a state, also that of another host."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with a job that has run on the host `first`; from now on this is `second`."""
    crontab = Crontab(tmp_path / "cron")
    monkeypatch.setenv("PATH", f"{crontab.bin}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "notes"))
    monkeypatch.setenv("SCHEDULED_HOST", "first")
    (tmp_path / "root").mkdir(mode=0o755)
    (tmp_path / "crontab").write_text("0 4 * * * true\n")
    configure(tmp_path / "root", WITHOUT_SWEEPS)
    assert called(tmp_path, "create", "backup", "hourly", "--command", "echo out") == 0
    assert called(tmp_path, "trigger", "backup") == 0
    monkeypatch.setenv("SCHEDULED_HOST", "second")
    return tmp_path


@pytest.mark.parametrize("command", sorted(CHANGING.keys() - TAKING))
def test_a_command_that_changes_something_writes_nothing_and_names_owner_and_last_tick(
    home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    before = everything(home)
    capsys.readouterr()

    code = called(home, *command.split(), *CHANGING[command])

    said = capsys.readouterr().err
    assert code == 2
    assert (
        f"{home}/state: this state belongs to the host first, and this is second; its last" in said
    )
    assert re.search(r", at \d{4}-\d\d-\d\d", said)
    assert said.rstrip().endswith(
        f"take over: scheduled --root {home}/root --state-dir {home}/state state adopt"
    )
    assert everything(home) == before


@pytest.mark.parametrize("command", READING)
def test_a_command_that_reads_says_whose_state_it_is_and_writes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    before = everything(home)
    capsys.readouterr()

    code = called(home, *command.split(), *READING[command])

    said = capsys.readouterr()
    assert (code == 0) == (command not in (*JUDGING, "check")), said
    if command in ("status", "history", "why", "list", "next", "show", "doctor", "check"):
        told = f"{said.out}{said.err}".count("belongs to the host first, and this is second; its")
        assert told == 1
    assert everything(home) == before


@pytest.mark.parametrize("words", [["status", "--json"], ["history", "--json"], ["-q", "status"]])
def test_what_programs_read_stays_what_it_is(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    capsys.readouterr()

    assert called(home, *words) == 0

    said = capsys.readouterr()
    assert "host first" not in said.out
    assert ("belongs to the host first" in said.err) == ("-q" not in words)
    if "--json" in words:
        json.loads(said.out)


def test_a_refusal_is_the_same_trouble_however_old_the_last_tick_is(home: Path) -> None:
    refused = []
    for now in (datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC)):
        session = Session(str(home / "root"), None, str(home / "state"), now=now)
        with pytest.raises(NotOwnerError) as error:
            session.own_state()
        refused.append(error.value)

    assert str(refused[0]) != str(refused[1])
    assert refused[0].trouble == refused[1].trouble


@pytest.mark.parametrize(("minute", "times"), [(30, 1), (0, 3)])
def test_a_tick_that_is_refused_says_so_once_and_at_minute_0_again(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    minute: int,
    times: int,
) -> None:
    now = datetime.now(UTC).replace(minute=minute)
    monkeypatch.setattr(Session, "__init__", partialmethod(Session.__init__, now=now))
    capsys.readouterr()
    told = []
    for _ in range(3):
        assert called(home, "run") == 2
        told.append(capsys.readouterr().err)

    assert ["belongs to the host first" in each for each in told].count(True) == times
    assert told[times:] == [""] * (3 - times)


# Taking over


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process of this machine that is no run of ours, with the id of one on the other host."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        yield process.pid
        process.kill()


def in_progress(home: Path, pid: int, **more: Any) -> None:
    """Have a run of `backup` on record as the host `first` left it; all of it fits `pid` here."""
    now = datetime.now(UTC).replace(microsecond=0)
    about = {"job": "backup", "run_id": RUN}
    slot = format_utc(now - timedelta(minutes=1))
    begin = {"slot": slot, "attempt": 1, "timeout": 3600.0, "boot_id": machine.boot_id()}
    begin |= {"tick": pid, "tick_started": processes.start_time(pid)}
    spawned = {"pid": pid, "pid_started": processes.start_time(pid)}
    store = Store(home / "state").load()
    store.record(
        now,
        {"event": "begin", **about, **begin, **more},
        {
            "event": "spawned",
            **about,
            **spawned,
            "keeper": pid,
            "keeper_started": spawned["pid_started"],
        },
    )
    store.checkpoint(now)


def state(home: Path) -> dict[str, Any]:
    return dict(Store(home / "state").load().state)


def last(home: Path) -> dict[str, Any]:
    entry: dict[str, Any] = state(home)["jobs"]["backup"]
    assert "open" not in entry
    return {key: entry["last"][key] for key in ("run_id", "outcome", "reason")}


def test_the_runs_of_the_other_host_are_interrupted_whatever_has_their_ids_here(
    home: Path, capsys: pytest.CaptureFixture[str], stranger: int
) -> None:
    in_progress(home, stranger)
    with held_by_another(home / "state/locks/backup.lock"):
        assert called(home, "state", "adopt") == 0

    said = capsys.readouterr()
    assert last(home) == {"run_id": RUN, "outcome": "interrupted", "reason": "unknown on first"}
    assert (
        "backup: was in progress on first; on record as interrupted: unknown on first; it runs"
        in (said.out)
    )
    assert "backup: its lock is held, so that run may still go on there" in said.err
    assert processes.is_alive(stranger, processes.start_time(stranger) or 0)
    assert called(home, "run") == 0
    assert last(home)["outcome"] == "succeeded"


@pytest.mark.parametrize("policy", ["rerun", "skip"])
def test_what_becomes_of_an_interrupted_run_is_up_to_its_policy(home: Path, policy: str) -> None:
    job_file = next((home / "root").rglob("backup.y*ml"))
    job_file.write_text(f"{job_file.read_text().rstrip()}\non_interrupted: {policy}\n")
    in_progress(home, 4_000_000)

    assert called(home, "state", "adopt") == 0
    assert called(home, "run") == 0

    assert last(home)["outcome"] == ("succeeded" if policy == "rerun" else "interrupted")


def test_a_run_that_left_how_it_ended_is_settled_by_that(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_progress(home, 4_000_000)
    output = home / f"state/runs/backup/{RUN}.log"
    output.parent.mkdir(exist_ok=True)
    output.write_text("out\n")
    exit_file.write(str(output.with_suffix(exit_file.SUFFIX)), ExitStatus(3, seconds=2.0))

    assert called(home, "state", "adopt") == 0

    assert last(home) == {"run_id": RUN, "outcome": "failed", "reason": ""}
    assert "on record as failed: exit code 3" in capsys.readouterr().out


@pytest.mark.parametrize(("age", "is_over"), [(5, False), (60, True), (-7200, False)])
def test_a_run_that_may_live_on_elsewhere_is_waited_for_by_the_date_of_its_lease(
    home: Path, capsys: pytest.CaptureFixture[str], age: int, is_over: bool
) -> None:
    in_progress(home, 4_000_000, where={"executor": "farm"})
    output = home / f"state/runs/backup/{RUN}.log"
    output.parent.mkdir(exist_ok=True)
    sent = lease.Lease(40.0, {}, beat=1e9, boot_id="of another machine")
    lease.write(lease.path_of(output), sent)
    beaten = datetime.now(UTC).timestamp() - age
    os.utime(lease.path_of(output), (beaten, beaten))
    before = everything(home)
    capsys.readouterr()

    code = called(home, "state", "adopt")

    assert code == (0 if is_over else 2)
    if not is_over:
        assert "backup may still run on farm, for " in capsys.readouterr().err
        assert everything(home) == before
    else:
        assert last(home)["reason"] == "unknown on first"


def test_a_lease_dated_into_the_future_counts_from_when_it_came_here(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_progress(home, 4_000_000, where={"executor": "farm"})
    output = home / f"state/runs/backup/{RUN}.log"
    output.parent.mkdir(exist_ok=True)
    lease.write(lease.path_of(output), lease.Lease(0.5, {}, boot_id="of another machine"))
    tomorrow = datetime.now(UTC).timestamp() + 86_400
    os.utime(lease.path_of(output), (tomorrow, tomorrow))
    time.sleep(0.6)

    assert called(home, "state", "adopt") == 0
    assert last(home)["reason"] == "unknown on first"


def test_whoever_adopts_a_state_without_an_id_is_told_that_no_host_is_on_record(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SCHEDULED_HOST")
    monkeypatch.setattr(machine, "ID_FILE", home / "none")

    assert called(home, "state", "adopt") == 0
    told = capsys.readouterr()
    assert (
        f"{home}/state: belongs to the root {home}/root now; before, to the host first" in told.out
    )
    assert "no host is on record for it, as this host has no id" in told.err


@pytest.mark.parametrize("boot_id", [machine.boot_id(), "another-machine"])
def test_the_time_before_it_was_adopted_is_not_explained_by_the_clocks_of_this_host(
    home: Path, boot_id: str
) -> None:
    now = heartbeat.read_clocks(datetime.now(UTC))
    before = heartbeat.Heartbeat(
        now.wall - 10_000, now.boottime - 10_000, now.monotonic - 10_000, boot_id
    )
    heartbeat.save(home / "state", before)
    assert called(home, "state", "adopt") == 0

    assert called(home, "run") == 0

    (gap,) = state(home)["gaps"]
    assert gap["cause"] == "host changed"
    store = Store(home / "state").load()
    later = heartbeat.Heartbeat(now.wall + 10_000, 10.0, 10.0, "started-later")
    opening.record_gaps(store, later, tick_interval.current(None, store.state), later.at)
    assert [gap["cause"] for gap in store.state["gaps"]] == ["host changed", "machine off"]


@pytest.mark.parametrize("command", [["why", "backup"], ["history"], ["show", "backup"]])
def test_of_a_run_of_the_other_host_nobody_here_says_that_its_tick_died(
    home: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    in_progress(home, 4_000_000, slot=format_utc(hour))
    capsys.readouterr()

    called(home, *command)

    said = " ".join(capsys.readouterr().out.split())
    assert "tick died" not in said
    assert "in progress on first as recorded; this host cannot see whether it still is" in said


def test_why_a_later_slot_is_due_does_not_say_so_either(home: Path) -> None:
    in_progress(home, 4_000_000)
    later = datetime.now(UTC) + timedelta(hours=2)
    session = Session(str(home / "root"), None, str(home / "state"), now=later)

    found = answers.why(session.config, session.store, session.snapshot(), "backup", later)

    assert found["answer"] == "due"
    assert found["reasons"][0] == f"a run is {history.IN_PROGRESS_ON.format(host='first')}"
    assert not [reason for reason in found["reasons"] if "tick died" in reason]


def test_pauses_retries_dead_letters_and_watermarks_stay(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEDULED_HOST", "first")
    assert called(home, "create", "bad", "hourly", "--command", "exit 3") == 0
    assert (
        called(home, "create", "again", "hourly", "--command", "exit 3", "--max-retries", "3") == 0
    )
    for job in ("bad", "again"):
        assert called(home, "trigger", job) == 1
    assert called(home, "pause", "backup") == 0
    monkeypatch.setenv("SCHEDULED_HOST", "second")
    before = state(home)

    assert called(home, "state", "adopt") == 0

    assert state(home)["owner"]["host"] == "second"
    assert {**state(home), "owner": None} == {**before, "owner": None}


def test_on_the_same_host_runs_in_progress_still_refuse_it(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stranger: int
) -> None:
    monkeypatch.setenv("SCHEDULED_HOST", "first")
    in_progress(home, stranger)
    (home / "root").rename(home / "moved")
    before = everything(home)

    code = main(["--root", f"{home}/moved", "--state-dir", f"{home}/state", "state", "adopt"])

    assert code == 2
    assert "backup still running; adopt it after that" in capsys.readouterr().err
    assert everything(home) == before


def test_the_lines_of_another_root_are_not_taken_over_with_the_state_of_another_host(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "other").mkdir(mode=0o755)
    configure(home / "other", WITHOUT_SWEEPS)
    before = state(home)["owner"]

    code = main(
        ["--root", f"{home}/other", "--state-dir", f"{home}/state", "cron", "install", "--force"]
    )

    assert code == 2
    assert "belongs to the host first" in capsys.readouterr().err
    assert state(home)["owner"] == before


def test_a_host_that_is_known_by_its_machine_id_is_called_by_its_name_as_well(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("SCHEDULED_HOST")
    monkeypatch.setattr(machine, "ID_FILE", tmp_path / "machine-id")
    (tmp_path / "machine-id").write_text("0" * 32)
    assert called(home, "state", "adopt") == 0
    owner = state(home)["owner"]
    (tmp_path / "machine-id").write_text("1" * 32)
    capsys.readouterr()

    assert called(home, "run") == 2

    assert f"belongs to the host {owner['name']} ({owner['host']}), and" in capsys.readouterr().err

"""The commands that look, as somebody calls them."""

import csv
import io
import json
import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli import look
from scheduled.system import linux, locks, machine, processes
from scheduled.timing.instants import format_utc
from tests.builders.jobs import at
from tests.builders.looks import BACKUP_AND_POLL, Home, Said, begin, end, lived_in

READERS: list[tuple[str, ...]] = [
    ("status",),
    ("list",),
    ("show", "backup"),
    ("next",),
    ("next", "backup"),
    ("history",),
    ("history", "backup"),
    ("logs", "backup"),
]
COMMANDS = {
    "status": look.status,
    "list": look.list_jobs,
    "show": look.show,
    "next": look.next_slots,
    "history": look.history,
    "logs": look.logs,
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return lived_in(tmp_path)


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_every_command_that_reads_prints_one_json_object(
    home: Home, words: tuple[str, ...]
) -> None:
    said = _call(home, *words, "--json")

    assert (said.code, said.err) == (0, "")
    assert isinstance(json.loads(said.out), dict)


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_looking_leaves_the_disk_as_it_was(home: Home, words: tuple[str, ...]) -> None:
    _call(home, *words)  # the configuration's cache is made by whoever comes first
    before = _files(home.folder)

    _call(home, *words)

    assert _files(home.folder) == before


@pytest.mark.parametrize("words", [("status",), ("list",), ("next",), ("history",)], ids=" ".join)
def test_on_a_fresh_machine_looking_works_and_makes_no_file(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    fresh = Home(tmp_path)

    said = _call(fresh, *words)

    assert said.code == 0
    assert said.out
    assert _files(tmp_path) == {}


def test_status_on_a_fresh_machine_tells_how_to_begin(tmp_path: Path) -> None:
    said = _call(Home(tmp_path), "status")

    assert said.out.startswith("scheduled is degraded\n")
    assert "no tick has come yet" in said.out
    assert "scheduled cron install" in said.out


def test_status_shows_what_the_sweeps_found(home: Home) -> None:
    _remembers(
        home,
        "health",
        "health_check",
        {
            "last_run": "2026-11-21T11:00:00",
            "last_status": {"healthy": 25, "warnings": 4, "errors": 2},
        },
    )
    _remembers(
        home,
        "memory_rollover",
        "memory_rollover",
        {"notified_files": ["SEED:SEED.local.json"], "last_check": "2026-11-21T11:00:00"},
    )
    _remembers(
        home,
        "mail_cleanup",
        "mail_cleanup",
        {"last_run": "x", "stats": {"auto_opened_total": 12, "auto_closed_total": 3}},
    )
    central = home.session(at("12:00")).config.places.central_dir
    central.mkdir(parents=True)
    totals = {"system_totals": {"total_unread": 5, "total_messages": 8}}
    (central / "AI_MAIL.central.json").write_text(json.dumps(totals))

    said = _call(home, "status")

    assert "25 healthy, 4 warnings, 2 errors (checked 2026-11-21T11:00:00)" in said.out
    assert "5 unread of 8; 12 opened and 3 closed automatically so far" in said.out
    assert "1 over the limit: SEED:SEED.local.json" in said.out


def test_status_takes_an_idle_ticks_heartbeat_for_a_tick(home: Home) -> None:
    (home.state_dir / "heartbeat").write_text(f"{at('11:59').timestamp()} 1.0 1.0 boot\n")

    document = json.loads(_call(home, "status", "--json").out)

    assert document["last_tick"] == {"at": "2026-11-21T11:59:00Z", "ago_seconds": 60.0}
    assert document["health"] == "healthy"


def test_a_run_that_outlived_its_tick_is_running_until_it_ends(home: Home) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        home.record(*_begun_and_spawned("r2", at("11:30"), child.pid))
        try:
            during = _call(home, "history").out
            why = home.call(look.why, "backup").out
            status = json.loads(_call(home, "status", "--json").out)
        finally:
            child.kill()
    after = _call(home, "history").out

    assert "running" in during
    assert "goes on: this slot waits for its end" in why
    assert [row["pid"] for row in status["running"]] == [child.pid]
    assert "running" not in after
    assert "interrupted: its tick died" in after


def test_status_tells_a_run_whose_lock_is_held(home: Home) -> None:
    home.record(begin("r2", at("11:58")))
    lock = locks.take_job(home.state_dir, "backup")
    assert lock is not None

    document = json.loads(_call(home, "status", "--json").out)
    page = _call(home, "status").out

    lock.release()
    assert [(row["job"], row["run_id"]) for row in document["running"]] == [("backup", "r2")]
    assert "backup: for 2 min, run r2, process unknown" in page
    assert json.loads(_call(home, "status", "--json").out)["running"] == []


def test_status_of_a_broken_state_is_critical_and_changes_nothing(home: Home) -> None:
    state = home.state_dir / "scheduled_state.json"
    state.write_text("{")

    said = _call(home, "status")

    assert said.code == 0
    assert said.out.startswith("scheduled is critical\n")
    assert "the journal is used instead" in said.out
    assert state.read_text() == "{"


def test_list_has_a_line_a_job(home: Home) -> None:
    lines = _call(home, "list").out.splitlines()

    assert lines[0].split() == [
        "JOB",
        "SCHEDULE",
        "ENABLED",
        "LAST",
        "RUN",
        "OUTCOME",
        "NEXT",
        "RUN",
    ]
    (backup,) = (line for line in lines if line.startswith("backup"))
    assert "1 h ago" in backup
    assert "succeeded" in backup
    assert "due since 2026-11-21 12:00+00:00 (now)" in backup
    (poll,) = (line for line in lines if line.startswith("poll"))
    assert poll.split() == ["poll", "every", "90m", "no", "never", "-"]


def test_gaias_list_tells_the_description_as_it_was_written(home: Home) -> None:
    said = home.call(look.listing)

    assert "Copy [/rc] [bold]everything[/bold]" in said.out
    assert "never" in said.out


def test_a_job_with_problems_is_told_beside_the_list(home: Home) -> None:
    home.configure(BACKUP_AND_POLL + '  broken: {schedule: "61 * * * *", command: "true"}\n')

    said = _call(home, "list", "--json")

    assert said.code == 0
    assert "scheduled.yaml:" in said.err
    assert "minute 61" in said.err
    assert "backup" in {row["id"] for row in json.loads(said.out)["jobs"]}


def test_show_tells_definition_last_run_and_output(home: Home) -> None:
    said = _call(home, "show", "backup")

    assert "[bold]everything[/bold]" in said.out
    assert "2026-11-21 11:00+00:00 (1 h ago)" in said.out
    assert "copied 3 files" in said.out
    assert str(home.state_dir / "runs" / "backup" / "r1.log") in said.out


def test_a_job_nobody_has_is_refused_with_the_nearest(home: Home) -> None:
    for command in ("show", "next", "history", "logs"):
        said = _call(home, command, "bakcup")

        assert said.code == 2
        assert said.err == "no job is called 'bakcup'; did you mean backup?"


def test_next_tells_as_many_slots_as_asked_for(home: Home) -> None:
    document = json.loads(_call(home, "next", "backup", "-n", "3", "--json").out)

    assert [row["slot"][11:13] for row in document["next"]] == ["13", "14", "15"]
    assert "2026-11-21 13:00+00:00  in 1 h" in _call(home, "next", "backup").out
    assert _call(home, "next", "backup", "-n", "0").code == 2


def test_next_of_a_disabled_job_says_that_none_will_come(home: Home) -> None:
    assert "No slot will come" in _call(home, "next", "poll").out


def test_history_can_be_narrowed(home: Home) -> None:
    home.record(end("r2", at("11:30"), "failed"))

    assert _ids(_call(home, "history", "--json")) == ["r2", "r1"]
    assert _ids(_call(home, "history", "--outcome", "failed", "--json")) == ["r2"]
    assert _ids(_call(home, "history", "--since", "45m", "--json")) == ["r2"]
    assert _ids(_call(home, "history", "--since", "2026-11-21T11:15:00", "--json")) == ["r2"]
    assert _ids(_call(home, "history", "--since", "2026-11-21", "--json")) == ["r2", "r1"]
    assert _ids(_call(home, "history", "--limit", "1", "--json")) == ["r2"]
    assert _ids(_call(home, "history", "poll", "--json")) == []


def test_history_for_a_person_tells_why_a_run_failed(home: Home) -> None:
    home.record(end("r2", at("11:30"), "failed", error="exit code 3 [/rc]", missed=2, attempt=3))

    said = _call(home, "history")

    assert "answers for 2 missed slots too; attempt 3; exit code 3 [/rc]" in said.out
    assert "No such run is on record." in _call(home, "history", "poll").out


def test_history_of_a_job_that_is_gone_is_kept(home: Home) -> None:
    home.configure("jobs: {}\n")

    assert _ids(_call(home, "history", "backup", "--json")) == ["r1"]
    assert "copied 3 files" in _call(home, "logs", "backup").out


def test_an_unknown_outcome_is_refused_with_those_there_are(home: Home) -> None:
    said = _call(home, "history", "--outcome", "vanished")

    assert said.code == 2
    assert "'timed_out'" in said.err


@pytest.mark.parametrize("when", ["yesterday", "", "2h ago", "9999999d", "5 minutes", "\x1b[2J"])
def test_a_since_that_is_no_time_is_refused(home: Home, when: str) -> None:
    said = _call(home, "history", "--since", when)

    assert said.code == 2
    assert "is no time; write 2h, 7d, 8:00" in said.err
    assert "\x1b" not in said.err


def test_history_as_csv_has_a_column_a_key(home: Home) -> None:
    home.record(end("r2", at("11:30"), "failed", error='said "no",\nand left'))

    rows = list(csv.DictReader(io.StringIO(_call(home, "history", "--csv").out)))

    assert [row["run_id"] for row in rows] == ["r2", "r1"]
    assert rows[0]["error"] == 'said "no",\nand left'
    assert json.loads(rows[1]["result"]) == {"files": 3}
    assert _call(home, "history", "--csv", "--json").code == 2


def test_logs_are_those_of_the_newest_run_or_of_the_named_one(home: Home) -> None:
    newer = home.printed("backup", "r2", "second\n")
    os.utime(newer, ns=(2**62, 2**62))

    assert _call(home, "logs", "backup").out == "second\n"
    assert _call(home, "logs", "backup", "r1").out == "copied 3 files\n"
    assert json.loads(_call(home, "logs", "backup", "--json").out) == {
        "job": "backup",
        "run_id": "r2",
        "path": str(newer),
        "text": "second\n",
    }


def test_logs_of_a_run_that_prints_on_pass_over_what_is_gone(home: Home) -> None:
    log = home.printed("backup", "r3", "x" * 200_000)
    with log.open("r+b") as stream:
        linux.punch_hole(stream.fileno(), 3, 199_994)

    assert _call(home, "logs", "backup", "r3").out == "xxx\n[...]\nxxx"


def test_logs_do_not_write_control_characters_to_a_terminal(home: Home) -> None:
    home.printed("backup", "r1", "\x1b[2J\x1b]0;title\x07\udcff caf\udce9 done\n")

    said = _call(home, "logs", "backup")

    assert "\x1b" not in said.out
    assert said.out.endswith("done\n")


def test_logs_of_a_job_that_has_not_run_say_so(home: Home) -> None:
    said = _call(home, "logs", "poll")

    assert (said.code, said.err) == (2, "poll: no output is kept, as it has not run yet")


@pytest.mark.parametrize("name", ["../../secret", "..", ".", "backup/../backup", "/etc", ""])
def test_logs_stay_inside_their_folder(home: Home, name: str) -> None:
    (home.folder / "secret").mkdir()
    (home.folder / "secret" / "r1.log").write_text("secret")

    assert _call(home, "logs", name).code == 2
    assert _call(home, "logs", "backup", name).code == 2
    assert "secret" not in _call(home, "logs", name).out


def test_an_ambiguous_run_is_refused(home: Home) -> None:
    home.printed("backup", "r11", "x")
    home.printed("backup", "r12", "x")

    assert "several runs begin so" in _call(home, "logs", "backup", "r").err
    assert _call(home, "logs", "backup", "r1").code == 0


def _begun_and_spawned(run_id: str, slot: datetime, pid: int) -> list[dict[str, Any]]:
    """The events of a run whose process is `pid`, on this boot of the machine."""
    started = processes.start_time(pid)
    about = {"job": "backup", "run_id": run_id, "at": format_utc(slot)}
    return [
        begin(run_id, slot) | {"boot_id": machine.boot_id()},
        {"event": "spawned", **about, "pid": pid, "pid_started": started},
    ]


def _call(home: Home, command: str, *arguments: str) -> Said:
    return home.call(COMMANDS[command], *arguments)


def _ids(said: Said) -> list[str]:
    return [row["run_id"] for row in json.loads(said.out)["runs"]]


def _remembers(home: Home, job: str, section: str, memory: dict[str, Any]) -> None:
    home.record(end(f"m-{job}", at("11:00"), job=job, memory=memory, section=section))


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_next_explains_each_slot_only_when_asked(home: Home) -> None:
    plain = json.loads(_call(home, "next", "backup", "--json").out)
    asked = json.loads(_call(home, "next", "backup", "--explain", "--json").out)

    assert ["explain" in row for row in plain["next"]] == [False] * 5
    assert all(row["explain"][0].startswith('"0 * * * *"') for row in asked["next"])


def test_a_person_reads_the_explanation_below_each_slot(home: Home) -> None:
    one = _call(home, "next", "backup", "--explain", "-n", "1").out.splitlines()
    of_all = _call(home, "next", "--explain", "-n", "1").out.splitlines()

    assert one[0].startswith("2026-11-21 13:00+00:00")
    assert one[1] == '  - "0 * * * *" in UTC: minute 0'
    assert of_all[0].split(": ")[0] in home.jobs()

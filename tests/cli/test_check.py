"""`scheduled check` and `status --check`, as a monitoring system calls them."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli.main import main
from scheduled.state import events, heartbeat, owner_events, tick_events
from scheduled.state.heartbeat import Heartbeat
from scheduled.system import private
from tests.builders import plugin_output
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end, seen

CODES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


def ticked(home: Home, when: str = "11:59") -> None:
    heartbeat.save(home.state_dir, Heartbeat(at(when).timestamp(), 1.0, 1.0, "b"))


def checked(home: Home, *words: str) -> plugin_output.Output:
    """What `check` prints; the exit code has to agree with it, and `--json` with both."""
    said = home.call("check", *words)
    output = plugin_output.read(said.out)
    document = json.loads(home.call("check", *words, "--json").out)
    assert said.code == CODES[output.status] == document["code"]
    assert document["status"] == output.status
    return output


def rows(home: Home, *words: str) -> dict[str, Any]:
    document = json.loads(home.call("check", *words, "--json").out)
    return {row["id"]: row for row in document["jobs"]}


def test_all_is_well(home: Home) -> None:
    ticked(home)

    output = checked(home)

    assert output.status == "OK"
    assert output.text == "7 jobs, last tick 1 min ago"
    assert output.figures["last_tick"] == (60.0, "s", "180")
    assert output.figures["jobs"].value == 7
    assert {"running", "failing", "dead_letters", "undelivered"} < output.figures.keys()


def test_the_keys_of_the_json(home: Home) -> None:
    ticked(home)

    document = json.loads(home.call("check", "backup", "--json").out)

    assert [*document] == ["version", "status", "code", "reasons", "jobs"]
    assert document["jobs"] == [
        {
            "id": "backup",
            "status": "OK",
            "age_seconds": 3598.0,
            "reason": "last success 59 min ago",
        }
    ]


def test_the_age_of_a_job_is_held_to_the_limit(home: Home) -> None:
    ticked(home)

    young, old = (
        checked(home, "backup", "--max-age", "1h"),
        checked(home, "backup", "--max-age=59m"),
    )

    assert (young.status, old.status) == ("OK", "CRITICAL")
    assert old.text == "backup: no success for 59 min, the limit is 59 min"
    assert old.figures == {"backup_age": (3598.0, "s", "3540")}


def test_a_job_may_have_a_limit_of_its_own(home: Home) -> None:
    job = '  backup: {schedule: "0 * * * *", command: "true", max_age: 30m}\n'
    home.configure(f"jobs:\n{job}")
    ticked(home)

    assert checked(home).status == "CRITICAL"
    assert "no success for 59 min, the limit is 30 min" in checked(home, "backup").text
    assert checked(home, "backup").figures == {"backup_age": (3598.0, "s", "1800")}
    assert checked(home, "backup", "--max-age", "2h").status == "OK"
    home.record({"at": "2026-11-21T11:50:00Z", **events.job_enabled("backup", enabled=False)})
    assert checked(home).status == "OK"
    assert checked(home, "backup").figures == {"backup_age": (3598.0, "s", "")}


def test_a_job_that_never_succeeded_is_held_to_the_limit_since_it_is_known(home: Home) -> None:
    home.configure("jobs:\n  new: {schedule: daily, command: 'true'}\n")
    ticked(home)
    before = checked(home, "new", "--max-age", "1h")
    home.record(seen(home.jobs()["new"], at("10:30")))

    assert before.status == "UNKNOWN"
    assert checked(home, "new").status == "OK"
    assert checked(home, "new", "--max-age", "2h").status == "OK"
    assert checked(home, "new", "--max-age", "1h").status == "CRITICAL"


def test_an_unknown_job_is_unknown_and_hides_nothing_critical(home: Home) -> None:
    ticked(home)
    typo = checked(home, "backup", "bakcup")
    home.record(begin("r2", at("11:30")), end("r2", at("11:30"), "failed"))
    both = checked(home, "backup", "bakcup")

    assert (typo.status, both.status) == ("UNKNOWN", "CRITICAL")
    assert "bakcup: no job is called that; did you mean backup?" in typo.text
    assert rows(home, "bakcup")["bakcup"]["status"] == "UNKNOWN"


def test_a_failure_warns_while_it_is_retried_and_is_critical_afterwards(home: Home) -> None:
    ticked(home)
    retried = end("r2", at("11:30"), "failed", answered=False, retry_at="2026-11-21T12:30:00Z")
    home.record(begin("r2", at("11:30")), {**retried, "interruptions": 0})
    waiting = checked(home, "backup")
    home.record(begin("r3", at("11:30")), end("r3", at("11:30"), "failed", attempt=2))
    over = checked(home, "backup")

    assert waiting.status == "WARNING"
    assert "failed 1 time since the last success, will be tried again: exit code 1" in waiting.text
    assert over.status == "CRITICAL"
    assert checked(home).status == "CRITICAL"
    assert checked(home).figures["failing"].value == 1


def test_a_retry_of_a_newer_run_hides_no_run_that_failed_for_good(home: Home) -> None:
    ticked(home)
    died = end("r2", at("10:00"), "failed", dead_letter=True, suspends=False)
    retried = end("r3", at("11:00"), "failed", answered=False, retry_at="2026-11-21T12:30:00Z")
    home.record(begin("r2", at("10:00")), died)
    home.record(begin("r3", at("11:00")), {**retried, "interruptions": 0})

    output = checked(home, "backup")

    assert output.status == "CRITICAL"
    assert "failed 2 times since the last success, will be tried again" in output.text


def test_a_clock_that_cannot_be_right_is_not_ok(home: Home) -> None:
    ticked(home)

    in_2000 = home.call("check", now=datetime(2000, 1, 1, tzinfo=UTC))
    of_a_job = home.call("check", "backup", now=datetime(2000, 1, 1, tzinfo=UTC))
    an_hour_behind = home.call("check", now=at("10:59"))

    assert (in_2000.code, of_a_job.code, an_hour_behind.code) == (2, 2, 1)
    assert "the clock says 2000-01-01 00:00 UTC: nothing runs until it is set" in in_2000.out
    assert (
        "the last tick came at 2026-11-21 11:59 UTC, which is in the future" in an_hour_behind.out
    )


def test_what_a_person_has_switched_off_is_mentioned_only_if_asked_for(home: Home) -> None:
    ticked(home)
    home.record({"at": "2026-11-21T11:50:00Z", **events.job_enabled("backup", enabled=False)})

    assert checked(home).status == "OK"
    assert rows(home)["backup"]["status"] == "OK"
    assert rows(home)["backup"]["reason"] == "disabled"
    assert checked(home, "backup").status == "WARNING"
    assert checked(home, "backup", "--max-age", "10m").status == "CRITICAL"


def test_a_suspended_job_is_critical(home: Home) -> None:
    ticked(home)
    died = end("r2", at("11:30"), "failed", dead_letter=True, suspends=True)
    home.record(begin("r2", at("11:30")), died)

    assert "suspended after too many failures" in checked(home, "backup").text
    assert checked(home).status == "CRITICAL"


def test_without_ticks_for_long_everything_is_critical(home: Home) -> None:
    ticked(home, "11:00")

    assert checked(home).status == "CRITICAL"
    assert "no tick for 1 h" in checked(home, "backup").text


def test_without_any_tick_it_depends_on_whether_one_was_to_come(tmp_path: Path) -> None:
    home = Home(tmp_path)
    nothing = checked(home)
    home.record(
        {"at": "2026-11-21T11:59:00Z", **tick_events.tick_interval_installed("crontab", 60.0)}
    )
    expected = checked(home)
    late = home.call("check", now=at("13:00"))

    assert nothing.status == "UNKNOWN"
    assert str(home.state_dir) in nothing.text
    assert expected.status == "WARNING"
    assert late.code == CODES["CRITICAL"]


def test_a_broken_configuration_is_critical_and_a_broken_job_a_warning(home: Home) -> None:
    ticked(home)
    home.configure("jobs:\n  backup: {schedule: hourly, command: x}\n  bad: {schedule: hourly}\n")
    one_job = checked(home)
    unknown = checked(home, "bad")
    home.configure("jobz: |\n  |x\n")
    broken = checked(home)

    assert one_job.status == "WARNING"
    assert unknown.status == "UNKNOWN"
    assert "the configuration has 1 problem: scheduled.yaml" in unknown.text
    assert broken.status == "CRITICAL"
    assert "configuration: scheduled.yaml:1" in broken.text


def test_a_state_that_had_to_be_repaired_is_critical(home: Home) -> None:
    ticked(home)
    path = home.state_dir / "scheduled_state.json"
    path.write_text("{")

    assert checked(home).status == "CRITICAL"


def test_the_state_of_another_root_or_a_newer_version_is_unknown(home: Home) -> None:
    ticked(home)
    home.record({"at": "2026-11-21T11:50:00Z", **owner_events.recorded("/srv/other", "")})
    other = checked(home)
    private.replace(home.state_dir / "scheduled_state.json", b'{"version": 99}')
    newer = checked(home, "backup")

    assert other.status == newer.status == "UNKNOWN"
    assert "belongs to the root /srv/other" in other.text


@pytest.mark.parametrize(
    "error", ["a|b\nc\x1b[2J\x00'=1;2 ü", "x" * 10_000, "\ud83d", "a | b=1;;;0 | c"]
)
def test_nothing_that_jobs_print_gets_into_the_format(home: Home, error: str) -> None:
    ticked(home)
    home.record(begin("r2", at("11:30")), end("r2", at("11:30"), "failed", error=error))

    output = checked(home)

    assert output.status == "CRITICAL"
    assert output.figures.keys() == checked(home).figures.keys()
    assert len(output.text) <= 1100
    assert checked(home, "a|b\n'x'=1").status == "UNKNOWN"


@pytest.mark.parametrize(
    "words", [["--bogus"], ["--max-age"], ["--max-age", "1h"], ["backup", "--max-age", "soon"]]
)
def test_a_wrong_call_is_unknown_not_critical(
    home: Home, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    code = main(["--root", str(home.folder), "--state-dir", str(home.state_dir), "check", *words])

    assert code == CODES["UNKNOWN"]
    assert plugin_output.read(capsys.readouterr().out).status == "UNKNOWN"


def test_status_check_says_the_health_by_its_exit_code(home: Home) -> None:
    ticked(home)
    healthy = home.call("status", "--check").code
    home.record(begin("r2", at("11:30")), end("r2", at("11:30"), "failed"))
    degraded = home.call("status", "--check", "--json")
    ticked(home, "10:00")

    assert healthy == 0
    assert (degraded.code, json.loads(degraded.out)["health"]) == (1, "degraded")
    assert home.call("status", "--check").code == 2
    assert home.call("status").code == 0


def test_a_name_of_any_bytes_is_read_from_the_command_line(home: Home) -> None:
    options = ["--root", str(home.folder), "--state-dir", str(home.state_dir)]
    ended = subprocess.run(
        [
            os.fsencode(sys.executable),
            b"-m",
            b"scheduled",
            *map(os.fsencode, options),
            b"check",
            b"\xff\n",
        ],
        capture_output=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home.folder)},
    )

    assert ended.returncode == CODES["UNKNOWN"]
    assert plugin_output.read(ended.stdout.decode()).status == "UNKNOWN"

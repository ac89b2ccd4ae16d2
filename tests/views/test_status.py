"""The status document: what is wrong, what runs, what waits."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduled.jobs.model import Priority
from scheduled.state import incident_events
from scheduled.state.tick_interval import Cadence
from scheduled.system.daemons import Callers
from scheduled.views import status
from scheduled.views.snapshot import Snapshot, observe
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import Event, Home, begin, end, seen, snapshot

KEYS = [
    "health",
    "reasons",
    "last_tick",
    "gaps",
    "pings",
    "running",
    "waiting",
    "overdue",
    "failing",
    "incidents",
    "dead_letter",
    "paused",
    "next",
    "finished",
    "counts",
    "seed_state",
]


def test_the_document_has_the_keys_of_the_contract() -> None:
    document = status.document(snapshot(job()))

    assert list(document) == KEYS
    assert list(document["seed_state"]) == [
        "last_run",
        "memory_rollover",
        "mail_cleanup",
        "health_check",
    ]


def test_the_seeds_sections_are_passed_on_as_they_are() -> None:
    shown = snapshot(job())
    shown.state["health_check"]["last_status"] = {"healthy": 25, "warnings": 4, "errors": 2}

    document = status.document(shown)

    assert document["seed_state"]["health_check"]["last_status"]["warnings"] == 4


@pytest.mark.parametrize(
    ("succeeded", "failed", "health"),
    [
        (0, 0, "healthy"),
        (10, 1, "healthy"),
        (9, 1, "degraded"),
        (1, 1, "degraded"),
        (0, 2, "degraded"),
        (4, 3, "degraded"),
        (3, 3, "critical"),
    ],
)
def test_health_follows_the_share_of_failed_runs(succeeded: int, failed: int, health: str) -> None:
    recent = _runs("succeeded", succeeded) + _runs("failed", failed)

    document = status.document(snapshot(job(), events=recent))

    assert document["health"] == health
    assert bool(document["reasons"]) == (health != "healthy")


def test_skipped_missed_and_interrupted_runs_are_no_failures() -> None:
    recent = _runs("skipped", 5) + _runs("missed", 5) + _runs("interrupted", 5)

    assert status.document(snapshot(job(), events=recent))["health"] == "healthy"


def test_a_timeout_is_a_failure() -> None:
    assert status.document(snapshot(job(), events=_runs("timed_out", 1)))["health"] == "degraded"


@pytest.mark.parametrize(
    ("interval", "silence", "health"),
    [(1, 3, "healthy"), (1, 4, "critical"), (60, 179, "healthy"), (60, 181, "critical")],
)
def test_a_tick_that_does_not_come_is_critical(interval: int, silence: int, health: str) -> None:
    shown = snapshot(
        job(),
        cadence=Cadence(timedelta(minutes=interval)),
        last_tick=at("12:00") - timedelta(minutes=silence),
    )

    document = status.document(shown)

    assert document["health"] == health
    assert document["last_tick"]["ago_seconds"] == silence * 60


CRON, TIMERS = Callers(cron=True, timers=False), Callers(cron=False, timers=True)
NOTHING = Callers(cron=False, timers=False)


@pytest.mark.parametrize(
    ("installed", "callers", "advice"),
    [
        ("crontab", NOTHING, "no cron daemon runs here; start it"),
        ("crontab", TIMERS, "no cron daemon runs here; start it"),
        ("crontab", CRON, "the daemon runs; `scheduled cron show` tells"),
        ("crontab", None, "is cron running? `scheduled cron show` tells"),
        ("timer", NOTHING, "systemd does not run for this user"),
        ("timer", CRON, "systemd does not run for this user"),
        ("timer", TIMERS, "the daemon runs; `systemctl --user list-timers` tells"),
        ("", NOTHING, "no cron daemon runs here; start it"),
        ("", TIMERS, "the daemon runs; `scheduled cron show` tells"),
        ("", CRON, "the daemon runs; `scheduled cron show` tells"),
    ],
)
def test_b5_where_no_tick_comes_it_is_said_whether_anything_could_call_one(
    installed: str, callers: Callers | None, advice: str
) -> None:
    by = {f"{installed} of ann": 60.0} if installed else {}
    shown = snapshot(
        job(),
        cadence=Cadence(timedelta(minutes=1)),
        last_tick=at("11:50"),
        callers=lambda: callers,
    )
    shown.state["cadence"]["installed"] = by

    (reason,) = status.document(shown)["reasons"]

    assert reason.startswith("no tick for 10 min, one is expected every 1 min: ")
    assert advice in reason


@pytest.mark.parametrize(("callers", "is_missing"), [(NOTHING, True), (CRON, False), (None, False)])
def test_b5_right_after_cron_install_the_first_tick_is_expected_if_a_daemon_runs(
    callers: Callers | None, is_missing: bool
) -> None:
    cadence = Cadence(timedelta(minutes=1), since=at("11:59"))
    shown = snapshot(job(), cadence=cadence, last_tick=None, callers=lambda: callers)
    shown.state["cadence"]["installed"] = {"crontab of ann": 60.0}

    (reason,) = status.document(shown)["reasons"]

    assert reason.startswith("no tick has come yet; the first is expected within 1 min")
    assert ("but no cron daemon runs here; start it" in reason) == is_missing


def test_b5_while_ticks_come_nobody_looks_for_a_daemon() -> None:
    looked: list[int] = []
    shown = snapshot(job(), last_tick=at("11:59"), callers=lambda: looked.append(1))

    assert status.document(shown)["health"] == "healthy"
    assert looked == []


def test_a_clock_before_the_first_release_is_critical() -> None:
    document = status.document(snapshot(job(), now=datetime(2000, 1, 1, tzinfo=UTC)))

    assert document["health"] == "critical"
    assert document["reasons"][0].startswith("the clock says 2000-01-01 00:00 UTC")


@pytest.mark.parametrize(("ahead", "health"), [(2, "healthy"), (4, "degraded")])
def test_a_tick_in_the_future_says_nothing_of_whether_ticks_come(ahead: int, health: str) -> None:
    shown = snapshot(job(), last_tick=at("12:00") + timedelta(minutes=ahead))

    assert status.document(shown)["health"] == health


def test_an_open_incident_is_not_well_until_a_person_knows_of_it() -> None:
    case = "missed: backup"
    opened = incident_events.opened(case, "1a2b3c4d", "missed", "backup", "no success for 2 d")
    known = incident_events.acknowledged(case, "1a2b3c4d", None)
    events: list[Event] = [{**opened, "at": "2026-11-21T10:00:00Z"}]
    events.append({**known, "at": "2026-11-21T11:00:00Z"})

    before = status.document(snapshot(job(), events=tuple(events[:1])))
    after = status.document(snapshot(job(), events=tuple(events)))

    assert before["health"] == "degraded"
    assert before["reasons"] == ["1 open incident: backup: no success for too long"]
    assert after["health"] == "healthy"


def test_before_the_first_tick_it_is_not_well_and_says_what_to_do() -> None:
    document = status.document(snapshot(job(), last_tick=None))

    assert document["health"] == "degraded"
    assert document["last_tick"] is None
    assert "scheduled cron install" in document["reasons"][0]


def test_a_mended_state_is_critical_and_comes_first() -> None:
    shown = snapshot(
        job(), problems=("jobs.yaml:4: schedule: no",), recovered=("state: not JSON; rebuilt",)
    )

    document = status.document(shown)

    assert document["health"] == "critical"
    assert document["reasons"] == [
        "state: state: not JSON; rebuilt",
        "configuration: jobs.yaml:4: schedule: no",
    ]


def test_a_job_that_waits_for_more_than_two_ticks_is_overdue() -> None:
    late, punctual = job("late", "57 11 * * *"), job("punctual", "59 11 * * *")
    events = (seen(late, at("10:00")), seen(punctual, at("10:00")))

    document = status.document(snapshot(late, punctual, events=events))

    assert document["overdue"] == [
        {
            "job": "late",
            "slot": "2026-11-21T11:57:00Z",
            "since": "2026-11-21T11:57:00Z",
            "late_seconds": 180.0,
        }
    ]
    assert document["health"] == "degraded"


def test_a_job_of_every_minute_is_overdue_since_its_first_unanswered_slot() -> None:
    busy = job("busy", "* * * * *")

    (row,) = status.document(snapshot(busy, events=(seen(busy, at("11:30")),)))["overdue"]

    assert (row["slot"], row["since"]) == ("2026-11-21T12:00:00Z", "2026-11-21T11:31:00Z")
    assert row["late_seconds"] == 29 * 60


def test_what_runs_is_running_and_not_overdue() -> None:
    backup = job("backup", "0 * * * *")
    run = {"event": "spawned", "job": "backup", "run_id": "r1", "pid": 4711, "pid_started": 1}
    events = (seen(backup, at("10:30")), begin("r1", at("11:00")), run)

    document = status.document(snapshot(backup, events=events, running=frozenset({"backup"})))

    assert document["overdue"] == []
    assert document["running"] == [
        {
            "job": "backup",
            "run_id": "r1",
            "slot": "2026-11-21T11:00:00Z",
            "since": "2026-11-21T11:00:00Z",
            "pid": 4711,
            "where": None,
        }
    ]


def test_a_run_whose_lock_nobody_holds_does_not_run() -> None:
    backup = job("backup", "0 * * * *")
    events = (seen(backup, at("10:30")), begin("r1", at("11:00")))

    document = status.document(snapshot(backup, events=events))

    assert document["running"] == []
    assert [row["job"] for row in document["overdue"]] == ["backup"]


def test_failing_jobs_are_listed_until_they_succeed(tmp_path: Path) -> None:
    backup, sweep = job("backup"), job("sweep")
    log = tmp_path / "runs" / "backup" / "r2.log"
    log.parent.mkdir(parents=True)
    log.write_text("no space\n")
    events = (
        end("r1", at("10:00"), "failed"),
        end("r2", at("11:00"), "failed", error="exit code 3"),
        end("r3", at("10:00"), "failed", job="sweep"),
        end("r4", at("11:00"), job="sweep"),
    )

    document = status.document(snapshot(backup, sweep, events=events, state_dir=tmp_path))

    assert document["failing"] == [
        {
            "job": "backup",
            "failures": 2,
            "outcome": "failed",
            "error": "exit code 3",
            "at": "2026-11-21T11:00:02Z",
            "log": str(log),
        }
    ]


def test_jobs_and_the_outcomes_of_a_day_are_counted() -> None:
    jobs = job("a"), job("b", enabled=False), job("c")
    off = {"event": "enabled", "job": "c", "enabled": False}

    counts = status.document(snapshot(*jobs, events=(off, *_runs("succeeded", 2))))["counts"]

    assert (counts["jobs"], counts["enabled"]) == (3, 1)
    assert counts["runs_24h"]["succeeded"] == 2
    assert counts["runs_24h"]["missed"] == 0


def test_the_next_slots_of_all_jobs_come_in_their_order() -> None:
    hourly, soon = job("hourly", "0 * * * *"), job("soon", "*/30 * * * *", priority=Priority.LOW)

    document = status.document(snapshot(hourly, soon))

    assert [(row["job"], row["slot"][11:16]) for row in document["next"]] == [
        ("soon", "12:30"),
        ("hourly", "13:00"),
        ("soon", "13:00"),
        ("soon", "13:30"),
        ("hourly", "14:00"),
    ]


def test_many_jobs_do_not_make_the_reasons_unreadable() -> None:
    jobs = [job(f"j{number}", "57 11 * * *") for number in range(1000)]
    shown: Snapshot = snapshot(*jobs, events=tuple(seen(each, at("10:00")) for each in jobs))

    document = status.document(shown)

    assert len(document["overdue"]) == 1000
    assert document["reasons"] == ["overdue and not running: j0, j1, j10, j100, j101 and 995 more"]
    assert len(document["next"]) == 5


def test_the_central_file_is_the_status_without_the_seeds_state(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.record(
        end("r1", at("11:00"), job="health"), {"event": "tick", "at": "2026-11-21T11:59:00Z"}
    )
    session = home.session(at("12:00"))

    document = status.central(session.config, session.store.state, at("12:00"), ["mended"])

    assert list(document) == [
        "service",
        "last_updated",
        *(key for key in KEYS if key != "seed_state"),
        "away",
    ]
    assert (document["service"], document["last_updated"]) == ("scheduled", "2026-11-21T12:00:00Z")
    assert document["counts"]["runs_24h"]["succeeded"] == 1
    assert document["reasons"] == ["state: mended"]


def test_only_the_last_24_hours_count(tmp_path: Path) -> None:
    home = Home(tmp_path)
    day_before = at("2026-11-20T11:00:00")
    home.record(end("r1", day_before, "failed", job="health"), end("r2", at("11:00"), job="health"))
    session = home.session(at("12:00"))

    document = status.central(session.config, session.store.state, at("12:00"))

    assert document["counts"]["runs_24h"]["failed"] == 0
    assert document["counts"]["runs_24h"]["succeeded"] == 1


def _runs(outcome: str, count: int) -> tuple[Event, ...]:
    return tuple(end(f"{outcome}{number}", at("11:00"), outcome) for number in range(count))


def test_b5_a_job_that_is_put_off_is_not_overdue(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 75")])
    engine.run_at("11:30")
    engine.run_at("12:00")

    now = observe(engine.config, engine.state, at("12:30"), UTC)

    assert status.document(now)["overdue"] == []


def test_b5_right_after_the_installation_the_first_tick_is_expected(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.record("12:00", {"event": "cadence", "by": "crontab of me", "seconds": 60.0})

    soon = observe(engine.config, engine.state, at("12:01"), UTC)
    late = observe(engine.config, engine.state, at("12:30"), UTC)

    assert "the first is expected within" in status.document(soon)["reasons"][0]
    assert "cron install" in status.document(late)["reasons"][0]

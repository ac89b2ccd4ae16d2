"""Jobs of other schedulers, as they really are, and jobs that behave as badly as they can."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import needs
from tests.builders.command import little_memory, scheduled, state_dir
from tests.builders.configuration import job_file
from tests.builders.installed import WITHOUT_SWEEPS, configure, rows, tick_at
from tests.builders.jobs import at

TASKS = """\
tasks:
  maintenance:
    cron: {enabled: true, schedule: "0 2 * * *", command: "true"}
    steps: {enabled: true, schedule: "*/5 * * * *", command: "true"}
    monthly: {enabled: true, schedule: "0 1 1 * *", command: "true"}
    hourly: {enabled: true, schedule: "@hourly", command: "true"}
    daily: {enabled: true, schedule: "@daily", command: "true"}
    weekly: {enabled: true, schedule: "@weekly", command: "true"}
    interval: {enabled: true, schedule: "interval:300", command: "true"}
    once: {enabled: true, schedule: "at:2026-11-25T10:00:00Z", command: "true"}
    sunday_0: {enabled: true, schedule: "0 4 * * 0", command: "true"}
    sunday_7: {enabled: true, schedule: "0 4 * * 7", command: "true"}
"""
"""The forms in AICO's documentation, at what it says they mean."""


@pytest.fixture
def gptme(root: Path) -> Path:
    """A root with gptme's two example jobs, as they are."""
    configure(root, WITHOUT_SWEEPS)
    needs.real_copy("gptme/jobs", root / "jobs")
    return root


def test_gptmes_jobs_run_unchanged_when_they_say(gptme: Path) -> None:
    for when in ("2026-11-21T01:00", "2026-11-21T02:00", "2026-11-22T02:00", "2026-11-22T03:00"):
        assert tick_at(gptme, at(when)).exit_code == 0

    daily, weekly = "example-daily-healthcheck", "example-weekly-cleanup"  # on Sunday the 22nd
    assert ran(gptme) == [(daily, "21 02:00"), (daily, "22 02:00"), (weekly, "22 03:00")]
    printed = [path.read_text() for path in state_dir(gptme).glob(f"runs/{weekly}/*.log")]
    assert [text.startswith("Cleanup complete - ") for text in printed] == [True]


def test_a_job_of_gptme_with_a_retry_is_retried(gptme: Path) -> None:
    path = gptme / "jobs" / "example-daily.yaml"
    failing = "command: test $SCHEDULED_ATTEMPT = 2"
    path.write_text(re.sub("(?m)^command: .*$", failing, path.read_text()))

    reports = [tick_at(gptme, at(when)) for when in ("01:00", "02:00", "02:02")]

    assert [report.exit_code for report in reports] == [0, 1, 0]
    assert [(row["attempt"], row["outcome"]) for row in rows(gptme)] == [
        (1, "failed"),
        (2, "succeeded"),
    ]


def test_a_gigabyte_of_output_takes_no_memory_and_is_cut(root: Path) -> None:
    configure(root, WITHOUT_SWEEPS)
    flood = "echo first; head -c 1000000000 /dev/zero; echo last"
    text = f'id: flood\nschedule: "0 3 1 1 *"\nfirst_run: now\ncommand: {flood}\n'
    job_file(root, "flood.yaml", text)

    said = scheduled(root, "run", "--json", preexec_fn=little_memory)

    assert (said.code, said.err) == (0, "")
    (run,) = json.loads(said.out)["runs"]
    kept = state_dir(root) / "runs" / "flood" / f"{run['run_id']}.log"
    assert run["outcome"] == "succeeded"
    assert (kept.read_bytes()[:6], kept.read_bytes()[-5:]) == (b"first\n", b"last\n")
    assert kept.stat().st_size < 1_100_000
    assert kept.stat().st_blocks * 512 < 1_200_000


def test_aicos_real_configuration_is_imported_and_followed(root: Path) -> None:
    said = scheduled(
        root, "config", "import", str(needs.real_data("aico/core.yaml").resolve()), "--yes"
    )

    assert said.code == 0
    assert scheduled(root, "config", "validate").out == "ok: 5 jobs\n"
    settings = json.loads(scheduled(root, "config", "show", "--json").out)["settings"]
    assert settings["max_concurrent"]["value"] == 10
    assert settings["default_timeout"]["value"] == 3600


def test_every_form_of_schedule_that_aico_knows_runs_when_it_says(root: Path) -> None:
    configure(root, WITHOUT_SWEEPS)
    (root / "core.yaml").write_text(TASKS)
    assert scheduled(root, "config", "import", str(root / "core.yaml"), "--yes").code == 0

    for when in CLOCK:
        assert tick_at(root, at(when)).exit_code == 0

    slots: dict[str, list[str]] = {}
    for job, slot in ran(root):
        slots.setdefault(job.removeprefix("maintenance."), []).append(slot)
    assert {job: found[-1] for job, found in slots.items()} == LAST_SLOTS
    assert slots["sunday_0"] == slots["sunday_7"] == ["29 04:00"]


def test_a_task_of_ciris_runs_at_its_time_once_somebody_says_what_does_the_work(root: Path) -> None:
    configure(root, WITHOUT_SWEEPS)
    due = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    before, after = due - timedelta(hours=1), due + timedelta(minutes=1)
    task = {"task_id": "task_1.5", "status": "PENDING", "defer_until": due.isoformat()}
    task |= {"trigger_prompt": "rise"}
    (root / "tasks.json").write_text(json.dumps({"tasks": [task]}))
    scheduled(root, "config", "import", str(root / "tasks.json"), "--yes")
    assert tick_at(root, before).exit_code == 0

    scheduled(root, "update", "task_1.5", "--command", "true", "--unset", "enabled")

    for when in (before, due, after):
        tick_at(root, when)
    assert ran(root) == [("task_1.5", f"{due:%d %H:%M}")]


CLOCK = (
    "2026-11-24T23:57",
    *("2026-11-25T00:00", "2026-11-25T02:00", "2026-11-25T10:00"),
    *("2026-11-29T00:00", "2026-11-29T04:00", "2026-12-01T01:00", "2026-12-01T01:08"),
)
LAST_SLOTS = {
    "cron": "30 02:00",
    "steps": "01 01:05",
    "monthly": "01 01:00",
    "hourly": "01 01:00",
    "daily": "01 00:00",
    "weekly": "29 00:00",
    "interval": "01 01:07",
    "once": "25 10:00",
    "sunday_0": "29 04:00",
    "sunday_7": "29 04:00",
}


def ran(home: Path) -> list[tuple[str, str]]:
    """Job and slot (`22 03:00`, UTC) of each run that succeeded, oldest first."""
    done = [row for row in rows(home) if row["outcome"] == "succeeded"]
    return [
        (row["job"], f"{datetime.fromisoformat(row['slot'] or ''):%d %H:%M}")
        for row in sorted(done, key=lambda row: row["slot"] or "")
    ]

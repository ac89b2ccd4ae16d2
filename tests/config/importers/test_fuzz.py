"""Whatever somebody wants to import: findings of which all can be shown, or an error of ours."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from scheduled.config import load
from scheduled.config.importers import detect, proposal
from scheduled.config.importers import render as shown
from scheduled.config.importers.findings import SourceKind
from scheduled.config.load import Config
from scheduled.errors import ScheduledError
from tests.builders.configuration import options
from tests.builders.jobs import at

TOKENS = [
    "* * * * *", "@daily", "@reboot", "0 5 * * 1", "-", " ", "\t", "\n", "\n", "\n", "#", "%", "\\",
    "\\%", "=", "PATH", "SHELL", "/bin/bash", "CRON_TZ", "RANDOM_DELAY", "HOME", "'", '"', "cmd",
    "root", "cd /x && ", "END", "é", "\x85", "\u2028", "\0", "99999", "x: y", "scheduler:",
    "tasks:", "  a:\n    b:\n", "      schedule: daily\n", "jobs_dir: ", "{", "enabled: false", "~",
    "!!", "*", "Nowhere/Land", "max_concurrent_jobs: ", "max_concurrent_tasks: ", "max_duration: ",
    "[", "]", "{", "}", ",", ":", '"task_id":', '"schedule_cron":', '"defer_until":', '"t1"',
    '"0 9 * * *"', '"2030-01-01T00:00:00Z"', '"tasks":', '"deferral_history":', '"\\ud800"', "null",
    '{"task_id": "t", "schedule_cron": "0 9 * * *", ', '"deferral_count": ', "-1", "1e400", "NaN",
    '{"jobs": [{"id": "a", "command": "drone x", "schedule": {"type": ', '"interval"', '"daily"',
    '"once"', '"hourly"', '"time": "9:00"', '"interval_minutes": ', '"slot": "2026-09-14T04:00"',
    '"due_date": "2030-01-01"', '"prompt": "x"', '"catch_up_max_age_hours": ', "}}]}", "1e30", "90",
    "  maintenance:\n", "    log_cleanup: {retention_days: ", "    health_check: {}\n", "true",
]  # fmt: skip
TEXTS = some.lists(some.sampled_from(TOKENS) | some.text(max_size=3), max_size=25).map("".join)

ODD = some.sampled_from(
    [None, True, False, 0, -1, 1.5, 30, 10080, 10**30, float("inf"), float("nan"), "", "x",
     "9:30", "7", "24:00", "daily", "2026-09-14T04:00", "9999-12-31", "0001-01-01T00:00+14:00",
     "drone x", "drone 'x", "\ud800", "\0", [], ["drone"], {}, {"a": 1}, "\n", "a" * 200, "\u202e"]
)  # fmt: skip
SCHEDULES = some.dictionaries(
    some.sampled_from(["time", "interval_minutes", "slot", "due_date", "minute", "catch_up", "x"]),
    ODD,
)
KEYS_OF_JOBS = ["id", "command", "prompt", "enabled", "timeout_seconds", "notify", "config", "_a"]
JOBS_OF_AIPASS = some.builds(
    lambda keys, schedule, kind: {**keys, "schedule": {**schedule, "type": kind}},
    some.dictionaries(some.sampled_from(KEYS_OF_JOBS), ODD),
    SCHEDULES,
    some.sampled_from(["interval", "daily", "hourly", "once", "rotation"]) | ODD,
)


@pytest.fixture(scope="module")
def settled() -> Iterator[Config]:
    with tempfile.TemporaryDirectory() as name:
        yield load.load(options(Path(name)))


@given(
    text=TEXTS, kind=some.sampled_from([None, *SourceKind]), user=some.sampled_from(["", "root"])
)
@example(text="jobs_dir: ", kind=None, user="")
def test_any_text_is_proposed_or_refused(
    settled: Config, text: str, kind: SourceKind | None, user: str
) -> None:
    root = settled.places.root
    data = text.encode("utf-8", "surrogatepass")
    try:
        found = detect.read(data, "file", root, kind, detect.Reader(at("12:00"), user=user))
        made = proposal.propose(found, settled, root / "scheduled.yaml")
    except ScheduledError:
        return

    ids = [imported.job.id for _, imported in made.jobs]
    assert len(set(ids)) == len(ids)
    assert shown.text(made)
    assert json.dumps(shown.document(made, []))


@given(jobs=some.lists(JOBS_OF_AIPASS | ODD, max_size=3))
def test_any_jobs_of_aipass_are_proposed_or_named(settled: Config, jobs: list[object]) -> None:
    root = settled.places.root
    data = json.dumps({"version": 1, "jobs": jobs}).encode()

    found = detect.read(data, "a.json", root, SourceKind.AIPASS, detect.Reader(at("12:00")))
    made = proposal.propose(found, settled, root / "scheduled.yaml")

    assert len(made.jobs) + len({part.line for part in made.left_out}) >= bool(jobs)
    assert len(found.jobs) + len(found.left_out) >= len(jobs)
    assert shown.text(made)
    assert json.dumps(shown.document(made, []))

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bench import pages, peers
from bench.cost import BenchError
from bench.installation import Installation
from tests.builders import needs

ROOT = Path(__file__).parents[1]


def bench(*options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


@pytest.mark.slow
def test_every_cost_is_measured_with_what_it_is_compared_with() -> None:
    rows: list[dict[str, Any]] = json.loads(bench("--json"))["rows"]

    assert [row["name"] for row in rows] == [
        "idle tick by cron, few jobs",
        "idle tick by script, few jobs",
        "idle tick by cron, many jobs",
        "idle tick by script, many jobs",
        "tick with one due command job, pass",
        "tick with one due command job, imports",
        "tick with one due handler job",
        "tick with many due command jobs",
        "keeper, start",
        "keeper, whole run",
        "job files cold",
        "job files cached",
        "idle tick by cron, job files",
        "planning",
        "memory_rollover cold",
        "memory_rollover warm",
        "health cold",
        "health warm",
        "project_health cold",
        "project_health warm",
        "logs of a month, cold",
        "logs of a month, warm",
        "logs of one hour, cold",
        "logs of one hour, warm",
        "stats",
        "telemetry metrics",
        "history --limit 5",
        "why job7",
        "state check",
        "index of a day",
        "history --limit 20",
        "history --limit 20, loaded",
        "why job7",
        "why job7, loaded",
        "stats --since 7d",
        "stats --since 7d, loaded",
        "status",
        "status, started",
        "list",
        "list, started",
    ]
    for row in rows:
        assert min(row["ours_ms"], row["theirs_ms"], row["ratio"], row["peak_mib"]) > 0
        assert row["theirs_peak_mib"] > 0


def test_a_tick_that_left_a_job_unrecorded_is_not_measured(tmp_path: Path) -> None:
    installed = Installation(tmp_path, 3, "* * * * *", catch_up_budget=1)
    installed.meet(timedelta(minutes=2))

    with pytest.raises(BenchError, match="3 jobs were due, and begin is on record 1 times"):
        installed.due(installed.by_cron(), 3)


@pytest.mark.slow
def test_one_kind_of_cost_can_be_measured_alone_and_reads_without_a_terminal() -> None:
    head, row, *notes = bench("--only", "planning").splitlines()

    assert (
        " ".join(head.split())
        == "what ours ms against theirs ms ratio target verdict peak MiB theirs"
    )
    assert row.startswith("planning 200 due jobs after 30 days")
    assert "Cold: we remember nothing yet. The page cache is warm for both sides." in notes


@pytest.mark.slow
def test_a_page_is_measured_where_there_is_a_browser() -> None:
    needs.programs("chromium")

    rows = json.loads(bench("--json", "--only", "page"))["rows"]

    assert [row["name"] for row in rows] == ["page", "page in Chromium"]


def test_without_a_browser_the_page_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    assert pages.missing() == ("page",)


@pytest.mark.slow
def test_what_others_need_is_measured_beside_it_where_they_are() -> None:
    try:
        rows = json.loads(bench("--json", "--only", "peers"))["rows"]
    except AssertionError as error:  # something was said on stderr
        if "cannot be installed here" not in str(error):
            raise
        pytest.skip("needs a package index that can be reached")

    compared = {row["against"] for row in rows}
    assert {f"{name}, started for that job" for name in ("APScheduler", "schedule")} <= compared
    is_there = shutil.which("parallel") is not None
    assert ("parallel -j 4 --joblog, the same" in compared) == is_there


def test_who_is_not_there_to_be_compared_with_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PROGRAMS", ("sh", "no-such-program"))

    assert peers.missing().startswith("Not compared with, for want of them here: no-such-program")

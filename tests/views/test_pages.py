"""What `status` shows of the shipped jobs, and of what is odd."""

from dataclasses import replace
from typing import Any

from scheduled.jobs import builtin
from scheduled.views import status, status_page
from tests.builders.jobs import job
from tests.builders.looks import snapshot, text


def shown(**fields: Any) -> str:
    resting = tuple(
        builtin.as_in_root(job, is_ecosystem=False)
        for job in builtin.jobs("UTC")
        if job.id in builtin.OF_ECOSYSTEM
    )
    looked_at = snapshot(*resting, job("backup"), **fields)
    return text(status_page.page(status.document(looked_at), looked_at, {}))


def test_where_no_ecosystem_is_nothing_is_said_of_branches_and_mail() -> None:
    said = shown()

    assert "health, metrics, daily_report: inactive, as the root has no registry" in said
    assert "not checked yet" not in said


def test_what_the_shipped_jobs_found_before_is_still_said() -> None:
    looked_at = snapshot(job("backup"))
    resting = replace(job("health"), source=builtin.INACTIVE)
    state = looked_at.state | {
        "health_check": {
            "last_run": "2026-11-21T11:00:00",
            "last_status": {"healthy": 3, "warnings": 0, "errors": 0},
        }
    }

    said = status_page.page(
        status.document(replace(looked_at, jobs=(resting,), state=state)),
        replace(looked_at, jobs=(resting,), state=state),
        {},
    )

    assert "3 healthy" in text(said)


def test_warnings_of_the_configuration_are_counted_and_lead_to_more() -> None:
    said = shown(warnings=("jobs/a.yaml:3: idle_onyl: unknown key",))

    assert "1 line of the configuration; `scheduled config validate` prints them" in said


def test_a_pause_is_shown_with_its_end_in_the_zone_of_the_reader() -> None:
    pause = {"event": "paused", "at": "2026-11-21T11:00:00Z", "job": "backup"}
    pause |= {"until": "2026-11-21T14:30:00Z", "reason": "moving"}

    said = shown(events=(pause,))

    assert "backup until 14:30 (in 2 h 30 min): moving" in said

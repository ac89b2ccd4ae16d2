import json
from pathlib import Path
from typing import Any

import pytest

from scheduled.config.importers import ciris, detect, placeholder
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut
from scheduled.errors import UsageError
from tests.builders.jobs import at

RECURRING: dict[str, Any] = {
    "task_id": "task_1723644600.123",
    "name": "Daily Report Generation",
    "goal_description": "Generate daily\nmetrics report",
    "status": "ACTIVE",
    "defer_until": None,
    "schedule_cron": "0 9 * * *",
    "trigger_prompt": "Generate today's metrics report",
    "origin_thought_id": "thought_12345",
    "created_at": "2025-08-14T10:30:00Z",
    "last_triggered_at": None,
    "deferral_count": 0,
    "deferral_history": [],
}
ONCE = {"task_id": "once", "status": "PENDING", "defer_until": "2026-12-24T18:00:00+00:00"}


def read(data: Any) -> Findings:
    text = data if isinstance(data, str) else json.dumps(data, indent=1)
    return detect.read(text.encode(), "tasks.json", Path("/x"), None, detect.Reader(at("12:00")))


def wanted(**task: Any) -> ImportedJob:
    (job,) = read([task]).jobs
    return job


def refused(**task: Any) -> LeftOut:
    (left_out,) = read([task]).left_out
    return left_out


def test_a_recurring_task_keeps_its_text_and_its_zone_and_is_disabled() -> None:
    (job,) = read([RECURRING]).jobs

    assert job.fields == {
        "id": "task_1723644600.123",
        "name": "Daily Report Generation",
        "description": "Generate daily metrics report",
        "schedule": "0 9 * * *",
        "timezone": "UTC",
        "command": placeholder.COMMAND,
        "enabled": False,
        "params": {
            "trigger_prompt": "Generate today's metrics report",
            "origin_thought_id": "thought_12345",
        },
    }


def test_a_deferred_task_runs_once_at_its_time() -> None:
    assert wanted(**ONCE).fields["schedule"] == "at:2026-12-24T18:00:00Z"


@pytest.mark.parametrize(
    "written",
    [
        "2026-12-24T18:00:00Z",
        "2026-12-24T19:00:00+01:00",
        "2026-12-24T18:00:00.000000+00:00",
        "2026-12-24 18:00:00",
        "2026-12-24T18:00:00",
        1798135200,
        1798135200000,
        "1798135200",
    ],
)
def test_a_time_may_be_written_in_every_form_that_occurs(written: str | int) -> None:
    assert wanted(**ONCE | {"defer_until": written}).fields["schedule"] == "at:2026-12-24T18:00:00Z"


def test_a_task_that_was_given_a_command_runs() -> None:
    job = wanted(**RECURRING | {"command": "agent --wake", "timeout": "1h"})

    assert (job.fields["command"], job.fields["timeout"]) == ("agent --wake", "1h")
    assert "enabled" not in job.fields


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        (RECURRING | {"defer_until": "2026-12-24T18:00:00Z"}, "both schedule_cron and defer_until"),
        (ONCE | {"defer_until": ""}, "neither schedule_cron nor defer_until"),
        (ONCE | {"status": "COMPLETE"}, "its status is COMPLETE, so it is done"),
        (ONCE | {"status": "CANCELLED"}, "CANCELLED, so"),
        (RECURRING | {"status": "FAILED"}, "FAILED, so"),
        (ONCE | {"status": "ASLEEP"}, 'status: "ASLEEP" is not one of PENDING, ACTIVE, COMPLETE'),
        (ONCE | {"defer_until": "soon"}, "defer_until: not a timestamp: 'soon'"),
        (ONCE | {"defer_until": [1]}, "defer_until: not a timestamp"),
        (ONCE | {"defer_until": "2026-11-21T11:00:00Z"}, "2026-11-21T11:00:00Z has passed, and it"),
        (ONCE | {"defer_until": "2026-11-21T12:00:00Z"}, "2026-11-21T12:00:00Z has passed"),
    ],
)
def test_what_does_not_become_a_job_is_reported_with_its_id(
    task: dict[str, Any], sentence: str
) -> None:
    left_out = refused(**task)

    assert left_out.text == task["task_id"]
    assert left_out.reason.startswith(sentence) or sentence in left_out.reason


@pytest.mark.parametrize(
    ("entry", "text", "reason"),
    [
        ({"name": "Nameless", "schedule_cron": "0 9 * * *"}, "Nameless", "no task_id"),
        ({"task_id": "", "schedule_cron": "0 9 * * *"}, "a task", "no task_id"),
        ("task_id", "task_id", "not an object with a task_id"),
    ],
)
def test_what_is_not_a_task_is_reported(entry: Any, text: str, reason: str) -> None:
    (left_out,) = read([entry, {}, ONCE]).left_out[:1]

    assert (left_out.line, left_out.text, left_out.reason) == (2, text, reason)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ONCE, RECURRING]),
        json.dumps({"tasks": [ONCE, RECURRING], "total_count": 2}),
        json.dumps({"scheduled_tasks": [ONCE, RECURRING], "tasks": []}),
        json.dumps({"scheduled_tasks": {"a": ONCE, "b": RECURRING}}),
        json.dumps({"a": ONCE, "b": RECURRING}),
        f"{json.dumps(ONCE)}\n{json.dumps(RECURRING)}\n",
        f"\ufeff{json.dumps(ONCE, indent=2)}\n\n{json.dumps(RECURRING, indent=2)}",
    ],
)
def test_tasks_may_be_listed_in_any_way(text: str) -> None:
    assert [job.fields["id"] for job in read(text).jobs] == ["once", "task_1723644600.123"]


@pytest.mark.parametrize("text", [json.dumps(ONCE), json.dumps({"tasks": ONCE}, indent=4)])
def test_a_task_may_stand_alone(text: str) -> None:
    assert [job.fields["id"] for job in read(text).jobs] == ["once"]


def test_each_task_has_its_line() -> None:
    text = '{"other": ["x"],\n "tasks": [\n  %s,\n  {"task_id":\n "b"}, %s\n]}'
    found = read(text % (json.dumps(ONCE), json.dumps(RECURRING)))

    assert [job.line for job in found.jobs] == [3, 5]
    assert [(part.line, part.text) for part in found.left_out] == [(4, "b")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[{"task_id": "a"}\n;]', "tasks.json:2: not JSON: "),
        ('{"task_id": "a"}\n{"task_id": ', "tasks.json:2: not JSON: "),
        ('["task_id"' + "[" * 200_000, "tasks.json"),
        ('{"task_id": ' + "9" * 5000 + "}", "tasks.json: not JSON: "),
        ('["task_id"]' + " " * 4 * 1024 * 1024, "tasks.json: more than 4 MB"),
    ],
)
def test_invalid_json_is_refused_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=f"^{sentence}"):
        read(text)


def test_characters_that_json_writes_as_two_escapes_come_out_as_one() -> None:
    task = RECURRING | {"goal_description": "say \U0001f44b", "trigger_prompt": "\U0001f44b"}

    job = wanted(**task)

    assert (job.fields["description"], job.fields["params"]["trigger_prompt"]) == (
        "say \U0001f44b",
        "\U0001f44b",
    )


def test_deferrals_are_read_in_either_form() -> None:
    history = [
        {
            "deferred_at": "2025-08-13T09:00:00Z",
            "deferred_until": "2025-08-14T09:00:00+02:00",
            "reason": "High system load detected",
        },
        {
            "deferred_task_id": "original",
            "deferral_reason": "wait for\nAnn",
            "deferred_at": "2025-08-14T09:00:00.5+00:00",
        },
    ]
    job = wanted(**ONCE | {"deferral_count": 3, "deferral_history": history})

    assert job.deferrals.count == 3
    assert job.deferrals.history == (
        {
            "deferred_at": "2025-08-13T09:00:00Z",
            "deferred_until": "2025-08-14T07:00:00Z",
            "reason": "High system load detected",
        },
        {
            "deferred_at": "2025-08-14T09:00:00.500000Z",
            "deferred_until": None,
            "reason": "wait for Ann",
            "deferred_task_id": "original",
        },
    )


@pytest.mark.parametrize("odd", [{"deferral_count": "many"}, {"deferral_history": [3, None]}])
def test_malformed_deferrals_are_ignored(odd: dict[str, Any]) -> None:
    assert wanted(**ONCE | odd).deferrals.count == 0


def test_a_change_is_noted_once_and_only_if_it_applies() -> None:
    both = read([RECURRING, ONCE]).notes
    once = read([ONCE]).notes

    assert [note for note in both if "UTC" in note]
    assert not [note for note in once if "UTC" in note or "deferred" in note]
    assert read([ONCE | {"status": "FAILED"}]).notes == ()


def test_a_task_with_two_times_is_refused_and_with_one_keeps_its_deferrals() -> None:
    history = [{"deferred_at": "2025-08-14T10:30:00Z", "reason": "awaiting"}] * 2
    task = RECURRING | {"deferral_count": 2, "deferral_history": history}

    left_out = refused(**task | {"defer_until": "2026-12-24T18:00:00Z"})

    assert left_out.text == "task_1723644600.123"
    assert left_out.reason.startswith("both schedule_cron and defer_until")
    assert wanted(**task).deferrals is not None


def test_the_documented_task_recurs_although_it_was_deferred_once() -> None:
    history = [
        {
            "deferred_at": "2025-08-13T09:00:00Z",
            "deferred_until": "2025-08-14T09:00:00Z",
            "reason": "High system load detected",
        }
    ]
    documented = RECURRING | {"deferral_count": 2, "deferral_history": history}

    job = wanted(**documented | {"defer_until": "2025-08-15T09:00:00Z"})

    assert (job.fields["schedule"], job.fields["timezone"]) == ("0 9 * * *", "UTC")
    assert job.fields["params"]["origin_thought_id"] == "thought_12345"
    assert (job.deferrals.count, len(job.deferrals.history)) == (2, 1)
    assert refused(**documented | {"defer_until": "soon"}).reason.startswith("defer_until: not a")


def test_the_list_of_the_service_is_read() -> None:
    task = {key: RECURRING[key] for key in ("task_id", "name", "schedule_cron", "goal_description")}
    body = {"tasks": [task | {"is_recurring": True}], "total": 1, "recurring_count": 1}

    (job,) = read(body).jobs

    assert job.fields["id"] == task["task_id"]
    assert "params" not in job.fields


def test_other_json_is_not_taken_for_that_of_ciris() -> None:
    assert not ciris.is_task_list(b'{"tasks": {"a": {"schedule": "daily"}}}')
    assert not ciris.is_task_list(b"0 9 * * * grep task_id")

import pytest

from scheduled.config import yaml_document
from scheduled.config.importers import aico, placeholder
from scheduled.config.importers.findings import Findings, ImportedJob
from scheduled.system.trusted import Trust
from tests.builders import needs

DOCUMENTED = """
scheduler:
  max_concurrent_tasks: 10
  task_timeout: 3600
  batch_size: 100
  default_retry_count: 3
  default_retry_delay: 60
tasks:
  ams:
    sweep: {enabled: true, schedule: "0 3 * * 7", retention_days: 30}
  agency:
    learning: {schedule: "interval:1800", max_duration: 600, command: learn}
"""


def read(text: str) -> Findings:
    return aico.read(yaml_document.parse(text.encode(), "core.yaml"))


def test_the_scheduler_section_becomes_settings() -> None:
    found = read(DOCUMENTED)

    assert found.settings == {
        "max_concurrent": 10,
        "default_timeout": 3600,
        "max_retries": 3,
        "retry_delay": 60,
    }
    assert [(part.line, part.text) for part in found.left_out] == [(5, "batch_size: 100")]


def test_a_task_of_a_class_is_disabled_and_keeps_its_values() -> None:
    job, _ = read(DOCUMENTED).jobs

    assert job.line == 10
    assert job.fields == {
        "id": "ams.sweep",
        "enabled": False,
        "schedule": "0 3 * * 7",
        "command": placeholder.COMMAND,
        "params": {"retention_days": 30},
    }


def test_a_task_with_a_command_runs() -> None:
    _, job = read(DOCUMENTED).jobs

    assert job.fields["command"] == "learn"
    assert job.fields["timeout"] == 600
    assert "enabled" not in job.fields


def test_a_task_with_a_handler_keeps_it() -> None:
    found = read("tasks: {a: {b: {schedule: daily, handler: chores}}}")

    assert found.jobs[0].fields == {"id": "a.b", "schedule": "daily", "handler": "chores"}


def test_params_that_are_not_a_mapping_are_left_for_the_loader_to_refuse() -> None:
    (job,) = read("tasks: {a: {b: {schedule: daily, params: 3, depth: 1}}}").jobs

    assert job.fields["params"] == 3


def test_a_disabled_scheduler_disables_its_tasks() -> None:
    text = "scheduler: {enabled: false}\ntasks: {a: {b: {schedule: daily, command: x}}}"
    (job,) = read(text).jobs

    assert job.fields["enabled"] is False


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("{enabled: true}", "no schedule"),
        ("often", 'expected keys like schedule, found "often"'),
    ],
)
def test_what_is_not_a_task_is_reported(task: str, reason: str) -> None:
    found = read(f"tasks:\n  a:\n    b: {task}\n")

    assert [(part.line, part.text, part.reason) for part in found.left_out] == [(3, "a.b", reason)]


def test_keys_without_a_use_here_are_reported_with_the_reason() -> None:
    keys = ("auto_discover", "task_modules", "batch_size", "cache_size", "resource_check_interval")
    found = read("scheduler: {" + ", ".join(f"{key}: 1" for key in keys) + "}")

    assert [part.text for part in found.left_out] == [f"{key}: 1" for key in keys]
    assert "no such setting here" not in {part.reason for part in found.left_out}


def test_a_task_may_stand_outside_every_category() -> None:
    (job,) = read("tasks: {sweep: {schedule: daily}}").jobs

    assert job.fields["id"] == "sweep"


def test_aicos_own_file_becomes_settings_and_every_other_key_is_reported() -> None:
    found = aico.read(yaml_document.read_file(needs.real_data("aico/core.yaml"), Trust()))

    assert found.settings == {
        "max_concurrent": 10,
        "default_timeout": 3600,
        "max_cpu_percent": 80,
        "max_memory_percent": 80,
        "idle_threshold_cpu": 20,
        "idle_threshold_memory": 70,
    }
    assert [part.text.split(":")[0] for part in found.left_out] == ["scheduler_interval"]
    assert "scheduled enable JOB" in found.notes[0]


# Its built-in tasks


def change(text: str) -> ImportedJob:
    found = read(f"tasks:\n{text}")
    assert (found.jobs, found.left_out) == ((), ())
    (only,) = found.changes
    return only


def test_a_task_that_is_built_in_here_becomes_a_change_of_that_job() -> None:
    task = "  maintenance:\n    health_check: {schedule: '*/5 * * * *', check_memory: false}\n"

    assert change(task).fields == {
        "id": "maintenance.health_check",
        "enabled": True,
        "schedule": "*/5 * * * *",
        "params": {"check_memory": False},
    }


@pytest.mark.parametrize(
    ("task", "id_", "lacks"),
    [
        ("maintenance: {log_cleanup: {}}", "maintenance.log_cleanup", "cleans up after scheduled"),
        ("maintenance: {log_cleanup: {paths: [/a]}}", "maintenance.log_cleanup", ""),
        ("maintenance: {database_vacuum: {}}", "maintenance.database_vacuum", "skipped until"),
        ("maintenance: {database_vacuum: {databases: [/a]}}", "maintenance.database_vacuum", ""),
        ("maintenance: {vector_optimization: {}}", "maintenance.vector_optimization", "skipped"),
        ("maintenance: {health_check: {}}", "maintenance.health_check", ""),
        ("maintenance: {key_rotation: {}}", "security.key_rotation", "skipped until params.ring"),
        ("security: {key_rotation: {ring: r}}", "security.key_rotation", ""),
        ("agency: {background_learning: {}}", "agency.background_learning", "skipped until a com"),
        ("agency: {background_learning: {command: x}}", "agency.background_learning", ""),
    ],
)
def test_what_a_built_in_job_lacks_to_do_its_work_is_said(task: str, id_: str, lacks: str) -> None:
    found = change(f"  {task}\n")

    assert found.fields["id"] == id_
    assert found.lacks.startswith(lacks)
    assert bool(found.lacks) == bool(lacks)


def test_a_value_that_its_handler_does_not_know_is_named_and_the_rest_is_kept() -> None:
    found = read("tasks: {maintenance: {log_cleanup: {retention_day: 3, max_size_mb: 5}}}")

    assert found.changes[0].fields["params"] == {"max_size_mb": 5}
    assert [(part.text, part.reason) for part in found.left_out] == [
        (
            "maintenance.log_cleanup: retention_day",
            "no param of this job here; did you mean retention_days?",
        )
    ]


def test_a_disabled_scheduler_disables_built_in_jobs_as_well() -> None:
    found = read("scheduler: {enabled: false}\ntasks: {agency: {background_learning: {}}}")

    assert found.changes[0].fields["enabled"] is False


@pytest.mark.parametrize("enabled", ["maybe", "3", "[]"])
def test_whether_the_scheduler_is_disabled_has_to_be_clear(enabled: str) -> None:
    found = read(f"scheduler: {{enabled: {enabled}}}\n")

    assert [part.text.split(":")[0] for part in found.left_out] == ["enabled"]


@pytest.mark.parametrize("value", ["[{id: a}]", "nightly", "3"])
@pytest.mark.parametrize("section", ["scheduler", "tasks"])
def test_a_section_that_cannot_be_read_is_named(section: str, value: str) -> None:
    (part,) = read(f"other: 1\n{section}: {value}\n").left_out

    assert (part.line, part.text) == (2, section)
    assert part.reason.startswith("expected names with keys, found ")


def test_an_empty_section_is_fine() -> None:
    assert read("scheduler:\ntasks:\n").left_out == ()


TWICE = """\
other: {a: 1, a: 2}
tasks:
  one:
    sweep: {schedule: "0 1 * * *", schedule: "0 2 * * *", deep: [{b: 1, b: 2}]}
  two.sweep: {schedule: "0 3 * * *"}
  one:
    lost: {schedule: "0 4 * * *"}
tasks: {}
"""


def test_what_is_there_twice_is_imported_once_and_said() -> None:
    found = read(TWICE)

    assert [(job.fields["id"], job.fields["schedule"]) for job in found.jobs] == [
        ("one.sweep", "0 1 * * *"),
        ("two.sweep", "0 3 * * *"),
    ]
    assert [(part.line, part.text) for part in found.left_out] == [
        (8, "tasks"),
        (6, "tasks.one"),
        (4, "tasks.one.sweep.schedule"),
        (4, "tasks.one.sweep.deep.b"),
    ]
    assert found.left_out[1].reason == (
        "a second time; the one in line 3 counts here, the last one there"
    )

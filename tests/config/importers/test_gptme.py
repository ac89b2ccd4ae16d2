from pathlib import Path

from scheduled.config import yaml_document
from scheduled.config.importers import gptme
from scheduled.config.importers.findings import Findings

DOCUMENTED = """\
jobs_dir: jobs
poll_interval_seconds: 120
default_timeout_seconds: 300
max_concurrent_jobs: 1
log_level: INFO
log_file: logs/scheduler.log
"""


def read(text: str, folder: str = "/agent/config") -> Findings:
    return gptme.read(yaml_document.parse(text.encode(), "scheduler.yaml"), Path(folder))


def test_gptmes_keys_become_settings() -> None:
    assert read(DOCUMENTED).settings == {
        "jobs_dirs": "/agent/jobs",
        "tick_interval": 120,
        "default_timeout": 300,
        "max_concurrent": 1,
        "log_level": "INFO",
        "log_file": "/agent/logs/scheduler.log",
    }
    assert read(DOCUMENTED).left_out == ()


def test_b12_a_job_of_gptme_has_five_minutes_as_there() -> None:
    assert read("max_concurrent_jobs: 1").settings["default_timeout"] == 300


def test_the_folder_is_relative_to_the_workspace_with_or_without_a_config_folder() -> None:
    assert read("jobs_dir: my/jobs", "/agent").settings["jobs_dirs"] == "/agent/my/jobs"
    assert read("jobs_dir: /srv/jobs").settings["jobs_dirs"] == "/srv/jobs"


def test_a_poll_more_frequent_than_cron_is_reported() -> None:
    found = read("poll_interval_seconds: 30\n")

    assert found.settings == {"default_timeout": 300}
    assert [part.reason for part in found.left_out] == ["cron ticks once a minute at most"]


def test_a_key_that_gptme_does_not_have_is_reported() -> None:
    assert [part.text for part in read("colour: [red]\n").left_out] == ["colour: a list"]


def test_an_invalid_value_is_reported_and_the_others_are_imported() -> None:
    found = read("jobs_dir:\nmax_concurrent_jobs: many\ndefault_timeout_seconds: 60\n")

    assert found.settings == {"default_timeout": 60}
    assert [(part.text, part.reason) for part in found.left_out] == [
        ("jobs_dir: nothing", "expected text, found nothing"),
        ("max_concurrent_jobs: many", '"many": expected a whole number from 1 to 1000'),
    ]

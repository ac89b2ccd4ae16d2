"""Which settings stop all jobs while they are wrong, and which are only reported."""

from pathlib import Path

import pytest

from scheduled.cli.run import run
from scheduled.config.keys import KEYS
from scheduled.errors import ConfigError
from scheduled.state.store import Store
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at
from tests.builders.looks import Home

STOPS = {
    "root": True,
    "state_dir": True,
    "central_dir": True,
    "host": True,
    "timezone": True,
    "max_concurrent": True,
    "default_timeout": True,
    "max_cpu_percent": True,
    "max_memory_percent": True,
    "idle_threshold_cpu": True,
    "idle_threshold_memory": True,
    "max_retries": True,
    "retry_delay": True,
    "max_retry_delay": True,
    "defaults": True,
    "calendars": True,
    "enabled": True,
    "tick_interval": True,
    "catch_up_budget": True,
    "max_jobs": True,
    "max_cron_tasks": True,
    "jobs_dirs": True,
    "handler_dirs": True,
    "trusted_owners": True,
    "permissions": True,
    "jobs": True,
    "metrics_file": False,
    "page": False,
    "ping": False,
    "routes": False,
    "notify": False,
    "subscribe": False,
    "executors": False,
    "retention": False,
    "log_file": False,
    "log_level": False,
    "log_name": False,
    "log_rotation": False,
}
"""Whether no job runs while the value of a key is wrong."""
JOB = f'{WITHOUT_SWEEPS}  once: {{schedule: "0 3 * * *", first_run: now, command: "true"}}\n'
WRONG = "[[1]]"


@pytest.fixture
def home(root: Path) -> Home:
    return Home(root)


def runs(home: Home, text: str) -> bool:
    """Whether the job runs with such a configuration, which is wrong in any case."""
    home.configure(text)
    try:
        config = home.session(at("12:00")).config
    except ConfigError:
        return False
    assert config.problems
    return any(job.id == "once" for job in config.jobs)


def test_the_table_has_all_keys() -> None:
    assert STOPS.keys() == {name for name, key in KEYS.items() if not key.field}


@pytest.mark.parametrize("name", KEYS)
def test_a_wrong_value_stops_jobs_unless_it_is_about_telling_or_keeping(
    home: Home, name: str
) -> None:
    key = KEYS[name].field or name
    text = f"jobs: {WRONG}\n" if key == "jobs" else f"{name}: {WRONG}\n{JOB}"

    assert runs(home, text) is not STOPS[key]


@pytest.mark.parametrize(
    ("line", "stops"),
    [
        ("retension: {age: 30d}", False),
        ("Metric_File: x", False),
        ("time_zone: UTC", True),
        ("something: else", True),
        ("scheduler: {max_cpu_percent: 80}", True),
        ("retention: {age: 30d}\nretention: {age: 3d}", False),
        ("timezone: UTC\ntimezone: UTC", True),
        ("retention: {ages: 30d}", False),
        ("retention: {age: soon}", False),
        ("log_rotation: {size: 1}", False),
        ("log_level: loud", False),
        ("log_fil: x", False),
        ("ping: 5", False),
        ("page: status.html", False),
        ("page: {after: tick}", False),
        ("page: {path: x, after: never}", False),
        ("page: {path: x, output: perhaps}", False),
        ("page: {path: x, pth: y}", False),
        ("page: {path: missing/x}", False),
        ('metrics_file: "a\\nb"', False),
    ],
)
def test_so_does_a_name_that_is_misspelt_or_there_twice(home: Home, line: str, stops: bool) -> None:
    assert runs(home, f"{line}\n{JOB}") is not stops


def test_what_is_wrong_is_an_incident_and_the_default_counts(home: Home) -> None:
    home.configure(f"timezone: UTC\nretention: {{ages: 3d}}\n{JOB}")

    first = home.call(run, now=at("12:00"))
    second = home.call(run, now=at("12:01"))

    sentence = 'scheduled.yaml:2: retention: "ages": no such limit; did you mean age?'
    assert (first.code, second.code) == (2, 2)
    assert first.err.startswith(f"scheduled: {sentence}\n")
    assert second.err == ""
    assert Store(home.state_dir).load().state["jobs"]["once"]["last_success"]
    assert "configuration broken" in home.call("incidents", now=at("12:02")).out
    checked = home.call("config", "validate")
    assert (checked.code, sentence in checked.out + checked.err) == (2, True)
    session = home.session(at("12:00"))
    assert session.config.retention == {}
    assert session.config.origins["retention"] == "default"


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ("notify: {ops: {kind: webhook, url: 'https://example.org'}}\n", True),
        ("notify: {ops: {url: 'https://example.org'}}\n", False),
        ("jobs: {bad: {schedule: no}}\n", True),
        ("notify: {ops: {kind: pigeon}}\n", False),
        ("notify: 5\n", False),
        ("notfy: {ops: {kind: webhook, url: 'https://example.org'}}\n", False),
    ],
)
def test_a_configuration_knows_whether_a_channel_is_left_out_for_a_mistake(
    home: Home, text: str, is_whole: bool
) -> None:
    home.configure(text)

    assert home.session(at("12:00")).config.has_all_channels == is_whole

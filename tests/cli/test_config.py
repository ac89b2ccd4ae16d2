import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from scheduled.cli.config import config
from scheduled.config import load as configuration
from scheduled.config.load import Config
from scheduled.config.paths import PathOptions
from scheduled.errors import ConfigError, UsageError
from scheduled.jobs import builtin
from tests.builders.jobs import at

NOON = at("12:00")
SHIPPED = ("mail_cleanup", "memory_rollover", "health", "metrics", "daily_report")


@dataclass
class Options:
    """What the parent command hands down."""

    path_options: PathOptions
    now: datetime = NOON
    color: bool = True

    @property
    def config(self) -> Config:
        return configuration.load(self.path_options)


@dataclass
class Said:
    """What a command printed, and the code it ended with."""

    out: str
    err: str
    code: int


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir(mode=0o755)
    return path


def asked(root: Path) -> PathOptions:
    environ = {"HOME": str(root), "TZ": "Europe/Berlin"}
    return PathOptions(root=str(root), state_dir=str(root / "state"), environ=environ, cwd=root)


def call(root: Path, *arguments: str) -> Said:
    result = CliRunner().invoke(
        config, arguments, obj=Options(asked(root)), standalone_mode=False, catch_exceptions=False
    )
    return Said(result.stdout, result.stderr, result.return_value or 0)


def written(root: Path, text: str) -> Path:
    path = root / "scheduled.yaml"
    path.write_text(text)
    path.chmod(0o644)
    return path


def switched_on(text: str) -> str:
    """A sample with every setting in it taken out of its comment."""
    return re.sub(r"^( *)#(?=\S| {2}\S)", r"\1", text, flags=re.MULTILINE)


# init


def test_init_writes_a_file_that_is_valid_as_it_stands(root: Path) -> None:
    said = call(root, "init")

    assert said.out.startswith(f"{root}/scheduled.yaml: written")
    assert call(root, "validate") == Said("ok: 5 jobs\n", "", 0)


def test_without_a_registry_init_switches_the_ecosystems_jobs_off(root: Path) -> None:
    call(root, "init")

    assert {job.id for job in configuration.load(asked(root)).jobs if not job.enabled} == {*SHIPPED}


def test_with_a_registry_init_leaves_the_shipped_jobs_as_they_are(root: Path) -> None:
    (root / "AIPASS_REGISTRY.json").write_text("{}")
    before = configuration.load(asked(root)).jobs
    call(root, "init")

    assert configuration.load(asked(root)).jobs == before


@pytest.mark.parametrize("registry", [True, False])
def test_every_setting_in_the_sample_is_valid_when_it_is_switched_on(
    root: Path, registry: bool
) -> None:
    if registry:
        (root / "AIPASS_REGISTRY.json").write_text("{}")
    for folder in ("jobs", "handlers"):
        (root / folder).mkdir(mode=0o755)
    call(root, "init")
    path = root / "scheduled.yaml"
    written(root, switched_on(path.read_text()))

    found = configuration.load(asked(root))

    assert found.problems == ()
    assert {job.id for job in found.jobs} == {*(job.id for job in builtin.JOBS), "backup"}
    assert found.origins["catch_up_budget"].startswith("scheduled.yaml:")


def test_init_leaves_a_file_that_is_there_alone(root: Path) -> None:
    path = written(root, "# mine\n")

    with pytest.raises(UsageError, match="already exists; --force"):
        call(root, "init")

    assert path.read_text() == "# mine\n"


def test_init_does_not_write_through_a_broken_link(root: Path) -> None:
    (root / "scheduled.yaml").symlink_to(root / "not-mounted")

    with pytest.raises(UsageError, match="already exists"):
        call(root, "init")

    assert not (root / "not-mounted").exists()


def test_init_with_force_keeps_the_old_file_beside_the_new_one(root: Path) -> None:
    path = written(root, "# mine\n")
    call(root, "init", "--force")

    assert path.with_name("scheduled.yaml.bak").read_text() == "# mine\n"
    assert "jobs:" in path.read_text()


def test_init_writes_where_it_is_told_and_makes_the_folder(root: Path) -> None:
    call(root, "init", "--path", "etc/jobs.yaml")

    assert (root / "etc" / "jobs.yaml").stat().st_mode & 0o022 == 0


def test_init_says_at_once_that_its_folder_will_not_do(root: Path) -> None:
    root.chmod(0o777)

    assert f"type: chmod go-w {root}" in call(root, "init").err


def test_init_refuses_a_folder_it_cannot_write_to(root: Path) -> None:
    (root / "file").write_text("")

    with pytest.raises(UsageError, match="cannot be written"):
        call(root, "init", "--path", "file/scheduled.yaml")


# validate


def test_validate_prints_every_problem_and_ends_with_2(root: Path) -> None:
    written(root, "jobs:\n  a: {schedule: daily}\n  b: {schedule: x, command: y}\n")
    said = call(root, "validate")

    assert [line.split(": ")[0:2] for line in said.out.splitlines()] == [
        ["scheduled.yaml:2", "jobs.a"],
        ["scheduled.yaml:3", "jobs.b.schedule"],
    ]
    assert said.code == 2


def test_validate_prints_the_problems_of_a_file_that_is_refused_as_a_whole(root: Path) -> None:
    written(root, "job: {}\nmax_concurrent: many\n")
    said = call(root, "validate", "--json")
    found = json.loads(said.out)

    assert (found["ok"], found["jobs"], len(found["problems"]), said.code) == (False, 0, 2, 2)
    for text in ("job: {}\nmax_concurrent: many\n", "defaults: {timeout: soon}\n", "a: [\n"):
        written(root, text)
        said = call(root, "validate")
        assert (said.out.splitlines(), said.err, said.code) == ([*problems(root)], "", 2)


def problems(root: Path) -> list[str]:
    found: list[str] = json.loads(call(root, "validate", "--json").out)["problems"]
    assert found
    return found


def test_the_keys_of_validate_json(root: Path) -> None:
    found = json.loads(call(root, "validate", "--json").out)

    schedules = found.pop("schedules")
    assert found == {"ok": True, "jobs": 5, "problems": [], "warnings": []}
    assert len(schedules) == 5
    assert {tuple(row) for row in schedules} == {("job", "schedule", "timezone", "in_words")}


def test_e2_validate_says_each_schedule_back_in_words(root: Path) -> None:
    written(
        root,
        "timezone: Europe/Berlin\njobs:\n"
        '  monthend: {schedule: "0 6 L * *", command: "true"}\n'
        "  pay: {schedule: every 2 weeks on fri at 9 from 2026-12-04, command: x, timezone: UTC}\n"
        '  off: {schedule: hourly, command: "true", enabled: false}\n',
    )

    assert call(root, "validate").out == (
        "ok: 8 jobs\n"
        "  monthend  0 6 L * *                                  at 06:00 on the last day of each"
        " month\n"
        "  pay       every 2 weeks on fri at 9 from 2026-12-04  at 09:00 on Friday, every 2 weeks"
        " from 2026-12-04 (UTC)\n"
    )


def test_e2_of_many_jobs_validate_says_the_first_and_how_many_more(root: Path) -> None:
    jobs = [f'  j{n:03}: {{schedule: hourly, command: "true"}}\n' for n in range(21)]
    written(root, f"jobs:\n{''.join(jobs)}")

    first, *lines, last = call(root, "validate").out.splitlines()
    assert first == "ok: 26 jobs"
    assert (len(lines), lines[-1]) == (10, "  j009  hourly  every hour")
    assert last.startswith("  and 11 more jobs of yours; --json has all")
    assert len(json.loads(call(root, "validate", "--json").out)["schedules"]) == 26
    written(root, f"jobs:\n{''.join(jobs[:20])}")
    assert len(call(root, "validate").out.splitlines()) == 21


def test_e3_validate_warns_of_schedules_that_may_not_be_meant(root: Path) -> None:
    written(root, 'jobs:\n  odd: {schedule: "*/61 6 1-7 * 1", command: "true"}\n')

    first, second = call(root, "validate").err.splitlines()
    assert first.startswith('warning: scheduled.yaml:2: odd: "*/61 6 1-7 * 1": 1-7 and 1: it runs')
    assert second.endswith("*/61 in the minute field matches 0 only; for a period, write every 61m")


def test_validate_warns_of_a_moment_that_has_passed(root: Path) -> None:
    written(
        root,
        "jobs:\n"
        '  over: {schedule: "at:2026-11-21T11:59", command: "true"}\n'
        '  at_once: {schedule: 2026-11-20, command: "true", first_run: now}\n'
        '  to_come: {schedule: 2026-11-22, command: "true"}\n',
    )
    warning = (
        "scheduled.yaml:2: over: at:2026-11-21T11:59 has passed;"
        " a job that no tick has seen before does not run for it"
    )

    said = call(root, "validate")
    assert (said.out.splitlines()[0], said.err, said.code) == (
        "ok: 8 jobs",
        f"warning: {warning}\n",
        0,
    )
    assert json.loads(call(root, "validate", "--json").out)["warnings"] == [warning]


def test_validate_asks_a_handler_of_ones_own_whether_it_knows_its_params(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(root))
    (root / "copies_for_a_test.py").write_text(
        "from scheduled.handler import Kind, Param\n"
        "PARAMS = {'keep': Param('how many', Kind.COUNT, 7)}\n"
    )
    job = "{schedule: daily, handler: 'copies_for_a_test:run', params: {keep: 0}"
    written(root, f"jobs:\n  one: {job}, env: {{PYTHONPATH: {root}}}}}\n")

    said = call(root, "validate")

    assert said.code == 2
    assert said.out == "scheduled.yaml:2: one: params.keep: 0: expected a whole number above 0\n"


# show


def test_show_tells_where_each_value_comes_from(root: Path) -> None:
    written(root, "max_concurrent: 2\njobs:\n  mine: {schedule: daily, command: make backup}\n")
    said = call(root, "show")
    rows = [re.split(r" {2,}", line.strip()) for line in said.out.splitlines()]

    assert ["max_concurrent", "2", "scheduled.yaml:1"] in rows
    assert ["catch_up_budget", "10", "default"] in rows
    assert ["metrics_file", "none", "default"] in rows
    assert ["timezone", "Europe/Berlin", "TZ"] in rows
    assert ["mine", "daily", "Europe/Berlin", "make backup", "scheduled.yaml:3"] in rows
    assert said.code == 0


def test_show_prints_what_a_user_wrote_without_reading_markup_or_control_characters_in_it(
    root: Path,
) -> None:
    written(root, 'jobs:\n  mine: {schedule: daily, command: "echo [bold] \\e[2J\\nls"}\n')

    said = call(root, "show").out

    assert r"echo [bold] \x1b[2J ls" in " ".join(said.split())
    assert "\x1b" not in said


def test_the_keys_of_show_json(root: Path) -> None:
    written(root, "jobs:\n  mine: {schedule: daily, command: [x, '[red]']}\n")
    found = json.loads(call(root, "show", "--json").out)

    assert found.keys() == {"settings", "jobs", "problems", "warnings"}
    assert found["settings"].keys() == {
        "root", "config_path", "state_dir", "central_dir", "timezone", "jobs_dirs", "handler_dirs",
        "max_concurrent", "default_timeout", "tick_interval", "catch_up_budget", "max_jobs",
        "host", "notify", "subscribe", "routes", "trusted_owners",
        "metrics_file", "page", "retention", "ping",
        "log_file", "log_level", "log_name", "log_rotation", "enabled",
        "max_cpu_percent", "max_memory_percent", "idle_threshold_cpu", "idle_threshold_memory",
        "max_retries", "retry_delay", "max_retry_delay", "max_cron_tasks",
        "permissions", "defaults", "calendars", "executors",
    }  # fmt: skip
    assert found["settings"]["root"] == {"value": str(root), "from": "--root"}
    assert found["jobs"][-1]["command"] == ["x", "[red]"]
    assert found["jobs"][-1].keys() >= {"id", "kind", "schedule", "timezone", "enabled", "source"}


def test_show_names_the_jobs_that_were_left_out_and_ends_with_2(root: Path) -> None:
    written(root, "jobs:\n  a: {schedule: daily}\n")
    said = call(root, "show")

    assert "jobs.a: neither a command nor a handler" in said.err
    assert said.code == 2


def test_show_has_nothing_to_show_of_a_file_that_is_refused(root: Path) -> None:
    written(root, "- a\n")

    with pytest.raises(ConfigError):
        call(root, "show")

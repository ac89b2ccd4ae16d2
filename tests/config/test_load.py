"""What a configuration file says, and what is said about one that is wrong."""

from dataclasses import fields
from pathlib import Path

import pytest

from scheduled.config import load
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.keys import KEYS
from scheduled.config.paths import PathOptions
from scheduled.errors import ConfigError
from scheduled.jobs import builtin
from scheduled.jobs.model import CatchUp, FirstRun, Job, Priority
from scheduled.timing import durations
from tests.builders.configuration import (
    complaint,
    loaded,
    options,
    refusal,
    the_job,
    written,
)

SHIPPED = ("mail_cleanup", "memory_rollover", "health", "metrics", "daily_report")


# What there is without a file


def test_without_a_file_the_five_shipped_jobs_run_in_the_machines_zone(root: Path) -> None:
    (root / "BRANCH_REGISTRY.json").write_text("[]")

    found = load.load(options(root))

    assert tuple(job.id for job in found.jobs) == SHIPPED
    assert {job.timezone for job in found.jobs} == {"Europe/Berlin"}
    assert {job.first_run for job in found.jobs} == {FirstRun.NOW}
    assert all(job.enabled for job in found.jobs)


def test_without_an_ecosystem_builtin_jobs_are_inactive_unless_configured(
    root: Path,
) -> None:
    found = loaded(root, "jobs: {health: {timeout: 9}}\n")

    assert [job.id for job in found.jobs if job.enabled] == ["health"]
    assert {job.source for job in found.jobs if not job.enabled} == {builtin.INACTIVE}


@pytest.mark.parametrize("trace", ["AI_CENTRAL", "aipass_core/trigger/trigger_json"])
def test_an_ecosystem_without_its_registry_is_still_recognised(root: Path, trace: str) -> None:
    (root / trace).mkdir(parents=True)

    assert all(job.enabled for job in load.load(options(root)).jobs)


def test_the_daily_report_goes_last_in_a_tick_in_which_all_are_due(root: Path) -> None:
    jobs = load.load(options(root)).jobs

    assert max(jobs, key=lambda job: job.priority.rank).id == "daily_report"


def test_an_empty_file_changes_nothing(root: Path) -> None:
    assert [job.id for job in loaded(root, "# nothing yet\n").jobs] == [*SHIPPED]


def test_the_default_in_the_manual_is_the_one_in_effect() -> None:
    numbers = {name: value for name, value in load.DEFAULTS.items() if type(value) in (int, float)}
    told = {name: KEYS[name].default for name in load.DEFAULTS if name not in numbers}
    assert told.pop("enabled") == "true"

    assert numbers == {name: durations.parse(KEYS[name].default) for name in numbers}
    assert told == {
        "tick_interval": "as installed",
        **dict.fromkeys(("max_jobs", "max_cron_tasks"), "none"),
        "host": "the machine's",
        "metrics_file": "none",
        "page": "none",
        "ping": "none",
        "routes": "as shipped",
        "notify": "none",
        "subscribe": "none",
        "executors": "none",
        "trusted_owners": "none",
        "calendars": "none",
        "retention": "{age: 30d}",
        "log_file": "none",
        "log_level": "INFO",
        "log_name": "gaia.runtime",
        "log_rotation": "{size: 5M, age: 30d, count: 5}",
        "permissions": "see [permissions](permissions.md)",
    }


def test_every_key_of_a_job_is_a_field_of_it() -> None:
    known = {field.name for field in fields(Job)}

    assert {key.field or name for name, key in JOB_KEYS.items()} <= known


# What a file says


def test_an_own_job_has_all_its_keys(root: Path) -> None:
    found = loaded(
        root,
        """\
jobs:
  db.backup-1:
    schedule: "30 2 * * 1-5"
    timezone: America/New_York
    command: [pg_dump, -f, "out file", ""]
    name: Backup
    description: "Dump the database: all of it"
    enabled: no
    priority: high
    tags: [nightly, db]
    catch_up: all
    max_lateness: 12h
    first_run: now
    timeout: 90m
    max_output: 64K
    params: {keep: 7, since: 2025-01-15, at: 12:30}
""",
    )

    assert found.problems == ()
    assert found.jobs[-1] == Job(
        id="db.backup-1",
        schedule="30 2 * * 1-5",
        timezone="America/New_York",
        command=("pg_dump", "-f", "out file", ""),
        name="Backup",
        description="Dump the database: all of it",
        enabled=False,
        priority=Priority.HIGH,
        tags=("nightly", "db"),
        catch_up=CatchUp.ALL,
        max_lateness=12 * 3600.0,
        first_run=FirstRun.NOW,
        timeout=90 * 60.0,
        max_output=64 * 1024,
        params={"keep": 7, "since": "2025-01-15", "at": "12:30"},
        source="scheduled.yaml:2",
    )


def test_keys_below_a_builtin_job_change_that_job_and_nothing_else(root: Path) -> None:
    before = {job.id: job for job in load.load(options(root)).jobs}
    after = {job.id: job for job in loaded(root, "jobs:\n  health: {enabled: false}\n").jobs}

    assert not after["health"].enabled
    assert after["health"].handler == "health"
    assert after["health"].source == "built-in, scheduled.yaml:2"
    assert {name: job for name, job in after.items() if name != "health"} == {
        name: job for name, job in before.items() if name != "health"
    }


def test_paths_in_the_file_are_relative_to_its_folder(root: Path, tmp_path: Path) -> None:
    written(root, "root: eco\nstate_dir: ~/st\ncentral_dir: ../central\n")
    (root / "eco").mkdir()
    found = load.load(
        PathOptions(
            config=str(root / "scheduled.yaml"), environ={"HOME": str(tmp_path), "TZ": "UTC"}
        )
    )

    assert found.places.root == root / "eco"
    assert found.places.state_dir == tmp_path / "st"
    assert found.places.central_dir == tmp_path / "central"
    assert found.origins["central_dir"] == "scheduled.yaml:3"


def test_a_handler_may_be_any_module_and_is_not_imported_by_being_named(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = root / "their_jobs_for_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "report.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(root))

    found = the_job(root, "{schedule: daily, handler: 'their_jobs_for_a_test.report:main'}")

    assert found.handler == "their_jobs_for_a_test.report:main"


def test_a_shipped_handler_may_be_used_under_another_id(root: Path) -> None:
    found = the_job(root, "{schedule: '0 20 * * *', handler: health, params: {max_log_mb: 1}}")

    assert (found.handler, found.memory_section) == ("health", "")
    assert found.params == {"max_log_mb": 1}


def test_unknown_params_of_a_builtin_handler_stop_that_job_alone(root: Path) -> None:
    found = loaded(
        root,
        """\
jobs:
  daily_report:
    params:
      send: "no"
      sen: 40
  metrics: {params: {limits: {FLOW: many}}}
  mine: {schedule: daily, handler: health, params: {limit: 3}}
""",
    )

    assert found.problems == (
        'scheduled.yaml:4: jobs.daily_report.params.send: "no": expected true or false',
        "scheduled.yaml:5: jobs.daily_report.params.sen: unknown param; did you mean send?",
        (
            'scheduled.yaml:6: jobs.metrics.params.limits: "FLOW": "many": expected '
            "a whole number above 0"
        ),
        "scheduled.yaml:7: jobs.mine.params.limit: unknown param; did you mean limits?",
    )
    assert {job.id for job in found.jobs} == {"mail_cleanup", "memory_rollover", "health"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1.5", 1.5), ("90s", 90), ("10m", 600), ("1d", 86_400), ("1h30m", 5400)],
)
def test_a_duration_is_seconds_or_has_a_unit(root: Path, text: str, seconds: float) -> None:
    assert the_job(root, f"{{schedule: daily, command: x, timeout: {text}}}").timeout == seconds


def test_a_word_that_yaml_would_change_is_kept_as_it_was_written(root: Path) -> None:
    found = the_job(root, "{schedule: daily, command: true, name: 0777, tags: [on, 1.10]}")

    assert (found.command, found.name, found.tags) == ("true", "0777", ("on", "1.10"))


# What is wrong with one job


def test_a_bad_job_is_left_out_and_named_and_the_others_run(root: Path) -> None:
    found = loaded(
        root,
        "jobs:\n"
        "  good: {schedule: daily, command: x}\n"
        "  backup:\n"
        '    schedule: "61 * * * *"\n'
        "    command: x\n",
    )

    assert [job.id for job in found.jobs] == [*SHIPPED, "good"]
    assert found.problems == (
        'scheduled.yaml:4: jobs.backup.schedule: "61 * * * *": minute 61 is out of range 0-59',
    )


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("{schedule: daily, comand: x, command: x}", "one.comand: unknown key; did you mean comm"),
        ("{schedule: daily}", "one: neither a command nor a handler"),
        ("{command: x}", "one: no schedule"),
        ("", "one: neither a command nor a handler; set one of them; one: no schedule"),
        ("{schedule: daily, command: x, handler: health}", "one.handler: a job has either a"),
        ("{schedule: daily, handler: metrisc}", "unknown handler; did you mean metrics?"),
        ("{schedule: daily, handler: no_such_pkg.jobs}", "no module no_such_pkg.jobs can be fou"),
        ("{schedule: daily, command: x, timezone: Europe/Berln}", "did you mean Europe/Berlin?"),
        (
            "{schedule: daily, command: x, priority: hi}",
            '"hi": expected urgent, high, medium or low',
        ),
        (
            "{schedule: daily, command: x, enabled: 'yes'}",
            'one.enabled: "yes": expected true or false',
        ),
        (
            "{schedule: daily, command: x, timeout: 5 min}",
            '"5 min": expected seconds, or a duration like',
        ),
        ("{schedule: daily, command: x, timeout: 0}", '"0": must be above zero'),
        ("{schedule: daily, command: x, timeout: -1}", '"-1": expected seconds, or a duration'),
        ("{schedule: daily, command: x, max_output: 1T}", '"1T": must be from 1K to 1G'),
        ("{schedule: daily, command: x, timeout: 1, timeout_seconds: 2}", "is the same as timeo"),
        ("{schedule: daily, command: []}", "one.command: an empty list"),
        ("{schedule: daily, command: ['', x]}", "one.command: its first word, the program, is"),
        ("{schedule: daily, command: {a: b}}", "expected text, found names with values"),
        ("{schedule: daily, command: x, command: y}", "one.command: duplicate key"),
        ("{schedule: daily, command: x, params: {a: {b: 1, b: 2}}}", 'duplicate key "b"'),
        ("{schedule: daily, command: x, params: [1]}", "expected names with values, found a list"),
        ('{schedule: daily, command: x, name: "a\\e[2Jb"}', r'"a\x1b[2Jb": expected a line'),
        ("[daily, x]", "one: expected keys like schedule, found a list"),
        ("off", 'one: expected keys like schedule, found "off"'),
    ],
)
def test_a_problem_of_a_job_is_reported_in_a_sentence(root: Path, keys: str, said: str) -> None:
    assert said in complaint(root, keys)


def test_of_two_jobs_with_one_id_neither_runs(root: Path) -> None:
    found = loaded(
        root,
        "jobs:\n"
        "  one: {schedule: daily, command: x}\n"
        "  health: {enabled: true}\n"
        "  health: {enabled: false}\n"
        "  one: {schedule: daily, command: y}\n",
    )

    assert {job.id for job in found.jobs} == {*SHIPPED} - {"health"}
    assert found.problems == (
        "scheduled.yaml:4: jobs.health: duplicate key, first in line 3; neither of them runs",
        "scheduled.yaml:5: jobs.one: duplicate key, first in line 2; neither of them runs",
    )


def test_a_wrong_route_is_reported_and_stops_nothing(root: Path) -> None:
    found = loaded(root, "routes:\n  stale_mail: null\n  daily_report: {to: 7}\n")

    assert len(found.jobs) == 5
    assert [line.split(": ")[:2] for line in found.problems] == [
        ["scheduled.yaml:3", "routes.daily_report"]
    ]


# What stops everything


def test_a_problem_outside_the_jobs_stops_all_and_every_problem_is_reported(root: Path) -> None:
    said = refusal(root, "job: {}\nmax_concurrent: 0\ntimezone: M\njobs:\n  x: {command: y}\n")

    assert [line.split("; write")[0] for line in said.splitlines()] == [
        "scheduled.yaml:1: job: unknown key; did you mean jobs?",
        'scheduled.yaml:2: max_concurrent: "0": expected a whole number from 1 to 1000',
        'scheduled.yaml:3: timezone: time zone "M" is not known',
        "scheduled.yaml:5: jobs.x: no schedule",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobs:\n  a:\n    schedule: */15 * * * *\n", 'yaml:3: YAML reads an unquoted "*" as an a'),
        ("jobs: {a: {schedule: */15 * * * *}}", 'put the value in quotes: "*/15 * * * *"'),
        ("jobs:\n  a:\n    schedule: @daily\n", 'yaml:3: YAML reads an unquoted "@" as no value'),
        ("jobs:\n  a: &x {command: y}\n", 'yaml:2: an anchor ("&x")'),
        ("a: *x\n", 'put the value in quotes: "*x"'),
        ("jobs:\n\ta: 1\n", "yaml:2: a tab; YAML indents with spaces only"),
        ("jobs:\n  a: b: c\n", 'yaml:2: a second ": " in one line'),
        ("jobs:\n  a: {\n", "yaml:3: not YAML: "),
        ("jobs: !!python/object/apply:os.system [true]\n", "yaml:1: a tag ("),
        ("? [a]\n: b\n", "yaml:1: a list or mapping as a key"),
        ("jobs: {}\n---\njobs: {}\n", "yaml:2: a second document"),
        ("- a\n", "yaml:1: expected keys like jobs, found a list"),
        ("hello\n", 'yaml:1: expected keys like jobs, found "hello"'),
        ("jobs: [a]\n", "yaml:1: jobs: expected ids of jobs, found a list"),
        ("jobs: {}\njobs: {}\n", "yaml:2: jobs: duplicate key, first in line 1"),
        ('a:\n  "\\0": 1\n', r'yaml:2: "\x00" contains a character no text can hold'),
        ("a: \x1b[2J\n", "yaml:1: contains U+001B, which YAML does not allow"),
        ("[" * 10_000, "yaml:1: nested more than 32 deep"),
        ("[" * 34, "yaml:1: nested more than 32 deep"),
        ("jobs:\n  a: " + "[" * 999 + "\n" + "{" * 10_000, "yaml:2: nested more than 32 deep"),
        ("- " * 10_000, "yaml:1: nested more than 32 deep"),
        ("[" * 33, "yaml:1: not YAML: "),
        ("root: nowhere\n", "root/nowhere: no such directory"),
        ("state_dir: ~no-such-user-here/x\n", "yaml:1: state_dir: ~no-such-user-here/x: no user"),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused_with_the_line(
    root: Path, text: str, said: str
) -> None:
    assert said in refusal(root, text)


def test_a_file_that_is_not_utf_8_is_refused_with_the_line(root: Path) -> None:
    written(root, "").write_bytes(b"jobs:\n  # caf\xe9\n")

    with pytest.raises(ConfigError, match=r"scheduled.yaml:2: not UTF-8"):
        load.load(options(root))


def test_a_huge_file_is_refused_before_it_is_parsed(root: Path) -> None:
    assert "more than the 4 MB" in refusal(root, "#" * (4 * 1024 * 1024 + 1))


def test_a_broken_link_does_not_make_the_builtin_jobs_run(root: Path) -> None:
    (root / "scheduled.yaml").symlink_to(root / "not-mounted")

    with pytest.raises(ConfigError, match="no such file"):
        load.load(options(root))


def test_a_folder_in_the_place_of_the_file_is_refused(root: Path) -> None:
    (root / "scheduled.yaml").mkdir(mode=0o755)

    with pytest.raises(ConfigError, match="not a file"):
        load.load(options(root))

"""`defaults:` holds for jobs that are not built in and do not say it themselves."""

import json
from pathlib import Path
from typing import Any

import pytest

from scheduled.config import load
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.load import Config
from scheduled.config.own_defaults import DEFAULT_KEYS, REFUSED
from scheduled.jobs.model import CatchUp, Job, ReportOn
from scheduled.quick_classes import replace
from tests.builders.configuration import job_file, loaded, options, refusal
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at
from tests.builders.looks import Home, named

ALL = """\
defaults:
  timeout: 2h
  catch_up: skip
  tags: [mine]
  success_codes: [0, 3]
  env: {A: "1", B: "2"}
  max_lateness: 6h
"""
OWN = '  mine: {schedule: "0 * * * *", command: "true"'


@pytest.fixture
def home(root: Path) -> Home:
    return Home(root)


def jobs_of(found: Config) -> dict[str, Job]:
    assert found.problems == ()
    return {job.id: job for job in (*found.jobs, *found.offered)}


def mine(root: Path, text: str, more: str = "") -> Job:
    known = "executors: {nas: {kind: ssh, host: nas}}\n"
    return jobs_of(loaded(root, f"{known}{text}{WITHOUT_SWEEPS}{OWN}{more}}}\n"))["mine"]


def everywhere(root: Path) -> None:
    """A job of a handler directory, and one of a file."""
    (root / "own").mkdir(mode=0o755)
    (root / "own/h.py").write_text(
        "from scheduled.handler import handler\n\n\n"
        '@handler(schedule="hourly", catch_up="all")\ndef decorated(context): ...\n'
    )
    (root / "own/h.py").chmod(0o644)
    job_file(root, "filed.yaml", 'id: filed\nschedule: "0 5 * * *"\ncommand: "true"\n')


def test_e10_defaults_hold_for_own_jobs_wherever_they_are_defined(root: Path) -> None:
    everywhere(root)

    jobs = jobs_of(loaded(root, f"{ALL}handler_dirs: own\n{WITHOUT_SWEEPS}{OWN}}}\n"))

    for id_ in ("mine", "filed", "decorated"):
        assert (jobs[id_].timeout, jobs[id_].tags, jobs[id_].env) == (
            7200,
            ("mine",),
            {"A": "1", "B": "2"},
        )
    assert [jobs[id_].catch_up for id_ in ("mine", "decorated")] == [CatchUp.SKIP, CatchUp.ALL]
    assert [jobs[id_].success_codes for id_ in ("filed", "decorated")] == [(0, 3), (0,)]
    built_in = [job for job in jobs.values() if job.id not in ("mine", "filed", "decorated")]
    assert built_in
    assert [job.from_defaults for job in built_in] == [()] * len(built_in)
    assert {job.timeout for job in built_in} == {300.0}


def test_e10_what_a_job_says_itself_counts(root: Path) -> None:
    said = mine(root, ALL, ", timeout: 5m, env: {B: x, C: y}, tags: [], success_codes: 0")

    assert (said.timeout, said.tags, said.success_codes) == (300, (), (0,))
    assert said.env == {"A": "1", "B": "x", "C": "y"}
    assert set(said.from_defaults) == {"catch_up", "env", "max_lateness"}


@pytest.mark.parametrize("word", ["null", "~"])
@pytest.mark.parametrize("name", DEFAULT_KEYS)
def test_e10_null_undoes_every_default(root: Path, name: str, word: str) -> None:
    field, values = DEFAULT_KEYS[name].field or name, VALUES
    if name in ("timezone", "enabled"):
        values = {**values, "timezone": "Asia/Tokyo", "enabled": "false"}
    assert getattr(mine(root, f"defaults: {{{name}: {values[name]}}}\n"), field) != getattr(
        plain := mine(root, ""), field
    )

    undone = mine(root, f"defaults: {{{name}: {values[name]}}}\n", f", {name}: {word}")

    assert replace(undone, source="") == replace(plain, source="")


VALUES: dict[str, str] = {
    "env": "{A: b}", "env_file": "x.env", "cwd": "/srv", "umask": '"077"', "nice": "5",
    "success_codes": "[0, 1]", "defer_codes": "[76]", "priority": "low", "tags": "[a]",
    "catch_up": "all", "max_lateness": "1h", "window": '"01:00-02:00"', "jitter": "5m",
    "overlap": "skip", "only_if": "test -e x", "max_cpu_percent": "50", "max_memory_percent": "50",
    "idle_only": "true", "idle_threshold_cpu": "50", "idle_threshold_memory": "50",
    "min_free_disk": "1G", "first_run": "now", "timeout": "1h", "timeout_seconds": "1h",
    "max_retries": "2", "retry_delay": "5", "max_retry_delay": "2h", "suspend_after": "3",
    "alert_after": "3", "max_age": "1d", "warn_after": "1h", "on_interrupted": "skip",
    "not_on": "sun", "only_on": "[sat, 12-25]", "move": "next",
    "max_runs": "5", "keep": "2d", "delete_after_success": "true",
    "starts": "2026-01-01", "ends": "2027-01-01", "mutex": "x", "shell": "bash", "max_output": "2M",
    "executor": "nas", "retention": "{count: 3}", "report": "output", "ping": "https://example.org/ping",
}  # fmt: skip
"""A value that is not the default, of each key."""


def test_e10_none_undoes_a_default_where_none_is_what_holds_without_it(root: Path) -> None:
    undone = mine(root, ALL, ", env: none, tags: none, max_lateness: none")

    assert (undone.env, undone.tags, undone.max_lateness) == ({}, (), None)
    assert set(undone.from_defaults) == {"timeout", "catch_up", "success_codes"}
    found = loaded(root, f"{ALL}{WITHOUT_SWEEPS}{OWN}, catch_up: none, timeout: none}}\n")
    assert "did you mean skip?" in found.problems[0]  # none is not latest
    assert "timeout" in found.problems[1]


def test_e10_a_key_without_a_value_is_a_mistake_and_no_wish(root: Path) -> None:
    found = loaded(root, f"{ALL}{WITHOUT_SWEEPS}{OWN}, timeout: }}\n")

    assert "mine.timeout" in found.problems[0]


def test_e10_a_default_can_be_undone_where_a_job_of_a_directory_is_changed(root: Path) -> None:
    everywhere(root)
    change = "  decorated: {timeout: null, env: {B: x}}\n"

    changed = jobs_of(loaded(root, f"{ALL}handler_dirs: own\n{WITHOUT_SWEEPS}{change}"))

    job = changed["decorated"]
    assert (job.timeout, job.env, job.tags) == (24 * 3600, {"A": "1", "B": "x"}, ("mine",))
    assert job.from_defaults == ("env", "max_lateness", "tags")


@pytest.mark.parametrize("name", REFUSED)
def test_e10_what_one_job_is_cannot_be_a_default(root: Path, name: str) -> None:
    said = refusal(root, f"defaults:\n  timeout: 1h\n  {name}: x\n")

    assert said == f"scheduled.yaml:3: defaults.{name}: cannot be a default: {REFUSED[name]}"


def test_e10_every_key_of_a_job_is_a_default_or_refused_with_a_reason() -> None:
    names = {key.field or name for name, key in JOB_KEYS.items()}

    assert names == {key.field or name for name, key in DEFAULT_KEYS.items()} | {*REFUSED} - {"id"}


@pytest.mark.parametrize(("text", "said"), [
    ("defaults: [a]\n", "scheduled.yaml:1: defaults: expected keys of a job, found a list"),
    ("defaults: {timeout: soon}\n", 'scheduled.yaml:1: defaults.timeout: "soon": expected'),
    ("defaults:\n  tiemout: 5\n", "scheduled.yaml:2: defaults.tiemout: unknown key; did you mean"),
    ("defaults:\n  nice: 5\n  nice: 6\n", "scheduled.yaml:3: defaults.nice: duplicate key"),
    ("defaults: {timeout: }\n", "scheduled.yaml:1: defaults.timeout: "),
    ("defaults: {timeout: 5, timeout_seconds: 6}\n", "is the same as timeout"),
    ("max_lateness: 6h\n", "for all jobs that are not built in, below defaults:"),
])  # fmt: skip
def test_e10_a_mistake_in_a_default_names_its_place(root: Path, text: str, said: str) -> None:
    assert said in refusal(root, text)


def test_e10_nothing_below_defaults_is_no_default(root: Path) -> None:
    jobs = [replace(mine(root, text), source="") for text in ("", "defaults:\n", "defaults: {}\n")]

    assert jobs[1:] == jobs[:1] * 2


def test_e10_a_default_comes_before_settings_for_all_jobs(root: Path) -> None:
    text = "max_retries: 5\ndefault_timeout: 3h\ndefaults: {max_retries: 1, timeout: 1h}\n"

    found = jobs_of(loaded(root, f"{text}{WITHOUT_SWEEPS}{OWN}}}\n"))

    assert (found["mine"].max_retries, found["mine"].timeout) == (1, 3600)
    assert found["agency.background_learning"].max_retries == 5
    assert found["health"].timeout == 3 * 3600


def test_e10_files_of_gptme_have_the_default_timeout(home: Home) -> None:
    home.configure(f"defaults: {{timeout: 2h}}\n{WITHOUT_SWEEPS}")
    job_file(home.folder, "a.yaml", "id: a\nname: a\nschedule: hourly\ncommand: x\n")

    made = home.call("create", "b", "hourly", "--command", "x", "--name", "b")

    assert made.code == 0
    assert "timeout" not in (home.folder / "jobs/b.yaml").read_text()
    assert [home.jobs()[id_].timeout for id_ in "ab"] == [7200, 7200]


def test_e10_a_default_gives_no_job_what_its_id_does_not_permit(root: Path) -> None:
    job = '  user.one: {schedule: "0 * * * *", command: "true"'
    text = f"defaults: {{nice: -5}}\n{WITHOUT_SWEEPS}"

    found = loaded(root, f"{text}{job}}}\n")

    assert "user.one" not in {job.id for job in found.jobs}
    assert 'nice of defaults: not permitted: "user.one" cannot go before' in found.problems[0]
    assert jobs_of(loaded(root, f"{text}{job}, nice: null}}\n"))["user.one"].nice is None


def test_e10_a_changed_default_reaches_cached_jobs_with_its_type(root: Path) -> None:
    everywhere(root)
    text = f"handler_dirs: own\n{WITHOUT_SWEEPS}{OWN}}}\n"
    seen = []
    for report in ("output", "always", "always"):
        found = loaded(root, f"defaults: {{report: {report}, tags: [a, b]}}\n{text}")
        found.save_caches()
        jobs = jobs_of(found)
        seen.append([jobs[id_].report for id_ in ("mine", "filed", "decorated")])

    assert seen == [[ReportOn(word)] * 3 for word in ("output", "always", "always")]
    again = load.load(options(root))
    assert repr(again.jobs) == repr(found.jobs)
    assert again.own_defaults == found.own_defaults == {"report": "always", "tags": ("a", "b")}


@pytest.mark.parametrize(
    "change",
    [
        "timezone: Asia/Tokyo",
        "timezone: Europe/Athens, first_run: now, jitter: 1m",
    ],
)
def test_e10_a_changed_default_fires_nothing(home: Home, change: str) -> None:
    jobs = f'{WITHOUT_SWEEPS}  mine: {{schedule: "0 12 * * *", command: "true"}}\n'
    home.configure(f"defaults: {{timezone: Europe/London}}\n{jobs}")
    home.call("run", now=at("10:30"))

    home.configure(f"defaults: {{{change}}}\n{jobs}")
    after = json.loads(home.call("run", "--json", now=at("11:30")).out)

    assert after["runs"] == []


def test_e10_show_says_which_values_are_from_defaults_and_where_they_are_set(home: Home) -> None:
    home.configure(f"{ALL}{WITHOUT_SWEEPS}{OWN}, catch_up: latest}}\n")

    page = home.call("show", "mine").out
    document = json.loads(home.call("show", "mine", "--json").out)
    settings = json.loads(home.call(named("config"), "show", "--json").out)["settings"]

    lines = {line.split("  ")[1].strip(): line for line in page.splitlines() if "  " in line}
    assert lines["time limit"].endswith("2 h (from defaults, scheduled.yaml:2)")
    assert lines["success"].endswith("exit codes 0, 3 (from defaults, scheduled.yaml:5)")
    assert "defaults" not in lines["missed runs"]
    assert "B=2 (from defaults, scheduled.yaml:6)" in page
    assert document["definition"]["from_defaults"] == [
        "timeout", "tags", "success_codes", "env", "max_lateness",
    ]  # fmt: skip
    assert settings["defaults"]["value"]["timeout"] == 7200
    assert settings["defaults"]["from"] == "scheduled.yaml:1"


def test_e10_secrets_among_defaults_are_not_shown(home: Home) -> None:
    home.configure(f"defaults: {{env: {{API_TOKEN: hunter22}}}}\n{WITHOUT_SWEEPS}{OWN}}}\n")

    config = named("config")
    shown: list[Any] = [home.call("show", "mine", "--all"), home.call("show", "mine", "--json")]
    shown += [home.call(config, "show"), home.call(config, "show", "--json")]

    assert ["hunter22" in said.out for said in shown] == [False] * 4
    assert all("API_TOKEN" in said.out for said in shown)


def test_e10_update_can_undo_a_default(home: Home) -> None:
    home.configure(f"{ALL}{WITHOUT_SWEEPS}")
    home.call("create", "one", "hourly", "--command", "x")

    changed = home.call("update", "one", "--set", "timeout=null", "--set", "tags=none")

    assert changed.code == 0
    assert (home.jobs()["one"].timeout, home.jobs()["one"].tags) == (24 * 3600, ())

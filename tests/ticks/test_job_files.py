"""Job files under `scheduled run`: the real command line, and when they are read again."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduled.config import load
from scheduled.config.cache import file_for
from scheduled.state.store import Store
from tests.builders import needs
from tests.builders.command import Said, scheduled, state_dir
from tests.builders.configuration import job_file, options
from tests.builders.idle import full_ticks, idle_tick

pytestmark = pytest.mark.slow

AT_ONCE = 'schedule: "0 3 1 1 *"\nfirst_run: now\n'
LONG_AGO = 1_700_000_000
LATELY = datetime.now(UTC)


@pytest.fixture
def home(root: Path) -> Path:
    """A home without the shipped jobs, with one job file that runs at the first tick."""
    names = ("health", "memory_rollover", "mail_cleanup", "metrics", "daily_report")
    off = "".join(f"  {name}: {{enabled: false}}\n" for name in names)
    (root / "scheduled.yaml").write_text(f"jobs:\n{off}")
    (root / "scheduled.yaml").chmod(0o644)
    os.utime(root / "scheduled.yaml", (LONG_AGO, LONG_AGO))
    aged(root, "one")
    return root


def aged(root: Path, name: str, *, at: int = LONG_AGO) -> None:
    """A job file that notes in `out` that it ran; it and its folder changed last long ago."""
    path = job_file(root, f"{name}.yaml", f"id: {name}\ncommand: echo {name} >> out\n{AT_ONCE}")
    os.utime(path, (at, at))
    os.utime(path.parent, (at, at))


def ran(home: Path) -> list[str]:
    out = home / "out"
    return sorted(out.read_text().split()) if out.exists() else []


# What runs


def test_a_tick_runs_the_good_files_and_exits_2_for_the_bad_one(home: Path) -> None:
    job_file(home, "two.yaml", f"id: two\ncommand: echo two >> out\nextra: 1\n{AT_ONCE}")
    job_file(home, "bad.yaml", 'id: bad\nname: Bad\ncommand: echo bad\nschedule: "61 * * * *"\n')

    outcome = scheduled(home, "run")

    sentence = 'jobs/bad.yaml:4: schedule: "61 * * * *": minute 61 is out of range 0-59'
    printed, remark = outcome.err.splitlines()
    assert (outcome.code, outcome.out, printed) == (2, "", f"scheduled: {sentence}")
    assert "`scheduled ack " in remark
    assert ran(home) == ["one", "two"]


def test_a_job_of_an_earlier_version_whose_id_ends_with_a_dash_is_invalid_and_not_forgotten(
    home: Path,
) -> None:
    scheduled(home, "run")
    path = state_dir(home) / "scheduled_state.json"
    known = {"event": "seen", "job": "one-", "anchor": "2026-11-20T12:00:00Z", "watermark": None}
    store = Store(state_dir(home)).load()
    store.record(LATELY, {**known, "fingerprint": "1 0 3 1 1 * UTC"})
    store.checkpoint(LATELY)
    before = json.loads(path.read_text())["jobs"]["one-"]
    aged(home, "one-")
    (home / "jobs" / "one.yaml").unlink()

    outcome = scheduled(home, "run")

    assert outcome.code == 2
    sentence = outcome.err.partition("\n")[0]
    assert sentence.startswith("scheduled: jobs/one-.yaml:1: an id may contain letters, ")
    assert sentence.endswith('; it must not start or end with "." or "-"')
    entry = json.loads(path.read_text())["jobs"]["one-"]
    assert entry.pop("away")["cause"] == "configuration broken"
    assert entry == before


def test_unknown_keys_are_reported_on_request_and_do_not_fail_a_tick(home: Path) -> None:
    job_file(home, "two.yaml", f"id: two\ncommand: echo two >> out\ncomand: x\n{AT_ONCE}")
    warning = "warning: jobs/two.yaml:3: comand: unknown key; did you mean command?\n"

    said = scheduled(home, "config", "validate")
    assert (said.code, said.out.splitlines()[0], said.err) == (0, "ok: 7 jobs", warning)
    assert scheduled(home, "-v", "run").err == f"scheduled: {warning}"
    assert scheduled(home, "run") == Said(0, "", "")


def test_where_a_job_comes_from_is_shown_by_all_that_show_jobs(home: Path) -> None:
    documents = [
        json.loads(scheduled(home, *words, "--json").out)
        for words in (["list"], ["config", "show"])
    ]

    assert [document["jobs"][-1]["source"] for document in documents] == ["jobs/one.yaml:1"] * 2
    assert "jobs/one.yaml:1" in scheduled(home, "show", "one").out
    assert documents[1]["settings"]["jobs_dirs"] == {"value": [f"{home}/jobs"], "from": "default"}


def test_gptmes_real_job_files_run_as_they_are(root: Path) -> None:
    for path in needs.real_data("gptme/jobs").iterdir():
        job_file(root, path.name, path.read_bytes())

    found = load.load(options(root))
    outcomes = [scheduled(root, "trigger", job.id, "--json") for job in found.jobs[5:]]

    assert (found.problems, found.warnings) == ((), ())
    assert [(job.max_retries, job.timeout) for job in found.jobs[5:]] == [(1, 300), (0, 600)]
    assert [outcome.code for outcome in outcomes] == [0, 0]
    assert "complete - " in scheduled(root, "logs", "example-weekly-cleanup").out
    assert "$(" not in scheduled(root, "logs", "example-daily-healthcheck").out


# When they are read again


def test_a_tick_with_nothing_to_do_is_idle_with_job_files_too(home: Path) -> None:
    idle_tick(home)
    idle_tick(home)

    assert (full_ticks(home), ran(home)) == (1, ["one"])


def test_an_idle_tick_notices_a_new_file(home: Path) -> None:
    idle_tick(home)
    aged(home, "two", at=LONG_AGO + 1)

    idle_tick(home)

    assert (full_ticks(home), ran(home)) == (2, ["one", "two"])


def test_an_idle_tick_notices_an_edited_file(home: Path) -> None:
    idle_tick(home)
    path = home / "jobs" / "one.yaml"
    path.write_text(path.read_text().replace("id: one", "id: uno"))
    os.utime(path, (LONG_AGO, LONG_AGO + 1))
    os.utime(path.parent, (LONG_AGO, LONG_AGO))

    idle_tick(home)

    assert ran(home) == ["one", "one"]


def test_an_idle_tick_notices_a_file_and_a_folder_that_are_gone(home: Path) -> None:
    idle_tick(home)
    (home / "jobs" / "one.yaml").unlink()
    idle_tick(home)
    after_the_file = full_ticks(home)
    shutil.rmtree(home / "jobs")
    idle_tick(home)

    assert (after_the_file, full_ticks(home)) == (2, 3)


def test_an_idle_tick_notices_a_folder_that_appears(home: Path) -> None:
    shutil.rmtree(home / "jobs")
    idle_tick(home)
    before = ran(home)
    aged(home, "two")

    idle_tick(home)

    assert (before, ran(home)) == ([], ["two"])


LOADED = """
import json, sys
from scheduled.config import load
from scheduled.config.paths import PathOptions
root = sys.argv[1]
environ = {"HOME": root, "TZ": "Europe/Berlin"}
found = load.load(PathOptions(root=root, state_dir=f"{root}/state", environ=environ))
found.save_caches()
print(json.dumps(["yaml" in sys.modules, sorted(job.id for job in found.jobs[5:])]))
"""


def loaded(root: Path) -> tuple[bool, list[str]]:
    """Whether a process that loads the configuration imports YAML, and the jobs it finds."""
    command = [sys.executable, "-c", LOADED, str(root)]
    done = subprocess.run(command, capture_output=True, check=True)
    imported, jobs = json.loads(done.stdout)
    return imported, jobs


def test_yaml_is_read_only_when_a_file_changed(home: Path) -> None:
    first, second = loaded(home), loaded(home)
    aged(home, "two")
    third, fourth = loaded(home), loaded(home)
    (home / "jobs" / "one.yaml").unlink()
    fifth = loaded(home)

    assert [first, second] == [(True, ["one"]), (False, ["one"])]
    assert [third, fourth] == [(True, ["one", "two"]), (False, ["one", "two"])]
    assert fifth == (False, ["two"])


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"key": 1}', '{"files": []}'])
def test_a_broken_cache_is_as_good_as_none(home: Path, content: str) -> None:
    before = load.load(options(home))
    before.save_caches()
    kept = file_for(home / "state" / "cache", home / "scheduled.yaml", [], "jobs").path
    assert kept.exists()
    kept.write_text(content)

    assert load.load(options(home)) == before


def test_another_zone_counts_at_once(home: Path) -> None:
    zones = [load.load(options(home, TZ=zone)).jobs[-1].timezone for zone in ("UTC", "Asia/Tokyo")]

    assert zones == ["UTC", "Asia/Tokyo"]


def test_a_thousand_job_files_load_and_come_out_of_the_cache_as_they_went_in(home: Path) -> None:
    for number in range(1000):
        job_file(home, f"j{number:04}.yaml", f"id: j{number}\ncommand: [x, y]\nschedule: daily\n")

    cold = load.load(options(home))
    cold.save_caches()
    warm = load.load(options(home))

    assert len(cold.jobs) == 1006
    assert warm == cold
    assert len([path for path in warm.stamps if "/jobs/" in path]) == 1001

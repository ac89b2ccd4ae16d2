"""Who may write to a configuration, and when it is read again."""

import json
import subprocess
import sys
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from scheduled.config import cache, load
from scheduled.errors import ConfigError
from scheduled.jobs.model import Job, Priority
from scheduled.system import stamp_cache
from tests.builders.configuration import loaded, options, written
from tests.builders.jobs import job

# Who else can write to it


def test_a_file_that_others_can_write_to_is_refused_with_the_command_that_mends_it(
    root: Path,
) -> None:
    path = written(root, "")
    path.chmod(0o666)

    with pytest.raises(ConfigError, match=f"type: chmod go-w {path}$"):
        load.load(options(root))


def test_a_folder_that_others_can_write_to_is_refused_unless_it_is_sticky(root: Path) -> None:
    written(root, "")
    root.chmod(0o777)
    with pytest.raises(ConfigError, match=f"others can replace .*chmod go-w {root}$"):
        load.load(options(root))

    root.chmod(0o1777)

    assert load.load(options(root)).problems == ()


def test_the_permissions_of_a_links_target_count_as_well(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    real = written(root, "").rename(tmp_path / "elsewhere" / "real.yaml")
    (root / "scheduled.yaml").symlink_to(real)
    real.parent.chmod(0o777)

    with pytest.raises(ConfigError, match=r"others can replace real.yaml in it"):
        load.load(options(root))


def test_a_change_of_mode_alone_is_noticed_with_a_warm_cache(root: Path) -> None:
    path = written(root, "")
    load.load(options(root)).save_caches()
    path.chmod(0o666)

    with pytest.raises(ConfigError, match="others can write to it"):
        load.load(options(root))


# The cache

IMPORTS_YAML = """
import json, sys
from pathlib import Path
from scheduled.config import load
from scheduled.config.paths import PathOptions
root = sys.argv[1]
environ = {"HOME": root, "TZ": "Europe/Berlin"}
found = load.load(PathOptions(root=root, state_dir=f"{root}/state", environ=environ))
found.save_caches()
print(json.dumps(["yaml" in sys.modules, len(found.jobs)]))
"""


def imports_yaml(root: Path) -> tuple[bool, int]:
    """Whether a process that loads the configuration imports YAML, and how many jobs it finds."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS_YAML, str(root)], capture_output=True, check=True
    )
    yaml, jobs = json.loads(done.stdout)
    return yaml, jobs


def kept_file(root: Path) -> Path:
    (path,) = (root / "state" / "cache").glob("config-*.json")
    return path


def test_a_file_is_parsed_again_only_when_it_changed(root: Path) -> None:
    written(root, "jobs:\n  a: {schedule: daily, command: x}\n")
    first = imports_yaml(root)
    second = imports_yaml(root)
    written(root, "jobs:\n  a: {schedule: daily, command: x}\n  b: {schedule: daily, command: x}\n")
    third = imports_yaml(root)

    assert [first, second, third] == [(True, 6), (False, 6), (True, 7)]


def test_what_comes_out_of_the_cache_is_what_went_in(root: Path) -> None:
    written(
        root,
        "timezone: Asia/Kathmandu\nroutes: {a: {to: ['@b']}}\njobs:\n"
        "  a: {schedule: daily, command: [x, y], tags: [t], catch_up: all, first_run: now}\n"
        "  b: {schedule: daily, command: x, priority: low, max_lateness: none, params: {a: 1}}\n"
        "  health: {timezone: UTC}\n",
    )
    cold = load.load(options(root))
    cold.save_caches()
    warm = load.load(options(root))

    assert warm == cold
    assert warm.origins == cold.origins
    assert type(warm.jobs[-2].priority) is Priority


def test_each_policy_comes_out_of_the_cache_unchanged() -> None:
    words: dict[str, Any] = {
        field.name: list(type(field.default))[-1]
        for field in fields(Job)
        if isinstance(field.default, StrEnum)
    }
    listed = job(command=("a", "b"), only_if=("test", "-e", "x"), tags=("t",), after=("o",))
    made = replace(listed, **words)

    again = cache.job_from_row(json.loads(json.dumps(cache.job_row(made))))

    assert "overlap" in words
    assert repr(again) == repr(
        made
    )  # for a word of a policy is equal to its text, and not the same


def test_a_configuration_that_appears_where_one_was_looked_for_is_noticed(root: Path) -> None:
    general = root / ".config/scheduled/scheduled.yaml"
    general.parent.mkdir(parents=True, mode=0o755)
    written(root, "").rename(general)
    before = load.load(options(root))
    before.save_caches()
    special = written(root, "jobs:\n  a: {schedule: daily, command: x}\n")
    after = load.load(options(root))

    assert special in before.sources
    assert before.stamps[str(special)] is None
    assert (len(before.jobs), len(after.jobs)) == (5, 6)


def test_another_zone_of_the_machine_is_noticed_at_once(root: Path) -> None:
    written(root, "")
    found = []
    for zone in ("UTC", "Asia/Tokyo"):
        config = load.load(options(root, TZ=zone))
        config.save_caches()
        found.append(config.jobs[0].timezone)

    assert found == ["UTC", "Asia/Tokyo"]


def test_a_problem_that_goes_away_by_itself_is_not_kept(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(root))
    before = loaded(root, "jobs:\n  a: {schedule: daily, handler: later_for_a_test.jobs}\n")
    before.save_caches()
    (root / "later_for_a_test").mkdir()
    (root / "later_for_a_test" / "jobs.py").write_text("")
    after = load.load(options(root))

    assert (len(before.problems), len(after.problems)) == (1, 0)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"key": 1}', b"\xff", b"[" * 9999])
def test_a_broken_cache_is_ignored(root: Path, content: bytes) -> None:
    before = loaded(root, "jobs:\n  a: {schedule: daily, command: x}\n")
    before.save_caches()
    kept_file(root).write_bytes(content)

    assert load.load(options(root)) == before


def test_a_cache_that_others_could_have_written_is_ignored(root: Path) -> None:
    loaded(root, "jobs:\n  a: {schedule: daily, command: x}\n").save_caches()
    kept = kept_file(root)
    texts = [line.partition(b"\t")[2] for line in kept.read_bytes().splitlines()]
    evil = [stamp_cache._line(text.replace(b'"x"', b'"evil"')) for text in texts]
    kept.write_bytes(b"".join(evil))
    as_it_is = load.load(options(root)).jobs[-1].command
    kept.chmod(0o666)
    writable = load.load(options(root)).jobs[-1].command

    assert (as_it_is, writable) == ("evil", "x")  # the first shows that the cache was used


def test_a_state_folder_that_cannot_be_written_only_disables_the_cache(root: Path) -> None:
    (root / "state").write_text("a file, where a folder should be")

    config = loaded(root, "jobs:\n  a: {schedule: daily, command: x}\n")
    config.save_caches()

    assert len(config.jobs) == 6


@pytest.mark.slow
def test_ten_thousand_jobs_in_one_file_load(root: Path) -> None:
    lines = [f'  job{n}: {{schedule: "*/{n % 59 + 1} * * * *", command: x}}' for n in range(10_000)]
    cold = loaded(root, "\n".join(["jobs:", *lines]))
    cold.save_caches()
    warm = load.load(options(root))

    assert len(cold.jobs) == 10_005
    assert warm.jobs == cold.jobs

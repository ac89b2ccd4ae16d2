"""Handler folders under `scheduled run`: the real command line, and when files are read again."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.config import load
from scheduled.config.cache import file_for
from scheduled.system import stamp_cache
from tests.builders.command import scheduled
from tests.builders.configuration import job_file, options, written
from tests.builders.handlers import handler_file
from tests.builders.idle import full_ticks, idle_tick
from tests.builders.installed import WITHOUT_SWEEPS

pytestmark = pytest.mark.slow

MANUAL = (Path(__file__).parents[2] / "docs" / "how-to" / "handlers.md").read_text("utf-8")
LONG_AGO = 1_700_000_000
NOTES = """\
from scheduled.handler import handler

@handler(schedule="0 3 1 1 *", first_run="now")
def NAME(context):
    with open(context.root / "out", "a") as out:
        print("NAME", file=out)
"""


@pytest.fixture
def home(root: Path) -> Path:
    """A home without the shipped jobs, with one handler file whose job runs at the first tick."""
    path = written(root, "handler_dirs: handlers\n" + WITHOUT_SWEEPS)
    os.utime(path, (LONG_AGO, LONG_AGO))
    aged(root, "one")
    return root


def aged(root: Path, name: str, *, at: int = LONG_AGO) -> None:
    """A handler file that notes in `out` that it ran; it and its folder changed last long ago."""
    path = handler_file(root, f"{name}.py", NOTES.replace("NAME", name))
    os.utime(path, (at, at))
    os.utime(path.parent, (at, at))


def ran(home: Path) -> list[str]:
    out = home / "out"
    return sorted(out.read_text().split()) if out.exists() else []


def test_a_tick_runs_the_good_files_and_exits_2_for_the_bad_one(home: Path) -> None:
    handler_file(home, "bad.py", "def run(context:\n")

    outcome = scheduled(home, "run")

    sentence = "handlers/bad.py:1: not Python: '(' was never closed"
    problem, silence = outcome.err.splitlines()
    assert (outcome.code, outcome.out, problem) == (2, "", f"scheduled: {sentence}")
    assert silence.startswith("scheduled: incident ")
    assert ran(home) == ["one"]


def test_where_a_job_comes_from_is_shown_by_all_that_show_jobs(home: Path) -> None:
    documents = [
        json.loads(scheduled(home, *words, "--json").out)
        for words in (["list"], ["config", "show"])
    ]

    sources = [{job["id"]: job["source"] for job in document["jobs"]} for document in documents]
    assert [source["one"] for source in sources] == ["handlers/one.py:4"] * 2
    assert documents[1]["settings"]["handler_dirs"] == {
        "value": [f"{home}/handlers"],
        "from": "scheduled.yaml:1",
    }


def test_what_a_file_says_when_it_is_run_ends_only_its_own_run(home: Path) -> None:
    handler_file(home, "one.py", NOTES.replace("NAME", "one") + "import nowhere_to_be_found\n")

    outcome = scheduled(home, "run")

    assert outcome.code == 1
    assert "no module called nowhere_to_be_found" in outcome.err


def test_a_file_is_run_as_it_stands_and_leaves_no_bytecode(home: Path) -> None:
    scheduled(home, "trigger", "one")
    path = home / "handlers" / "one.py"
    path.write_text(path.read_text().replace('print("one"', 'print("ONE"'))
    os.utime(path, (LONG_AGO, LONG_AGO))  # the very time and size it had

    scheduled(home, "trigger", "one")

    assert ran(home) == ["ONE", "one"]
    assert [file.name for file in path.parent.iterdir()] == ["one.py"]


def test_params_are_checked_against_the_table_of_the_file(home: Path) -> None:
    table = 'from scheduled.handler import Kind, Param\nPARAMS = {"n": Param("x", Kind.COUNT, 1)}\n'
    handler_file(home, "one.py", table + NOTES.replace("NAME", "one"))
    job_file(home, "two.yaml", "id: two\nschedule: daily\nhandler: one\nparams: {m: 1}\n")

    outcome = scheduled(home, "config", "validate")

    assert (outcome.code, ran(home)) == (2, [])
    assert "jobs/two.yaml:1: two: params.m: unknown param; known are n" in outcome.out


def test_a_tick_with_nothing_to_do_is_idle_with_handler_files_too(home: Path) -> None:
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
    path = home / "handlers" / "one.py"
    path.write_text(path.read_text().replace("def one", "def uno"))
    os.utime(path, (LONG_AGO, LONG_AGO + 1))
    os.utime(path.parent, (LONG_AGO, LONG_AGO))

    idle_tick(home)

    assert (full_ticks(home), ran(home)) == (2, ["one", "one"])


def test_an_idle_tick_notices_a_file_that_is_gone(home: Path) -> None:
    idle_tick(home)
    (home / "handlers" / "one.py").unlink()
    idle_tick(home)

    assert full_ticks(home) == 2
    assert '"one"' not in scheduled(home, "list", "--json").out


def test_a_job_file_whose_handler_is_gone_is_told_though_it_did_not_change(home: Path) -> None:
    job_file(home, "two.yaml", "id: two\nschedule: daily\nhandler: one\n")
    before = scheduled(home, "config", "validate")
    (home / "handlers" / "one.py").unlink()

    after = scheduled(home, "config", "validate")

    assert (before.code, after.code) == (0, 2)
    assert 'jobs/two.yaml:3: handler: "one": unknown handler' in after.out


LOADED = """
import json, sys
from scheduled.config import load
from scheduled.config.paths import PathOptions
root = sys.argv[1]
environ = {"HOME": root, "TZ": "Europe/Berlin"}
found = load.load(PathOptions(root=root, state_dir=f"{root}/state", environ=environ))
found.save_caches()
read = {"yaml", "scheduled.config.handler_source"} & {*sys.modules}
print(json.dumps([bool(read), [job.id for job in found.jobs[:-5]]]))
"""


def loaded(root: Path) -> list[object]:
    """Whether a process that loads the configuration reads a file for it, and what it finds."""
    command = [sys.executable, "-c", LOADED, str(root)]
    done: list[object] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return done


def test_files_are_read_only_when_one_changed(home: Path) -> None:
    first, second = loaded(home), loaded(home)
    aged(home, "two")
    third, fourth = loaded(home), loaded(home)

    assert [first, second] == [[True, ["one"]], [False, ["one"]]]
    assert [third, fourth] == [[True, ["one", "two"]], [False, ["one", "two"]]]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"key": 1}', '{"files": []}'])
def test_a_broken_cache_is_as_good_as_none(home: Path, content: str) -> None:
    before = load.load(options(home))
    before.save_caches()
    kept = file_for(home / "state" / "cache", home / "scheduled.yaml", [], "handlers").path
    assert kept.exists()
    kept.write_text(content)

    assert load.load(options(home)) == before


def test_a_broken_row_in_the_cache_is_as_good_as_none(home: Path) -> None:
    before = load.load(options(home))
    before.save_caches()
    kept = file_for(home / "state" / "cache", home / "scheduled.yaml", [], "handlers").path
    key, rows = (line.partition(b"\t")[2] for line in kept.read_bytes().splitlines())
    broken = {path: [*row[:3], ["x"]] for path, row in json.loads(rows).items()}
    kept.write_bytes(stamp_cache._line(key) + stamp_cache._line(json.dumps(broken).encode()))

    assert load.load(options(home)) == before


def test_the_example_in_the_manual_runs(root: Path) -> None:
    section = MANUAL.split("\n## Handler directories\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    handler_file(root, "photos.py", code)
    written(root, text)

    outcomes = [scheduled(root, "trigger", job, "--json") for job in ("thumbnails", "count-photos")]

    results = [json.loads(outcome.out)["runs"][0]["result"] for outcome in outcomes]
    assert results == [{"size": 256}, {"photos": 0}]

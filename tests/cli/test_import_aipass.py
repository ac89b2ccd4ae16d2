"""`config import --from aipass`, from the branches of a registry or below a directory."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.builders.command import BARE, Said, scheduled, state_dir
from tests.builders.installed import rows

WEEKLY = {"type": "interval", "interval_minutes": 10080, "slot": "2026-09-14T04:00:00"}
ODD = {"type": "interval", "interval_minutes": 100, "slot": "2026-09-14T04:07:00Z"}
SWEEP = {"id": "sweep", "schedule": WEEKLY, "command": "drone rm *.tmp ; echo 'x y'"}
PROMPT = {"id": "rounds", "schedule": {"type": "daily", "time": "05:00"}, "prompt": "Look."}
DRONE = '#!/bin/sh\npwd > seen\nprintf "%s\\n" "$@" >> seen\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three branches, one of which is not active, in a registry with relative paths."""
    root = tmp_path / "root"
    branches = []
    for name, status in (("flow", "active"), ("api", "active"), ("old", "inactive")):
        (root / "src" / name / ".daemon").mkdir(parents=True)
        entry = {"name": name.upper(), "path": f"src/{name}", "email": f"@{name}"}
        branches.append({**entry, "profile": "", "description": "", "status": status})
    registry = {"metadata": {"total_branches": 3}, "branches": branches}
    (root / "AIPASS_REGISTRY.json").write_text(json.dumps(registry))
    root.chmod(0o755)
    put(root, "flow", SWEEP, PROMPT)
    put(root, "api", {**SWEEP, "schedule": ODD}, {**SWEEP, "id": "bad", "command": "rm x"})
    put(root, "old", {**SWEEP, "id": "retired"})
    return root


def put(root: Path, branch: str, *jobs: Any, name: str = "schedule.json") -> Path:
    path = root / "src" / branch / ".daemon" / name
    path.write_text(json.dumps({"version": 1, "branch": f"@{branch}", "jobs": jobs}, indent=1))
    return path


def told(root: Path, *words: str) -> Any:
    return json.loads(scheduled(root, "config", "import", *words, "--json").out)


def call(root: Path, *words: str) -> Said:
    return scheduled(root, "config", "import", *words)


def test_the_branches_of_the_registry_are_shown_in_one_table(root: Path) -> None:
    out = call(root, "--from", "aipass").out

    lines = [line.split(maxsplit=2) for line in out.splitlines()[2:9]]
    assert [line[:2] for line in lines] == [
        ["FROM", "JOB"],
        ["api/.daemon/schedule.json:5", "api-sweep"],
        ["api/.daemon/schedule.json:14", "bad"],
        ["flow/.daemon/schedule.json:5", "flow-sweep"],
        ["flow/.daemon/schedule.json:14", "rounds"],
        ["old/.daemon/schedule.json:5", "retired"],
        [],
    ]
    assert lines[2][2].endswith("not imported: command: begins with rm; AIPass only runs drone")
    assert lines[4][2].endswith("nothing yet: a prompt for an agent of AIPass (disabled)")
    assert lines[5][2].startswith("not imported: its branch is not active")
    assert not (root / "jobs").exists()


def test_an_imported_command_runs_without_a_shell_in_its_branch(root: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/drone").write_text(DRONE)
    (tmp_path / "bin/drone").chmod(0o755)
    (root / "src/flow/a.tmp").touch()

    said = call(root, "--from", "aipass", "--yes")
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    scheduled(root, "run", "--only", "flow-sweep", "--force", env={**BARE, "PATH": path})

    assert said.code == 0
    assert "  flow/.daemon/schedule.json:5: sweep\n" in said.out
    assert ":14: rounds\n" not in said.out
    assert (root / "src/flow/seen").read_text().splitlines() == [
        str(root / "src/flow"), "rm", "*.tmp", ";", "echo", "x y",
    ]  # fmt: skip
    assert [row["outcome"] for row in rows(root) if row["job"] == "flow-sweep"] == ["succeeded"]


def test_an_interval_goes_on_in_the_rhythm_of_its_slot(root: Path) -> None:
    call(root, "--from", "aipass", "--yes")

    entry = json.loads((state_dir(root) / "scheduled_state.json").read_text())["jobs"]["api-sweep"]
    anchor = entry["anchor"]
    assert (
        anchor < json.loads(scheduled(root, "next", "api-sweep", "--json").out)["next"][0]["slot"]
    )
    assert anchor.endswith(":00Z")


def test_a_second_import_adds_what_is_new(root: Path) -> None:
    call(root, "--from", "aipass", "--yes")
    put(
        root,
        "flow",
        {**SWEEP, "id": "more", "schedule": {"type": "hourly", "time": "7"}},
        name="b.json",
    )

    again = told(root, "--from", "aipass", "--yes")

    assert [job["id"] for job in again["jobs"]] == ["more"]
    assert [job["file"] for job in again["jobs"]] == ["flow/.daemon/b.json"]
    assert sorted(path.stem for path in (root / "jobs").iterdir()) == [
        "api-sweep", "flow-sweep", "more", "rounds",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["src/flow"], ["sweep", "rounds"]),
        (["src/flow/.daemon"], ["sweep", "rounds"]),
        (["src/flow/.daemon/schedule.json"], ["sweep", "rounds"]),
        (["--from", "aipass", "src/flow"], ["sweep", "rounds"]),
        (["src"], ["api-sweep", "flow-sweep", "rounds", "retired"]),
        (["."], ["flow-sweep", "rounds", "api-sweep"]),
    ],
)
def test_it_reads_a_file_and_what_is_below_a_directory(
    root: Path, words: list[str], ids: list[str]
) -> None:
    said = scheduled(root, "config", "import", *words, "--json", cwd=root)
    found = json.loads(said.out)

    assert found["kind"] == "aipass"
    assert [job["id"] for job in found["jobs"]] == ids
    assert all(f"cwd: {root}/src/" in job["text"] for job in found["jobs"])


def test_what_is_planted_beside_the_files_is_named_and_not_followed(root: Path) -> None:
    daemon = root / "src/api/.daemon"
    os.mkfifo(daemon / "a.json")
    (daemon / "b.json").mkdir()
    (daemon / "c.json").symlink_to("/nonexistent")
    (daemon / "d.json").write_text("{")
    (daemon / ".hidden.json").write_text("{")
    (daemon / "notes.txt").write_text("{")

    found = told(root, "--from", "aipass")

    assert [job["id"] for job in found["jobs"]] == ["flow-sweep", "rounds", "api-sweep"]
    named = [part["file"] for part in found["left_out"] if part["text"] == "the file"]
    assert named == [f"api/.daemon/{letter}.json" for letter in "abcd"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--from", "aipass", "-"], "not from standard input"),
        (["/nonexistent", "--from", "aipass"], "no such file"),
        (["jobs"], "no .daemon/*.json in it"),
        ([], "give one of: a file, - for standard input, --crontab; or --from aipass"),
        (["--from", "gptme", "src"], "is a directory"),
    ],
)
def test_without_anything_to_read_it_says_what_to_name(
    root: Path, words: list[str], reason: str
) -> None:
    (root / "jobs").mkdir()

    with (root / "src/flow/.daemon/schedule.json").open() as stdin:
        said = scheduled(root, "config", "import", *words, cwd=root, stdin=stdin)

    assert (said.code, reason in said.err) == (2, True)
    assert said.is_plain_speech


def test_without_a_registry_it_asks_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o755)

    said = call(tmp_path / "empty", "--from", "aipass")

    assert said.code == 2
    assert "or name a file, or the directory of a branch, to import from" in said.err

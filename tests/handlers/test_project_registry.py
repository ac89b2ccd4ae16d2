"""The registry of projects: mistakes in it, false claims, and what is published of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from handlers.gaia import project_health
from scheduled.ecosystem.registry import RegistryError
from tests.builders import needs
from tests.builders.project_sweeps import BOOLEANS, facts, health, of
from tests.builders.repositories import (
    changed,
    git,
    made,
    registry,
)


@pytest.mark.parametrize(
    ("claims", "finding"),
    [
        ({"git": False}, "git: registered as false, and there is a repository"),
        ({"git": True}, ""),
        ({"git": "yes"}, "git: expected true or false"),
        ({"git_remote": "git@example.org:A/b"}, ""),
        ({"git_remote": "ssh://git@example.org:22/a/b.git/"}, ""),
        (
            {"git_remote": None},
            "git_remote: registered as none, and it is https://example.org/a/b.git",
        ),
        (
            {"git_remote": "https://x.org/a/c"},
            "git_remote: registered as https://x.org/a/c, and it is https://example.org/a/b.git",
        ),
        ({"python": "3.10+"}, ""),
        ({"python": "3.9+"}, "python: registered as 3.9+, and the project requires >=3.10,<4"),
        ({"version": "v1.2"}, ""),
        ({"version": "1.3"}, "version: registered as 1.3, and the project states 1.2.0"),
        ({"version": 7}, "version: expected text"),
    ],
)
def test_false_claims_are_found(projects: Path, claims: dict[str, Any], finding: str) -> None:
    text = '[project]\nversion = "1.2.0"\nrequires-python = ">=3.10,<4"\n'
    project = made(projects / "a", **{"pyproject.toml": text})
    git(project, "remote", "add", "origin", "https://me:s3cret@example.org/a/b.git")

    entry = of({"path": str(project), **claims}, projects)

    assert entry["findings"] == ([finding] if finding else [])
    assert "s3cret" not in json.dumps(entry)


def test_a_repository_that_is_claimed_and_missing_is_found(projects: Path) -> None:
    (projects / "a").mkdir()

    entry = of(
        {"path": str(projects / "a"), "git": True, "git_remote": "https://x.org/y"}, projects
    )

    assert entry["findings"] == ["git: registered as true, and there is no repository"]


def test_the_real_registry_names_projects_that_are_absent_here(projects: Path) -> None:
    real = json.loads(needs.real_data("gaia/registry.json").read_text())
    registry(projects, real["projects"])

    entries = health(projects)

    assert len(entries) == len(real["projects"]) == 18
    assert {tuple(facts(entry, *BOOLEANS)) for entry in entries.values()} == {(False,) * 4}
    assert all("is a path of Windows" in entry["findings"][0] for entry in entries.values())


def test_every_mistake_in_an_entry_is_a_finding_of_that_project_alone(projects: Path) -> None:
    good = made(projects / "a b")
    entries = {
        "good": {"path": str(good)},
        "relative": {"path": "a b/../a b"},
        "twice": {"path": f"{good}/"},
        "gone": {"path": str(projects / "gone")},
        "none": {},
        "empty": {"path": ""},
        "number": {"path": 7},
        "list": [],
        "nothing": None,
        "zero": {"path": "a\0b"},
        "half": {"path": "/\ud800"},
        "file": {"path": str(projects / "registry.json")},
    }
    registry(projects, entries)

    found = health(projects)

    assert {key: entry["findings"] for key, entry in found.items()} == {
        "good": [],
        "relative": [],
        "twice": ["the same path as good"],
        "gone": ["absent: no such directory"],
        "none": ["no path is registered"],
        "empty": ["no path is registered"],
        "number": ["path: expected text"],
        "list": ["its entry is not an object"],
        "nothing": ["its entry is not an object"],
        "zero": ["path: not a path"],
        "half": ["path: not a path"],
        "file": ["the directory cannot be read: not a directory"],
    }
    assert found["twice"]["branch"] == "main"


def test_a_file_of_another_kind_does_not_hide_the_branches(projects: Path) -> None:
    (projects / "registry.json").write_text('{"packages": []}')
    branches = [{"name": "DRONE", "path": str(made(projects / "drone"))}]
    document = json.dumps({"metadata": {}, "branches": branches})
    (projects / "BRANCH_REGISTRY.json").write_text(document)

    assert [*health(projects)] == ["DRONE"]


def test_a_param_that_is_no_path_is_refused(projects: Path) -> None:
    with pytest.raises(RegistryError, match="not a path"):
        health(projects, registry="a\0b")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "registry.json not found"),
        ("{", "not JSON"),
        ("[]", "no projects in it"),
        ('{"projects": []}', "no projects in it"),
    ],
)
def test_an_unusable_registry_is_an_error(projects: Path, content: str | None, reason: str) -> None:
    if content is not None:
        (projects / "registry.json").write_text(content)

    with pytest.raises(RegistryError, match=reason):
        health(projects)


def test_another_registry_can_be_named(projects: Path) -> None:
    registry(projects / "else", {"a": made(projects / "else" / "a")}, "list.json")

    assert [*health(projects, registry="else/list.json")] == ["a"]


def test_the_branches_of_aipass_are_projects_where_there_is_no_other_registry(
    projects: Path,
) -> None:
    branches = [
        {"name": "DRONE", "path": str(made(projects / "drone")), "status": "active"},
        {"name": "OLD", "path": str(projects / "old"), "status": "retired"},
    ]
    path = projects / "BRANCH_REGISTRY.json"
    path.write_text(json.dumps({"metadata": {}, "branches": branches}))

    assert facts(health(projects)["DRONE"], "branch", "dirty") == ["main", False]
    assert [*health(projects, registry="BRANCH_REGISTRY.json")] == ["DRONE"]


def test_the_central_file_has_all_and_keeps_what_other_jobs_wrote(projects: Path) -> None:
    registry(projects, {"a": changed(made(projects / "a")), "b": projects / "b"})
    central = projects / "central" / "PROJECTS.central.json"
    central.parent.mkdir()
    central.write_text('{"warden_scan": {"x": 1}}')

    entries = health(projects)

    document = json.loads(central.read_text())
    assert document["projects"] == entries
    assert document["warden_scan"] == {"x": 1}
    assert document["totals"] == {
        "projects": 2,
        "exist": 1,
        "repositories": 1,
        "dirty": 1,
        "with_findings": 1,
    }


def test_a_broken_central_file_is_put_aside(projects: Path) -> None:
    registry(projects, {"a": projects / "a"})
    (projects / "central").mkdir()
    (projects / "central" / "PROJECTS.central.json").write_text("{torn")

    health(projects)

    kept = [*(projects / "central").glob("PROJECTS.central.json.corrupt-*")]
    assert [path.read_text() for path in kept] == ["{torn"]


def test_the_result_of_many_projects_has_those_with_findings(projects: Path) -> None:
    (projects / "there").mkdir()
    many = {f"p{number}": projects / "there" / "." for number in range(1)}
    many |= {f"q{number}": projects / f"gone-{number}" for number in range(project_health.LISTED)}
    registry(projects, many)

    entries = health(projects)

    document = json.loads((projects / "central" / "PROJECTS.central.json").read_text())
    assert len(entries) == project_health.LISTED
    assert "p0" not in entries
    assert len(document["projects"]) == project_health.LISTED + 1

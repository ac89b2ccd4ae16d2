"""The jobs for projects as people meet them: `--once`, `projects`, and when they are on."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import needs
from tests.builders.command import BARE, call, options, scheduled
from tests.builders.repositories import changed, cloned, committed, git, made, registry

BOOLEANS = ["exists", "has_git", "has_tests", "has_claude_md"]


def once(root: Path) -> dict[str, Any]:
    results: dict[str, Any] = json.loads(scheduled(root, "--once").out)
    return results


def enabled(root: Path) -> bool:
    rows = json.loads(scheduled(root, "list", "--json").out)["jobs"]
    return any(row["id"] == "project_health" and row["enabled"] for row in rows)


def test_a5_once_prints_what_gaia_prints(root: Path) -> None:
    registry(root, {"a": made(root / "a"), "b": {"path": "X:/Projects/B"}})

    result = once(root)["project_health"]

    assert [*result] == ["task", "status", "timestamp", "output"]
    assert (result["task"], result["status"]) == ("project_health", "success")
    assert result["timestamp"].endswith("+00:00")
    assert {name: [*entry][:4] for name, entry in result["output"].items()} == {
        "a": BOOLEANS,
        "b": BOOLEANS,
    }


def test_the_real_registry_is_18_absent_projects_and_no_error(root: Path) -> None:
    (root / "registry.json").write_bytes(needs.real_data("gaia/registry.json").read_bytes())

    result = once(root)["project_health"]

    assert result["status"] == "success"
    assert len(result["output"]) == 18
    assert not any(entry["exists"] for entry in result["output"].values())
    assert "18 projects, 18 with findings" in scheduled(root, "projects").out


def test_what_is_said_without_a_registry_fits_the_terminal(root: Path) -> None:
    said = scheduled(root, "projects", env={**BARE, "COLUMNS": "40"})

    assert said.out.startswith("No registry of projects in ")
    assert [line for line in said.out.splitlines() if len(line) > 40 and " " in line] == []


def test_a_missing_registry_is_an_error_where_the_job_is_wanted(root: Path) -> None:
    scheduled(root, "enable", "project_health")

    result = once(root)["project_health"]

    assert (result["status"], result["error"]) == ("error", "registry.json not found")
    assert str(root) in scheduled(root, "logs", "project_health").out


def test_a6_without_rules_compliance_is_skipped_and_the_tick_is_silent(root: Path) -> None:
    registry(root, {"a": made(root / "a")})

    said = scheduled(root, "run")

    assert (said.code, said.out, said.err) == (0, "", "")
    results = once(root)
    assert results["stale_cache"]["output"]["cache_dirs"] == 0
    assert results["warden_scan"]["status"] == "skipped"
    assert results["warden_scan"]["output"] == {"reason": "no rules configured"}


def test_a25_once_can_log_as_gaia_does_beside_its_json(root: Path) -> None:
    registry(root, {"a": root / "a"})

    said = scheduled(root, "--once", "--verbose")

    assert json.loads(said.out)["project_health"]["status"] == "success"
    assert " [gaia.runtime] INFO: project_health: success" in said.err


@pytest.mark.parametrize("word", ["--force", "--all"])
def test_a18_a_tick_can_run_what_is_not_due(root: Path, word: str) -> None:
    registry(root, {"a": root / "a"})
    scheduled(root, "run")

    said = scheduled(root, "run", "--json", word)

    ran = [run["job"] for run in json.loads(said.out)["runs"]]
    assert sorted(ran) == ["project_health", "stale_cache", "warden_scan"]


def test_a_registry_that_comes_and_goes_is_noticed_by_the_next_tick(root: Path) -> None:
    central = root / "elsewhere" / "PROJECTS.central.json"
    configured = root / "scheduled.yaml"
    configured.write_text(f"central_dir: {central.parent}\n")
    configured.chmod(0o644)
    scheduled(root, "run")
    assert not enabled(root)

    path = registry(root, {"a": root / "a"})
    scheduled(root, "run")
    assert enabled(root)
    assert [*json.loads(central.read_text())["projects"]] == ["a"]

    path.write_text('{"$schema": "https://example.org/registry", "projects": {}}')
    assert not enabled(root)
    path.unlink()
    assert not enabled(root)


def test_problems_come_first_and_the_table_fits(root: Path) -> None:
    broken = made(root / "broken")
    (broken / ".git" / "HEAD").write_text("nonsense")
    ahead = committed(cloned(root / "ahead"))
    (root / "plain").mkdir()
    projects = {
        "clean": made(root / "clean"),
        "plain": root / "plain",
        "ahead": ahead,
        "dirty": changed(made(root / "dirty")),
        "gone": root / "gone",
        "broken": broken,
    }
    registry(root, projects)
    assert all(line.split()[1] == "unknown" for line in rows_of(scheduled(root, "projects").out))

    ran = scheduled(root, "run", "--verbose")
    assert (ran.code, "project_health" in ran.out) == (0, True), ran

    lines = rows_of(scheduled(root, "projects").out)
    assert [line.split()[0] for line in lines] == [
        *("broken", "gone", "ahead", "dirty", "clean", "plain")
    ]
    assert [" ".join(line.split()[1:]) for line in lines[2:]] == [
        "clean main 1 ahead",
        "dirty main 1 changed",
        "clean main",
        "no repository",
    ]
    document = json.loads(scheduled(root, "projects", "--json").out)
    assert [*document["projects"]] == [line.split()[0] for line in lines]


def rows_of(printed: str) -> list[str]:
    return printed.splitlines()[1:-1]


def test_what_is_printed_does_nothing_to_a_terminal(root: Path) -> None:
    project = made(root / "a")
    git(project, "remote", "add", "origin", "https://x.org/\x1b[31mred")
    registry(root, {"evil \x1b[2J": {"path": str(project), "git_remote": "https://\x1b[1m"}})
    scheduled(root, "run")

    assert "\x1b" not in scheduled(root, "projects").out
    assert "\x1b" not in scheduled(root, "projects", "--json").out


def test_a_project_of_another_path_is_not_taken_for_the_one_that_was_looked_into(
    root: Path,
) -> None:
    registry(root, {"a": made(root / "a")})
    scheduled(root, "run")

    registry(root, {"a": root / "b"})

    entry = json.loads(scheduled(root, "projects", "--json").out)["projects"]["a"]
    assert entry["exists"] is None


def test_without_a_registry_a_sentence_says_so(root: Path) -> None:
    said = scheduled(root, "projects")

    assert said.code == 0
    assert said.out.startswith(f"No registry of projects in {root}: registry.json not found.")


def test_a_broken_registry_is_an_error_that_says_where(root: Path) -> None:
    (root / "registry.json").write_text('{"$schema": "gaia-registry-v1", "projects": {')

    for words in (["projects"], ["trigger", "project_health"]):
        said = scheduled(root, *words)
        assert said.code == 1
        assert "registry.json: not JSON" in said.out + said.err
        assert said.is_plain_speech


def test_a_folder_with_a_registry_is_the_root_of_who_stands_in_it(root: Path) -> None:
    registry(root, {"a": root / "a"})
    state = options(root)[2:]

    said = call([*state, "list", "--json"], cwd=root, env={**BARE, "HOME": str(root / "home")})

    rows = {row["id"]: row["enabled"] for row in json.loads(said.out)["jobs"]}
    assert rows["project_health"] is True


def test_the_daily_report_names_what_was_found(root: Path) -> None:
    registry(root, {"a": changed(made(root / "a")), "b": root / "b"})
    scheduled(root, "enable", "daily_report")
    before = scheduled(root, "daily-report", "--stdout", "--no-send").out
    assert "## Projects" not in before
    assert "unknown" not in before
    scheduled(root, "run", "--only", "project_health")

    report = scheduled(root, "daily-report", "--stdout", "--no-send").out

    section = report.partition("## Projects\n")[2].split("\n\n")[0]
    assert section.splitlines() == [
        "- Registered: 2",
        "- With changes that are not committed: 1",
        "- With findings: 1",
        "  - b: absent: no such directory",
    ]


def test_ten_thousand_projects_are_no_trouble(root: Path) -> None:
    registry(root, {f"p{number}": root / f"gone-{number}" for number in range(10_000)})

    said = scheduled(root, "run")

    document = json.loads(scheduled(root, "projects", "--json").out)
    assert said.code == 0
    assert len(document["projects"]) == 10_000
    journal = sum(path.stat().st_size for path in (root.parent).rglob("journal/*.jsonl"))
    assert 0 < journal < 1 << 20


def test_another_registry_is_configured_by_a_param(root: Path) -> None:
    other = root / "other"
    other.mkdir()
    registry(other, {"a": other / "a"}, "list.json")
    path = root / "scheduled.yaml"
    path.write_text("jobs:\n  project_health: {params: {registry: other/list.json}}\n")
    path.chmod(0o644)

    assert [*once(root)["project_health"]["output"]] == ["a"]
    assert [*json.loads(scheduled(root, "projects", "--json").out)["projects"]] == ["a"]

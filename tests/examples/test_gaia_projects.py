"""examples/gaia-projects with real repositories of git, one of them with a remote."""

from pathlib import Path

import pytest

from tests.builders import needs
from tests.builders.examples import Example
from tests.builders.message_servers import Server
from tests.builders.repositories import changed, committed, git, made, registry


@pytest.fixture
def example(tmp_path: Path, web: Server) -> Example:
    needs.programs("git")
    example = Example("gaia-projects", tmp_path)
    example.secret("phone.url", f"http://127.0.0.1:{web.port}/topic")
    path = example.root / "scheduled.yaml"
    path.write_text(path.read_text().replace("    max_cpu_percent: 80\n", ""))
    projects = example.home / "projects"
    readme = {"README.md": "one\n"}
    made(projects / "one.origin", **readme)
    git(projects, "clone", "-q", "one.origin", "one")
    one = projects / "one"
    two = made(projects / "two", **{"README.md": "two\n"})
    registry(example.root, {"one": one, "two": two})
    return example


def test_projects_are_fetched_looked_at_and_a_finding_is_told_once_until_it_is_gone(
    example: Example, web: Server
) -> None:
    projects = example.home / "projects"
    example.tick("2026-11-20 07:30")  # a Friday
    first = example.tick("2026-11-20 08:00")
    committed(projects / "one.origin")
    example.tick("2026-11-20 08:50")
    for minute in range(2):
        example.tick(f"2026-11-20 09:0{minute}")
    seen = example.rows("project_health")[-1]["result"]
    calm = [*web.accepted]
    (projects / "two/.env").write_text("TOKEN=x\n")
    git(projects / "two", "add", ".")
    git(projects / "two", "commit", "-qm", "oops")
    for when in ("23 07:30", "23 09:00", "23 09:01", "23 10:00", "23 12:00"):
        example.tick(f"2026-11-{when}")
    told = [message["body"] for message in web.accepted]
    git(projects / "two", "rm", "-q", ".env")
    git(projects / "two", "commit", "-qm", "gone")
    example.tick("2026-11-24 07:30")

    for minute in range(
        2
    ):  # the second tick has what still waited for `project_health` in the first
        example.tick(f"2026-11-24 09:0{minute}")

    assert first["project_health"]["outcome"] == "succeeded"
    assert (seen["one"]["behind"], seen["two"]["dirty"]) == (1, False)
    assert calm == []
    assert len(told) == 1
    assert told[0].startswith("findings: failing")
    assert "two: .env: forbidden" in told[0]
    assert len(web.accepted) == 2
    assert example.outcomes("findings")[-1] == "succeeded"


def test_a_weekend_without_ticks_is_looked_at_once_on_monday(example: Example) -> None:
    example.tick("2026-11-19 10:00")

    rows = example.tick("2026-11-23 10:00")
    rows |= example.tick("2026-11-23 10:01")

    assert rows["project_health"]["missed"] > 90
    assert (rows["findings"]["outcome"], rows["findings"]["missed"]) == ("succeeded", 1)


def test_a_remote_out_of_reach_stops_no_other_and_is_news_after_three_hours(
    example: Example, web: Server
) -> None:
    projects = example.home / "projects"
    (projects / "one.origin").rename(projects / "away")
    git(projects / "two", "remote", "add", "origin", str(made(projects / "other")))
    example.tick("2026-11-20 11:00")

    row = example.tick("2026-11-20 12:00")["fetch"]
    example.tick("2026-11-20 12:03")  # the retry
    told = []
    for hour in range(13, 17):
        for minute in (0, 3):
            example.tick(f"2026-11-20 {hour}:{minute:02}")
        told.append([message["body"].splitlines()[0] for message in web.accepted])

    assert (row["outcome"], row["result"]) == ("failed", {"fetched": 1, "failed": ["one"]})
    assert told == [[], ["fetch: failing"], ["fetch: failing"], ["fetch: failing"]]


def test_a_repository_of_somebody_else_is_left_alone(example: Example) -> None:
    needs.root()
    from tests.builders.people import give

    give(example.home / "projects/one")

    row = example.tick("2026-11-20 12:00", "fetch")["fetch"]

    assert row["result"] == {"fetched": 1, "failed": []}


def test_changes_that_are_not_committed_are_no_reason_to_call(
    example: Example, web: Server
) -> None:
    changed(example.home / "projects/two")
    example.tick("2026-11-20 07:30")
    example.tick("2026-11-20 08:00")

    rows = example.tick("2026-11-20 09:00") | example.tick("2026-11-20 09:01")
    row = rows["findings"]

    assert row["result"] == {"projects": 2}
    assert web.accepted == []

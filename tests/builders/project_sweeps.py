"""The handler `project_health`, called on a registry of projects."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handlers.gaia import project_health
from scheduled.handler import Context
from tests.builders.repositories import registry

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
BOOLEANS = ["exists", "has_git", "has_tests", "has_claude_md"]


def context(root: Path, now: datetime = NOW, cache: str = "cache", **params: Any) -> Context:
    """What a run of a job for projects gets."""
    return Context(
        "project_health", "run", now, UTC, root, root / "central", root / cache, params=params
    )


def health(root: Path, now: datetime = NOW, **params: Any) -> dict[str, Any]:
    """What the handler returns."""
    return project_health.run(context(root, now, **params))


def of(project: Path | dict[str, Any], root: Path) -> dict[str, Any]:
    """What is said of a single project."""
    registry(root, {"one": project})
    entry: dict[str, Any] = health(root)["one"]
    return entry


def facts(entry: dict[str, Any], *names: str) -> list[Any]:
    """Some of what is said of a project."""
    return [entry[name] for name in names]

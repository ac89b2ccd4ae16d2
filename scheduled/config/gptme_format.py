"""gptme's job files, which are read as they are: what tells them from files written for us."""

from collections.abc import Set as AbstractSet

REQUIRED = frozenset({"id", "name", "command", "schedule"})
OPTIONAL = frozenset({"description", "priority", "enabled", "max_retries", "timeout_seconds"})
TIMEOUT = 300.0
"""Seconds that a job of gptme may run if neither its file nor the configuration says so."""


def is_job_file(keys: AbstractSet[str]) -> bool:
    """Return whether a file with these keys is one of gptme's: all it requires, nothing of ours."""
    return keys >= REQUIRED and keys <= REQUIRED | OPTIONAL

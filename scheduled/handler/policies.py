"""The keys of a job as a type, for type checkers and editors of Python code.

`config.job_keys` declares what each means and accepts; a test compares the two.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

Duration = float | str
"""Seconds, or `90s`, `10m`, `2h`, `1d`, `2w`, `1h30m`."""


class Policies(TypedDict, total=False):
    """The keys of a job other than its schedule, its action and its description."""

    name: str
    enabled: bool
    timezone: str
    priority: Literal["urgent", "high", "medium", "low"]
    tags: str | Sequence[str]
    env: Mapping[str, str]
    env_file: str
    cwd: str
    executor: str
    resources: Mapping[str, float] | None
    umask: int | str
    nice: int
    success_codes: int | Sequence[int]
    defer_codes: int | Sequence[int]
    catch_up: Literal["skip", "latest", "all"]
    max_lateness: Duration | None
    window: str | None
    overlap: Literal["queue", "skip", "replace", "allow"]
    only_if: str | Sequence[str]
    max_cpu_percent: float | None
    max_memory_percent: float | None
    idle_only: bool
    idle_threshold_cpu: float
    idle_threshold_memory: float
    min_free_disk: int | str | None
    not_on: str | Sequence[str] | None
    only_on: str | Sequence[str] | None
    move: Literal["skip", "next", "previous"]
    jitter: Duration | None
    starts: str | None
    ends: str | None
    max_runs: int | None
    keep: Duration | None
    delete_after_success: bool
    first_run: Literal["wait", "now"]
    timeout: Duration
    timeout_seconds: Duration
    max_retries: int
    retry_delay: Duration
    max_retry_delay: Duration
    suspend_after: int | None
    alert_after: int | None
    max_age: Duration | None
    warn_after: Duration | None
    after: str | Sequence[str]
    shell: str | Sequence[str]
    mutex: str | Sequence[str]
    on_interrupted: Literal["rerun", "skip"]
    max_output: int | str
    retention: Mapping[str, Any]
    report: Literal["failure", "output", "always", "never"]
    ping: str | Mapping[str, Any] | None
    params: Mapping[str, Any]

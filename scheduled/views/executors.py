"""Where jobs may run besides this machine: who answers there, and which places are free."""

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from scheduled.config.load import Config
from scheduled.quick_classes import NamedTuple
from scheduled.runs.executors.probe import Probe
from scheduled.state import records
from scheduled.state.document import State
from scheduled.system.text import one_line
from scheduled.views import noted_rows
from scheduled.views.format import counted, taken
from scheduled.views.noted_rows import Columns, NotedRows

NONE = "No executors: all jobs run on this machine. `executors` in the configuration names others."


class Answered(NamedTuple):
    """An executor with its answer."""

    name: str
    settings: Mapping[str, Any]
    probe: Probe


class ExecutorRow(TypedDict):
    """An executor in `executors --json`."""

    name: str
    """its name in the configuration"""
    kind: str
    """`ssh` or `dask`"""
    place: str
    """the host, or the address of the scheduler"""
    max_concurrent: int
    """how many runs it may have at the same time"""
    running: list[str]
    """the ids of the runs in progress there"""
    free: int
    """how many more runs may start"""
    jobs: list[str]
    """the jobs whose `executor` it is"""
    problem: str | None
    """why it did not answer; null if it did"""
    host: str | None
    """the name of the machine that answered"""
    user: str | None
    """the user there"""
    python: str | None
    """the version of Python there"""
    clock_ahead_seconds: float | None
    """by how much the clock there is ahead of this one; negative if it is behind"""
    remarks: list[str]
    """what else to know, a sentence each: another Dask there, another `scheduled` or none, a
    certificate that ends soon"""
    answered_after_seconds: float | None
    """how long it took to answer; null if it did not"""


def rows(config: Config, state: State, answered: list[Answered]) -> list[ExecutorRow]:
    """Return `executors --json`: each executor with its places, its jobs, and its answer."""
    running = records.runs_by_executor(state)
    return [
        {
            "name": each.name,
            "kind": each.settings["kind"],
            "place": str(each.settings.get("host") or each.settings.get("address")),
            "max_concurrent": each.settings["max_concurrent"],
            "running": running.get(each.name, []),
            "free": max(each.settings["max_concurrent"] - len(running.get(each.name, [])), 0),
            "jobs": [job.id for job in config.jobs if job.executor == each.name],
            "problem": each.probe.problem or None,
            "host": each.probe.hello.get("host"),
            "user": each.probe.hello.get("user"),
            "python": each.probe.hello.get("python"),
            "clock_ahead_seconds": _rounded(each.probe.ahead),
            "remarks": list(each.probe.remarks),
            "answered_after_seconds": None if each.probe.problem else _rounded(each.probe.seconds),
        }
        for each in answered
    ]


def table(found: list[ExecutorRow]) -> NotedRows:
    """Return a row for each executor, with what is wrong as a note."""
    shown = ("EXECUTOR", "KIND", "PLACE", "FREE", "JOBS", "ANSWER")
    columns = Columns(shown, ("REMARKS",), name="EXECUTOR", shed=("JOBS", "KIND"))
    return noted_rows.table(columns, (_cells(row) for row in found))


def _cells(row: ExecutorRow) -> tuple[str, ...]:
    answer = "none"
    if not row["problem"]:
        answer = f"{taken(row['answered_after_seconds'])}, Python {row['python']}"
    return (
        one_line(row["name"]),
        row["kind"],
        one_line(row["place"], 60),
        f"{row['free']} of {row['max_concurrent']}",
        str(len(row["jobs"])),
        answer,
        "; ".join(_remarks(row)),
    )


def _remarks(row: ExecutorRow) -> Iterator[str]:
    if row["problem"]:
        waiting = (
            f"; {counted(count, 'job')} cannot start there" if (count := len(row["jobs"])) else ""
        )
        yield f"{one_line(row['problem'])}{waiting}"
    elif row["user"] and row["host"]:
        yield f"{one_line(row['user'])}@{one_line(row['host'])}"
    if (ahead := row["clock_ahead_seconds"]) is not None and abs(ahead) >= 2:
        yield f"its clock is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
    yield from map(one_line, row["remarks"])


def _rounded(seconds: float | None) -> float | None:
    return round(seconds, 3) if seconds is not None else None

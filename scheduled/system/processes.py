"""Processes: start times, liveness, and signals to a run and all its descendants."""

import contextlib
import os
import signal
from collections.abc import Iterable


def start_time(pid: int) -> int | None:
    """Return the kernel's start time of a process, in clock ticks since boot; None if it is gone.

    A process id is reused some day; together with this number it identifies one process.
    """
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def is_alive(pid: int, started: int) -> bool:
    """Return whether the process with this id and start time still lives; a zombie does not."""
    fields = _stat(pid)
    return bool(fields) and fields[0] not in (b"Z", b"X") and int(fields[19]) == started


def find(run_id: str) -> int:
    """Return a process that has the run's id in its environment; 0 if there is none."""
    return min(_marked(run_id), default=0)


def signal_family(pid: int | None, run_id: str, number: signal.Signals) -> None:
    """Send a signal to all processes of a run that another process waits for.

    If `pid` is unknown, processes are found by the run's id in their environment.
    """
    for victim in descendants(pid or 0, run_id) or _marked(run_id):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(victim, number)


def descendants(pid: int, run_id: str, known: Iterable[int] = ()) -> set[int]:
    """Return `pid`, its session, the processes with the run's id, `known`, and descendants."""
    if not pid:
        return set()
    stats = {process: fields for process in _processes() if (fields := _stat(process))}
    parents = {process: int(fields[1]) for process, fields in stats.items()}
    session = {process for process, fields in stats.items() if int(fields[3]) == pid}
    pids = session | _marked(run_id) | {pid, *known}
    grown = True
    while grown:
        more = {child for child, parent in parents.items() if parent in pids} - pids
        pids |= more
        grown = bool(more)
    return pids - {os.getpid(), 1}


def _marked(run_id: str) -> set[int]:
    mark = f"SCHEDULED_RUN_ID={run_id}\0".encode()
    return {pid for pid in _processes() if mark in _environ(pid)} - {os.getpid(), 1}


def _processes() -> list[int]:
    with contextlib.suppress(OSError):
        return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    return []


def _stat(pid: int) -> list[bytes]:
    """Return the fields of proc_pid_stat(5) from the state on: 0 state, 1 parent, 3 session."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as stream:
        return stream.read().rpartition(b")")[2].split()  # a name may hold anything, even `)`
    return []


def _environ(pid: int) -> bytes:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as stream:
        return stream.read() + b"\0"
    return b""

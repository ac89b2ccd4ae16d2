"""Processes: start times, liveness, and signals to a run and all its descendants.

A process is named by its id and its start time: ids are used again. Only what is provably part of
a run of ours is signalled. What is on record about a run proves nothing by itself: somebody may
have written it. Proof is the run's id in the environment of a process of ours, the run's keeper,
which bears its name, for its parent, and descent from either.
"""

import contextlib
import os
import signal
import zlib
from collections.abc import Mapping
from types import MappingProxyType

from scheduled.quick_classes import NamedTuple


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


def memory_of(pid: int) -> int:
    """Return the bytes of memory that a process uses; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def find(run_id: str) -> int:
    """Return a process of ours that has the run's id in its environment; 0 if there is none."""
    return min(_marked(run_id), default=0)


class Family(NamedTuple):
    """What proves that a process belongs to a run; 0 for what is not known."""

    run_id: str
    pid: int = 0
    """The run's own process, which leads a session."""
    started: int = 0
    """Its start time."""
    keeper: int = 0
    """The process that waits for it, and the subreaper of all its descendants."""
    keeper_started: int = 0


class _Process(NamedTuple):
    """A process as it is now."""

    parent: int
    session: int
    started: int
    owner: int
    """The user whose rights it has."""
    name: str


def name_keeper(run_id: str) -> None:
    """Give this process the name by which it is known as the keeper of a run."""
    with contextlib.suppress(OSError), open("/proc/self/comm", "wb") as stream:
        stream.write(_keeper_name(run_id).encode())


def keeper(family: Family) -> dict[int, int]:
    """Return the keeper of a run with its start time, if it lives and provably is that."""
    process = _look(family.keeper) if family.keeper else None
    is_keeper = process is not None and _is_keeper(process, family)
    return {family.keeper: family.keeper_started} if is_keeper else {}


def members(family: Family, known: Mapping[int, int] = MappingProxyType({})) -> dict[int, int]:
    """Return the processes of a run that live now, each with its start time.

    They are those of ours that have the run's id in their environment, the keeper's children, the
    session of the run's own process if one of these is in it, those of `known` that still live, and
    the descendants of all these. The keeper itself is not among them.
    """
    living = {pid: process for pid in _processes() if (process := _look(pid))}
    starts = {pid: process.started for pid, process in living.items()}
    roots = {pid for pid, started in known.items() if starts.get(pid) == started}
    parents = {pid: process.parent for pid, process in living.items()}
    if family.keeper in living and _is_keeper(living[family.keeper], family):
        roots |= {pid for pid, parent in parents.items() if parent == family.keeper}
    roots |= _marked(family.run_id)
    session = {pid for pid, process in living.items() if process.session == family.pid}
    if family.pid and session & roots:
        roots |= session
    everybody = _with_descendants(roots, parents) - {family.keeper, os.getpid(), 1}
    # No process of a run is older than the run.
    ours = [pid for pid in everybody if starts.get(pid, -1) >= family.started]
    # The oldest first: a shell must not see its command end before it is told itself.
    return {pid: starts[pid] for pid in sorted(ours, key=lambda pid: (starts[pid], pid))}


def descendants(pid: int) -> dict[int, int]:
    """Return the descendants of a process, each with its start time."""
    stats = {process: fields for process in _processes() if (fields := _stat(process))}
    parents = {process: int(fields[1]) for process, fields in stats.items()}
    return {
        process: int(stats[process][19])
        for process in _with_descendants({pid}, parents) - {pid}
        if process in stats
    }


def send(processes: Mapping[int, int], number: signal.Signals) -> None:
    """Send a signal to processes, each named by its id and its start time; not to others."""
    for pid, started in processes.items():
        with contextlib.suppress(OSError):  # it has gone, or is not ours
            _send(pid, started, number)


def _send(pid: int, started: int, number: signal.Signals) -> None:
    try:  # no other process can get the id while this is open
        descriptor = os.pidfd_open(pid)
    except (AttributeError, PermissionError):
        if start_time(pid) == started:
            os.kill(pid, number)
        return
    try:
        if start_time(pid) == started:
            signal.pidfd_send_signal(descriptor, number)
    finally:
        os.close(descriptor)


def _with_descendants(pids: set[int], parents: Mapping[int, int]) -> set[int]:
    everybody, grown = set(pids), True
    while grown:
        more = {child for child, parent in parents.items() if parent in everybody} - everybody
        everybody |= more
        grown = bool(more)
    return everybody


def _marked(run_id: str) -> set[int]:
    """Return the processes with the run's id in their environment; others may set it in theirs."""
    mark = b"\0" + f"SCHEDULED_RUN_ID={run_id}\0".encode()
    return {pid for pid in _processes() if mark in _environ(pid)} - {os.getpid(), 1}


def _is_keeper(process: _Process, family: Family) -> bool:
    is_ours = process.owner == os.geteuid() and process.name == _keeper_name(family.run_id)
    return is_ours and process.started == family.keeper_started


def _keeper_name(run_id: str) -> str:
    return f"keep-{zlib.crc32(run_id.encode('utf-8', 'replace')):08x}"  # 15 bytes at most


def _look(pid: int) -> _Process | None:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as stream:
        before, _, after = stream.read().rpartition(b")")  # a name may hold anything, even `)`
        fields, name = after.split(), before.partition(b"(")[2].decode("utf-8", "replace")
        owner = os.fstat(stream.fileno()).st_uid
        return _Process(int(fields[1]), int(fields[3]), int(fields[19]), owner, name)
    return None


def _processes() -> list[int]:
    with contextlib.suppress(OSError):
        return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    return []


def _stat(pid: int) -> list[bytes]:
    """Return the fields of proc_pid_stat(5) from the state on: 0 state, 1 parent, 3 session."""
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        # A line of this file is short, and the kernel hands it over in one go.
        text = os.read(descriptor, 4096)
    except OSError:  # it has just gone
        return []
    finally:
        os.close(descriptor)
    return text.rpartition(b")")[2].split()  # a name may hold anything, even `)`


def _environ(pid: int) -> bytes:
    """Return the environment that a process of ours began with; empty for others."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as stream:
        if os.fstat(stream.fileno()).st_uid == os.geteuid():
            return b"\0" + stream.read() + b"\0"
    return b""

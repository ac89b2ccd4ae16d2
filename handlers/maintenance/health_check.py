"""Check what the scheduler depends on: its state and journal, its messages, disk and memory.

An unhealthy check fails the run, so that it is told like any failure; the result is kept.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from scheduled.errors import ScheduledError, reason_of
from scheduled.handler import Context, Incomplete, Kind, Param, Skip, values
from scheduled.quick_classes import NamedTuple
from scheduled.state.store import Store
from scheduled.system import load, locks, machine
from scheduled.system.text import one_line

PARAMS = {
    "check_database": Param("whether state and journal are checked", Kind.FLAG, True),
    "check_message_bus": Param(
        "whether messages and subscribers are checked that could not be reached", Kind.FLAG, True
    ),
    "check_disk_space": Param("whether the disks are checked", Kind.FLAG, True),
    "check_memory": Param("whether the memory is checked", Kind.FLAG, True),
    "disk_threshold_percent": Param(
        "how full the disks of state and root may be", Kind.PERCENT, 90
    ),
    "memory_threshold_percent": Param("how much memory may be in use", Kind.PERCENT, 85),
}
PATIENCE = timedelta(minutes=15)
"""How long a message may wait that could not be delivered; then it is tried a few times."""
MOST_NAMED = 5


class Check(NamedTuple):
    """What a check has found: what is wrong, a sentence each, and its figures."""

    problems: list[str]
    figures: dict[str, Any]


def run(context: Context) -> dict[str, object]:
    """Make the checks that are on. Raise Incomplete if one of them is unhealthy."""
    params = values(PARAMS, context.params)
    wanted = {name: check for name, check in CHECKS.items() if params[f"check_{name}"]}
    if not wanted:
        raise Skip("nothing to check: every check is off")
    found = {name: _made(check, context, params) for name, check in wanted.items()}
    unhealthy = {name: check.problems for name, check in found.items() if check.problems}
    result: dict[str, object] = {
        "status": "unhealthy" if unhealthy else "healthy",
        "checks": {name: _entry(check) for name, check in found.items()},
    }
    if unhealthy:
        sentences = (f"{name}: {'; '.join(problems)}" for name, problems in unhealthy.items())
        raise Incomplete(f"unhealthy: {'; '.join(sentences)}", result)
    return result


def _made(
    check: Callable[[Context, dict[str, Any]], Check], context: Context, params: dict[str, Any]
) -> Check:
    """Return what a check finds; one that cannot be made is unhealthy."""
    try:
        return check(context, params)
    except OSError as error:
        return Check([f"cannot be checked: {reason_of(error)}"], {})
    except (ScheduledError, ImportError) as error:  # psutil, where the kernel does not say it
        return Check([f"cannot be checked: {one_line(error)}"], {})


def _entry(check: Check) -> dict[str, Any]:
    status = "unhealthy" if check.problems else "healthy"
    return {"status": status, "message": "; ".join(check.problems) or "ok", **check.figures}


def _database(context: Context, _: dict[str, Any]) -> Check:
    """Check that state and journal can be read, agree, and can be written."""
    assert context.state_dir is not None
    store = Store(context.state_dir).load()
    if store.recovered:  # unless another process was writing just then
        with locks.journal(context.state_dir):
            store = Store(context.state_dir).load()
    problems = [*map(one_line, store.recovered)]
    problems += [
        f"{one_line(path)}: cannot be written to"
        for path in (context.state_dir, context.state_dir / "journal")
        if os.path.isdir(path) and not os.access(path, os.W_OK)
    ]
    return Check(_first(problems), {"jobs": len(store.state["jobs"])})


def _message_bus(context: Context, _: dict[str, Any]) -> Check:
    """Check that no message has waited for long, and that all subscribers were told."""
    assert context.state_dir is not None
    state = Store(context.state_dir).load().state
    late = [message for message in state["outbox"] if _is_late(message, context.now)]
    problems = [
        f"{message.get('to')}: a message waits since {message.get('created')}: "
        f"{message.get('problem') or 'it was not tried'}"
        for message in late
    ]
    failing = dict(state.get("subscribers") or {})
    problems += [f"subscriber {name}: {reason}" for name, reason in failing.items()]
    figures = {
        "waiting": len(state["outbox"]),
        "undelivered": len(late),
        "failing_subscribers": sorted(failing),
    }
    return Check(_first([one_line(problem) for problem in problems]), figures)


def _is_late(message: Any, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(message["created"]) > PATIENCE
    except (KeyError, TypeError, ValueError):  # it was edited by somebody
        return bool(message.get("failures"))


def _disk_space(context: Context, params: dict[str, Any]) -> Check:
    """Check the disks of state and root, each once."""
    limit, problems, disks = params["disk_threshold_percent"], [], {}
    for path in _disks(context):
        blocks, inodes = machine.disk_used(path)
        disks[one_line(path)] = {
            "used_percent": round(blocks, 1),
            "inodes_used_percent": round(inodes, 1),
        }
        if blocks > limit:
            problems.append(f"{one_line(path)}: {blocks:.1f} % used, the limit is {limit:g} %")
        if inodes > limit:
            problems.append(
                f"{one_line(path)}: {inodes:.1f} % of inodes used, the limit is {limit:g} %"
            )
    return Check(problems, {"disks": disks})


def _disks(context: Context) -> Iterator[str]:
    """Yield a path on each disk that the scheduler needs."""
    seen = set()
    for path in (context.state_dir, context.root):
        if path is not None and (device := os.stat(path).st_dev) not in seen:
            seen.add(device)
            yield str(path)


def _memory(_: Context, params: dict[str, Any]) -> Check:
    """Check how much memory is in use, without what the system can free at once."""
    limit, used = params["memory_threshold_percent"], load.measure(0).memory
    is_over = used > limit
    problems = [f"{used:.1f} % used, the limit is {limit:g} %"] if is_over else []
    return Check(problems, {"used_percent": round(used, 1)})


def _first(problems: list[str]) -> list[str]:
    more = len(problems) - MOST_NAMED
    return [*problems[:MOST_NAMED], f"and {more} more"] if more > 0 else problems


CHECKS: dict[str, Callable[[Context, dict[str, Any]], Check]] = {
    "database": _database,
    "message_bus": _message_bus,
    "disk_space": _disk_space,
    "memory": _memory,
}

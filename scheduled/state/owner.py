"""The root and the host that a state belongs to: nobody else may write to it.

The state records both with its first event. A state that version 0.1.0 wrote does not have them
until it is known which root it served.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

from scheduled.errors import UnreadableFileError, UsageError
from scheduled.quick_classes import NamedTuple
from scheduled.state.document import State
from scheduled.state.journal import Event
from scheduled.system import files, private

SECOND = timedelta(seconds=1)


class NotOwnerError(UsageError):
    """A state belongs to another root, host or user; nothing was written."""


class Claimant(NamedTuple):
    """The root and host that want to use a state."""

    root: str
    """The real path."""
    host: str
    """Empty where the host has no id; then it is not checked."""
    claims: bool = True
    """Whether a state without an owner is recorded as owned by this one."""
    is_machine_id: bool = False
    """Whether the id is made from the machine id; then the host name is kept for people."""
    now: datetime | None = None
    """The present, to say how long ago the last tick was; None if that is not asked."""

    @property
    def name(self) -> str:
        """What people call the host, if its id is not just that."""
        return os.uname().nodename if self.is_machine_id else ""


def owned(state: State, claimant: Claimant) -> bool:
    """Return whether a state is recorded as that of this root, and not as that of another host."""
    is_of_root = state.get("owner", {}).get("root") == claimant.root
    return is_of_root and not _is_of_other_host(state, claimant)


def _is_of_other_host(state: State, claimant: Claimant) -> bool:
    host = state.get("owner", {}).get("host", "")
    return bool(host and claimant.host and host != claimant.host)


def other_host(state: State, claimant: Claimant) -> str:
    """Return the host that a state belongs to, with its name, if it is another one; else ''."""
    if not _is_of_other_host(state, claimant):
        return ""
    owner = state.get("owner", {})
    return called(owner.get("host", ""), owner.get("name", ""))


def claim(state_dir: Path, state: State, claimant: Claimant) -> tuple[Event, ...]:
    """Return the event that records the owner, if there is something to record.

    Raises NotOwnerError for a state of another root or host.
    """
    owner = state.get("owner", {})
    root, host = owner.get("root", ""), owner.get("host", "")
    if root and root != claimant.root:
        raise NotOwnerError(
            f"{state_dir}: this state belongs to the root {root}, and this is {claimant.root};"
            f" nothing was run or written. {_advice(state_dir, claimant.root, root)}"
        )
    if _is_of_other_host(state, claimant):
        raise NotOwnerError(
            f"{state_dir}: {_belongs(state, claimant)}{_last_tick(state_dir, state, claimant.now)};"
            " nothing was run or written. If that host does not come back, take over:"
            f" {adopting(state_dir, claimant.root)}",
            trouble=f"{state_dir}: {_belongs(state, claimant)}",
        )
    is_known = root and (host or not claimant.host)
    if is_known or not (root or claimant.claims):
        return ()
    from scheduled.state import owner_events  # once in the life of a state

    return (owner_events.recorded(claimant.root, claimant.host, claimant.name),)


def of_others(state_dir: Path, state: State, claimant: Claimant) -> str:
    """Return a sentence on whose state it is that is read here, if it is another's; else ''."""
    root = state.get("owner", {}).get("root", "")
    if root and root != claimant.root:
        belongs = f"this state belongs to the root {root}, and this is {claimant.root}"
    elif _is_of_other_host(state, claimant):
        belongs = _belongs(state, claimant)
    else:
        return ""
    return f"{state_dir}: {belongs}{_last_tick(state_dir, state, claimant.now)}"


def _belongs(state: State, claimant: Claimant) -> str:
    owner = state.get("owner", {})
    theirs = called(owner.get("host", ""), owner.get("name", ""))
    ours = called(claimant.host, claimant.name)
    return f"this state belongs to the host {theirs}, and this is {ours}"


def called(host: str, name: str) -> str:
    """Return the id of a host as a sentence has it, with its name if it has one."""
    from scheduled.system.text import one_line

    return one_line(f"{name} ({host})" if name and name != host else host)


def _last_tick(state_dir: Path, state: State, now: datetime | None) -> str:
    """Return when the owner of a state ticked last, as the end of a sentence."""
    from scheduled.state import heartbeat
    from scheduled.timing.distance import relative
    from scheduled.timing.instants import minute_utc

    last = heartbeat.last_tick(state_dir, state)
    if last is None:
        return "; no tick of it is on record"
    ago = ""
    if now is not None and last <= now:  # the clocks of two hosts may differ
        ago = f"{'just now' if now - last < SECOND else relative(last, now)}, "
    return f"; its last tick came {ago}at {minute_utc(last)}"


def adopting(state_dir: Path, root: str) -> str:
    """Return the command with which a root takes over a state."""
    import shlex

    words = ("scheduled", "--root", root, "--state-dir", str(state_dir), "state", "adopt")
    return shlex.join(words)


def _advice(state_dir: Path, root: str, other: str) -> str:
    moved = "" if os.path.isdir(other) else ", which is no longer there"
    return (
        "Name another directory with --state-dir"
        f"; or, if this root takes the place of {other}{moved}: {adopting(state_dir, root)}"
    )


def has_state(state_dir: Path) -> bool:
    """Return whether a directory holds a state or a journal."""
    return os.path.exists(state_dir / "scheduled_state.json") or os.path.isdir(
        state_dir / "journal"
    )


def root_of(state_dir: Path) -> str:
    """Return the root that a state file names; '' where it names none, or cannot be used."""
    path = state_dir / "scheduled_state.json"
    try:
        owner = files.parse_json(private.read(path), path)["owner"]["root"]
    except (OSError, UnreadableFileError, KeyError, TypeError):
        return ""
    return owner if isinstance(owner, str) else ""

"""The root and the host that a state belongs to: nobody else may write to it.

The state records both with its first event. A state that version 0.1.0 wrote does not have them
until it is known which root it served.
"""

import os
from pathlib import Path

from scheduled.errors import UnreadableFileError, UsageError
from scheduled.quick_classes import NamedTuple
from scheduled.state import events
from scheduled.state.document import State
from scheduled.state.journal import Event
from scheduled.system import files, private


class NotOwnerError(UsageError):
    """A state belongs to another root, host or user; nothing was written."""


class Claimant(NamedTuple):
    """Who wants to write to a state."""

    root: str
    """The real path."""
    host: str
    """Empty where the host has no id; then it is not checked."""
    claims: bool = True
    """Whether a state that belongs to nobody is this one's from now on."""


def owned(state: State, root: str) -> bool:
    """Return whether a state is recorded as that of a root."""
    return state.get("owner", {}).get("root") == root


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
    if root and host and claimant.host and host != claimant.host:
        raise NotOwnerError(
            f"{state_dir}: this state belongs to the host {host}, and this is {claimant.host};"
            " nothing was run or written. If that host is gone, take over:"
            f" {adopting(state_dir, claimant.root)}"
        )
    is_known = root and (host or not claimant.host)
    if is_known or not (root or claimant.claims):
        return ()
    return (events.owner_recorded(claimant.root, claimant.host),)


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

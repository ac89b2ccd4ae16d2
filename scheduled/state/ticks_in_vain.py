"""The ticks that came and could do nothing: they ran nothing, and left a note.

They could not read the configuration, or waited in vain for the lock of the state. The next tick
that works records why nothing ran meanwhile. The heartbeat stays that of the last tick that saw
the configuration: what was changed since then counts from its change.
"""

from pathlib import Path

from scheduled.state import heartbeat
from scheduled.state.heartbeat import CAUSES, UNREAD, Heartbeat, Stretch
from scheduled.system import private

JOINED_SECONDS = 150.0
"""Ticks that come so soon after each other are one stretch: the note stays short."""
MOST_STRETCHES = 50


def note(state_dir: Path, now: Heartbeat, name: str = UNREAD) -> None:
    """Note that a tick came. Raises OSError, and UnsafeError for a state of others.

    It takes no lock: a note that is lost makes a cause less exact, and nothing else.
    """
    stretches = load(state_dir, name)
    is_joined = stretches and 0 <= now.wall - stretches[-1].last.wall <= JOINED_SECONDS
    if is_joined or len(stretches) >= MOST_STRETCHES:
        stretches[-1] = stretches[-1]._replace(last=now)
    else:
        stretches.append(Stretch(now, now))
    beats = [beat for stretch in stretches for beat in (stretch.first, stretch.last)]
    private.make_folder((state_dir / name).parent)
    private.replace(state_dir / name, "".join(map(heartbeat.line, beats)).encode("ascii"))


def load_all(state_dir: Path) -> list[Stretch]:
    """Return the stretches of all notes, oldest first; of two that overlap the first."""
    found: list[Stretch] = []
    for stretch in sorted(each for name in CAUSES for each in load(state_dir, name)):
        if not found or found[-1].last.wall <= stretch.first.wall:
            found.append(stretch)
    return found


def load(state_dir: Path, name: str = UNREAD) -> list[Stretch]:
    """Return the stretches of a note, oldest first; none if there is no note that can be read."""
    try:
        text = private.read(state_dir / name).decode("ascii")
    except (OSError, ValueError):
        return []
    beats = [heartbeat.parsed(line) for line in text.splitlines()]
    known = [beat for beat in beats if beat is not None]
    pairs = zip(known[::2], known[1::2], strict=False)
    return [Stretch(first, last, CAUSES[name]) for first, last in pairs]

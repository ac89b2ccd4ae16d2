"""The ticks that came and could not read the configuration: they ran nothing, and left a note.

The next tick that can read it records why nothing ran meanwhile. The heartbeat stays that of the
last tick that saw the configuration: what was changed since then counts from its change.
"""

from pathlib import Path

from scheduled.state import heartbeat
from scheduled.state.heartbeat import UNREAD, Heartbeat, Stretch
from scheduled.system import private

JOINED_SECONDS = 150.0
"""Ticks that come so soon after each other are one stretch: the note stays short."""
MOST_STRETCHES = 50


def note(state_dir: Path, now: Heartbeat) -> None:
    """Note that a tick came. Raises OSError, and UnsafeError for a state of others."""
    stretches = load(state_dir)
    is_joined = stretches and 0 <= now.wall - stretches[-1].last.wall <= JOINED_SECONDS
    if is_joined or len(stretches) >= MOST_STRETCHES:
        stretches[-1] = stretches[-1]._replace(last=now)
    else:
        stretches.append(Stretch(now, now))
    lines = [heartbeat.line(beat) for stretch in stretches for beat in stretch]
    private.make_folder((state_dir / UNREAD).parent)
    private.replace(state_dir / UNREAD, "".join(lines).encode("ascii"))


def load(state_dir: Path) -> list[Stretch]:
    """Return the noted stretches, oldest first; none if there is no note that can be read."""
    try:
        text = private.read(state_dir / UNREAD).decode("ascii")
    except (OSError, ValueError):
        return []
    beats = [heartbeat.parsed(line) for line in text.splitlines()]
    known = [beat for beat in beats if beat is not None]
    return [Stretch(*pair) for pair in zip(known[::2], known[1::2], strict=False)]

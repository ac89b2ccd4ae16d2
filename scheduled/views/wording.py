"""The printed forms of words that the journal and JSON keep, in one table."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scheduled.errors import cut
from scheduled.jobs.model import Outcome
from scheduled.system.text import one_line

LONGEST_GIVEN = 80
CAUSES = {
    "a newer slot is due": "a newer run is due",
    "cron silent": "cron did not run",
    "its last slot lay": "its last run was scheduled",
    "left out by hand": "skipped by user",
    "state locked": "another process locked the state",
    "stopped by hand": "stopped by user",
}
"""Recorded reasons and causes, and what is printed for them."""
DECISIONS = {
    "rest": "not due",
    "meet": "new",
    "clamp": "reset",
    "carry": "later",
    "give_up": "cancel retry",
}
"""Decisions of a tick that are printed in other words."""


def printed(text: str) -> str:
    """Return `text` with the recorded causes in it as they are printed."""
    for recorded, words in CAUSES.items():
        text = text.replace(recorded, words)
    return text


def decision(word: str) -> str:
    """Return a decision of a tick as it is printed."""
    return DECISIONS.get(word, word)


def outcome(word: str | None) -> str:
    """Return an outcome in plain words: `timed out`; empty for none."""
    return one_line(word or "").replace("_", " ")


def ended(word: str | None, *details: str | None) -> str:
    """Return how a run ended: `failed: exit code 1`, but `timed out after 20 s` only once."""
    lines = [*dict.fromkeys(one_line(printed(detail)) for detail in details if detail)]
    if word == Outcome.TIMED_OUT and lines and lines[0].startswith(outcome(word)):
        return ": ".join(lines)
    return ": ".join([outcome(word), *lines])


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return names as a sentence lists them: `Monday, Tuesday and Friday`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def where(found: Mapping[str, Any]) -> str:
    """Return where else a run took place: `on nas (backup@nas1)`, as far as that is known."""
    name, host = found.get("executor") or "another machine", found.get("host") or ""
    user, worker = found.get("user"), found.get("worker")
    place = f"{user}@{host}" if user and host else str(host)
    place = ", ".join(part for part in (place, f"worker {worker}" if worker else "") if part)
    return f"on {name} ({place})" if place else f"on {name}"


def given(values: Mapping[str, Any] | None) -> str:
    """Return what a run was given by hand, as it was typed; '' if it was nothing."""
    if not values:
        return ""
    words = ["--detach"] if values.get("detached") else []
    for option in ("param", "env"):
        pairs = values.get("params" if option == "param" else "env")
        for name, value in pairs.items() if isinstance(pairs, dict) else ():
            text = value if isinstance(value, str) else json.dumps(value)
            words.append(f"--{option} {cut(f'{name}={text}', LONGEST_GIVEN)}")
    return f"with {' '.join(words)}"

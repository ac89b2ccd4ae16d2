"""What other schedulers write for a value, and what that is here: for messages about values."""

from collections.abc import Mapping
from enum import StrEnum

from scheduled.errors import closest
from scheduled.timing import durations

WORDS: Mapping[str, Mapping[str, str]] = {
    "Priority": {
        **dict.fromkeys(("critical", "highest", "emergency", "asap"), "urgent"),
        **dict.fromkeys(("normal", "default", "regular"), "medium"),
        **dict.fromkeys(("lowest", "idle", "background"), "low"),
    },
    "CatchUp": {
        **dict.fromkeys(("once", "true", "yes", "on", "last", "newest", "coalesce"), "latest"),
        **dict.fromkeys(("none", "no", "never", "false", "off", "ignore", "disabled"), "skip"),
        **dict.fromkeys(("every", "each", "backfill"), "all"),
    },
    "Overlap": {
        **dict.fromkeys(("forbid", "forbidden", "never", "ignore", "drop"), "skip"),
        **dict.fromkeys(("kill", "cancel", "terminate", "restart"), "replace"),
        **dict.fromkeys(("parallel", "concurrent"), "allow"),
        **dict.fromkeys(("wait", "delay"), "queue"),
    },
    "FirstRun": {
        **dict.fromkeys(("immediately", "immediate", "at once", "true"), "now"),
        **dict.fromkeys(("later", "scheduled", "false"), "wait"),
    },
    "OnInterrupted": {
        **dict.fromkeys(("restart", "retry", "again", "resume"), "rerun"),
        **dict.fromkeys(("ignore", "never", "drop", "none"), "skip"),
    },
    "ReportOn": {
        **dict.fromkeys(("on_failure", "error", "errors", "failures", "failed"), "failure"),
        **dict.fromkeys(("all", "every", "success"), "always"),
        **dict.fromkeys(("none", "no", "false", "off", "silent"), "never"),
    },
}
"""Values of other schedulers by the policy, in lower case."""
_YES = ("yes", "y", "on", "1", "enabled", "t")
_NO = ("no", "n", "off", "0", "disabled", "f")
_NOTHING = ("no", "off", "never", "false", "unlimited", "infinite", "disabled", "-1", "0", "null")
"""What is written for a policy that is not wanted."""


def word(policy: type[StrEnum], value: str) -> str:
    """Return the end of a sentence about a word that no policy is: the one that is meant."""
    plain = value.casefold().strip()
    found = WORDS.get(policy.__name__, {}).get(plain) or closest(plain, policy)
    return f"; did you mean {found}?" if found else ""


def yes_or_no(value: str) -> str:
    """Return the end of a sentence about what is neither true nor false: which of them it is."""
    plain = value.casefold().strip()
    found = "true" if plain in _YES else "false" if plain in _NO else ""
    return f"; did you mean {found}?" if found else ""


def nothing(value: str) -> str:
    """Return the end of a sentence about a policy that is probably not wanted."""
    return "; write none to disable it" if value.casefold().strip() in _NOTHING else ""


def duration(value: str) -> str:
    """Return the end of a sentence about a duration that cannot be read: how it is written."""
    from scheduled.timing import meant

    text = meant.duration(value)
    return f"; write {text}" if text and _is_duration(text) else ""


def _is_duration(text: str) -> bool:
    """Return whether a text is a duration."""
    try:
        return durations.parse(text) > 0
    except ValueError:
        return False

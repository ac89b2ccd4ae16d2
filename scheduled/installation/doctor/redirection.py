"""Where the output of a command line goes, as far as its words say. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

_SIGN = re.compile(r"(?P<from>[0-9]|&)?(?P<sign>>>?\|?)(?P<to>&?.*)")
_TO_SYSLOG = frozenset(("logger", "systemd-cat"))
"""What they are given, nobody is mailed."""


def files(words: Sequence[str]) -> Iterator[str]:
    """Yield the files that output goes to."""
    for _, target in _redirections(words):
        if target and not target.startswith("&"):
            yield target


def of_errors(words: Sequence[str]) -> str:
    """Return where standard error goes, in words; '' if it is left alone, and mailed by cron."""
    command, pipe, rest = _at_pipe(words)
    program = rest[0] if rest else ""
    syslog = f"`{program}`" if program in _TO_SYSLOG else ""
    goes = {"1": syslog, "2": syslog if pipe == "|&" else ""}
    for source, target in _redirections(command):
        if target.startswith("&") and target[1:2].isdigit():
            goes[source] = goes.get(target[1:2], "")
        elif source == "&" or (source == "1" and target.startswith("&") and target != "&-"):
            goes["1"] = goes["2"] = target.removeprefix("&")
        else:
            goes[source] = "nowhere" if target == "&-" else target
    return goes["2"]


def _at_pipe(words: Sequence[str]) -> tuple[Sequence[str], str, Sequence[str]]:
    for position, word in enumerate(words):
        if word in ("|", "|&"):
            return words[:position], word, words[position + 1 :]
    return words, "", ()


def _redirections(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is redirected, `1`, `2` or `&` for both, and where to."""
    for word, after in pairwise([*words, ""]):
        if found := _SIGN.fullmatch(word):
            target = found["to"]
            yield found["from"] or "1", target + after if target in ("", "&") else target

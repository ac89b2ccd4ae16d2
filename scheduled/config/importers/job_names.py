"""Ids for jobs that have none: the name of the program that a command runs."""

import re
from collections.abc import Container
from itertools import count
from pathlib import PurePosixPath

LONGEST = 60

_PARTS = re.compile(r"&&|\|\||[;|&\n]")
_WORDS = re.compile(r"[^\s'\"(){}`]+")
_SCRIPT = re.compile(r"\.(sh|bash|py|pl|php|rb|js)$")
_VERB = re.compile(r"[a-z][a-z_-]{2,}")
_NO_PROGRAM = re.compile(r"-.*|[\d.]+[smhd]?|.*\.lock|\w+=.*|!.*|\$[^/]*")
"""Options, durations, lock files, assignments and expansions without a path: no programs."""
_BRACES = re.compile(r"\$\{(\w+)\}")

# Commands that prepare for the program, and words that come before it.
_PREPARING = {"cd", "test", "[", "[[", "export", "set", ".", "source", "umask", "sleep", "true"}
_WRAPPING = {
    *("if", "then", "else", "do", "while", "!", "exec", "command", "time", "env", "nice", "ionice"),
    *("sudo", "timeout", "flock", "nohup", "chronic", "setsid", "run-one", "run-parts", "runuser"),
    "which",
    *("sh", "bash", "dash", "zsh", "python", "perl", "php", "ruby", "node"),
}


def job_name(command: str) -> str:
    """Return `backup` for `cd /srv && nice -n 10 ./backup.sh --all`; `job` if there is no name."""
    for part in _PARTS.split(_BRACES.sub(r"$\1", command)):
        name = _program(_WORDS.findall(part))
        if name:
            return name
    return "job"


def unique(name: str, taken: Container[str]) -> str:
    """Return `name`, or `name-2` and so on if it is taken."""
    if name not in taken:
        return name
    names = (f"{name}-{number}" for number in count(2))
    return next(free for free in names if free not in taken)


def _program(words: list[str]) -> str:
    """Return the program among the words of a simple command, with its verb, or ''."""
    for place, word in enumerate(words):
        base = PurePosixPath(word).name
        if base in _PREPARING or word[0] in "<>":
            return ""
        if _NO_PROGRAM.fullmatch(word) or base.rstrip("0123456789.") in _WRAPPING:
            continue
        verb = words[place + 1] if _VERB.fullmatch("".join(words[place + 1 : place + 2])) else ""
        return as_id(f"{_SCRIPT.sub('', base)} {verb}")
    return ""


def as_id(name: str) -> str:
    """Return the name with what an id may not contain replaced."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:LONGEST].rstrip("-")

"""An id for a job that has none: the name of the program its command is about."""

import re
from collections.abc import Container
from itertools import count
from pathlib import PurePosixPath

LONGEST = 60

_PARTS = re.compile(r"&&|\|\||[;|&\n]")
_WORDS = re.compile(r"[^\s'\"(){}`]+")
_SCRIPT = re.compile(r"\.(sh|bash|py|pl|php|rb|js)$")
_VERB = re.compile(r"[a-z][a-z-]{2,}")
_NO_PROGRAM = re.compile(r"-.*|[\d.]+[smhd]?|.*\.lock|\w+=.*|[$!].*")
"""Options, durations, lock files, assignments and expansions: none of them is what runs."""

# What only makes ready for, or stands before, that which the job is about.
_PREPARING = {"cd", "test", "[", "[[", "export", "set", ".", "source", "umask", "sleep", "true"}
_WRAPPING = {
    *("if", "then", "else", "do", "while", "!", "exec", "command", "time", "env", "nice", "ionice"),
    *("sudo", "timeout", "flock", "nohup", "chronic", "setsid", "run-one", "run-parts", "runuser"),
    *("sh", "bash", "dash", "zsh", "python", "perl", "php", "ruby", "node"),
}


def job_name(command: str) -> str:
    """`backup` for `cd /srv && nice -n 10 ./backup.sh --all`; `job` where nothing says more."""
    for part in _PARTS.split(command):
        name = _program(_WORDS.findall(part))
        if name:
            return name
    return "job"


def unique(name: str, taken: Container[str]) -> str:
    """`name`, or `name-2` and so on where that is taken."""
    if name not in taken:
        return name
    return next(one for number in count(2) if (one := f"{name}-{number}") not in taken)


def _program(words: list[str]) -> str:
    """The program among the words of one simple command, with its verb; empty if there is none."""
    for place, word in enumerate(words):
        base = PurePosixPath(word).name
        if base in _PREPARING or word[0] in "<>":
            return ""
        if _NO_PROGRAM.fullmatch(word) or base.rstrip("0123456789.") in _WRAPPING:
            continue
        verb = words[place + 1] if _VERB.fullmatch("".join(words[place + 1 : place + 2])) else ""
        return _as_id(f"{_SCRIPT.sub('', base)} {verb}")
    return ""


def _as_id(name: str) -> str:
    """The name as an id may be."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:LONGEST].rstrip("-")

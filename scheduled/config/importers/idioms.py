"""Commands whose exit code cron ignored, and which would fail here every now and then (pure).

cron mails output and forgets the exit code, so people write `[ TEST ] && COMMAND`. Here such a job
fails whenever the test says no; there is a key that says the same.
"""

import json
import re
from collections.abc import Iterator, Sequence

from scheduled.config.importers import command_text
from scheduled.config.yaml_writer import text_of

_OPERATORS = ("&&", "||", ";", "|", "&", "\n")
_WORDS = re.compile(r"[^\s'\"(){}`]+")
_TESTS = {"[", "[[", "test", "grep", "egrep", "fgrep", "pgrep", "pidof", "command", "which"} | {
    "mountpoint",
    "ping",
    "host",
    "diff",
    "cmp",
}
"""Programs that say no by exit code 1."""
_SEARCHES = {"grep", "egrep", "fgrep", "diff", "cmp"}
_QUOTES = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`")


def advice(command: str, stdin: str, shell: str) -> str:
    """Return which exit code will be a failure here, and what to write instead; '' if none."""
    parts = list(_parts(command))
    first, operator = parts[0]
    rest = command[len(first) + len(operator) :].strip()
    others = {sign for _, sign in parts[1:]}
    if operator == "&&" and rest and _program(first) in _TESTS and others <= {"&&", "|", ""}:
        lines = {
            "only_if": command_text.argv(first.strip(), "", shell),
            "command": command_text.argv(rest, stdin, shell),
        }
        written = " and ".join(_written(key, value) for key, value in lines.items())
        return (
            f"`{_shown(_program(first))} &&` exits with 1 when the answer is no, which cron ignored"
            f" and is a failure here{_last_day(first)}; write {written}"
        )
    if operator in ("", "|"):
        return _last_program(parts)
    return ""


def _last_day(test: str) -> str:
    """Return what says the same as a test whether tomorrow is the first of a month; '' if none."""
    if re.search(r"tomorrow|\+ ?1 ?day|next day", test) and re.search(r"\b0?1\b", test):
        return " (L in the day field of its schedule is the last day of a month, without a test)"
    return ""


def _last_program(parts: list[tuple[str, str]]) -> str:
    words = _words(parts[-1][0])
    program = next(iter(words), "")
    if len(parts) == 1 and (lock := _lock(words)):
        return (
            f"`{lock}` exits with 1 while the job still runs, which cron ignored and is a failure"
            " here; leave `flock` out and write overlap: skip, or write success_codes: [0, 1]"
        )
    if program in _SEARCHES:
        return (
            f"`{program}` exits with 1 for a mere no, which cron ignored and is a failure here;"
            " write success_codes: [0, 1]"
        )
    if program == "rsync":
        return (
            "`rsync` exits with 24 when files vanish while it reads them, which cron ignored and is"
            " a failure here; write success_codes: [0, 24] if they may"
        )
    return ""


def _lock(words: list[str]) -> str:
    """Return the words that give up while another holds the lock, or ''."""
    program = next(iter(words), "")
    if program == "run-one":
        return program
    options = [word for word in words[1:] if word.startswith("-")]
    if program not in ("flock", "setlock") or {"-E", "--conflict-exit-code"} & {*options}:
        return ""
    short = re.compile(r"-[a-z]*n[a-z]*")
    found = (word for word in options if word in ("--nb", "--nonblock") or short.fullmatch(word))
    option = next(found, "")
    return f"{program} {option}" if option else ""


def _program(part: str) -> str:
    return next(iter(_words(part)), "")


def _written(key: str, value: str | Sequence[str]) -> str:
    """Return a key with its value as YAML, in one line."""
    if isinstance(value, str):
        return text_of({key: value}).strip()
    return f"{key}: {json.dumps(value, ensure_ascii=False)}"


def _shown(program: str) -> str:
    return {"[": "[ ... ]", "[[": "[[ ... ]]"}.get(program, f"{program} ...")


def _words(part: str) -> list[str]:
    """Return the words of a simple command from its program on, without the program's folder."""
    words = _WORDS.findall(part)
    while words and re.match(r"\w+=|!$|nice$|exec$", words[0]):
        words.pop(0)
    return [words[0].rpartition("/")[2] or words[0], *words[1:]] if words else []


def _parts(command: str) -> Iterator[tuple[str, str]]:
    """Yield what stands between operators outside quotes and parentheses, each with the next."""
    start = place = depth = 0
    while place < len(command):
        quoted = _QUOTES.match(command, place)
        operator = next((sign for sign in _OPERATORS if command.startswith(sign, place)), "")
        is_redirection = operator == "&" and command[place - 1 : place] in ("<", ">")
        if quoted:
            place = quoted.end()
        elif command[place] in "()":
            depth += 1 if command[place] == "(" else -1
            place += 1
        elif (
            operator and depth <= 0 and not is_redirection and command[place + 1 : place + 2] != ">"
        ):
            yield command[start:place], operator
            start = place = place + len(operator)
        else:
            place += 1
    yield command[start:], ""

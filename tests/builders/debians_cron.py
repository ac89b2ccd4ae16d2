"""What Debian's cron makes of a crontab, by crontab(5) and its sources, and nothing of ours."""

import re
from typing import NamedTuple

_ASSIGNMENT = re.compile(r"""\s*("[^"]+"|'[^']+'|[^\s"'=]+)\s*=(.*)""")
_NICKNAMES = {"reboot", "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_NUMBER = r"(\d+|[A-Za-z]{3})"
_ELEMENT = re.compile(rf"(\*|{_NUMBER}(-{_NUMBER})?)(/\d+)?")


class Entry(NamedTuple):
    """A line that cron takes for a job."""

    schedule: str
    user: str
    command: str
    stdin: str


def entry(line: str, *, has_users: bool) -> Entry | None:
    """Return the job of a line, or None for a comment, a variable, and what cron refuses."""
    line = line.lstrip(" \t")
    if not line or line.startswith("#") or _ASSIGNMENT.fullmatch(line):
        return None
    words = re.match(r"(@\S+|\S+(?:[ \t]+\S+){4})[ \t]+(?=\S)(.*)", line, re.DOTALL)
    if words is None or not _is_schedule(words[1]) or words[2].startswith("*"):
        return None
    user, command = "", words[2]
    if has_users:
        user, _, command = (
            part.strip(" \t") for part in re.split(r"([ \t]+|$)", command, maxsplit=1)
        )
        if not command:
            return None
    return Entry(" ".join(words[1].split()), user, *command_and_input(command))


def command_and_input(text: str) -> tuple[str, str]:
    """Return command and input, transcribed from the two loops of do_command.c."""
    command, place, escaped = "", 0, False
    while place < len(text):
        sign = text[place]
        place += 1
        if escaped:
            command = command[:-1] + sign if sign in "%\\" else command + sign
            escaped = False
            continue
        if sign == "%":
            break
        command += sign
        escaped = sign == "\\"
    return command, _input(text[place:])


def _input(text: str) -> str:
    printed, escaped, is_open = "", False, False
    for sign in text:
        if escaped and sign != "%":
            printed += "\\"
        written = "\n" if sign == "%" and not escaped else sign
        escaped = written == "\\"
        if not escaped:
            printed += written
            is_open = written != "\n"
    return printed + ("\\" if escaped else "") + ("\n" if is_open else "")


def _is_schedule(text: str) -> bool:
    if text.startswith("@"):
        return text[1:] in _NICKNAMES
    return all(
        _is_element(element, *bounds)
        for field, bounds in zip(text.split(), _RANGES, strict=True)
        for element in field.split(",")
    )


def _is_element(text: str, low: int, high: int) -> bool:
    match = _ELEMENT.fullmatch(text)
    if match is None or (match[5] and not (match[1] == "*" or match[3])):
        return False
    return all(_value(word, low) in range(low, high + 1) for word in (match[2], match[4]) if word)


def _value(word: str, low: int) -> int:
    if word.isdigit():
        return int(word)
    names = _MONTHS if low == 1 else _DAYS
    return names.index(word.lower()) + low if word.lower() in names else -1

"""The command of a crontab's line and its standard input, as cron splits them (pure).

The rules are those of crontab(5) and of Debian's `do_command.c`; cronie's are the same, except for
two backslashes. The input becomes an argument of the job's command and never a part of a script,
so that nothing in it can be executed.
"""

import re
from collections.abc import Sequence

SHELL = "/bin/sh"

_FEED = 'printf %s "$2" | "$0" -c "$1"'
"""Runs the shell `$0` with the command `$1`, which reads `$2`; the exit code is that shell's."""
_QUOTED = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`")
_PAIRS = re.compile(r"\\.|.")


def split(text: str, *, halves_backslashes: bool = False) -> tuple[str, str]:
    """Return the command and its standard input, which follows the first unescaped `%`.

    In the command, `\\%` is a `%` and, if `halves_backslashes` as in Debian's cron, two backslashes
    are one. Blanks around the command are dropped where the shell would ignore them.
    """
    escapes = {"\\%": "%"} | ({"\\\\": "\\"} if halves_backslashes else {})
    command = ""
    rest = ""
    for match in _PAIRS.finditer(text):
        if match[0] == "%":
            rest = text[match.end() :]
            break
        command += escapes.get(match[0], match[0])
    return _stripped(command), _input(rest)


def argv(command: str, stdin: str, shell: str) -> str | Sequence[str]:
    """Return what a job has to run to have `shell` run the command with this standard input."""
    if stdin:
        return [SHELL, "-c", _FEED, shell, command, stdin]
    return command if shell == SHELL else [shell, "-c", command]


def shown(command: str | Sequence[str]) -> str:
    """Return the command of a job in a line, as people know it, without the shell around it."""
    if isinstance(command, str):
        return command
    if is_fed(command):
        return f"{command[4]} (with input)"
    return command[2] if [*command[1:2]] == ["-c"] and len(command) == 3 else " ".join(command)


def is_fed(command: str | Sequence[str]) -> bool:
    """Whether `argv` made this command for one with standard input."""
    return not isinstance(command, str) and [*command[:3]] == [SHELL, "-c", _FEED]


def is_complete(command: str) -> bool:
    """Whether all quotes and parentheses of a command are closed, as far as can be seen."""
    bare = _QUOTED.sub(lambda quoted: quoted[0] if "$(" in quoted[0] else "", command)
    is_open = bare.count("$(") > bare.count(")")
    return not is_open and not set(_QUOTED.sub("", command)) & set("'\"`")


def has_pairs(text: str) -> bool:
    """Whether the command, before any input, has two backslashes in a row that crons differ in."""
    return split(text)[0] != split(text, halves_backslashes=True)[0]


def backslash_note(lines: Sequence[int], halves_backslashes: bool) -> list[str]:
    """Return what to say of the lines where `has_pairs` holds; nothing if there are none."""
    if not lines:
        return []
    places = f"line{'' if len(lines) == 1 else 's'} {', '.join(map(str, lines))}"
    rule = r"Debian's cron makes \\ a \ before the shell sees it, cronie does not"
    here = "Debian's" if halves_backslashes else "cronie's"
    return [f"{places}: {rule}; {here} reading was taken, so compare the command"]


def _stripped(command: str) -> str:
    """Drop blanks at both ends, but not one that is escaped."""
    bare = command.strip(" \t")
    is_escaped = (len(bare) - len(bare.rstrip("\\"))) % 2 and command.rstrip(" \t") != command
    return command.lstrip(" \t") if is_escaped else bare


def _input(text: str) -> str:
    """Return the input: each `%` is a line break, `\\%` a `%`, and the last line is ended.

    A backslash escapes only a `%`, also one that follows another backslash: `\\\\%` is `\\%`. cron
    ends the last line if it holds anything but backslashes.
    """
    lines = re.sub(r"(\\?)%", lambda match: "%" if match[1] else "\n", text)
    last = lines.rstrip("\\")[-1:]
    return lines if last in ("", "\n") else f"{lines}\n"

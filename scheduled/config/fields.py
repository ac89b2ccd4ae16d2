"""The keys a configuration may have: for each, what it means, its default, and what it accepts.

The tables are all there is to know about a key: they drive the checking, and the manual is
compared with them. What is accepted is told by a *reader*, which makes the value of a node or
raises Unfit with the rest of the sentence that began with the key's place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scheduled import window
from scheduled.config.source import Node, shown
from scheduled.environment import NAME
from scheduled.errors import ScheduleError
from scheduled.model import CatchUp, FirstRun, OnInterrupted, Priority

Reader = Callable[[Node], Any]

LONGEST_SECONDS = 10 * 365 * 86_400
LONGEST_JITTER = 86_400
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?([smhd]?)")
_SIZE = re.compile(r"(\d{1,15}) ?([KMG]?)(?:i?B)?")
_OCTAL = re.compile(r"(?:0o)?([0-7]{1,3}|0[0-7]{3})")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_BYTES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


class Unfit(Exception):  # noqa: N818 - a value that does not fit its key, never shown as it is
    """What is wrong with a value, and what would do."""


@dataclass(frozen=True)
class Key:
    """A name a file may use."""

    about: str
    """One line, for the manual."""
    read: Reader
    default: str = ""
    """As the manual writes it."""
    field: str = ""
    """The name in `Job` or `Config`; empty: the key's own. Two keys of one field are aliases."""


def text(node: Node) -> str:
    """Any single value, as it was written."""
    if node.value is None or isinstance(node.value, list | dict):
        raise Unfit(f"expected text, found {found(node)}")
    if not node.text.strip():
        raise Unfit("empty; write a value, or leave the key out")
    return node.text


def line_of_text(node: Node) -> str:
    """Text without control characters: it is shown in tables and sent in subjects."""
    value = text(node).strip()
    if not value.isprintable():
        raise Unfit(f'"{shown(value)}": one line of text without control characters, please')
    return value


def flag(node: Node) -> bool:
    """true or false."""
    if isinstance(node.value, bool):
        return node.value
    raise Unfit(f"{found(node)}: true or false")


def whole(least: int, most: int) -> Reader:
    """A reader of whole numbers, both bounds included."""

    def read(node: Node) -> int:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise Unfit(f"{found(node)}: a whole number from {least} to {most}")

    return read


def duration(node: Node) -> float:
    """Seconds, as a number or as `90s 10m 2h 1d`."""
    match = _DURATION.fullmatch(node.text)
    if match is None:
        raise Unfit(f"{found(node)}: seconds, or a duration like 90s, 10m, 2h or 1d")
    seconds = float(match[1]) * _SECONDS[match[2]]
    if not 0 < seconds <= LONGEST_SECONDS:
        raise Unfit(f"{found(node)}: longer than nothing, and ten years at most")
    return seconds


def jitter(node: Node) -> float:
    """A duration that is shorter than a day."""
    seconds = duration(node)
    if seconds >= LONGEST_JITTER:
        raise Unfit(f"{found(node)}: shorter than a day; for more, spread the schedule with H")
    return seconds


def hours(node: Node) -> str:
    """Two times of day, `21:00-06:00`; empty for `none`."""
    if node.value is None or node.text == "none":
        return ""
    try:
        return str(window.parse(text(node)))
    except ScheduleError as error:
        raise Unfit(f"{found(node)}: {error}") from None


def size(node: Node) -> int:
    """Bytes, as a number or as `64K 1M 1G`."""
    match = _SIZE.fullmatch(node.text)
    if match is None:
        raise Unfit(f"{found(node)}: bytes, or a size like 64K or 1M")
    value = int(match[1]) * _BYTES[match[2]]
    if not 1024 <= value <= 1024**3:
        raise Unfit(f"{found(node)}: from 1K to 1G")
    return value


def choice(policy: type[StrEnum]) -> Reader:
    """A reader of one of a policy's words."""

    def read(node: Node) -> StrEnum:
        try:
            return policy(node.text)
        except ValueError:
            words = " or ".join((", ".join(list(policy)[:-1]), list(policy)[-1]))
            raise Unfit(f"{found(node)}: {words}") from None

    return read


def or_none(read: Reader) -> Reader:
    """A reader that also takes `none` and an empty value, which switch the policy off."""
    return lambda node: None if node.value is None or node.text == "none" else read(node)


def command(node: Node) -> str | tuple[str, ...]:
    """A string for the shell, or a list of words that needs none."""
    if not isinstance(node.value, list):
        return text(node)
    if not node.value:
        raise Unfit("an empty list; write the program and its arguments")
    words = tuple("" if one.value == "" else text(one) for one in node.value)
    if not words[0]:
        raise Unfit("its first word, the program, is empty")
    return words


def variables(node: Node) -> dict[str, str]:
    """Environment variables: each value as it was written, `yes` and `010` too."""
    if not node.is_mapping:
        raise Unfit(f"expected names with values, found {found(node)}")
    twice = _repeated(node)
    if twice is not None:
        raise Unfit(f'"{shown(twice[0])}" stands here twice, again in line {twice[1]}')
    for name, one in node.value.items():
        if not NAME.fullmatch(name):
            raise Unfit(f'"{shown(name)}": the name of a variable has letters, digits and "_"')
        if one.value is None or isinstance(one.value, list | dict):
            raise Unfit(f'{name}: expected text, found {found(one)}; an empty one is ""')
    return {name: one.text for name, one in node.value.items()}


def file_mask(node: Node) -> int:
    """A umask in octal digits, as umask(1) takes it, quoted or not."""
    match = _OCTAL.fullmatch(node.text)
    if match is None:
        raise Unfit(f'{found(node)}: octal digits like "077"')
    return int(match[1], 8)


def exit_codes(at_least: int) -> Reader:
    """A reader of a list of so many exit codes; a single one needs no list."""
    code = whole(0, 255)

    def read(node: Node) -> tuple[int, ...]:
        codes = node.value if isinstance(node.value, list) else [node]
        if len(codes) < at_least:
            raise Unfit("an empty list; it could never succeed")
        return tuple(dict.fromkeys(code(one) for one in codes))

    return read


def tags(node: Node) -> tuple[str, ...]:
    """Words to choose jobs by; a single one needs no list."""
    words = node.value if isinstance(node.value, list) else [node]
    return tuple(line_of_text(one) for one in words)


def folders(node: Node) -> tuple[str, ...]:
    """Paths as they were written; a single one needs no list."""
    paths = node.value if isinstance(node.value, list) else [node]
    return tuple(line_of_text(one) for one in paths)


def mapping(node: Node) -> dict[str, Any]:
    """Anything with names, for whoever asks for it; JSON values."""
    if node.value is None:
        return {}
    if not node.is_mapping:
        raise Unfit(f"expected names with values, found {found(node)}")
    twice = _repeated(node)
    if twice is not None:
        raise Unfit(f'"{shown(twice[0])}" stands here twice, again in line {twice[1]}')
    plain: dict[str, Any] = node.plain()
    return plain


def entries(node: Node) -> None:
    """Only whether there are names: what stands below them is checked one by one."""
    if node.value is not None and not node.is_mapping:
        raise Unfit(f"expected ids of jobs, found {found(node)}")


def found(node: Node) -> str:
    """A value as it was written, in quotes; of one that is no scalar, what it is."""
    match node.value:
        case None:
            return "nothing"
        case dict():
            return "names with values"
        case list():
            return "a list"
        case _:
            return f'"{shown(node.text)}"'


def _repeated(node: Node) -> tuple[str, int] | None:
    """The first name that occurs twice in one mapping, at any depth, and the line it does."""
    if node.repeated:
        return node.repeated[0]
    below = node.value.values() if node.is_mapping else node.value
    nodes = below if isinstance(node.value, list | dict) else ()
    return next((twice for one in nodes if (twice := _repeated(one))), None)


def accepted(keys: Mapping[str, Key]) -> dict[str, str]:
    """The names of a table with what each means, for the manual."""
    return {name: key.about for name, key in keys.items()}


KEYS: Mapping[str, Key] = {
    "root": Key("the ecosystem's folder, where its registry lies", line_of_text, "see Places"),
    "state_dir": Key("the folder for state, journal and locks", line_of_text, "see Places"),
    "central_dir": Key("the folder for *.central.json files", line_of_text, "see Places"),
    "timezone": Key("the IANA name of the zone schedules are meant in", text, "the machine's"),
    "max_concurrent": Key("how many jobs of one tick run at once", whole(1, 1000), "4"),
    "default_timeout": Key("how long a job without a timeout may run", duration, "300"),
    "tick_interval": Key("how often cron calls `scheduled run`", duration, "60"),
    "catch_up_budget": Key(
        "how many catch-up runs one tick starts; the rest follow at the next ones",
        whole(1, 100_000),
        "10",
    ),
    "routes": Key(
        "who is told of which event: {to: address, priority: ...}, or null", mapping, "as shipped"
    ),
    "jobs_dirs": Key(
        "folders of job files, a job a file; counted from this file's folder", folders, "jobs"
    ),
    "jobs_dir": Key("the same as jobs_dirs", folders, field="jobs_dirs"),
    "jobs": Key("jobs by id: changes to a shipped one, or whole jobs of your own", entries),
}

JOB_KEYS: Mapping[str, Key] = {
    "schedule": Key("when it runs: five cron fields, hourly, every 90m, at:...", text, "required"),
    "timezone": Key("the IANA name of the zone its schedule is meant in", text, "as configured"),
    "command": Key("what it runs: a string through /bin/sh -c, a list without a shell", command),
    "handler": Key("the Python code it runs: a shipped handler, or package.module:function", text),
    "env": Key("environment variables: {NAME: value}", variables, "none"),
    "env_file": Key(
        "a file of NAME=VALUE lines, relative to the configuration's folder", line_of_text, "none"
    ),
    "cwd": Key("the folder it starts in, relative to the root", line_of_text, "the root"),
    "umask": Key("the umask it runs with, in octal", file_mask, "inherited"),
    "nice": Key("its niceness, from -20 to 19", whole(-20, 19), "inherited"),
    "success_codes": Key("exit codes of a command that mean success", exit_codes(1), "[0]"),
    "defer_codes": Key("exit codes that mean not now, and no failure", exit_codes(0), "[75]"),
    "name": Key("its name for people", line_of_text, "its id"),
    "description": Key("what it is for, in a line", line_of_text, "empty"),
    "enabled": Key("whether it runs", flag, "true"),
    "priority": Key("who goes first: urgent, high, medium or low", choice(Priority), "medium"),
    "tags": Key("words to choose jobs by", tags, "none"),
    "catch_up": Key(
        "what to do with slots that passed unanswered: skip, latest or all",
        choice(CatchUp),
        "latest",
    ),
    "max_lateness": Key("how late a slot may still start", or_none(duration), "none"),
    "window": Key("the hours it may start in, like 21:00-06:00", hours, "any"),
    "jitter": Key("by up to how much its starts are delayed", or_none(jitter), "none"),
    "first_run": Key(
        "when a new job runs first: wait for its next slot, or now", choice(FirstRun), "wait"
    ),
    "timeout": Key("how long it may run", duration, "default_timeout"),
    "timeout_seconds": Key("the same as timeout", duration, field="timeout"),
    "max_retries": Key("how often a failed slot is tried again", whole(0, 100), "0"),
    "retry_delay": Key("how long before the first retry; doubled for each further", duration, "60"),
    "max_retry_delay": Key("what the delay is doubled up to", duration, "1h"),
    "after": Key("jobs that must have succeeded for the same slot first", tags, "none"),
    "on_interrupted": Key(
        "what becomes of a slot whose run was cut short: rerun or skip",
        choice(OnInterrupted),
        "rerun",
    ),
    "max_output": Key("how much of its output is kept, head and tail", size, "1M"),
    "params": Key("values for its handler, as they stand", mapping, "none"),
}

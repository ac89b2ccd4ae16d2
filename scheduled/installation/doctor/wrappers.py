"""Programs that start the program in their arguments, and interpreters that read one. Pure.

Only options that are listed are understood; after any other, nothing is known of what follows.
"""

import re
from collections.abc import Iterator, Sequence

from scheduled.quick_classes import NamedTuple


class Wrapper(NamedTuple):
    """How the arguments of a program lead to another program."""

    flags: str = ""
    """Letters of options without a value."""
    valued: str = ""
    """Letters of options with one."""
    long: str = ""
    """Names of long options without a value."""
    long_valued: str = ""
    """Names of long options with one."""
    positional: int = 0
    """How many words stand before the program."""
    assigns: bool = False
    """Whether variables may be set before it."""
    own_path: bool = False
    """Whether it looks the program up in another way than the shell, or as another user."""


WRAPPERS = {
    "env": Wrapper("v", "u", "debug", "unset", assigns=True),
    "nice": Wrapper("", "n", "", "adjustment"),
    "ionice": Wrapper("t", "cn", "ignore", "class classdata"),
    "timeout": Wrapper(
        "fpv", "ks", "foreground preserve-status verbose", "kill-after signal", positional=1
    ),
    "nohup": Wrapper(),
    "setsid": Wrapper("cfw", "", "ctty fork wait"),
    "stdbuf": Wrapper("", "ioe", "", "input output error"),
    "chronic": Wrapper("ev"),
    "cronic": Wrapper(),
    "time": Wrapper("pv", "", "portability verbose"),
    "sudo": Wrapper(
        "AbEHknPSB", "ugCDhpRrtT", "non-interactive set-home preserve-env", "user group", 0, True,
        own_path=True,
    ),
    "doas": Wrapper("n", "uC", own_path=True),
    "flock": Wrapper(
        "sxenuFov", "wE", "shared exclusive nonblock nb no-fork close verbose",
        "timeout wait conflict-exit-code", 1,
    ),
    "systemd-cat": Wrapper("", "tp", "", "identifier priority stderr-priority"),
    "chrt": Wrapper("abdfiorR", "", "batch fifo idle other rr all-tasks", positional=1),
    "taskset": Wrapper("a", "", "all-tasks", positional=1),
    "exec": Wrapper("cl", "a"),
    "command": Wrapper("p"),
    "run-one": Wrapper(),
    "xargs": Wrapper(
        "0rtpxo", "nPLIdsEa", "null no-run-if-empty verbose exit interactive open-tty",
        "max-args max-procs max-lines replace delimiter max-chars eof arg-file",
    ),
}  # fmt: skip
SHELLS = re.compile(r"(?:ba|da|z|k|mk)?sh")
_INTERPRETERS = re.compile(r"python[\d.]*|perl|ruby|node|php")
_PYTHON_FLAGS = re.compile(r"-[bBdEIOqsSuvx]+")


class Inside(NamedTuple):
    """What a program starts: the words from `start` on, or a text for the shell at `start`."""

    start: int
    is_text: bool = False
    changes_path: bool = False
    changes_folder: bool = False


def inside(name: str, words: Sequence[str | None]) -> Inside | None:
    """Return what a wrapper called `name` starts, by its arguments; None if that is not known."""
    wrapper = WRAPPERS[name]
    place, left, changes_path = 0, wrapper.positional, wrapper.own_path
    while place < len(words):
        word = words[place]
        taken = _taken(name, word, has_positional=left < wrapper.positional)
        if word is not None and not left and name == "flock" and word in ("-c", "--command"):
            return Inside(place + 1, is_text=True)
        if taken < 0:
            return None
        changes_path |= bool(taken and word and word.startswith("PATH="))
        if not taken and not left:
            return Inside(place, changes_path=changes_path)
        left -= not taken
        place += taken or 1
    return None


def _taken(name: str, word: str | None, *, has_positional: bool) -> int:
    """Return how many words an option or a variable takes; 0 if it is neither, -1 in doubt."""
    wrapper = WRAPPERS[name]
    if word is None:
        return 0 if wrapper.positional and not has_positional else -1
    is_variable = wrapper.assigns and re.match(r"\w+=", word)
    if word == "--" or is_variable or (name == "nice" and re.fullmatch(r"--?\d+", word)):
        return 1
    if word.startswith("-") and len(word) > 1 and not has_positional:
        return _option(wrapper, word) or -1
    return 0


def _option(wrapper: Wrapper, word: str) -> int:
    """Return how many words an option takes, 0 for one that is not known."""
    if word.startswith("--"):
        name, is_attached, _ = word[2:].partition("=")
        if name in wrapper.long_valued.split():
            return 1 if is_attached else 2
        return 1 if name in wrapper.long.split() else 0
    for at, letter in enumerate(word[1:], start=1):
        if letter in wrapper.valued:
            return 1 if word[at + 1 :] else 2
        if letter not in wrapper.flags:
            return 0
    return 1


def is_shell(name: str) -> bool:
    """Whether a program is a shell, by its name without a directory."""
    return SHELLS.fullmatch(name) is not None


def of_shell(words: Sequence[str | None]) -> Inside | None:
    """Return the text or the script that a shell is given by its arguments; None if neither."""
    place, changes_path, has_text = 0, False, False
    while place < len(words):
        word = words[place]
        if word is None or word in ("-", "-s"):
            return None
        if word.startswith(("-", "+")) and word != "--":
            changes_path |= word.startswith("--") or bool({"l", "i"} & {*word[1:]})
            has_text |= word[0] == "-" and not word.startswith("--") and "c" in word
            place += 2 if word.endswith("o") and not word.startswith("--") else 1
            continue
        place += word == "--"
        if place == len(words):
            return None
        return Inside(place, is_text=has_text, changes_path=changes_path)
    return None


def of_find(words: Sequence[str | None]) -> Iterator[list[str | None]]:
    """Yield the commands that `find` is to run, each with all words that follow."""
    for place, word in enumerate(words):
        if word in ("-exec", "-execdir", "-ok", "-okdir"):
            yield list(words[place + 1 :])


def script(name: str, words: Sequence[str | None]) -> str:
    """Return the file that an interpreter is to read, or '' if none is known."""
    if not _INTERPRETERS.fullmatch(name):
        return ""
    for word in words:
        if word is None:
            return ""
        if name.startswith("python") and _PYTHON_FLAGS.fullmatch(word):
            continue
        return "" if word.startswith("-") else word
    return ""

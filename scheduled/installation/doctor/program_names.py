"""Which programs a shell command begins with, as far as that is certain. Pure.

Whatever needs a shell to be understood (substitutions, functions, here documents) yields nothing:
a program that is reported as missing has to be missing.
"""

import re
import shlex
from collections.abc import Iterator, Sequence

_SEPARATORS = frozenset((";", "&", "&&", "|", "||", "|&", ";;"))
_OPENERS = frozenset(("if", "then", "else", "elif", "do", "while", "until", "!", "{", "time"))
_LOOPS = frozenset(("for", "select"))
_BUILTINS = frozenset(
    (
        *(".", ":", "[", "alias", "bg", "break", "cd", "command", "continue", "done", "echo"),
        *("esac", "eval", "exec", "exit", "export", "false", "fg", "fi", "getopts", "hash", "jobs"),
        *("kill", "let", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift"),
        *("source", "test", "times", "trap", "true", "type", "ulimit", "umask", "unalias", "unset"),
        *("wait", "}"),
    )
)
_CHANGES_LOOKUP = re.compile(r"(?:^|[\s;&|])(?:cd|pushd|\.|source|eval)\s|\bPATH=")
_OPAQUE = re.compile(r"[()`\n]|<<|(?:^|[\s;&|])(?:case|function|alias)\s")
_HOME = re.compile(r"(?:~|\$HOME|\$\{HOME\})(?=/)")
_CONDITIONS = frozenset(("if", "while", "until", "elif"))
_TESTS = frozenset(("[", "[[", "test", "command", "which", "type", "hash"))
"""What comes after them may depend on whether a program is there."""
_SHELL = re.compile(r"(?:/usr)?(?:/bin/)?(?:ba|da|z|k)?sh")


def of(command: str | Sequence[str], home: str = "") -> tuple[str, ...]:
    """Return the programs that the command of a job begins with, in its order.

    `home` is the home directory that it has; without one, programs in it are not named.
    """
    if isinstance(command, str):
        return tuple(dict.fromkeys(_of_text(command, home)))
    words = list(command)
    inner = words[2] if len(words) == 3 and words[1] == "-c" and _SHELL.fullmatch(words[0]) else ""
    return tuple(dict.fromkeys((*words[:1], *_of_text(inner, home))))


def _of_text(text: str, home: str) -> Iterator[str]:
    if _OPAQUE.search(text):
        return
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:  # quotes that do not match; the shell will say so
        return
    changed = _CHANGES_LOOKUP.search(text)
    for first in _first_words(words):
        word = _HOME.sub(lambda _: home, first, count=1) if home.startswith("/") else first
        is_certain = not changed or word.startswith("/")
        if is_certain and word not in _BUILTINS and not re.search(r"[$*?\[~]", word):
            yield word


def _first_words(words: Sequence[str]) -> Iterator[str]:
    """Yield the first word of each simple command, up to the first condition."""
    is_first, is_condition = True, False
    before = ""
    for word in words:
        is_target = before[:1] in ("<", ">") and before != ""
        if word in _SEPARATORS:
            is_first = True
        elif is_first and word in _LOOPS:
            is_first = False
        elif is_first and word in _CONDITIONS:
            is_condition = True
        elif is_first and word[:1] not in ("<", ">") and not is_target and not _is_prefix(word):
            yield word
            if is_condition or word in _TESTS:
                return
            is_first = False
        before = word


def _is_prefix(word: str) -> bool:
    return word in _OPENERS or re.match(r"\w+=", word) is not None

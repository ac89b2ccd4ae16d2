"""The command lines of systemd's units as words (pure): systemd.service(5), "Command lines".

Quotes, escapes, specifiers and variables are systemd's, not a shell's.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from scheduled.errors import UsageError
from scheduled.quick_classes import NamedTuple

PREFIXES = "@-:+!"
_ESCAPES = dict(zip("abfnrtvs", "\a\b\f\n\r\t\v ", strict=True))
_NUMBERS = re.compile(
    r"x([0-9A-Fa-f]{2})|([0-7]{3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})"
)  # after a backslash
_VARIABLE = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|%.?", re.ASCII)
_WHOLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)", re.ASCII)


class Variable(NamedTuple):
    """The value of a variable in a word."""

    name: str
    is_split: bool = False
    """Whether its words are words of the command."""


Part = str | Variable


class Command(NamedTuple):
    """One command of a unit."""

    prefixes: str
    words: tuple[tuple[Part, ...], ...]

    @property
    def ignores_failure(self) -> bool:
        """Whether it may fail."""
        return "-" in self.prefixes


def split(text: str) -> Iterator[str]:
    """Yield the words of a value without quotes and escapes. Raise UsageError for an open quote."""
    for word, _ in _split(text):
        yield word


def commands(text: str, specifiers: Mapping[str, str]) -> list[Command]:
    """Return the commands of a line; more than one where a `;` stands between them.

    Raise UsageError for what systemd refuses, and for a specifier that is not known here.
    """
    found: list[Command] = []
    words: list[tuple[Part, ...]] = []
    prefixes = ""
    for word, is_plain in [*_split(text), (";", True)]:
        if word == ";" and is_plain:
            if words:
                found.append(Command(prefixes, tuple(words)))
            words = []
        elif not words:
            stem = word.lstrip(PREFIXES)
            prefixes = word[: len(word) - len(stem)]
            words.append((expanded(stem, specifiers),))
        elif ":" in prefixes:
            words.append((expanded(word, specifiers),))
        else:
            words.append(tuple(_parts(word, specifiers)))
    if not found:
        raise UsageError("no command")
    return found


def expanded(text: str, specifiers: Mapping[str, str]) -> str:
    """Return a text with its specifiers, `%h`. Raise UsageError for one that is not known."""
    return re.sub(r"%(.?)", lambda match: _specifier(match[1], specifiers), text)


def unescaped(name: str) -> str:
    """Return the text that was escaped for the name of a unit: `-` is a `/`, `\\x2d` a `-`."""
    plain = name.replace("-", "/")
    return re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), plain)


def of_name(name: str) -> dict[str, str]:
    """Return the specifiers that a unit's name gives."""
    stem = name.rpartition(".")[0]
    prefix, _, instance = stem.partition("@")
    last = prefix.rpartition("-")[2]
    return {
        "n": name, "N": stem, "p": prefix, "P": unescaped(prefix), "i": instance,
        "I": unescaped(instance), "j": last, "J": unescaped(last),
        "f": f"/{unescaped(instance or prefix)}",
    }  # fmt: skip


def in_shell(
    words: Sequence[Sequence[Part]], variables: Mapping[str, str] | None
) -> str | list[str]:
    """Return words as a list where all are known, else as a shell command.

    `variables` are those that are known; None if a file adds others when the command runs.
    """
    plain: list[str] = []
    quoted: list[str] = []
    is_known = True
    for parts in words:
        if all(isinstance(part, str) or _is_known(part, variables) for part in parts):
            (found, shown) = _known(parts, variables or {})
            plain += found
            quoted += shown
        else:
            is_known = False
            quoted.append("".join(map(_quoted, parts)) or "''")
    return plain if is_known else " ".join(quoted)


KEPT = frozenset(("HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG"))
"""Variables that a run has without being told."""


def _is_known(part: Variable, variables: Mapping[str, str] | None) -> bool:
    return variables is not None and (part.name in variables or part.name not in KEPT)


def _known(parts: Sequence[Part], variables: Mapping[str, str]) -> tuple[list[str], list[str]]:
    if len(parts) == 1 and isinstance(parts[0], Variable) and parts[0].is_split:
        words = variables.get(parts[0].name, "").split()
    else:
        words = ["".join(p if isinstance(p, str) else variables.get(p.name, "") for p in parts)]
    return words, list(map(shlex.quote, words))


def _quoted(part: Part) -> str:
    if isinstance(part, Variable):
        return f"${part.name}" if part.is_split else f'"${{{part.name}}}"'
    return shlex.quote(part) if part else ""


def _parts(word: str, specifiers: Mapping[str, str]) -> Iterator[Part]:
    if whole := _WHOLE.fullmatch(word):
        yield Variable(whole[1], is_split=True)
        return
    place, literal = 0, ""
    for match in _VARIABLE.finditer(word):
        literal += word[place : match.start()]
        place = match.end()
        if match[0] == "$$":
            literal += "$"
        elif match[0].startswith("%"):
            literal += _specifier(match[0][1:], specifiers)
        else:
            yield from (literal, Variable(match[1]))
            literal = ""
    yield literal + word[place:]


def _specifier(letter: str, specifiers: Mapping[str, str]) -> str:
    if letter == "%":
        return "%"
    if letter not in specifiers:
        raise UsageError(f"%{letter}: a specifier that is not known here")
    return specifiers[letter]


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each word, and whether it stands there without quotes and escapes."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        start, word, quote = place, "", ""
        while place < len(text) and (quote or not text[place].isspace()):
            char = text[place]
            if char == "\\" and place + 1 < len(text):
                taken, place = _unescaped(text, place + 1)
                word += taken
                continue
            if char == quote:
                quote = ""
            elif not quote and char in "\"'":
                quote = char
            else:
                word += char
            place += 1
        if quote:
            raise UsageError(f"no closing {quote}")
        yield word, text[start:place] == word


def _unescaped(text: str, place: int) -> tuple[str, int]:
    """Return what an escape is, without its backslash at `place`, and where it ends."""
    if match := _NUMBERS.match(text, place):
        digits = next(filter(None, match.groups()))
        try:
            return chr(int(digits, 8 if match[2] else 16)), match.end()
        except (ValueError, OverflowError):
            raise UsageError(f"\\{match[0]} is no character") from None
    char = text[place]
    if char in "\\\"'":
        return char, place + 1
    if char == ";" and text[place + 1 : place + 2].strip() == "":
        return ";", place + 1
    return _ESCAPES.get(char, f"\\{char}"), place + 1

"""The configuration of a repository, read as text: nothing in it is followed or executed.

git itself would read files that it includes, and start what it names. It is never shown this file.
"""

import re
from collections.abc import Iterator, Mapping

from scheduled.quick_classes import NamedTuple

_SECTION = re.compile(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*(=?)\s*(.*)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}
LARGEST = 1 << 20
"""Bytes of a file of settings that is read."""


class GitConfig(NamedTuple):
    """The values of a configuration: each key with all its values, in the order of the file."""

    values: Mapping[str, list[str]]

    def get(self, key: str) -> str:
        """Return the value that counts, which is the last one; '' if there is none."""
        return self.values.get(key, [""])[-1]

    def all(self, key: str) -> list[str]:
        """Return all values of a key."""
        return self.values.get(key, [])

    def is_true(self, key: str) -> bool:
        """Return whether a key is switched on."""
        return self.get(key).lower() in ("true", "yes", "on", "1")

    def names(self, section: str) -> list[str]:
        """Return the names in quotes of a section: `origin` of `[remote "origin"]`."""
        start = f"{section}."
        keys = (key[len(start) :] for key in self.values if key.startswith(start))
        return [*dict.fromkeys(key.rpartition(".")[0] for key in keys if "." in key)]


def parse(data: bytes) -> GitConfig:
    """Return what a configuration says; lines that say nothing are left out, as is any include."""
    values: dict[str, list[str]] = {}
    section = ""
    for line in _lines(data.decode("utf-8", "surrogateescape")):
        rest = line.strip()
        if found := _SECTION.match(rest):
            section = _section(found[1], found[2])
            rest = rest[found.end() :].strip()
        if section and (key := _KEY.match(rest)):
            value = _value(key[3]) if key[2] else "true"
            values.setdefault(f"{section}.{key[1].lower()}", []).append(value)
    return GitConfig(values)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines, those joined that end with a backslash."""
    pending = ""
    for line in text.replace("\r\n", "\n").split("\n"):
        if len(line) - len(line.rstrip("\\")) & 1:
            pending += line[:-1]
            continue
        yield pending + line
        pending = ""
    yield pending


def _section(name: str, inner: str | None) -> str:
    if inner is None:
        return name.lower()
    plain = re.sub(r"\\(.)", r"\1", inner)
    return f"{name.lower()}.{plain}"


def _value(text: str) -> str:
    """Return a value without quotes, escapes and comment."""
    parts: list[str] = []
    is_quoted, at, end = False, 0, 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            at += 1
            parts.append(_ESCAPES.get(text[at], text[at]))
            end = len(parts)
        elif char == '"':
            is_quoted = not is_quoted
        elif char in "#;" and not is_quoted:
            break
        else:
            parts.append(char)
            end = len(parts) if is_quoted or not char.isspace() else end
        at += 1
    return "".join(parts[:end])

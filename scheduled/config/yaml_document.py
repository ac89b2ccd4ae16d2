"""A YAML file as plain values that know their line.

It is stricter than YAML, because cron may run its content as root: one document, no anchors,
aliases or tags, no duplicate keys, bounded in size, number and depth. Only numbers, true, false
and null have a type; every other scalar is text, dates and `12:30` too.
"""

import math
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from scheduled.errors import ConfigError, UnreadableFileError
from scheduled.quick_classes import dataclass, field
from scheduled.system.files import BYTE_ORDER_MARK
from scheduled.system.text import excerpt
from scheduled.system.trusted import Trust

MAX_BYTES = 4 * 1024 * 1024
MAX_NODES = 500_000
MAX_DEPTH = 32
_NESTED = f"nested more than {MAX_DEPTH} deep"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()
_CONSTRUCTOR: Any = yaml.constructor.SafeConstructor()
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_BRACKET = re.compile(r"[\[\]{}]")
UNUSABLE = re.compile("[\0\ud800-\udfff]")
"""Characters that no argument or file name can hold; YAML can write them as escapes."""


@dataclass(slots=True)
class Node:
    """A value of the file."""

    value: Any
    """None, bool, int, float or str; a list of nodes; a dict from text to nodes."""
    line: int
    """The line of its first character, or of its key, counted from 1."""
    text: str = ""
    """A scalar as it was written, without its quotes."""
    duplicates: list[tuple[str, int]] = field(default_factory=list)
    """Further occurrences of a key, with their lines; the first is the one in `value`."""

    def __init__(  # as a data class has it, but quicker: there are thousands
        self, value: Any, line: int, text: str = "", duplicates: list[tuple[str, int]] | None = None
    ) -> None:
        self.value, self.line, self.text = value, line, text
        self.duplicates = [] if duplicates is None else duplicates

    @property
    def is_mapping(self) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self.value, dict)

    def plain(self) -> Any:
        """Return the value in the types of JSON."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


class _DocumentError(Exception):
    def __init__(self, line: int, sentence: str) -> None:
        self.line = line
        self.sentence = sentence
        super().__init__(sentence)


def read_file(path: str | Path, trust: Trust, label: str = "") -> Node:
    """Return the document in a file; an empty file is an empty mapping.

    Raise ConfigError with one problem: file, line if there is one, sentence. `label` is what it
    calls the file; without it, its name, or its whole path if there is no line.
    """
    try:
        if not os.path.isfile(path):
            raise UnreadableFileError(Path(path), "not a file")
        data = trust.read(path)
    except UnreadableFileError as error:
        raise ConfigError([f"{label or path}: {error.reason}"]) from error
    return parse(data, label or Path(path).name)


def parse(data: bytes, label: str) -> Node:
    """Return the document in `data`, which messages call `label`. Raise as `read_file` does."""
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1024 / 1024:.1f} MB"
        limit = f"more than the {MAX_BYTES // 1024**2} MB a configuration may have"
        raise ConfigError([f"{label}: {size}, {limit}"])
    try:
        return _document(_decode(data))
    except _DocumentError as error:
        raise ConfigError([f"{label}:{error.line}: {error.sentence}"]) from None


def _decode(data: bytes) -> str:
    data = data.removeprefix(BYTE_ORDER_MARK)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _DocumentError(line, "not UTF-8; save the file as UTF-8") from error


def _document(text: str) -> Node:
    invalid = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if invalid is not None:
        line = len(_BREAK.findall(text, 0, invalid.start())) + 1
        raise _DocumentError(line, f"contains U+{ord(invalid[0]):04X}, which YAML does not allow")
    loader = _Loader(text)
    try:
        return _Builder(loader, text).document()
    except yaml.MarkedYAMLError as error:
        raise _explain(error, text) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # Without a line: PyYAML passes on what int() and chr() raise for absurd numbers.
        raise _DocumentError(1, f"not YAML: {excerpt(str(error))}") from None
    finally:
        loader.dispose()


def _explain(error: yaml.MarkedYAMLError, text: str) -> _DocumentError:
    """Return the error of YAML's parser, for the usual mistakes with what to write instead."""
    mark = error.problem_mark or error.context_mark
    assert mark is not None
    lines = _BREAK.split(text)
    number = min(mark.line, len(lines) - 1)
    if line := _too_deep([*lines[:number], lines[number][: mark.column]]):
        return _DocumentError(line, _NESTED)
    rest = lines[number][mark.column :]
    if "alias" in (error.context or "") or rest.startswith("*"):
        return _DocumentError(number + 1, _quotes_needed("an alias", "*", lines[number]))
    if rest[:1] in ("@", "%", "`"):
        return _DocumentError(number + 1, _quotes_needed("no value", rest[0], lines[number]))
    if rest.startswith("\t") or "\t" in lines[number][: -len(lines[number].lstrip()) or None]:
        return _DocumentError(number + 1, "a tab; YAML indents with spaces only")
    if "mapping values" in (error.problem or ""):
        return _DocumentError(number + 1, 'a second ": " in one line; put the value in quotes')
    origin = ""
    if error.context_mark is not None and error.context_mark.line < number:
        origin = f", in what began in line {error.context_mark.line + 1}"
    context = f"{error.context}: " if error.context else ""
    return _DocumentError(number + 1, f"not YAML: {context}{error.problem}{origin}")


def _too_deep(lines: list[str]) -> int:
    """Return the line on which a bracket stands that is more than MAX_DEPTH deep, or 0.

    libyaml reads ahead and refuses some of what nests too deep before it hands out an event of
    it, with a limit and a message of its own version.
    """
    depth = -1  # of the document itself; its outermost value is at 0, as in _Builder
    for number, line in enumerate(lines, 1):
        for bracket in _BRACKET.findall(line):
            depth += 1 if bracket in "[{" else -1
            if depth > MAX_DEPTH:
                return number
    return 0


def _quotes_needed(read_as: str, sign: str, line: str) -> str:
    value = line[line.find(sign) :].split(" #", 1)[0].strip().rstrip(",]}")
    return (
        f'YAML reads an unquoted "{sign}" as {read_as}; put the value in quotes: "{excerpt(value)}"'
    )


class _Builder:
    """Makes nodes from the parser's events.

    Not from YAML's own tree: its builder in C recurses as deep as the file nests, and a file that
    nests deep enough kills the process.
    """

    def __init__(self, loader: Any, text: str) -> None:
        self._next = loader.get_event
        self._count = 0
        self._has_escapes = "\\" in text
        """Whether a scalar may contain what is not allowed as it is."""

    def document(self) -> Node:
        self._next()  # the stream begins
        if isinstance(self._next(), yaml.StreamEndEvent):  # else the document begins
            return Node({}, 1)
        node = self._node(self._next(), 0)
        self._next()  # the document ends
        if not isinstance(event := self._next(), yaml.StreamEndEvent):
            line = _line(event)
            raise _DocumentError(line, 'a second document begins ("---"); a file holds one')
        return Node({}, node.line) if node.value is None else node

    def _node(self, event: Any, depth: int) -> Node:
        self._admit(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            text = self._text(event)
            tagged = event.tag is not None or not event.implicit[0]  # or in quotes
            return Node(text if tagged else _typed(text), _line(event), text)
        if event.tag not in (None, "!"):
            raise _DocumentError(
                _line(event), f"a tag ({excerpt(event.tag)}); write the plain value"
            )
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(list(self._items(depth)), _line(event))
        return self._mapping(event, depth)

    def _admit(self, event: Any, depth: int) -> None:
        self._count += 1
        if isinstance(event, yaml.AliasEvent):
            raise _DocumentError(_line(event), _quotes_needed("an alias", "*", f"*{event.anchor}"))
        if event.anchor is not None:
            raise _DocumentError(
                _line(event),
                f'an anchor ("&{excerpt(event.anchor)}"); anchors and aliases are not read here:'
                " write the value out in each place, or put it in quotes",
            )
        if self._count > MAX_NODES:
            raise _DocumentError(_line(event), f"more than {MAX_NODES} values in one file")
        if depth > MAX_DEPTH:
            raise _DocumentError(_line(event), _NESTED)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _mapping(self, start: Any, depth: int) -> Node:
        mapping = Node({}, _line(start))
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                line = self._node(event, depth + 1).line
                raise _DocumentError(line, "a list or mapping as a key; keys are words")
            self._admit(event, depth + 1)
            key, line = self._text(event), _line(event)
            node = self._node(self._next(), depth + 1)
            node.line = line
            if key in mapping.value:
                mapping.duplicates.append((key, line))
            else:
                mapping.value[key] = node
        return mapping

    def _text(self, event: Any) -> str:
        """Return the text of a scalar. Raise _DocumentError for one that is not allowed."""
        if event.tag not in (None, *_TEXT_TAGS):
            raise _DocumentError(
                _line(event), f"a tag ({excerpt(event.tag)}); write the plain value"
            )
        text: str = event.value
        if self._has_escapes and UNUSABLE.search(text):
            raise _DocumentError(
                _line(event), f'"{excerpt(text)}" contains a character no text can hold'
            )
        return text


@lru_cache(maxsize=1024)  # thousands of files have the same few values
def _typed(text: str) -> Any:
    """Return the value of a plain scalar; text where YAML's reading would be a surprise."""
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    kind = tag.rsplit(":", 1)[-1]
    if kind == "null":
        return None
    if kind not in ("bool", "int", "float") or ":" in text:  # 12:30 is 750 in YAML 1.1
        return text
    try:
        value = getattr(_CONSTRUCTOR, f"construct_yaml_{kind}")(yaml.ScalarNode(tag, text))
    except ValueError:  # `0x_` looks like a number but is none; one of 5,000 digits is too long
        return text
    return text if isinstance(value, float) and not math.isfinite(value) else value


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1

"""A shell command as words and operators, as far as that can be told without running it. Pure.

What a word becomes may depend on variables; `Word.text` says it where they are known.
"""

import re
from collections.abc import Iterator, Mapping

from scheduled.quick_classes import NamedTuple

STOP = "stop"
"""An operator of ours: what follows cannot be understood without a shell."""

_REDIRECTION = re.compile(r"\d*(?:<<<|<>|<&|>&|>>|>\||<(?![<(])|>(?!\())|&>>?")
_SKIPPED = re.compile(r"[ \t]+|\\\n|#[^\n]*")
_HERE = re.compile(r"\d*<<(?P<dash>-?)[ \t]*")
_OPERATOR = re.compile(r"\|\||&&|\|&|;;|[;&|()\n]")
_NAME = re.compile(r"\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})", re.ASCII)
_PLAIN = re.compile(r"[^\s'\"\\$`;&|<>()*?\[~{]+")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=", re.ASCII)
_SPLIT = re.compile(r"[\s*?\[\\]")
"""What an unquoted value must not have to be one word as it is."""
_ESCAPED = re.compile(r"\\([`$\\])")
"""What a backslash quotes between backquotes."""
_ENDS = frozenset(" \t\n;&|<>()")


class Variable(NamedTuple):
    """A part of a word that is the value of a variable."""

    name: str
    is_quoted: bool


class Substitution(NamedTuple):
    """A part of a word that is what a command prints."""

    command: str


Part = str | Variable | Substitution | None
"""None is what only the shell can know."""


class Word(NamedTuple):
    """A word, by its parts."""

    parts: tuple[Part, ...]
    is_quoted: bool = False
    """Whether any of it is, so that it is no word of the shell's own."""

    def text(self, variables: Mapping[str, str | None]) -> str | None:
        """Return what the word becomes; None if that cannot be known."""
        result = ""
        for part in self.parts:
            if isinstance(part, Variable):
                value = variables.get(part.name)
                if value is None or (not part.is_quoted and (not value or _SPLIT.search(value))):
                    return None
                result += value
            elif isinstance(part, str):
                result += part
            else:
                return None
        return result

    @property
    def substitutions(self) -> Iterator[str]:
        """The commands that are run to find out what the word is."""
        return (part.command for part in self.parts if isinstance(part, Substitution))

    @property
    def assigned(self) -> str:
        """The name of the variable that the word sets if it stands before a command, or ''."""
        first = self.parts[0] if self.parts else None
        match = _ASSIGNMENT.match(first) if isinstance(first, str) else None
        return match[1] if match else ""


Token = Word | str
"""A word, an operator, or `>` for any redirection, whose target is the next word."""


def tokens(text: str) -> list[Token]:
    """Return the tokens of a command up to a `STOP`; none if its quotes do not match."""
    try:
        return _tokens(text)
    except (ValueError, RecursionError):
        return []


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    documents: list[tuple[str, bool]] = []
    place = 0
    while place < len(text):
        if match := _SKIPPED.match(text, place):
            place = match.end()
        elif match := _REDIRECTION.match(text, place):
            found.append(">")
            place = match.end()
        elif match := _HERE.match(text, place):
            word, place = _word(text, match.end())
            documents.append((str(word.text({})), bool(match["dash"])))
        elif text[place] in "<>" or text.startswith("((", place):
            return [*found, STOP]  # a process as a file, arithmetic
        elif match := _OPERATOR.match(text, place):
            found.append(";" if match[0] == "\n" else match[0])
            place = match.end()
            if match[0] == "\n":
                place = _behind_documents(text, place, documents)
        else:
            word, place = _word(text, place)
            found.append(word)
    return found


def _behind_documents(text: str, place: int, documents: list[tuple[str, bool]]) -> int:
    """Return the place behind the here documents that begin at `place`, each up to its word."""
    for delimiter, has_tabs in documents:
        line = ""
        while place < len(text) and line != delimiter:
            end = _until(text, "\n", place)
            line = text[place:end].lstrip("\t") if has_tabs else text[place:end]
            place = end + 1
            if line != delimiter and place > len(text):
                return len(text)
    documents.clear()
    return min(place, len(text))


def _word(text: str, place: int) -> tuple[Word, int]:
    """Return the word at `place`, and where it ends. Raise ValueError for an open quote."""
    parts: list[Part] = []
    start, is_quoted = place, False
    if text.startswith("[[", place):
        parts.append("[[")
        place += 2
    while place < len(text) and text[place] not in _ENDS:
        char = text[place]
        if match := _PLAIN.match(text, place):
            parts.append(match[0])
            place = match.end()
        elif char == "'":
            end = text.index("'", place + 1)
            parts.append(text[place + 1 : end])
            place, is_quoted = end + 1, True
        elif char == '"':
            place = _in_quotes(text, place + 1, parts)
            is_quoted = True
        elif char == "\\":
            parts.append(text[place + 1 : place + 2].replace("\n", ""))
            place, is_quoted = place + 2, True
        elif char in "$`":
            part, place = _expansion(text, place, is_quoted=False)
            parts.append(part)
        else:
            parts.append(_special(text, place, is_first=place == start))
            place += 1
    return Word(tuple(parts), is_quoted), place


def _special(text: str, place: int, *, is_first: bool) -> Part:
    """Return the part that is one of `*`, `?`, `[`, `~`, `{`."""
    char, after = text[place], text[place + 1 : place + 2]
    if char == "~":
        is_home = is_first and (after == "/" or after in _ENDS or not after)
        return Variable("HOME", True) if is_home else None if is_first else char
    is_alone = is_first and (after in _ENDS or not after or (char == "[" == after))
    return char if is_alone and char in "{[" else None


def _in_quotes(text: str, place: int, parts: list[Part]) -> int:
    """Add the parts up to the closing double quote, and return where it is passed."""
    while text[place : place + 1] != '"':
        char = text[place : place + 1]
        if not char:
            raise ValueError('no closing "')
        if char == "\\":
            escaped = text[place + 1 : place + 2]
            parts.append(escaped if escaped in '$`"\\' else f"\\{escaped}")
            place += 2
        elif char in "$`":
            part, place = _expansion(text, place, is_quoted=True)
            parts.append(part)
        else:
            parts.append(char)
            place += 1
    return place + 1


def _expansion(text: str, place: int, *, is_quoted: bool) -> tuple[Part, int]:
    """Return what `$` or a backquote begins, and where it ends."""
    if match := _NAME.match(text, place):
        return Variable(match["bare"] or match["braced"], is_quoted), match.end()
    if text[place] == "`":
        end = _closed(text, place + 1, "`")
        return Substitution(_ESCAPED.sub(r"\1", text[place + 1 : end - 1])), end
    after = text[place + 1 : place + 2]
    if text.startswith("$((", place) or after == "{":
        return None, _closed(text, place + 2, ")" if after == "(" else "}")
    if after == "(":
        end = _closed(text, place + 2, ")")
        return Substitution(text[place + 2 : end - 1]), end
    if after and (after in "@*#?$!-'\"" or after.isdigit()):
        is_quote = after in "'\""
        return None, place + 1 if is_quote else place + 2
    return "$", place + 1


def _closed(text: str, place: int, end: str) -> int:
    """Return the place behind the closing `end`. Raise ValueError if there is none."""
    begin = {")": "(", "}": "{"}.get(end, "")
    while place < len(text):
        char = text[place]
        if char == end:
            return place + 1
        if char == "\\":
            place += 2
        elif char == "'" and end != "`":
            place = text.index("'", place + 1) + 1
        elif char == '"' and end != "`":
            place = _in_quotes(text, place + 1, [])
        elif char == begin:
            place = _closed(text, place + 1, end)
        else:
            place += 1
    raise ValueError(f"no closing {end}")


def _until(text: str, sign: str, place: int) -> int:
    end = text.find(sign, place)
    return len(text) if end < 0 else end

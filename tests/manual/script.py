"""A page of the manual as a script: what its reader types, and what happens meanwhile.

Commands stand in `console` blocks behind `$ `, each with what it prints, if that is shown. Comments
in front of a block, which the site does not have, say the rest:

    <!-- meanwhile: SHELL -->   is done first: what others do, or what the page takes for granted
    <!-- file: PATH -->         the block is a file, and is written there
    <!-- shown: SHELL -->       the block is what this prints
    <!-- exit: 1 -->            how its commands end, if not with 0; several numbers: one of them
    <!-- not run: WHY -->       its commands are not run
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.builders.manual import Page

_COMMENT = r"<!-- (meanwhile|file|shown|exit|not run):\s(.*?)\s*-->"
_BLOCK = r"^( *)```(\w*)[^\n]*\n(.*?)^ *```$"
_PART = re.compile(rf"{_COMMENT}|{_BLOCK}", re.MULTILINE | re.DOTALL)
_LANGUAGES = {"bash", "sh", "shell", "zsh", "fish"}


@dataclass(frozen=True)
class Step:
    """Something that a page has done."""

    shell: str
    is_shown: bool = True
    """Whether the reader sees it: not what happens meanwhile."""
    printed: str | None = None
    """What the page says it prints; None: nothing is said."""
    span: tuple[int, int] = (0, 0)
    """Where in the page that stands."""
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class NotRun:
    """A command that a page only shows."""

    shell: str
    why: str


def steps(page: Page) -> list[Step | NotRun]:
    """Return all that a page has done, in its order."""
    return [*_steps(page.text)]


def _steps(text: str) -> Iterator[Step | NotRun]:
    said: dict[str, str] = {}
    for part in _PART.finditer(text):
        word, value, _, language, body = part.groups()
        if word == "meanwhile":
            yield Step(value, is_shown=False, codes=(0, 1))  # a tick may have failures to tell of
        elif word:
            said[word] = value
        else:
            yield from _of_block(part, language, body, said)
            said = {}


def _of_block(
    part: re.Match[str], language: str, body: str, said: dict[str, str]
) -> Iterator[Step | NotRun]:
    if "file" in said:
        yield Step(_written(said["file"], body), is_shown=False)
    elif "shown" in said:
        yield Step(said["shown"], printed=body, span=part.span(5))
    elif language in _LANGUAGES:
        raise ValueError(f"a block of {language}: use console, and `$ ` before each command")
    elif language == "console":
        for command in _commands(body, part.start(5), _codes(said)):
            yield NotRun(command.shell, said["not run"]) if "not run" in said else command
    elif said:
        raise ValueError(f"{said}: there is no command in the block below")


def _codes(said: dict[str, str]) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", said.get("exit", "0"))))


def _commands(body: str, start: int, codes: tuple[int, ...]) -> Iterator[Step]:
    """Yield the commands of a console block, each with what it prints there."""
    heads = [*re.finditer(r"^ *\$ (.*(?:\\\n.*)*)\n", body, re.MULTILINE)]
    ends = [head.start() for head in heads[1:]] + [len(body)]
    if heads and body[: heads[0].start()].strip():
        raise ValueError("a console block begins with a command")
    for head, end in zip(heads, ends, strict=True):
        printed = body[head.end() : end]
        span = (start + head.end(), start + end)
        yield Step(head[1], printed=printed or None, span=span, codes=codes)


def _written(path: str, body: str) -> str:
    folder = path.rpartition("/")[0] or "."
    return f"mkdir -p {folder} && cat >{path} <<'END-OF-FILE'\n{body}END-OF-FILE"

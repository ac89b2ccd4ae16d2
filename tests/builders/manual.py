"""The documents as a test looks at them: pages with headings, tables, links and code blocks."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
ONLINE = "https://github.com/scheduled-cron/scheduled/blob/main/"
"""How the README links to a file, so that the link works on the page of a package index."""

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_OPERATORS = {"|", "||", "&&", ";", ">", "<"}


@dataclass(frozen=True)
class Page:
    """A document in Markdown."""

    path: Path

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text("utf-8")

    @cached_property
    def prose(self) -> str:
        """All of it without its code blocks."""
        return _FENCE.sub("", self.text)

    def section(self, heading: str) -> str:
        """Return what stands below a heading, up to the next one of its level or a higher one."""
        found = re.search(rf"^(#+) {re.escape(heading)}$", self.prose, re.MULTILINE)
        assert found is not None, f"{self.path.name} has no heading {heading}"
        rest = self.prose[found.end() :]
        return re.split(rf"^#{{1,{len(found[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]

    def headings(self, level: int) -> list[str]:
        """Return the headings of one level, in their order."""
        return [text for marks, text in _HEADING.findall(self.prose) if len(marks) == level]

    def anchors(self) -> set[str]:
        """Return what a link can name behind its `#`: headings as GitHub writes them."""
        names = (text for _, text in _HEADING.findall(self.prose))
        return {re.sub(r"[^\w\- ]", "", name).lower().replace(" ", "-") for name in names}

    def links(self) -> list[str]:
        """Return the targets of its links."""
        return [inline or named for inline, named in _LINK.findall(self.prose)]

    def blocks(self, language: str) -> list[str]:
        """Return the code blocks in one language."""
        return [text for name, text in _FENCE.findall(self.text) if name == language]

    def named_block(self, name: str) -> str:
        """Return the code block that the line before it names as a file."""
        found = re.search(
            rf"`{re.escape(name)}`:\n\n```\w+\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL
        )
        assert found is not None, f"{self.path.name} has no block called {name}"
        return found[1]

    def session(self, command: str) -> str:
        """Return what a command prints, as a console block shows it."""
        for block in self.blocks("console"):
            _, typed, rest = block.partition(f"$ {command}\n")
            if typed:
                return re.split(r"^\$ ", rest, maxsplit=1, flags=re.MULTILINE)[0]
        raise AssertionError(f"{self.path.name} does not show {command}")

    def command_lines(self) -> Iterator[list[str]]:
        """Yield the words of every command in the text."""
        for code in _CODE.findall(self.prose):
            if re.match(r"(sudo )?(\./install_cron\.sh|scheduled [a-z-]|make [a-z])", code):
                yield from commands(code.replace("\\|", "|"))


def page(name: str) -> Page:
    """Return a page of the manual by its place, such as `reference/files`."""
    return Page(CHECKOUT / "docs" / f"{name}.md")


def pages() -> list[Page]:
    """Return every document of the checkout."""
    hidden = CHECKOUT.glob(".git?*/**/*.md")
    return [
        Page(path)
        for path in sorted({*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md"), *hidden})
    ]


def pages_of_examples() -> list[Page]:
    """Return the documents in `examples/`; tests/examples runs their commands."""
    return [Page(path) for path in sorted(CHECKOUT.glob("examples/**/*.md"))]


each_page = pytest.mark.parametrize(
    "page", [*pages(), *pages_of_examples()], ids=lambda page: str(page.path.relative_to(CHECKOUT))
)
"""Run a test for each document."""


def make_targets() -> set[str]:
    """Return the targets of the Makefile that people name."""
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    return set(" ".join(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)).split())


def rows(section: str) -> list[list[str]]:
    """Return the cells of the rows of every table in a section, without the heads."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    split = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    cells = [[cell.strip().replace("\\|", "|") for cell in line] for line in split]
    rules = {number for number, line in enumerate(lines) if set(line) <= set("|- :")}
    heads = {number - 1 for number in rules}
    return [row for number, row in enumerate(cells) if number not in rules | heads]


def code(cell: str) -> list[str]:
    """Return the code in a cell of a table, or in any text."""
    return _CODE.findall(cell)


def commands(line: str) -> Iterator[list[str]]:
    """Yield the commands of a line in a shell."""
    scanner = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    scanner.whitespace_split = True
    words: list[str] = []
    for word in scanner:
        if word not in _OPERATORS:
            words.append(word)
        elif words:
            yield words
            words = [] if word not in "<>" else [word]
    if words:
        yield words

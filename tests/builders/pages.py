"""Pages taken apart: their elements, their text, and what is wrong with them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from tests.builders import month
from tests.builders.looks import Home

VOID = {"meta", "link", "br", "hr", "img", "input"}


@dataclass
class Element:
    """A start tag."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    """What is in it, all the way down."""
    inner: list["Element"] = field(default_factory=list)

    def all(self, tag: str) -> list["Element"]:
        """The elements of that name in it, in the order of the page."""
        found = []
        for element in self.inner:
            found += [element] if element.tag == tag else []
            found += element.all(tag)
        return found

    def one(self, tag: str, **attributes: str) -> "Element":
        """The only one of that name with such attributes."""
        (found,) = [
            element for element in self.all(tag) if attributes.items() <= element.attributes.items()
        ]
        return found

    @property
    def shape(self) -> tuple[object, ...]:
        """Its elements and the names of their attributes, whatever the texts are."""
        inner = tuple(element.shape for element in self.inner)
        return (self.tag, *sorted(self.attributes), *inner)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.problems.append(f"{tag}: an attribute twice: {names}")
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inner.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1].tag != tag:
            self.problems.append(f"</{tag}> closes <{self._open[-1].tag}>")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"a comment: {data[:40]}")


def parsed(html: str) -> Element:
    """The elements of a page, every one of which is closed where it has to be."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert parser.problems == []
    return parser.root


def of_month(folder: Path) -> str:
    """The page of a home with a month of history, at its end."""
    home = Home(folder, {"TZ": month.ZONE})
    said = home.call("page", "--output", "-", now=month.NOW)
    assert (said.code, said.err) == (0, "")
    return said.out

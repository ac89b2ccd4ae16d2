"""What the manual says of the code is what the code declares, and it says all of it."""

from collections.abc import Iterator

from docs import declared
from docs.declared import commands, jobs, keys
from scheduled.cli.main import SECTIONS
from tests.builders.manual import Page, each_page, pages


@each_page
def test_a_page_says_what_the_code_declares(page: Page) -> None:
    assert page.text == declared.fresh(page.text), "make fix writes it anew"


def test_everything_that_is_declared_is_in_the_manual_once() -> None:
    said = sorted(part for page in pages() for part in declared.parts(page.text))

    assert said == sorted(everything())


def everything() -> Iterator[str]:
    yield from ("commands", "exit codes", "outcomes", "events", "limits")
    yield from ("JSON of a row", "JSON of an executor")
    yield from (f"keys of {name}" for name in keys.TABLES)
    yield from (f"params of {name}" for name in jobs.FAMILIES if name != "ecosystems")
    yield "shared params of ecosystems"
    yield "options of the program"
    for names in SECTIONS.values():
        for name in commands.typed(names):
            if commands.has_options(name):
                own = " without those of create" if name == "update" else ""
                yield f"options of {name}{own}"


def test_a_table_has_what_would_be_markup_as_text() -> None:
    (row,) = [line for line in declared.fresh(PART).splitlines() if "--path" in line]

    assert r"\<root\>/scheduled.yaml" in row


PART = "<!-- declared: options of config init -->\n<!-- end -->\n"

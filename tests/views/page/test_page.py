"""The page as a whole: what every page keeps to, whatever is on it."""

import base64
import hashlib
import itertools
import re
from pathlib import Path

import pytest

from scheduled.views.page import contents, markup, styles
from tests.builders import month as months
from tests.builders import pages
from tests.builders.looks import Home
from tests.builders.pages import Element, parsed

STYLED = ("mail.html",)
"""Mail programs know no other style than that of an element."""
TEMPLATES = sorted(styles.FOLDER.glob("*.html"))
HEADINGS = ("h1", "h2", "h3")


@pytest.fixture(scope="module")
def html(month: Home) -> str:
    return pages.of_month(month.folder)


@pytest.fixture(scope="module")
def page(html: str) -> Element:
    return parsed(html)


def elements(element: Element) -> list[Element]:
    return [inner for each in element.inner for inner in (each, *elements(each))]


def test_it_loads_nothing_and_runs_nothing(html: str, page: Element) -> None:
    used = {element.tag for element in elements(page)}
    names = {name for element in elements(page) for name in element.attributes}

    assert not used & {"script", "iframe", "object", "embed", "form", "img", "base"}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src")}
    (icon,) = page.all("link")
    assert icon.attributes["href"].startswith("data:image/svg+xml,")
    assert "url(" not in page.one("style").text
    assert "@import" not in html
    links = {element.attributes["href"] for element in page.all("a")}
    assert {link for link in links if not link.startswith("#")} == {
        link for link in links if link.endswith("/SCHEDULED.central.json")
    }


def test_its_policy_allows_its_style_sheet_and_nothing_else(page: Element) -> None:
    digest = hashlib.sha256(page.one("style").text.encode()).digest()
    (policy,) = [
        element.attributes["content"]
        for element in page.all("meta")
        if element.attributes.get("http-equiv") == "Content-Security-Policy"
    ]

    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(digest).decode()}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_everything_that_is_named_is_there_once(page: Element) -> None:
    ids = [element.attributes["id"] for element in elements(page) if "id" in element.attributes]
    named = {
        target.removeprefix("#")
        for element in elements(page)
        for name in ("href", "aria-labelledby", "aria-describedby")
        for target in element.attributes.get(name, "").split()
        if name != "href" or target.startswith("#")
    }

    assert len(ids) == len(set(ids))
    assert named <= set(ids)
    assert {section.name for section in contents.SECTIONS if section.link} & named


def test_headings_are_in_order_and_every_section_has_one(page: Element) -> None:
    levels = [HEADINGS.index(element.tag) for element in elements(page) if element.tag in HEADINGS]

    assert levels[0] == 0
    assert levels.count(0) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for section in page.all("section"):
        assert section.all("h2")[0].attributes["id"] == section.attributes["aria-labelledby"]


def test_who_does_not_see_it_gets_the_same(page: Element) -> None:
    assert page.one("html").attributes["lang"] == "en"
    assert page.all("a")[0].attributes == {"class": "skip", "href": "#main"}
    for picture in page.all("svg"):
        hidden = picture.attributes.get("aria-hidden") == "true"
        assert hidden or picture.attributes.get("role") == "img"
    for table in page.all("table"):
        assert table.attributes["role"] == "table"
        for tag, roles in (
            ("tr", {"row"}),
            ("td", {"cell"}),
            ("th", {"rowheader", "columnheader"}),
        ):
            assert {cell.attributes.get("role") for cell in table.all(tag)} <= roles


def test_the_title_begins_with_how_many_things_need_a_person(page: Element) -> None:
    cards = page.one("section", id="needs-you").all("article")

    assert page.one("head").one("title").text.split()[0] == str(len(cards))
    assert len(cards) >= 3  # two incidents and the dead letters; more by what the machine lacks
    assert page.one("h1").text.startswith(f"{len(cards)} things need you; ")


def test_styles_hold_no_colour_but_by_its_name() -> None:
    for name in styles.SHEETS:
        text = re.sub(r"/\*.*?\*/", "", (styles.FOLDER / name).read_text(), flags=re.DOTALL)
        for line in text.splitlines():
            if re.search(r"#[0-9a-f]{3,6}\b|rgb|hsl", line):
                assert line.strip().startswith("--"), line


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_leaves_escaping_to_the_environment(path: Path) -> None:
    text = path.read_text()

    assert not re.search(
        r"\|\s*(safe|e|escape|forceescape|tojson|xmlattr|urlize|striptags)\b|autoescape|Markup",
        text,
    )
    assert not re.search(r"=\s*\{\{", text), "an attribute without quotes"
    assert not re.search(r"\son\w+=|<script", text)
    assert path.name in STYLED or not re.search(r"\sstyle=", text)


@pytest.mark.parametrize("section", contents.SECTIONS, ids=lambda section: section.name)
def test_a_section_has_a_template(section: contents.Section) -> None:
    assert (styles.FOLDER / f"{section.name}.html").is_file()


@pytest.mark.slow
def test_a_hundred_jobs_of_a_month_are_less_than_a_megabyte(tmp_path: Path) -> None:
    months.grown(tmp_path, 100)

    assert len(pages.of_month(tmp_path).encode()) < 1_000_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "plain é ü 日本 \u0627\u0644 👩\u200d🚀\n\tx",
            "plain é ü 日本 \u0627\u0644 👩\u200d🚀\n\tx",
        ),
        ("a\u202eb\u2066c\u200fd\u061c", "a\\u202eb\\u2066c\\u200fd\\u061c"),
        ("\x00\x07\x1b[2J\x7f\x9b\r", "\\u0000\\u0007\\u001b[2J\\u007f\\u009b\\u000d"),
        ("\u200b\ufeff\u00ad\u2060\u2028", "\\u200b\\ufeff\\u00ad\\u2060\\u2028"),
        ("\ud83d \ufffe \U000e0041", "\\ud83d \\ufffe \\U000e0041"),
    ],
)
def test_what_a_browser_would_act_upon_is_shown(text: str, shown: str) -> None:
    assert markup.visible(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(1440, "1 440"), (0.25, "0.25"), (1234567.5, "1 234 567.5"), (0, "0")]
)
def test_thousands_stand_apart(value: float, shown: str) -> None:
    assert markup.number(value) == shown.replace(" ", "\u202f")


@pytest.mark.parametrize(
    ("share", "shown"), [(1.0, "100 %"), (0.99996, "99.9 %"), (0.975, "97.5 %"), (0.0, "0 %")]
)
def test_not_all_is_never_a_hundred_percent(share: float, shown: str) -> None:
    assert markup.percent(share) == shown.replace(" ", "\u202f")

"""The page in a browser: for each eye, hand and setting, and against what would make it do harm."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.builders import page_rules
from tests.builders.browser import LOOKS, Look, Visit, visit
from tests.builders.looks import Home
from tests.builders.month import NOW, grown
from tests.builders.month_jobs import HOSTILE, HOSTILE_OUTPUT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def path(month: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page about a month."""
    return made(month, tmp_path_factory.mktemp("page") / "page.html")


def made(home: Home, path: Path) -> Path:
    said = home.call("page", "--output", str(path), now=NOW)
    assert (said.code, said.err) == (0, "")
    return path


@pytest.fixture(scope="module", params=LOOKS, ids=str)
def seen(browser: "Browser", path: Path, request: pytest.FixtureRequest) -> Iterator[Visit]:
    with visit(browser, path, request.param) as opened:
        yield opened


def test_it_is_quiet_and_asks_for_nothing(seen: Visit) -> None:
    seen.picture("page")

    assert (seen.console, seen.requests, seen.dialogs) == ([], [], [])
    assert page_rules.self_containment(seen) == []
    assert page_rules.execution(seen) == []


def test_it_fits_its_width(seen: Visit) -> None:
    assert page_rules.sideways(seen) == []
    assert page_rules.broken_words(seen) == []


def test_nobody_is_shut_out(seen: Visit) -> None:
    assert page_rules.order(seen) == []
    assert page_rules.accessibility(seen) == []


def test_what_people_and_programs_wrote_is_text(browser: "Browser", path: Path) -> None:
    with visit(browser, path) as opened:
        text = opened.page.inner_text("main")
        made = opened.ask("[...document.querySelectorAll('script, img, iframe, b > i')].length")

    assert text.count(HOSTILE) > 1
    assert HOSTILE_OUTPUT.partition("\u202e")[0] + "\\u202e" in text
    assert made == 0


def test_all_of_it_is_there_without_scripts(browser: "Browser", path: Path) -> None:
    shown = "[document.body.innerText, document.querySelectorAll('main section').length]"
    with visit(browser, path) as with_scripts:
        expected = with_scripts.ask(shown)
    with visit(browser, path, Look(has_scripts=False)) as without:
        assert without.ask(shown) == expected
    assert len(expected[0]) > 1000


def test_it_is_walked_through_with_the_keyboard(browser: "Browser", path: Path) -> None:
    for width in (390, 1440):
        with visit(browser, path, Look(width)) as opened:
            assert page_rules.skip_link(opened) == []
            assert page_rules.focus(opened) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_what_is_below_is_laid_out_when_it_is_gone_to(
    browser: "Browser", path: Path, width: int
) -> None:
    is_laid_out = """name => document.querySelector(`#${name} > :not(h2)`)
        .checkVisibility({contentVisibilityAuto: true})"""
    with visit(browser, path, Look(width, is_whole=False)) as opened:
        assert opened.ask(is_laid_out, "needs-you")
        assert not opened.ask(is_laid_out, "durations")

        opened.page.click("nav a[href='#durations']")
        opened.page.wait_for_function(is_laid_out, arg="durations")
        top = "document.querySelector('#durations').getBoundingClientRect().top"
        opened.page.wait_for_function(f"{top} >= 0 && {top} < 200")


def test_nothing_moves_for_who_wants_no_movement(browser: "Browser", path: Path) -> None:
    with visit(browser, path, Look(is_still=True)) as opened:
        assert page_rules.movement(opened) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_are_seen_in_colours_of_the_readers_own(
    browser: "Browser", path: Path, scheme: Literal["light", "dark"]
) -> None:
    with visit(browser, path, Look(1440, scheme, is_forced=True)) as opened:
        opened.picture("page")
        assert page_rules.invisible_marks(opened) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_printed_as_a_few_light_pages(
    browser: "Browser", path: Path, scheme: Literal["light", "dark"]
) -> None:
    with visit(browser, path, Look(1440, scheme)) as opened:
        printed = opened.printed("page")
        opened.page.emulate_media(media="print", color_scheme=scheme)
        colours = opened.ask("(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))")
        is_shut = opened.ask(
            "[...document.querySelectorAll('details > :not(summary)')]"
            ".some(element => !element.checkVisibility())"
        )
        is_led = opened.ask("document.querySelector('nav').checkVisibility()")

    assert len(printed) < 1_500_000
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 20
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    assert (is_shut, is_led) == (False, False)


def test_a_hundred_jobs_fit_into_a_file_that_opens_at_once(
    browser: "Browser", tmp_path: Path
) -> None:
    tmp_path.joinpath("home").mkdir()
    path = made(grown(tmp_path / "home", 100), tmp_path / "page.html")

    assert path.stat().st_size < 1_000_000
    for width in (390, 1440):
        with visit(browser, path, Look(width)) as opened:
            opened.picture("page-of-100-jobs")
            assert page_rules.sideways(opened) == []
            assert page_rules.accessibility(opened) == []
            assert opened.console == []

"""Each rule of a page finds what breaks it, and nothing on a page that keeps all of them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import page_rules
from tests.builders.browser import Look, Visit, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

GOOD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Good</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E">
<style>.skip:not(:focus) { position: absolute; left: -999px } a:focus { outline: 2px solid }</style>
</head><body>
<a class="skip" href="#content">Skip to content</a>
<header><h1>Good</h1><nav><a href="#more">More</a></nav></header>
<main id="content"><h2 id="more">More</h2><p>Text</p></main></body></html>"""

Rule = Callable[[Visit], list[str]]
BAD: dict[Rule, str] = {
    page_rules.accessibility: '<p style="color: #ccc; background: #fff">pale</p>',
    page_rules.self_containment: '<img alt="" src="http://192.0.2.1/pixel.png">',
    page_rules.execution: '<svg><a href="#"><set onbegin="alert(1)"></set></a></svg>',
    page_rules.sideways: "<pre>" + "x" * 500 + "</pre>",
    page_rules.broken_words: '<p style="width: 1em; overflow-wrap: anywhere">anywhere</p>',
    page_rules.movement: '<p style="transition: color 2s">slow</p>',
    page_rules.order: '<h4 id="more">twice</h4><a href="#else">lost</a>',
}
CHECKS: list[Rule] = [*BAD, page_rules.skip_link, page_rules.focus]
LOOK = Look(width=390)


def written(folder: Path, text: str) -> Path:
    path = folder / "page.html"
    path.write_text(text)
    return path


@pytest.mark.parametrize("rule", CHECKS)
def test_a_good_page_breaks_no_rule(browser: "Browser", tmp_path: Path, rule: Rule) -> None:
    with visit(browser, written(tmp_path, GOOD), LOOK) as good:
        assert rule(good) == []
        assert (good.console, good.requests, good.dialogs) == ([], [], [])


@pytest.mark.parametrize("rule", BAD)
def test_a_rule_finds_what_breaks_it(browser: "Browser", tmp_path: Path, rule: Rule) -> None:
    text = GOOD.replace("<p>Text</p>", BAD[rule])

    with visit(browser, written(tmp_path, text), LOOK) as bad:
        assert rule(bad) != []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<a class="skip" href="#content">Skip to content</a>', ""),
        (".skip:not(:focus)", ".skip"),
        ('href="#content"', 'href="#top"'),
    ],
)
def test_a_skip_link_has_to_be_there_to_be_seen_and_to_lead_somewhere(
    browser: "Browser", tmp_path: Path, before: str, after: str
) -> None:
    with visit(browser, written(tmp_path, GOOD.replace(before, after)), LOOK) as bad:
        assert page_rules.skip_link(bad) != []


def test_what_has_the_focus_has_to_be_seen(browser: "Browser", tmp_path: Path) -> None:
    text = GOOD.replace("outline: 2px solid", "outline: none")

    with visit(browser, written(tmp_path, text), LOOK) as bad:
        assert any("no outline" in problem for problem in page_rules.focus(bad))


def test_scripts_messages_requests_and_dialogs_are_noticed(
    browser: "Browser", tmp_path: Path
) -> None:
    script = "<script>console.log('here'); fetch('http://192.0.2.1/'); alert('gotcha')</script>"
    path = written(tmp_path, GOOD.replace("<p>Text</p>", f"<p>Text</p>{script}"))

    with visit(browser, path) as bad:
        bad.page.wait_for_timeout(100)
        assert "here" in bad.console
        assert bad.requests == ["http://192.0.2.1/"]
        assert "gotcha" in page_rules.execution(bad)
    with visit(browser, path, Look(has_scripts=False)) as off:
        assert (off.dialogs, off.requests) == ([], [])


def test_looks_differ(browser: "Browser", tmp_path: Path) -> None:
    style = """<style>@media (prefers-color-scheme: dark) { p { color: rgb(1, 1, 1) } }
        @media (forced-colors: active) { p { color: red; forced-color-adjust: none } }
        @media (prefers-reduced-motion: reduce) { p { transition-duration: 0s !important } }
        @media (width < 400px) { p { opacity: 0.5 } } p { transition: top 1s }</style>"""
    path = written(tmp_path, GOOD.replace("</head>", f"{style}</head>"))
    shown = "(s => [s.color, s.opacity])(getComputedStyle(document.querySelector('p')))"

    with visit(browser, path) as plain:
        assert plain.ask(shown) == ["rgb(0, 0, 0)", "1"]
        assert page_rules.movement(plain) != []
    with visit(browser, path, Look(390, "dark", is_still=True)) as other:
        assert other.ask(shown) == ["rgb(1, 1, 1)", "0.5"]
        assert page_rules.movement(other) == []
    with visit(browser, path, Look(is_forced=True)) as forced:
        assert forced.ask(shown) == ["rgb(255, 0, 0)", "1"]


def test_a_picture_is_kept_where_the_variable_says(
    browser: "Browser", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEDULED_TEST_PICTURES", str(tmp_path / "pictures"))

    with visit(browser, written(tmp_path, GOOD), LOOK) as good:
        picture = good.picture("good")

    assert (tmp_path / "pictures/good-390-light.png").read_bytes() == picture
    assert picture.startswith(b"\x89PNG")

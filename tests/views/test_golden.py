"""What each view shows of the same home at 60, 80, 120 and 200 columns, character by character.

The captures lie in `golden/`. `pytest tests/views/test_golden.py --golden` writes them anew; look
at the difference before you commit it.
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.builders import ecosystem_gallery, gallery
from tests.builders.looks import Home

WIDTHS = (60, 80, 120, 200)
VIEWS: dict[str, tuple[str, ...]] = {
    "status": ("status",),
    "list": ("list",),
    "list-all": ("list", "--all"),
    "next": ("next",),
    "next-job": ("next", gallery.LONG),
    "list-at": ("list", "--at", "18:00"),
    "show": ("show", gallery.LONG),
    "show-hostile": ("show", "hostile"),
    "show-all": ("show", "wide", "--all"),
    "history": ("history", "--limit", "40"),
    "history-job": ("history", "backup"),
    "next-explain": ("next", gallery.LONG, "--explain", "-n", "2"),
    "why": ("why", "backup"),
    "why-paused": ("why", "mail-digest"),
    "why-suspended": ("why", "flaky"),
    "why-hostile": ("why", "hostile"),
    "incidents": ("incidents",),
    "dead-letters": ("dead-letter", "list"),
    "stats": ("stats",),
    "stats-job": ("stats", "dump"),
    "events": ("events",),
    "handlers": ("handlers",),
    "simulate": ("simulate", "--to", "40m"),
    "dry-run": ("run", "--dry-run"),
}
OF_AN_ECOSYSTEM: dict[str, tuple[str, ...]] = {
    "branches": ("branches",),
    "branches-in-full": ("branches", "GROWN", ecosystem_gallery.MAIL_BRANCH),
    "projects": ("projects",),
    "history-gaps": ("history", "--gaps"),
}
VIEWS |= OF_AN_ECOSYSTEM
"""Each view with the command line that shows it. A new view is a row here."""
JOINED = "\U0001f469\u200d\U0001f680"
GOLDEN = Path(__file__).parent / "golden"
OURS = {"\u200e", "\u200d"}
"""Marks that keep columns in their place, and what joins characters: both harmless."""


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with gallery.home() as made:
        yield made


@pytest.fixture(scope="module")
def ecosystem() -> Iterator[Home]:
    with ecosystem_gallery.home() as made:
        yield made


@pytest.fixture
def shown(
    monkeypatch: pytest.MonkeyPatch, view: str, width: int, request: pytest.FixtureRequest
) -> str:
    place = "ecosystem" if view in OF_AN_ECOSYSTEM else "home"
    home: Home = request.getfixturevalue(place)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    said = home.call(*VIEWS[view], now=gallery.NOW)
    assert (said.code, said.err) == (0, "")
    return said.out.replace(home.folder.name, gallery.FOLDER)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_as_it_was(
    shown: str, view: str, width: int, request: pytest.FixtureRequest
) -> None:
    if "hostile" in view and cell_len(JOINED) != 2:
        pytest.skip("needs a version of rich that knows how wide joined emoji are")
    path = GOLDEN / f"{view}-{width}.txt"
    if request.config.getoption("--golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, "utf-8")

    assert shown == path.read_text("utf-8")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_no_line_is_too_wide_and_no_name_split(shown: str, view: str, width: int) -> None:
    lines = shown.splitlines()

    assert [line for line in lines if cell_len(line) > width] == []
    for name in (gallery.LONG, gallery.LONGEST):
        begun = [line for line in lines if name[:20] in line and "/" not in line]
        if len(name) <= width - 8:
            assert [line for line in begun if name not in line] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_nothing_hostile_gets_through(shown: str, view: str, width: int) -> None:
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    found = {char for char in shown if unicodedata.category(char) in kinds}

    assert found <= {"\n", *OURS}


def test_each_capture_belongs_to_a_view() -> None:
    names = {re.sub(r"-\d+\.txt$", "", path.name) for path in GOLDEN.iterdir()}

    assert names == set(VIEWS)

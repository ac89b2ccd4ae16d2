"""The sections of pictures, as they stand in the page of a month."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Outcome
from tests.builders import month as built
from tests.builders.looks import Home
from tests.builders.month_jobs import LONGEST

TIMES = ("24h", "7d", "30d")
NARROW, DASH = "\u202f", "\u2013"


class Cells(HTMLParser):
    """The texts of the rows of each section, cell by cell."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self._section = ""
        self._is_cell = False
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "section":
            self._section = named.get("id") or ""
        if tag == "tr":
            self.rows.setdefault(self._section, []).append([])
        if tag in ("td", "th") and self.rows.get(self._section):
            self.rows[self._section][-1].append("")
            self._is_cell = True
        if tag in ("svg", "title"):
            self._is_cell = False

    def handle_endtag(self, tag: str) -> None:
        self._is_cell = tag == "svg" or (self._is_cell and tag not in ("td", "th"))

    def handle_data(self, data: str) -> None:
        if self._is_cell and self.rows.get(self._section) and self.rows[self._section][-1]:
            self.rows[self._section][-1][-1] += data


@pytest.fixture(scope="module")
def document(month: Home, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the month."""
    return page(month, tmp_path_factory.mktemp("page"))


def page(home: Home, folder: Path) -> str:
    pytest.importorskip("jinja2")
    with built.running(home):
        said = home.call("page", "--output", str(folder / "page.html"), now=built.NOW)
    assert said.code == 0, said.err
    return (folder / "page.html").read_text("utf-8")


def number(text: str) -> int:
    return 0 if text.strip() in (DASH, "") else int(text.replace(NARROW, ""))


def stats(home: Home, since: str) -> Any:
    return json.loads(home.call("stats", "--json", "--since", since, now=built.NOW).out)


def test_the_sums_on_the_page_are_those_of_stats(month: Home, document: str) -> None:
    rows = {row[0].strip(): row[1:] for row in Cells(document).rows["month"] if len(row) == 4}

    for column, since in enumerate(TIMES):
        total = stats(month, since)["total"]
        for outcome in Outcome:
            words = outcome.value.replace("_", " ")
            assert number(rows[words][column]) == total[outcome.value], (since, outcome)
        assert number(rows["all"][column]) == sum(total[outcome.value] for outcome in Outcome)


@pytest.mark.parametrize(("section", "since"), [("day", "24h"), ("week", "7d")])
def test_each_lane_has_the_numbers_of_stats_and_words_that_add_up(
    month: Home, document: str, section: str, since: str
) -> None:
    rows = Cells(_lanes(document, section)).rows[section]
    lanes = {row[0].split()[0]: row[1:] for row in rows if len(row) == 5}
    counted = {row["id"]: row for row in stats(month, since)["jobs"]}

    assert len(lanes) >= 25
    for name, row in counted.items():
        words, failed, missed, total = lanes[name]
        assert number(failed) == row["failed"] + row["timed_out"] + row["interrupted"]
        assert number(missed) == row["missed"]
        assert number(total) == sum(row[outcome.value] for outcome in Outcome)
        parts = [int(part.replace(",", "")) for part in re.findall(r"([\d,]+) [a-z]", words)]
        assert sum(parts) == number(total)


def test_the_share_that_succeeded_is_that_of_stats(month: Home, document: str) -> None:
    rows = {row[0].split()[0]: row[2] for row in Cells(document).rows["month"] if len(row) == 3}

    for job in stats(month, "30d")["jobs"]:
        if job["runs"]:
            shown = float(rows[job["id"]].replace(f"{NARROW}%", ""))
            assert shown == pytest.approx(100 * job["success_rate"], abs=0.11), job["id"]


def test_an_outage_over_the_change_of_the_clocks_is_one_band_with_its_cost(document: str) -> None:
    week = _section(document, "week")

    assert "Sat 24 Oct 23:30 to Sun 25 Oct 05:15, 6 h 45 min" in week
    assert "Clocks went back Sun 25 Oct at 03:00 to 02:00: that day has 25 h" in week
    assert week.count('class="outage"') == 5


def test_a_picture_is_hidden_from_readers_that_get_its_words(document: str) -> None:
    for section in ("day", "week", "month", "durations"):
        pictures = re.findall(r"<svg[^>]*>", _section(document, section))
        assert len(pictures) > 10
        assert all('aria-hidden="true"' in picture for picture in pictures)


def test_every_shape_that_is_used_is_defined_once(document: str) -> None:
    ids = re.findall(r' id="([^"]+)"', document)

    assert len(ids) == len({*ids})
    assert {*re.findall(r'<use href="#([^"]+)"', document)} <= {*ids}
    assert {*re.findall(r"url\(#([^)]+)\)", document)} <= {*ids}


def test_no_name_and_no_error_becomes_markup(document: str) -> None:
    assert "<script" not in document
    assert "onerror=alert" not in re.sub(r"&lt;img[^&]*&gt;", "", document)
    assert "\u202e" not in document
    assert " style=" not in document
    assert LONGEST in document


def test_an_installation_that_has_never_run_has_pictures_too(tmp_path: Path) -> None:
    home = Home(_made(tmp_path / "home"))
    home.configure('jobs:\n  backup: {schedule: "0 * * * *", command: "true"}\n')
    pytest.importorskip("jinja2")

    said = home.call("page", "--output", str(tmp_path / "page.html"))

    assert said.code == 0, said.err
    rows = Cells((tmp_path / "page.html").read_text("utf-8")).rows
    assert [row for row in rows["day"] if row[0] == "backup"] == [
        ["backup", "nothing was due", "", "", DASH]
    ]


def test_a_suspended_job_is_a_line_since_then(document: str) -> None:
    lane = next(row for row in _section(document, "week").split("<tr") if ">pull-upstreams<" in row)

    (since,) = re.findall(r'<line class="held" x1="([\d.]+)%" x2="100.0%"', lane)
    assert 65 < float(since) < 75  # two days of seven


def test_an_installation_without_any_job_has_a_page(tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    home = Home(_made(tmp_path / "home"))
    home.configure("jobs: {}\n")

    said = home.call("page", "--output", str(tmp_path / "page.html"))

    assert said.code == 0, said.err
    assert "There is no job." in _section((tmp_path / "page.html").read_text("utf-8"), "day")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _lanes(document: str, name: str) -> str:
    """Return a section without the table of what failed."""
    return _section(document, name).partition("<details>")[0]


def _section(document: str, name: str) -> str:
    start = document.index(f'<section id="{name}"')
    return document[start : document.index("</section>", start)]

"""What the page adds up is what `stats` says: over failures, outages and a change of the clock."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from scheduled.jobs.model import Outcome
from scheduled.views.page.past import looks
from tests.builders.browser import Visit, visit
from tests.builders.looks import Home
from tests.builders.month import CLOCK_CHANGE, NOW, OUTAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

TIMES = {"24 hours": ("24h", "day"), "7 days": ("7d", "week"), "30 days": ("30d", "month")}
"""The columns of the sums: what `stats` calls each, and the section with its picture."""
OUTCOMES = {
    looks.Look.OK: Outcome.SUCCEEDED,
    looks.Look.LATE: Outcome.SUCCEEDED,
    looks.Look.FAILED: Outcome.FAILED,
    looks.Look.TIMED_OUT: Outcome.TIMED_OUT,
    looks.Look.INTERRUPTED: Outcome.INTERRUPTED,
    looks.Look.MISSED: Outcome.MISSED,
    looks.Look.HELD: Outcome.MISSED,
    looks.Look.SKIPPED: Outcome.SKIPPED,
}


@pytest.fixture(scope="module")
def shown(
    browser: "Browser", month: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visit]:
    path = tmp_path_factory.mktemp("page") / "page.html"
    assert month.call("page", "--output", str(path), now=NOW).code == 0
    with visit(browser, path) as opened:
        yield opened


def stats(home: Home, since: str) -> dict[str, Any]:
    said = home.call("stats", "--since", since, "--json", now=NOW)
    document: dict[str, Any] = json.loads(said.out)
    return document


def number(text: str) -> int:
    digits = re.sub(r"\D", "", text)
    return int(digits) if digits else 0


def counted(words: str) -> Counter[Outcome]:
    """What `23 on time, 1 failed` says."""
    named = {text: OUTCOMES[look] for look, text in looks.WORDS.items()}
    found: Counter[Outcome] = Counter()
    for count, word in re.findall(r"([\d,]+) ([a-z ]+)", words):
        found[named[word]] += number(count)
    return found


def test_the_month_has_what_makes_counting_hard(month: Home) -> None:
    total = stats(month, "30d")["total"]

    assert all(total[outcome] for outcome in Outcome)
    assert any(gap.start < CLOCK_CHANGE < gap.end for gap in OUTAGES)


@pytest.mark.parametrize("column", TIMES)
def test_the_sums_are_those_of_stats(shown: Visit, month: Home, column: str) -> None:
    rows = shown.ask(
        """column => {
            const table = document.querySelector('#month table.sums');
            const place = [...table.tHead.rows[0].cells].findIndex(c => c.textContent === column);
            return [...table.tBodies[0].rows].map(row =>
                [row.cells[0].textContent, row.cells[place].textContent]);
        }""",
        column,
    )
    total = stats(month, TIMES[column][0])["total"]

    sums = {name: number(text) for name, text in rows if not name.startswith("of these")}
    assert sums == {
        **{outcome.value.replace("_", " "): total[outcome] for outcome in Outcome},
        "all": sum(total[outcome] for outcome in Outcome),
    }


@pytest.mark.parametrize("column", TIMES)
def test_what_is_said_of_each_job_is_what_stats_says(
    shown: Visit, month: Home, column: str
) -> None:
    since, section = TIMES[column]
    rows = shown.ask(
        """section => [...document.querySelectorAll(`#${section} table.lanes tbody tr`)]
            .filter(row => !row.classList.contains('group'))
            .map(row => [row.querySelector('bdi').textContent,
                row.querySelector('.picture .hidden').textContent,
                Object.fromEntries([...row.querySelectorAll('[data-word]')]
                    .map(cell => [cell.dataset.word, cell.textContent]))])""",
        section,
    )
    jobs = {row["id"]: row for row in stats(month, since)["jobs"]}

    assert {job for job, _, _ in rows} >= {*jobs}
    for job, words, cells in rows:
        expected = Counter({outcome: jobs.get(job, {}).get(outcome, 0) for outcome in Outcome})
        assert counted(words) == expected, job
        if "all" in cells:
            assert number(cells["all"]) == expected.total()

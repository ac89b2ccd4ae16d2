"""The page of 100 jobs and a month: making it, and a browser that opens it."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.cost import found, process, work
from bench.row import Effort, Row
from tests.builders.looks import Home
from tests.builders.month import NOW, ZONE, grown

EMPTY = "<!doctype html><html lang=en><title>Empty</title><p>Empty"


def pages(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure the page against `stats`, and Chromium with it against Chromium with nothing."""
    browser, jobs = found("chromium"), effort.of(100, 5)
    home = folder / "home"
    home.mkdir()
    grown(home, jobs)
    page, empty = folder / "page.html", folder / "empty.html"
    page.write_text(_called(home, "page", "--output", "-"))
    empty.write_text(EMPTY)
    yield effort.row(
        "page",
        f"page of {jobs} jobs and 30 days",
        partial(work, "pages:command", home, "page", "--output", "-"),
        "stats of as many",
        partial(work, "pages:command", home, "stats"),
    )
    opening = (browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom")
    yield effort.row(
        "page in Chromium",
        f"Chromium with that page, {page.stat().st_size // 1000} kB",
        partial(process, *opening, page.as_uri()),
        "Chromium with an empty page",
        partial(process, *opening, empty.as_uri()),
    )


def missing() -> tuple[str, ...]:
    """Return the scene if there is no browser to measure it with."""
    return () if shutil.which("chromium") else ("page",)


def command(home: str, *words: str) -> Callable[[], object]:
    """Return a call of a command at the end of the month."""
    return partial(_called, Path(home), *words)


def _called(home: Path, name: str, *words: str) -> str:
    said = Home(home, {"TZ": ZONE}).call(name, *words, now=NOW)
    assert said.code == 0, said.err
    return said.out

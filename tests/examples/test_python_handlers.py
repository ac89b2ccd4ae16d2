"""examples/python-handlers: its own tests, and its jobs with real files and a real page."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.builders.examples import Example, at
from tests.builders.manual import CHECKOUT


@pytest.fixture
def example(tmp_path: Path) -> Example:
    example = Example("python-handlers", tmp_path)
    (example.root / "inbox").mkdir()
    return example


class Page(ThreadingHTTPServer):
    """A page whose content and status a test sets; it knows ETags."""

    content = b"one"
    status = 200
    asked: list[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Answer(BaseHTTPRequestHandler):
    server: Page

    def do_GET(self) -> None:
        tag = f'"{self.server.content.decode()}"'
        known = self.headers["If-None-Match"]
        self.server.asked.append(known)
        self.send_response(304 if known == tag else self.server.status)
        self.send_header("ETag", tag)
        self.end_headers()
        if known != tag:
            self.wfile.write(self.server.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""


@pytest.fixture
def page() -> Iterator[Page]:
    with Page(("127.0.0.1", 0), _Answer) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def drop(example: Example, name: str, text: str, when: str = "2026-11-20 11:00") -> None:
    path = example.root / "inbox" / name
    path.write_text(text)
    os.utime(path, (at(when).timestamp(), at(when).timestamp()))


def events(example: Example) -> list[str]:
    path = example.root / "changes.jsonl"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.slow
def test_its_own_tests_pass(example: Example) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "handlers"],
        cwd=example.root,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    assert [row for row in example.config().jobs if "test" in row.id] == []


def test_invoices_of_an_outage_are_filed_by_one_run(example: Example) -> None:
    example.tick("2026-11-20 12:00")
    drop(example, "a.csv", "amount\n1.50\n")
    drop(example, "b.csv", "amount\n2\n")

    row = example.tick("2026-11-20 18:00", TZ="UTC")["file_invoices"]

    assert (row["outcome"], row["missed"]) == ("succeeded", 23)
    assert row["result"] == {"filed": 2, "total": "3.50", "rejected": []}
    assert len([*(example.root / "archive/2026-11").iterdir()]) == 2


def test_what_is_no_invoice_fails_the_run_is_told_to_subscribers_and_not_done_again(
    example: Example,
) -> None:
    drop(example, "a.csv", "amount\n1\n")
    drop(example, "b.csv", "amount\nmany\n")
    example.tick("2026-11-20 12:00")
    row = example.tick("2026-11-20 12:15")["file_invoices"]

    again = example.tick("2026-11-20 12:30")["file_invoices"]

    assert (row["outcome"], row["result"]["rejected"]) == ("failed", ["b.csv"])
    assert again["result"] == {"filed": 0, "total": "0", "rejected": []}
    assert [json.loads(line)["file"] for line in events(example)] == ["b.csv"]


def test_a_page_that_changes_is_told_and_one_that_is_gone_is_not_tried_again(
    example: Example, page: Page
) -> None:
    path = example.root / "scheduled.yaml"
    path.write_text(path.read_text().replace("https://example.org/", page.url))
    results = []
    for minute in range(3):
        results.append(example.tick(f"2026-11-20 12:0{minute}", "watch_page")["watch_page"])
        page.content = b"two" if minute == 1 else page.content
    page.content = b"three"
    page.status = 404
    gone = example.tick("2026-11-20 12:05", "watch_page")["watch_page"]

    assert [row["result"]["changed"] for row in results] == [False, False, True]
    assert page.asked[:2] == [None, '"one"']
    assert (gone["outcome"], gone["retry_at"]) == ("failed", None)
    assert len(events(example)) == 1

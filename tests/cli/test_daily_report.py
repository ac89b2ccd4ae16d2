"""`scheduled daily-report`: the report of the day, sent once."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduled.ecosystem import mailbox
from scheduled.state.store import Store
from tests.builders import ecosystem
from tests.builders.jobs import at
from tests.builders.looks import Home
from tests.builders.pages import parsed


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An ecosystem with the shipped jobs as they are, at noon."""
    branches = [ecosystem.entry("DEV_CENTRAL"), ecosystem.entry("FLOW")]
    return Home(ecosystem.home(tmp_path, {"branches": branches}))


def test_the_report_is_sent_once_a_day_whoever_asks(home: Home) -> None:
    assert home.call("daily-report").code == 0
    assert home.call("run").code == 0
    assert home.call("daily-report").code == 0

    box = mailbox.read(home.folder / "dev_central" / "ai_mail.local")
    subjects = [message["subject"] for message in box.messages]
    assert (
        len([subject for subject in subjects if subject.startswith("[DAILY] System Report - ")])
        == 1
    )
    assert last_run(home)["daily_report"] is not None


def test_the_report_is_sent_again_with_force(home: Home) -> None:
    home.call("daily-report")

    home.call("daily-report", "--force", now=at("12:05"))

    box = mailbox.read(home.folder / "dev_central" / "ai_mail.local")
    (report,) = [mail for mail in box.messages if "[DAILY]" in mail["subject"]]
    assert (report["updates"], report["status"]) == (2, "new")


def test_a_report_that_is_not_sent_is_printed_and_counts_for_nothing(home: Home) -> None:
    said = home.call("daily-report", "--stdout", "--no-send")

    assert said.code == 0
    assert said.out.startswith("# AIPass Daily Report - ")
    assert last_run(home)["daily_report"] is None
    assert mailbox.read(home.folder / "dev_central" / "ai_mail.local").messages == []


def test_a_disabled_report_is_not_sent_and_nobody_is_told_it_was(home: Home) -> None:
    home.call("disable", "daily_report")

    home.call("daily-report")

    assert mailbox.read(home.folder / "dev_central" / "ai_mail.local").messages == []


def last_run(home: Home) -> Any:
    return Store(home.state_dir).load().state["last_run"]


def test_h10_the_report_as_json_has_its_numbers_and_says_whether_it_was_sent(home: Home) -> None:
    first = json.loads(home.call("daily-report", "--json").out)
    again = json.loads(home.call("daily-report", "--json").out)
    unsent = json.loads(home.call("daily-report", "--json", "--no-send", "--stdout").out)

    assert [document["sent"] for document in (first, again, unsent)] == [True, False, False]
    for document in (first, again, unsent):
        assert document["report"].startswith(f"# AIPass Daily Report - {document['date']}\n")
        assert sum(document["activity"].values()) == 2
        assert document["error"] is None


def test_h10_a_report_that_fails_is_json_as_well(home: Home) -> None:
    home.configure("jobs: {daily_report: {enabled: true, timeout: 0.001}}")

    said = home.call("daily-report", "--json")

    document = json.loads(said.out)
    assert (said.code, document["sent"], document["report"]) == (1, False, None)
    assert "0.001 s" in document["error"]


def test_the_report_as_html_says_what_its_text_says_and_shows_the_branches(home: Home) -> None:
    home.call("trigger", "health")
    text = home.call("daily-report", "--stdout", "--no-send").out

    said = home.call("daily-report", "--html", "--no-send")

    assert (said.code, said.err) == (0, "")
    page = parsed(said.out)
    title, *lines = [line.lstrip("#- ") for line in text.splitlines() if line]
    assert (page.one("h1").text, page.one("title").text) == (title, title)
    assert [line for line in lines if line not in page.one("main").text] == []
    assert page.one("section", id="branches").all("th")[-1].text == "FLOW"
    assert last_run(home)["daily_report"] is None


def test_the_report_is_html_whether_it_is_sent_now_or_was(home: Home) -> None:
    for _ in ("now", "again"):
        said = home.call("daily-report", "--html")
        assert parsed(said.out).one("h1").text.startswith("AIPass Daily Report - ")
        assert last_run(home)["daily_report"] is not None
    box = mailbox.read(home.folder / "dev_central" / "ai_mail.local")
    assert len([mail for mail in box.messages if "[DAILY]" in mail["subject"]]) == 1


def test_html_is_one_form_and_needs_its_library_before_anything_is_done(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = home.call("daily-report", "--html", "--json")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    missing = home.call("daily-report", "--html")

    assert (both.code, both.out) == (2, "")
    assert "leave out --stdout and --json" in both.err
    assert (missing.code, missing.out) == (2, "")
    assert "pip install 'scheduled-cron[page]'" in missing.err
    assert last_run(home)["daily_report"] is None
    assert home.call("daily-report", "--stdout").out.startswith("# AIPass Daily Report - ")


def test_a_report_that_fails_is_no_html(home: Home) -> None:
    home.configure("jobs: {daily_report: {enabled: true, timeout: 0.001}}")

    said = home.call("daily-report", "--html", "--no-send")

    assert (said.code, said.out) == (1, "")
    assert "0.001 s" in said.err

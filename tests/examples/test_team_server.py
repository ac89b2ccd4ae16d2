"""examples/team-server: who hears of what, its calendar, and a colleague's job kept within limits.

Mail, chat, on call and pings go to servers of this machine; `curl` asks one of them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import message_servers, needs, ping_server
from tests.builders.examples import Example
from tests.builders.message_servers import CERTIFICATE, LOGIN, Server
from tests.builders.ping_server import PingServer


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[Server]:
    with message_servers.running("smtp", tmp_path / "smtp", "starttls") as server:
        yield server


@pytest.fixture
def pings(tmp_path: Path) -> Iterator[PingServer]:
    with ping_server.running(tmp_path / "pings") as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Server]:
    with message_servers.running("web", tmp_path / "site") as server:
        yield server


@pytest.fixture
def example(tmp_path: Path, web: Server, smtp: Server, pings: PingServer, site: Server) -> Example:
    needs.programs("curl")
    example = Example("team-server", tmp_path)
    example.change("scheduled.yaml", host="localhost", port=str(smtp.port))
    example.change("scheduled.yaml", user=f"{LOGIN[0]}\n    ca_file: {CERTIFICATE}")
    example.secret("smtp.password", f"{LOGIN[1]}\n")
    example.secret("chat.url", f"http://127.0.0.1:{web.port}/chat\n")
    example.secret("oncall.url", f"http://127.0.0.1:{web.port}/oncall\n")
    example.secret("tick.ping", f"{pings.url()}\n")
    path = example.root / "scheduled.yaml"
    text = path.read_text().replace("https://www.example.org/", f"http://127.0.0.1:{site.port}/")
    path.write_text(text)
    (example.root / "jobs/ann-export.yaml").rename(example.home / "ann-export.yaml")
    example.stand_in("df", 'echo "d 1 1 1 ${FULL:-50%} /srv/data"')
    return example


def test_each_hears_of_what_concerns_them_and_of_its_end(
    example: Example, web: Server, smtp: Server, site: Server
) -> None:
    example.tick("2026-11-20 12:00")
    site.be("500")
    for minute in (5, 10, 15, 20):
        example.tick(f"2026-11-20 12:{minute:02}")
        example.tick(f"2026-11-20 12:{minute + 2:02}")  # the retry
    site.be("ok")
    example.tick("2026-11-20 12:25")
    about_site = [message["path"] for message in web.accepted]
    for minute in (30, 32, 40, 42, 50):
        example.tick(f"2026-11-20 12:{minute}", FULL="95%")
    example.tick("2026-11-20 13:00")

    assert about_site == ["/chat", "/chat"]
    assert [message["path"] for message in web.accepted[2:]] == ["/oncall", "/oncall"]
    assert "/srv/data: 95%" in web.accepted[2]["body"]
    subjects = [mail["mail"].partition("Subject: ")[2].splitlines()[0] for mail in smtp.accepted]
    assert [subject.partition(":")[0] for subject in subjects] == [
        *["web.site", "web.site"],
        *["disk", "disk"],
    ]


def test_one_failure_of_the_site_is_told_to_nobody(
    example: Example, web: Server, smtp: Server, site: Server
) -> None:
    example.tick("2026-11-20 12:00")
    site.be("500")
    example.tick("2026-11-20 12:05")
    site.be("ok")
    example.tick("2026-11-20 12:10")

    assert example.outcomes("web.site")[-1] == "succeeded"
    assert (web.accepted, smtp.accepted) == ([], [])


def test_each_full_tick_is_told_to_the_dead_mans_switch(
    example: Example, pings: PingServer
) -> None:
    example.tick("2026-11-20 12:00")

    assert pings.waited(1) == ["success"]


def test_checks_that_were_missed_are_not_made_up_for(example: Example) -> None:
    example.tick("2026-11-20 12:00")
    example.tick("2026-11-20 18:09")

    assert "succeeded" not in example.outcomes("web.site")
    assert example.tick("2026-11-20 18:10")["web.site"]["missed"] == 0


@pytest.mark.parametrize(
    ("today", "outcome"),
    [("2026-11-23", "succeeded"), ("2026-11-22", None), ("2026-12-25", None)],
)
def test_the_report_waits_for_a_working_day(
    example: Example, today: str, outcome: str | None
) -> None:
    example.tick("2026-11-20 12:00")

    rows = example.tick("2026-11-23 09:00", TODAY=today)
    outside = example.tick("2026-11-23 17:00", TODAY="2026-11-23")  # 18:00 in Berlin
    later = example.tick("2026-11-24 08:30", TODAY="2026-11-24")

    assert ("web.report" in rows) is (outcome is not None)
    assert "web.report" not in outside
    assert ("web.report" in later) is (outcome is None)
    assert example.outcomes("web.report").count("succeeded") == 1


def test_the_log_has_a_line_for_each_run_and_the_report_counts_them(example: Example) -> None:
    for minute in (0, 5, 10):
        example.tick(f"2026-11-20 12:{minute:02}")

    example.tick("2026-11-20 12:11", "web.report")

    (output,) = (example.state / "runs/web.report").glob("*.log")
    assert output.read_text().splitlines()[-1] == str(len(example.rows("web.site")))
    assert os.stat(example.root / "logs/scheduled.log").st_mode & 0o077 == 0

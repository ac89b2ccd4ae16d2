"""AIPass's trigger hears of events by the configuration that the manual shows."""

import json
from pathlib import Path

import pytest
import yaml

from tests.builders.jobs import at
from tests.builders.looks import Home
from tests.builders.manual import CHECKOUT, Page

MANUAL = Page(CHECKOUT / "docs" / "reference" / "aipass.md")
DRONE = """\
#!/usr/bin/env python3
import json, sys
with open({record!r}, "a") as stream:
    print(json.dumps(sys.argv[1:]), file=stream)
"""
JOBS = """
jobs:
  backup: {schedule: hourly, command: "echo ok; exit 3", alert_after: 1}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    drone = tmp_path / "bin" / "drone"
    drone.parent.mkdir()
    drone.write_text(DRONE.format(record=str(tmp_path / "fired")))
    drone.chmod(0o755)
    return Home(tmp_path)


def shown(kind: str, home: Home) -> str:
    """The configuration in the manual, with a `drone` that is here."""
    beginning = f"{kind}:\n  trigger:"
    (block,) = (text for text in MANUAL.blocks("yaml") if text.startswith(beginning))
    directory = yaml.safe_load(block)[kind]["trigger"]["env"]["PATH"].partition(":")[0]
    return block.replace(directory, str(home.folder / "bin"))


def fired(home: Home) -> list[list[str]]:
    path = home.folder / "fired"
    return [*map(json.loads, path.read_text().splitlines())] if path.exists() else []


def test_a_channel_fires_an_event_for_each_message(home: Home) -> None:
    home.configure(shown("notify", home) + JOBS)

    home.call("run", now=at("11:30"))
    assert home.call("run", now=at("12:00")).code == 1

    (told,) = fired(home)
    assert told[:5] == ["@trigger", "fire", "incident_opened", "kind=failing", "job=backup"]
    assert told[5].startswith("subject=")
    assert len(told) == 6


def test_a_subscriber_fires_each_event(home: Home) -> None:
    home.configure(shown("subscribe", home) + JOBS)

    home.call("run", now=at("11:30"))
    home.call("run", now=at("12:00"))

    events = [told[2] for told in fired(home)]
    assert events == ["job_failed", "incident_opened"]
    assert {told[3] for told in fired(home)} == {"job=backup"}

"""Commands for several jobs at once: by their ids, and by `tag:NAME`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.state.store import Store
from tests.builders.jobs import at
from tests.builders.looks import Home, Said

JOBS = """\
jobs:
  one: {command: "true", schedule: "0 * * * *", tags: [nightly, web]}
  two: {command: "true", schedule: "0 * * * *", tags: [nightly]}
  off: {command: "true", schedule: "0 * * * *", tags: [nightly], enabled: false}
  other: {command: "true", schedule: "0 * * * *"}
"""


@pytest.fixture
def home(root: Path) -> Home:
    home = Home(root)
    home.configure(JOBS)
    return home


def lines(said: Said) -> list[str]:
    return said.out.splitlines()


def entry(home: Home, job: str) -> dict[str, object]:
    return {**Store(home.state_dir).load().state["jobs"].get(job, {})}


def test_e11_jobs_of_a_tag_are_paused_and_resumed_with_a_line_each(home: Home) -> None:
    said = home.call("pause", "tag:nightly", "--until", "tomorrow 8:00", "--reason", "new disk")
    assert [line.split()[:3] for line in lines(said)] == [
        [job, "is", "paused"] for job in ("one", "two", "off")
    ]
    assert {*Store(home.state_dir).load().state["paused"]} == {"one", "two", "off"}

    home.call("resume", "two")
    said = home.call("resume", "tag:nightly")

    assert (said.code, lines(said)) == (0, ["one is resumed.", "off is resumed."])
    said = home.call("resume", "tag:nightly")
    assert (said.code, said.err) == (2, "no job with tag:nightly is paused or deferred")


def test_what_a_resume_leaves_paused_is_said_and_how_to_end_that(home: Home) -> None:
    home.call("pause", "one", "two")
    home.call("pause")
    assert "`scheduled resume one` and `scheduled resume` end that" in home.call("show", "one").out
    assert "it is paused: `scheduled resume` ends that" in home.call("show", "other").out

    assert home.call("resume", "two").out == (
        "two is resumed, but all jobs are paused; `scheduled resume` ends that.\n"
    )
    assert home.call("resume").out == (
        "All jobs are resumed, but for those that are paused by name: one.\n"
    )
    assert "it is paused: `scheduled resume one` ends that" in home.call("show", "one").out
    assert "paused" not in home.call("show", "two").out
    assert home.call("resume", "one").out == "one is resumed.\n"


def test_why_says_first_that_a_job_is_paused_whatever_became_of_its_last_run(home: Home) -> None:
    home.call("run", now=at("11:59"))
    home.call("pause", "one", "--reason", "new disk", now=at("11:59:30"))
    home.call("pause", "two", "--until", "18:00", now=at("11:59:30"))
    home.call("run", now=at("12:00"))
    home.call("disable", "other", now=at("12:00"))

    def why(job: str) -> list[str]:
        return home.call("why", job, now=at("12:00:30")).out.splitlines()[1:]

    assert why("one")[0] == "- paused: new disk; `scheduled resume one` ends that"
    assert why("two")[0] == "- paused until 18:00; `scheduled resume two` ends that"
    assert sum("paused" in line for line in why("one")) <= 2
    assert why("other")[-1] == "- disabled; `scheduled enable other` ends that"


def test_e11_jobs_of_a_tag_are_disabled_and_enabled(home: Home) -> None:
    said = home.call("disable", "tag:nightly", "other", "one")
    assert lines(said) == [
        "one is disabled now.",
        "two is disabled now.",
        "off is already disabled; nothing was changed.",
        "other is disabled now.",
    ]

    assert home.call("enable", "tag:nightly").code == 0
    assert [entry(home, job)["enabled"] for job in ("one", "off", "other")] == [True, True, False]


def test_e11_what_is_refused_of_one_job_does_not_stop_the_others(home: Home) -> None:
    said = home.call("defer", "tag:nightly", "--until", "tomorrow")
    assert said.code == 2
    assert [line.split()[0] for line in lines(said)] == ["one", "two"]
    assert "off is not enabled and would not run then" in said.err

    said = home.call("skip", "other", "one")
    assert said.code == 2
    assert lines(said)[0].startswith("other: 13:00")
    assert "one is deferred; `scheduled resume one` ends that" in said.err
    assert home.call("resume", "tag:web").out == "one is no longer deferred.\n"


@pytest.mark.parametrize("command", ["enable", "disable", "pause", "resume", "skip", "trigger"])
def test_e11_an_unknown_name_stops_all_of_it(home: Home, command: str) -> None:
    for name, meant in (("tag:nigtly", "tag:nightly"), ("tow", "two")):
        said = home.call(command, "one", name)

        assert said.code == 2
        assert f"no job is called '{name}'; did you mean {meant}?" in said.err
        assert "paused" not in said.out
    assert not (home.state_dir / "scheduled_state.json").exists() or not entry(home, "one")


def test_e11_tags_are_completed_where_jobs_are(home: Home) -> None:
    for command in ("enable", "disable", "pause", "resume", "skip", "defer", "trigger"):
        words = ["fish", "scheduled", "--root", str(home.folder), command, "one", "tag:"]
        done = subprocess.run(
            [sys.executable, "-m", "scheduled", "__complete", *words],
            capture_output=True,
            text=True,
            check=True,
        )
        found = [line.partition("\t")[0] for line in done.stdout.splitlines()]
        assert {"tag:nightly", "tag:web"} <= {*found}, command


def test_incidents_of_a_tag_are_acknowledged(home: Home) -> None:
    home.configure(
        JOBS.replace('"true", schedule: "0 *', '"false", first_run: now, schedule: "0 3')
    )
    home.call("run")

    said = home.call("ack", "tag:nightly", "--for", "2 days")

    assert sorted(line.split(":")[0] for line in lines(said)) == ["one", "two"]
    assert home.call("ack", "tag:web", "one").out.count("acknowledged") == 1
    listing = json.loads(home.call("incidents", "--json").out)["incidents"]
    statuses = {row["job"]: row["status"] for row in listing if row["job"]}
    assert statuses == {"one": "acknowledged", "two": "acknowledged", "other": "open"}
    home.configure(JOBS.replace("web", "idle").replace("one:", "uno:"))
    assert home.call("ack", "tag:idle").err == "no job with tag:idle has an open incident"

"""`scheduled incidents` and `scheduled ack`."""

import json
import re
from typing import Any

import pytest

from tests.builders.command import tree
from tests.builders.two_jobs import Installation

KEYS = [
    "id",
    "job",
    "kind",
    "since",
    "count",
    "last_at",
    "reminded_at",
    "acknowledged_until",
    "first_error",
    "last_error",
    "changed",
    "status",
    "closed_at",
    "end",
]


def incidents(here: Installation, *options: str) -> list[dict[str, Any]]:
    document = json.loads(here.call("incidents", "--json", *options)[1])
    assert [*document] == ["version", "incidents"]
    assert document["version"] == 1
    assert all([*row] == KEYS for row in document["incidents"])
    return list(document["incidents"])


def test_nothing_is_open_at_first(here: Installation) -> None:
    assert here.call("incidents") == (0, "No open incidents.\n", "")
    assert here.call("incidents", "--all") == (0, "No incidents recorded.\n", "")
    assert incidents(here) == []


def test_a_failing_job_is_an_incident_everywhere(here: Installation) -> None:
    here.call("run")

    (row,) = incidents(here)
    assert (row["job"], row["kind"], row["status"], row["count"]) == ("bad", "failing", "open", 1)
    assert row["last_error"] == "exit code 3"
    code, out, _ = here.call("incidents")
    assert code == 0
    assert row["id"] in out
    assert json.loads(here.call("status", "--json")[1])["incidents"] == [row]
    advice = f"scheduled logs bad --failed  # incident {row['id']}"
    said = rf"bad: failing for \d+ s\n    exit code 3\n    {advice}\n"
    assert re.search(said, here.call("status")[1])
    assert f"incident {row['id']} is open" in here.call("why", "bad")[1]
    central = json.loads((here.root / "state/central/SCHEDULED.central.json").read_text())
    assert [entry["id"] for entry in central["incidents"]] == [row["id"]]


def test_an_incident_is_acknowledged_by_its_id_or_its_job(here: Installation) -> None:
    here.call("run")
    (row,) = incidents(here)

    assert here.call("ack", row["id"][:6], "--for", "2d")[0] == 0
    (known,) = incidents(here)
    assert known["status"] == "acknowledged"
    assert known["acknowledged_until"] is not None

    code, out, _ = here.call("ack", "bad")
    assert (code, out) == (0, "bad: failing: acknowledged until it ends.\n")
    assert incidents(here)[0]["acknowledged_until"] is None


def test_an_id_that_nothing_has_is_refused(here: Installation) -> None:
    here.call("run")

    for ident in ("", "zzz", "\x1b[2J\n"):
        code, out, err = here.call("ack", ident)
        assert (code, out) == (2, "")
        assert "no open incident is called" in err
        assert "\x1b" not in err
    assert here.call("ack", "bad", "--for", "soon")[0] == 2
    assert here.call("ack", "bad", "--for", "99999999w")[0] == 2


def test_a_job_without_an_incident_is_not_the_beginning_of_an_id(here: Installation) -> None:
    here.call("run")
    (row,) = incidents(here)
    named_alike = row["id"][:2]
    assert here.call("create", named_alike, "daily", "--command", "true")[0] == 0

    for ident in ("good", named_alike):
        code, out, err = here.call("ack", ident)
        assert (code, out) == (2, "")
        assert f"'{ident}' has no open incident" in err
    assert incidents(here)[0]["status"] == "open"


def test_an_incident_that_has_ended_is_not_acknowledged(here: Installation) -> None:
    here.call("run")
    (row,) = incidents(here)
    here.call("disable", "bad")
    here.call("run")

    code, _, err = here.call("ack", row["id"])

    assert code == 2
    assert f"the incident {row['id']} has ended" in err


def test_a_broken_configuration_is_listed_while_it_is_broken(here: Installation) -> None:
    here.call("run")
    (here.root / "scheduled.yaml").write_text("jobs: [")
    here.call("run")

    code, out, err = here.call("incidents", "--json")

    assert code == 0
    assert [row["kind"] for row in json.loads(out)["incidents"]] == ["failing", "configuration"]
    assert "scheduled.yaml:1: not YAML" in err


def test_a_broken_configuration_leads_to_no_state_that_may_be_of_others(
    here: Installation,
) -> None:
    (here.root / "scheduled.yaml").write_text("jobs: [")

    code, out, err = here.call("incidents")

    assert (code, out) == (2, "")
    assert "not YAML" in err


def test_an_incident_that_has_ended_is_listed_on_request(here: Installation) -> None:
    here.call("run")
    here.call("disable", "bad")
    here.call("run")

    assert incidents(here) == []
    (past,) = incidents(here, "--all")
    assert (past["status"], past["end"]) == ("closed", "disabled")
    assert "disabled" in here.call("incidents", "--all")[1]


def test_all_events_of_an_incident_are_events_of_its_job(here: Installation) -> None:
    here.call("run")
    here.call("ack", "bad")
    here.call("disable", "bad")
    here.call("run")

    lines = here.call("events", "bad", "--json")[1].splitlines()
    assert [
        (event["event"], event["job"])
        for event in map(json.loads, lines)
        if event["event"].startswith("incident_")
    ] == [(f"incident_{word}", "bad") for word in ("opened", "acknowledged", "closed")]


BROKEN = "jobs: ["


@pytest.fixture
def broken(here: Installation) -> Installation:
    """An installation whose jobs have run and whose configuration then broke."""
    here.call("run")
    (here.root / "scheduled.yaml").write_text(BROKEN)
    return here


def test_the_block_of_an_unreadable_configuration_says_how_to_silence_it(
    broken: Installation,
) -> None:
    code, _, err = broken.call("run")
    _, out, _ = broken.call("incidents", "--json")
    (ident,) = [row["id"] for row in json.loads(out)["incidents"] if not row["job"]]

    assert code == 2
    assert err.endswith(
        "No job runs until that is fixed.\n"
        f"incident {ident}; `scheduled ack {ident}` stops the reminders\n"
    )
    acknowledged = broken.call("ack", ident)
    assert acknowledged[:2] == (0, "configuration broken: acknowledged until it ends.\n")
    assert "not YAML" in acknowledged[2]
    assert broken.call("run") == (2, "", "")
    assert "incident" not in broken.call("run", "-v")[2]


def test_the_block_of_a_job_that_is_left_out_says_how_to_silence_it(here: Installation) -> None:
    with (here.root / "scheduled.yaml").open("a") as stream:
        stream.write("  third: {schedule: never, command: x}\n")

    _, _, err = here.call("run")

    (told,) = [row for row in incidents(here) if row["kind"] == "configuration"]
    assert f"scheduled: incident {told['id']}; `scheduled ack {told['id']}` stops the" in err


def test_what_needs_only_the_state_works_without_a_configuration(broken: Installation) -> None:
    for words, expected in (
        (["events", "--json"], '"event": "job_failed"'),
        (["events", "bad"], "job_failed"),
        (["history"], "bad"),
        (["history", "bad", "--csv"], "exit code 3"),
        (["logs", "bad"], "oops"),
        (["dead-letter", "list"], "bad"),
        (["metrics"], "scheduled_configuration_problems 1\n"),
        (["metrics"], "scheduled_health 2\n"),
        (["incidents"], "bad"),
        (["ack", "bad"], "acknowledged"),
    ):
        code, out, err = broken.call(*words)
        assert (code, expected in out) == (0, True), (words, out)
        assert err.startswith("scheduled: scheduled.yaml:1: not YAML")
        assert broken.call("--quiet", *words)[2] == ""


def test_a_job_that_is_not_on_record_is_unknown_without_a_configuration(
    broken: Installation,
) -> None:
    code, out, err = broken.call("logs", "third")

    assert (code, out) == (2, "")
    assert "no job is called 'third'" in err
    assert "The configuration has 1 problem, which may be why" in err


def test_without_a_configuration_nothing_but_the_state_is_written(broken: Installation) -> None:
    before = tree(broken.root)

    for words in (["history"], ["events"], ["metrics"], ["dead-letter", "list"]):
        broken.call(*words)

    assert tree(broken.root) == before


@pytest.mark.parametrize(
    "words", [["ack", "bad"], ["events"], ["history"], ["logs", "bad"], ["metrics"]]
)
def test_a_state_that_may_be_of_others_stays_closed_without_a_configuration(
    here: Installation, words: list[str]
) -> None:
    here.call("run")
    (here.root / "other").mkdir()
    (here.root / "other/scheduled.yaml").write_text(BROKEN)
    here.root /= "other"
    places = ["--root", str(here.root), "--state-dir", str(here.root.parent / "state")]

    code, out, err = here.call(*places, *words)

    assert (code, out) == (2, "")
    assert "not YAML" in err

"""What needs a person: a card for each thing, the gravest first, and what to type."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from scheduled.planning.incidents import OF_JOBS, Kind
from scheduled.state import events, incident_events
from scheduled.views.page import facts
from scheduled.views.page.facts import Facts
from scheduled.views.page.sections import header, incidents, needs_you, now_and_next
from scheduled.views.page.sections.needs_you import Card
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end, lived_in, named, seen
from tests.builders.month import NOW


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return lived_in(tmp_path)


def known(home: Home) -> Facts:
    session = home.session(at("12:00"))
    return facts.Facts(session.config, session.store, session.snapshot())


def opened(kind: str, job: str, *, at: str = "11:40", **more: Any) -> dict[str, Any]:
    case = f"{kind}: {job}" if job else kind
    event: Any = incident_events.opened(case, case, kind, job, more.pop("error", "oops"), **more)
    return {"at": f"2026-11-21T{at}:00Z", **event}


def cards(home: Home) -> dict[str, Card]:
    """The cards of incidents by job, in their order."""
    return {card.job: card for card in needs_you.model(known(home)).cards if card.job}


def facts_of(card: Card) -> Mapping[str, str]:
    return dict(card.facts)


@pytest.mark.parametrize("kind", Kind)
def test_the_commands_of_a_card_are_those_of_the_program(home: Home, kind: Kind) -> None:
    home.record(opened(kind, "backup" if kind in OF_JOBS else ""))

    (card,) = [card for card in needs_you.model(known(home)).cards if card.commands]

    assert card.commands[-1].startswith("scheduled ack ")
    for line in card.commands:
        program, *words = shlex.split(line.replace("ack failing: backup", "ack x"))
        command = named(words.pop(0))
        assert program == "scheduled"
        while isinstance(command, click.Group):
            inner = command.get_command(click.Context(command), words.pop(0))
            assert inner is not None, line
            command = inner
        if words[:1] != ["ack"]:
            command.make_parser(click.Context(command)).parse_args(words)


def test_the_gravest_come_first_and_of_those_the_oldest(home: Home) -> None:
    home.record(
        opened("slow", "poll", at="11:00"),
        opened("failing", "backup", at="11:30"),
        opened("suspended", "health", at="11:20"),
        opened("disk", "", at="11:50"),
    )

    found = [card for card in needs_you.model(known(home)).cards if card.commands]

    assert [card.job for card in found] == ["", "health", "backup", "poll"]
    assert [card.is_error for card in found] == [True, True, True, False]


def test_a_card_says_since_when_what_changed_and_what_comes_next(home: Home) -> None:
    home.record(
        *(begin("r2", at("11:30")), end("r2", at("11:30"), "failed")),
        opened("failing", "backup", at="11:31", error="exit code 1", changed=["PATH was a, is b"]),
    )
    home.printed("backup", "r2", "one\ntwo\nexit code 1\n")

    card = cards(home)["backup"]

    assert card.what == "failing for 29 min"
    assert card.description == "Copy [/rc] [bold]everything[/bold]"
    assert facts_of(card) == {
        "Since": "today 11:31",
        "Last success": "today 11:00",
        "Error": "exit code 1",
        "Changed": "PATH was a, is b",
        "Next": "at the next tick",
        "Told": "today 11:31 (printed by the tick; no channel is configured)",
    }
    assert card.lines == ("one", "two")  # the error stands above
    assert card.strip is not None
    assert [mark.look for mark in card.strip.marks] == ["ok", "failed"]
    assert card.strip.words == "1 on time, 1 failed"


def test_a_job_that_will_not_run_says_until_when(home: Home) -> None:
    home.record(opened("suspended", "poll"), opened("failing", "gone"))

    found = cards(home)

    assert facts_of(found["poll"])["Next"] == "never, until `scheduled enable poll`"
    assert facts_of(found["gone"])["Next"] == "never: the job is not configured any more"


def test_what_an_incident_tells_of_needs_no_second_card(home: Home) -> None:
    failed = [
        event
        for number in range(3)
        for event in (begin(f"f{number}", at("11:30")), end(f"f{number}", at("11:30"), "failed"))
    ]
    home.record(*failed)
    before = needs_you.model(known(home)).cards
    home.record(opened("failing", "backup"))
    after = needs_you.model(known(home)).cards

    rate = "3 of 4 runs failed in the last 24 hours (75%)"
    silence = "no tick has come yet"
    assert [(card.job, card.what.partition(":")[0]) for card in before] == [
        ("", rate),
        ("backup", "failed 3 times, 29 min ago"),
        ("", silence),
    ]
    assert [(card.job, card.what.partition(":")[0]) for card in after] == [
        ("backup", "failing for 20 min"),
        ("", silence),
    ]


def test_as_many_things_need_a_person_as_status_says(month: Home) -> None:
    headline = month.call("status", now=NOW).out.partition("\n")[0]
    page = month.call("page", now=NOW).out

    (number,) = re.findall(r": (\d+) things need attention", headline)
    assert f"<h1>{number} things need you; " in page
    assert len(re.findall(r"<article class=\"card ", page)) == int(number)
    for job in json.loads(month.call("status", "--json", now=NOW).out)["dead_letter"]:
        assert job["job"] in page


@pytest.fixture
def crowded(tmp_path: Path) -> Home:
    """A home with 1000 jobs, of which 150 are disabled, 150 paused, and 300 fail."""
    home = Home(tmp_path)
    jobs = [f"job-{number:03}" for number in range(1000)]
    off = ", enabled: false"
    home.configure(
        "timezone: UTC\njobs:\n"
        + "".join(
            f'  {job}: {{schedule: "0 * * * *", command: "true"{off if job < "job-150" else ""}}}\n'
            for job in jobs
        )
    )
    paused: Any = [events.job_paused(job, None, "later") for job in jobs[150:300]]
    home.record(
        *({"at": "2026-11-21T11:00:00Z", **event} for event in paused),
        *(opened("failing", job) for job in jobs[700:]),
    )
    return home


@pytest.mark.slow
def test_of_many_things_the_number_is_told(crowded: Home) -> None:
    crowd = known(crowded)

    needed, coming = needs_you.model(crowd), now_and_next.model(crowd)

    assert needs_you.count(crowd) == len(needed.cards) + len(needed.more) + needed.left_out
    assert (len([card for card in needed.cards if card.job]), len(needed.more)) == (50, 200)
    assert needed.left_out == 51  # the last is that no tick has come
    assert header.model(crowd).sentence.endswith("; 700 of 1000 jobs are well")
    assert len(incidents.model(crowd)) == incidents.MOST
    upcoming = len(coming.upcoming) + len(coming.later) + coming.left_out
    assert (upcoming, coming.left_out) == (700, 188)  # a pause without an end has no next run
    assert len(coming.held) + len(coming.disabled) + coming.not_named == 300


def test_a_job_that_was_never_seen_has_no_strip(home: Home) -> None:
    home.record(seen(home.jobs()["poll"], at("10:30")), opened("missed", "poll"))

    assert cards(home)["poll"].strip is None

"""Whatever people, programs and files say is text on the page, wherever they can say it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scheduled.state import events, incident_events
from scheduled.views.page import build, facts
from scheduled.views.page.markup import visible
from tests.builders import ecosystem
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end, seen
from tests.builders.pages import Element, parsed

WILD = "'\"><script>alert(1)</script><!-- </style></svg> ]]> {{7*7}}{% raw %}&amp;`\u202e\u2066"
WILDER = f"{WILD}\x1b]8;;x\x07\x00\x9b\r\ud800"
"""What a configuration does not take, but a journal, an output or a JSON file may have."""
ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def planted(root: Path, wild: str, wilder: str) -> Home:
    """A home in which everything says such a thing, each after a word for the place."""
    where = root / ("root" + wild.replace("/", ""))
    where.mkdir()
    ecosystem.home(where, {"branches": [ecosystem.entry("DRONE"), ecosystem.entry("FLOW")]})
    home = Home(where)
    said = json.dumps("".join(filter(str.isprintable, wild)))[1:-1]
    home.configure(
        "timezone: UTC\n"
        "jobs:\n"
        f'  backup: {{schedule: "0 * * * *", command: "true", description: "description{said}",'
        f' name: "name{said}", tags: [tag]}}\n'
        '  poll: {schedule: "0 * * * *", command: "true"}\n'
        '  late: {schedule: "0 * * * *", command: "true"}\n'
        '  slow: {schedule: "0 * * * *", command: "true"}\n'
    )
    _record(home, wilder)
    home.printed("backup", "r2", f"\x1b[1moutput{wilder}\n".replace("\ud800", "\n"))
    _publish(home, wilder)
    return home


def _record(home: Home, wilder: str) -> None:
    jobs = home.jobs()
    kinds = ("configuration", "state", "disk", "undeliverable")
    for event in (
        *(seen(jobs[name], at("10:30")) for name in ("backup", "poll", "late", "slow")),
        {"event": "cadence", "at": "2026-11-21T10:00:00Z", "by": "crontab", "seconds": 60},
        *(begin("r1", at("11:00")), end("r1", at("11:00"))),
        begin("r2", at("11:30")),
        end("r2", at("11:30"), "failed", error=f"error{wilder}", reason=f"why{wilder}"),
        *(begin("l1", at("11:40"), "late"), begin("g1", at("11:41"), f"gone{wilder}")),
        end("g1", at("11:41"), "failed", job=f"gone{wilder}", error=f"last{wilder}"),
        _at(events.slot_skipped("backup", at("11:45"), f"skipped{wilder}")),
        _at(events.job_paused("poll", None, f"paused{wilder}")),
        _at(events.job_cancelled("slow", f"cancelled{wilder}")),
        _at(events.job_deferred("late", at("15:00"), f"deferred{wilder}")),
        _opened("failing: backup", "failing", "backup", f"incident{wilder}", f"changed{wilder}"),
        _opened("strange", f"kind{wilder}", "", f"strange{wilder}"),
        *(_opened(kind, kind, "", f"{kind}{wilder}") for kind in kinds),
        _opened("known", "slow", "backup", f"known{wilder}"),
        _at(incident_events.acknowledged("known", "known", None)),
        _opened("closed", "failing", "backup", f"closed{wilder}"),
        _at(incident_events.closed("closed", "closed", f"end{wilder}")),
    ):
        home.record(event)


def _at(event: Any) -> dict[str, Any]:
    return {"at": "2026-11-21T11:50:00Z", **event}


def _opened(case: str, kind: str, job: str, error: str, *changed: str) -> dict[str, Any]:
    return _at(incident_events.opened(case, case, kind, job, error, changed=changed))


def _publish(home: Home, wilder: str) -> None:
    """Write the central files that others may have written."""
    (registry,) = home.folder.glob("*_REGISTRY.json")
    document = json.loads(registry.read_text())
    document["branches"][0]["name"] = f"branch{wilder}"
    registry.write_text(json.dumps(document))
    central = home.session(at("12:00")).config.places.central_dir
    central.mkdir(parents=True, exist_ok=True)
    name = f"branch{wilder}"
    found = {"branch": name, "status": "error", "issues": [f"issue{wilder}"]}
    _write(
        central / "HEALTH.central.json",
        {
            "service": "scheduled",
            "last_updated": "2026-11-21T11:00:00",
            "branches": 2,
            "healthy": 1,
            "inactive": 0,
            "warnings": [],
            "errors": [found],
            "ecosystem": [{"what": f"what{wilder}", "issues": [f"shared{wilder}"]}],
        },
    )
    numbers = {f"section{wilder}": {f"metric{wilder}": 1}}
    later = {f"section{wilder}": {f"metric{wilder}": 2, "steady": 0}}
    _write(
        central / "METRICS.central.json",
        {
            "history": [
                {"timestamp": "2026-11-21T09:00:00", **numbers},
                {"timestamp": "2026-11-21T10:00:00", **later},
            ]
        },
    )


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document))


def page_of(home: Home) -> str:
    session = home.session(at("12:00"))
    wild = home.folder.name.removeprefix("root")
    known = facts.Facts(
        session.config,
        session.store,
        session.snapshot(),
        findings=[{"message": f"message{wild}", "remedy": f"remedy{wild}"}],
        host=f"host{wild}",
    )
    return build.document(known)


PLACES = (
    *("root", "host", "message", "remedy", "description"),
    *("output", "error", "last", "gone", "paused", "cancelled", "deferred"),
    *("incident", "changed", "strange", "kind", "known", "closed"),
    *("configuration", "state", "disk", "undeliverable"),
    *("branch", "issue", "what", "shared", "section", "metric"),
)
CLEANED = ("description", "issue", "what", "shared", "error", "last")
"""They come from where control characters are refused, or taken out for terminals."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    return tmp_path_factory.mktemp


@pytest.fixture(scope="module")
def html(folder: Callable[[str], Path]) -> str:
    return page_of(planted(folder("wild"), WILD, WILDER))


@pytest.fixture(scope="module")
def page(html: str) -> Element:
    return parsed(html)


def test_it_has_the_elements_that_a_page_of_plain_words_has(
    page: Element, folder: Callable[[str], Path]
) -> None:
    tame = page_of(planted(folder("tame"), " tame`", " tame`"))

    assert parsed(tame).shape == page.shape


@pytest.mark.parametrize("place", PLACES)
def test_what_is_said_is_shown(page: Element, place: str) -> None:
    words = page.one("body").text.replace("/", "").replace("`", "")  # code, where there are two

    said = f"{place}{WILD}".partition("`")[0] if place in CLEANED else f"{place}{WILD}"
    assert visible(said).replace("/", "").replace("`", "") in words


def test_nothing_that_a_browser_acts_upon_is_left_in_it(html: str) -> None:
    assert not ACTIVE.search(html)
    assert "<script" not in html
    assert "49" not in re.sub(r"\d\d:49|49:\d\d", "", parsed(html).one("body").text)


def test_secrets_of_jobs_are_masked_wherever_they_are(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.configure(
        "jobs:\n"
        '  backup: {schedule: "0 * * * *", command: "true", description: "uses sesame123 here",'
        " env: {API_TOKEN: sesame123, OTHER: harmless}}\n"
        '  poll: {schedule: "0 * * * *", command: "true"}\n'
    )
    home.record(
        seen(home.jobs()["backup"], at("10:30")),
        _at(events.job_paused("poll", None, "sesame123 harmless")),
        _opened("failing: backup", "failing", "backup", "401 for sesame123"),
    )

    said = home.call("page", "--output", "-")

    assert "sesame123" not in said.out
    assert "uses *** here" in said.out
    assert "401 for ***" in said.out
    assert "*** harmless" in said.out


def test_a_text_without_an_end_is_cut_after_secrets_are_masked(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.configure(
        'jobs:\n  backup: {schedule: "0 * * * *", command: "true", env: {API_TOKEN: sesame123}}\n'
    )
    long = "x" * 393 + "sesame123" + "x" * 1_000_000
    home.record(
        seen(home.jobs()["backup"], at("10:30")),
        _at(events.job_paused("backup", None, long)),
        _opened("failing: backup", "failing", "backup", long, long),
    )

    said = home.call("page", "--output", "-")

    assert len(said.out) < 100_000
    assert "sesa" not in said.out

"""`scheduled branches`: what the last health check found, in a grid."""

import json
import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.ecosystem import central
from tests.builders import ecosystem, needs, people
from tests.builders.ecosystem import add_memory, entry
from tests.builders.jobs import at
from tests.builders.looks import Home, Said, end

CENTRAL = Path("aipass_os/AI_CENTRAL")
HEADINGS = ["BRANCH", "STATUS", "MEMORY", "MAIL", "README", "DASHBOARD", "LOG", "ACTIVITY"]
NOON = at("12:00")


@pytest.fixture(params=["home", "repository"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Three branches of which one is not in use, in either layout, at noon."""
    branches = [entry("DRONE"), entry("FLOW"), entry("OLD", status="archived")]
    grow = getattr(ecosystem, request.param)
    return Home(grow(tmp_path / "root", {"branches": branches}, now=NOON))


def check(home: Home, when: datetime = NOON) -> None:
    """Have the hourly check come by."""
    assert home.call("run", "--force", "--only", "health", now=when).code == 0


def rows(said: Said) -> dict[str, list[str]]:
    """The cells of each branch."""
    lines = said.out.partition("\nBRANCH")[2].partition("\n\n")[0].splitlines()[1:]
    return {line.split()[0]: re.split(r"  +", line.strip())[1:] for line in lines}


def document(home: Home, *words: str, now: datetime = NOON) -> Any:
    return json.loads(home.call("branches", *words, "--json", now=now).out)


def memory_of(home: Home, name: str) -> Path:
    branch = home.folder / name.lower()
    place = branch / ".trinity/local.json"
    return place if place.exists() else branch / f"{name}.local.json"


def grow_memory(home: Home, name: str, lines: int) -> None:
    path = memory_of(home, name)
    add_memory(path.parent, path.name, lines)


def test_each_branch_has_a_line_with_a_word_for_each_part_the_worst_first(home: Home) -> None:
    grow_memory(home, "FLOW", 612)
    (home.folder / "flow/README.md").unlink()
    check(home)

    said = home.call("branches")

    assert said.out.splitlines()[0] == "3 branches: 1 healthy, 1 with warnings, 1 inactive"
    assert next(line for line in said.out.splitlines() if "BRANCH" in line).split() == HEADINGS
    assert [*rows(said)] == ["FLOW", "DRONE", "OLD"]
    flow, drone, old = rows(said).values()
    assert flow[:6] == ["warning", "over", "ok", "missing", "ok", "ok"]
    assert drone[:6] == ["healthy", "ok", "ok", "ok", "ok", "ok"]
    assert old == ["inactive", "-", "-", "-", "-", "-", "-"]


def test_every_flaw_has_its_word(home: Home) -> None:
    drone, flow = home.folder / "drone", home.folder / "flow"
    grow_memory(home, "DRONE", 520)
    (drone / "DASHBOARD.local.json").write_text('{"last_updated": "2026-11-01"}')
    os.utime(drone / "README.md", (0, 0))
    (drone / "logs").mkdir()
    with (drone / "logs/core.log").open("wb") as stream:
        stream.truncate(11 << 20)
    box = next(path for path in flow.iterdir() if path.name.endswith("ai_mail.local"))
    (box / "inbox.json").write_text('{"messages": [{"timestamp": "once", "status": "new"}]}')
    memory_of(home, "FLOW").write_text("{")
    (flow / "DASHBOARD.local.json").write_text("{")
    check(home)

    found = rows(home.call("branches"))

    assert found["DRONE"][:6] == ["warning", "near", "ok", "old", "old", "large"]
    assert found["FLOW"][:6] == ["error", "unreadable", "undated", "ok", "unreadable", "ok"]


def test_a_branch_without_a_directory_has_nothing(home: Home) -> None:
    (home.folder / "flow").rename(home.folder / "moved")
    check(home)

    assert rows(home.call("branches"))["FLOW"] == ["error", *["missing"] * 5, "ERROR"]


def test_activity_is_shown_and_a_red_flag_comes_before_what_is_well(home: Home) -> None:
    (home.folder / "flow/logs").mkdir()
    (home.folder / "flow/logs/core.log").write_text("")
    os.utime(home.folder / "flow/logs/core.log", (at("10:00").timestamp(),) * 2)
    for path in (home.folder / "flow").rglob("*.json"):
        os.utime(path, (at("07:00").timestamp(),) * 2)
    check(home)

    said = home.call("branches", "flow")

    assert [*rows(home.call("branches"))] == ["FLOW", "DRONE", "OLD"]
    assert rows(said)["FLOW"][-1] == "RED_FLAG"
    reason = "worked 2026-11-21 10:00 (log), memory of 2026-11-21 07:00"
    assert f"\nFLOW\n  - RED_FLAG: {reason}\n" in said.out
    assert "1 red flag" in said.out
    assert document(home, "--problems")["branches"][0]["reason"] == reason


# ---------------------------------------------------------------- how old it is


def test_it_says_how_old_its_data_are(home: Home) -> None:
    check(home, at("11:25"))

    assert home.call("branches").out.splitlines()[1] == "checked 11:25 (35 min ago)"
    assert document(home)["age_seconds"] == 35 * 60

    later = home.call("branches", now=at("14:00")).out.splitlines()[1]
    assert later.endswith("(2 h 35 min ago); `scheduled trigger health` checks them now")


def test_how_old_they_are_does_not_depend_on_the_zone_of_who_asks(home: Home) -> None:
    check(home, at("11:25"))

    elsewhere = Home(home.folder, {"TZ": "Asia/Tokyo"})

    checked = elsewhere.call("branches").out.splitlines()[1]
    assert checked == "checked 20:25 (35 min ago)"


def test_who_may_not_read_the_state_sees_what_was_found(open_folder: Path) -> None:
    needs.root()
    home = Home(ecosystem.home(open_folder, now=NOON))
    check(home)
    home.call("branches")  # imports what it needs, from where nobody may not look

    said = people.as_nobody(lambda: tell(home.call("branches")))

    assert "2 branches: 2 healthy" in said
    assert "since yesterday: unknown" in said
    assert "what has changed since yesterday is not known" in said


def tell(said: Said) -> None:
    raise RuntimeError(f"{said.code} {said.out} {said.err}")


def test_what_was_not_checked_is_not_called_healthy(home: Home) -> None:
    said = home.call("branches")
    assert "not checked yet: `scheduled trigger health` checks them now" in said.out
    assert rows(said)["FLOW"] == ["not checked", "?", "?", "?", "?", "?", "-"]
    assert (document(home)["checked_at"], document(home)["since"]) == (None, None)

    check(home)
    register(home, "NEW")
    assert rows(home.call("branches"))["NEW"][0] == "not checked"


def register(home: Home, name: str) -> None:
    (path,) = home.folder.glob("*_REGISTRY.json")
    document = json.loads(path.read_text())
    document["branches"].append(entry(name))
    path.write_text(json.dumps(document))


def test_a_branch_that_is_no_longer_registered_is_not_shown(home: Home) -> None:
    grow_memory(home, "FLOW", 612)
    check(home)
    (path,) = home.folder.glob("*_REGISTRY.json")
    path.write_text(json.dumps({"branches": [entry("DRONE")]}))

    assert [*rows(home.call("branches"))] == ["DRONE"]


# ---------------------------------------------------------------- since yesterday


def since(home: Home, *words: str, now: datetime = NOON) -> str:
    lines = home.call("branches", *words, now=now).out.splitlines()
    return next(line for line in lines if line.startswith("since yesterday"))


def test_what_has_changed_since_about_a_day_ago_is_told(home: Home) -> None:
    for name in ("SEED", "API"):
        register(home, name)
    grow_memory(home, "DRONE", 612)
    check(home, NOON - timedelta(hours=25))
    check(home, NOON - timedelta(hours=1))
    grow_memory(home, "DRONE", 100)
    grow_memory(home, "FLOW", 612)
    for name in ("SEED", "API"):
        (home.folder / name.lower()).mkdir()
        grow = home.folder / name.lower() / f"{name}.local.json"
        add_memory(grow.parent, grow.name, 700)
    check(home)

    compared = "(compared with Fri 20 Nov 11:00)"
    told = "+3 over, -1; +1 with warnings, -1"
    assert since(home) == f"since yesterday: {told} {compared}"
    assert document(home)["since"]["over"] == {
        "added": ["API", "FLOW", "SEED"],
        "removed": ["DRONE"],
    }
    assert since(home, "drone") == f"since yesterday: -1 over; -1 with warnings {compared}"


def test_no_change_is_said_as_such(home: Home) -> None:
    check(home, NOON - timedelta(days=1))
    check(home)

    assert since(home).startswith("since yesterday: no change (")


@pytest.mark.parametrize("hours", [1, 17, 31, 400])
def test_without_a_check_of_about_a_day_ago_nothing_is_guessed(home: Home, hours: int) -> None:
    check(home, NOON - timedelta(hours=hours))
    check(home)

    assert since(home) == (
        "since yesterday: unknown, as no check of about a day before can be read"
    )


def test_a_check_of_an_earlier_version_is_compared_by_its_sentences(home: Home) -> None:
    issues = ["local.json: 612 lines (threshold: 600)"]
    then = {"branch": "DRONE", "status": "warning", "issues": issues}
    result = {"healthy": 1, "warnings": [then], "errors": [], "timestamp": "?"}
    home.record(end("r1", NOON - timedelta(days=1), job="health", result=result))
    check(home)

    assert since(home).startswith("since yesterday: -1 over; -1 with warnings (")
    assert "red_flags" not in document(home)["since"]


@pytest.mark.parametrize(
    "result", [None, [], {}, {"warnings": 7}, {"warnings": [{"issues": 7}], "errors": [7]}]
)
def test_results_of_another_shape_do_no_harm(home: Home, result: Any) -> None:
    home.record(end("r1", NOON - timedelta(days=1), job="health", result=result))
    check(home)

    assert since(home)


# ---------------------------------------------------------------- what is asked for


def test_branches_are_chosen_by_name_pattern_and_trouble(home: Home) -> None:
    grow_memory(home, "FLOW", 612)
    check(home)

    assert [*rows(home.call("branches", "drone"))] == ["DRONE"]
    assert [*rows(home.call("branches", "D*", "old"))] == ["DRONE", "OLD"]
    assert [*rows(home.call("branches", "--problems"))] == ["FLOW"]
    assert [row["branch"] for row in document(home, "--problems", "d*")["branches"]] == []
    assert "FLOW\n  - local.json: 612 lines (threshold: 600)\n" in home.call("branches", "f*").out


def test_an_unknown_name_is_refused_with_a_guess(home: Home) -> None:
    said = home.call("branches", "FLWO")

    assert (said.code, said.err) == (2, "no branch is called 'FLWO'; did you mean FLOW?")


def test_without_an_ecosystem_it_says_what_to_do(tmp_path: Path) -> None:
    said = Home(tmp_path).call("branches")

    assert said.code == 1
    assert said.err == (
        f"{tmp_path}: no registry (*_REGISTRY.json) here; "
        "name the ecosystem's directory with --root"
    )


# ---------------------------------------------------------------- what others wrote


def publish(home: Home, **health: Any) -> None:
    folder = home.session(NOON).config.places.central_dir
    central.write(folder, "HEALTH", {"last_updated": "2026-11-21T12:00:00", **health})


def test_a_central_file_that_cannot_be_understood_is_named(home: Home) -> None:
    publish(home)
    path = home.session(NOON).config.places.central_dir / "HEALTH.central.json"
    path.write_text("{")

    said = home.call("branches")

    assert said.code == 1
    assert said.err.startswith(f"{path}: ")


@pytest.mark.parametrize(
    "health",
    [
        {"kinds": {"warnings": [["memory gone"]]}},
        {"kinds": {"warnings": [["memory over", "mail stale"]]}},
        {"kinds": {"warnings": [["memory over"], []]}},
        {"kinds": [["memory over"]]},
        {},
    ],
)
def test_what_another_version_published_is_shown_as_far_as_it_goes(home: Home, health: Any) -> None:
    publish(home, warnings=[{"branch": "FLOW", "issues": ["x"]}], **health)

    assert rows(home.call("branches"))["FLOW"] == ["warning", "?", "?", "?", "?", "?", "-"]


@pytest.mark.parametrize(
    "health",
    [
        {"warnings": 7, "errors": "x", "ecosystem": [None], "by_activity": [], "red_flags": {}},
        {"warnings": [{"branch": ["x"], "issues": [{}]}], "errors": [{}], "kinds": {"warnings": 7}},
        {"by_activity": {"OK": "FLOW", "RED_FLAG": [7, None, {}]}, "red_flags": [{"branch": 1}]},
    ],
)
def test_what_anybody_published_does_no_harm(home: Home, health: Any) -> None:
    publish(home, **health)

    assert [*rows(home.call("branches"))]
    assert document(home)["branches"]


def test_names_and_sentences_of_others_stay_on_their_lines(home: Home) -> None:
    evil = "EVIL\x1b[2J\n[red]9999 healthy[/red]\u202e" + "x" * 300
    register(home, evil)
    issue = "a\x1b]0;title\x07\nchecked 2030-01-01"
    found = {"branch": evil, "issues": [issue]}
    kinds = {"warnings": [["memory over"]]}
    shared = [{"what": "x\ny", "issues": ["z\x1b[2J"]}]
    publish(home, warnings=[found], errors=[], kinds=kinds, ecosystem=shared)

    said = home.call("branches", "evil*")

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said.out)
    assert not any(
        line.startswith(("[red]", "checked 2030", "y")) for line in said.out.splitlines()
    )
    assert "[red]" in said.out
    assert document(home, "evil*")["branches"][0]["branch"] == evil

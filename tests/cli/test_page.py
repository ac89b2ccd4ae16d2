"""`scheduled page`: where it goes, and what it shows where there is little to be shown."""

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.state import incident_events
from tests.builders import ecosystem
from tests.builders.command import call
from tests.builders.jobs import at
from tests.builders.locks import held_by_another
from tests.builders.looks import Home, begin, end, seen
from tests.builders.pages import Element, parsed


def page_of(home: Home) -> Element:
    said = home.call("page")
    assert said.code == 0
    return parsed(said.out)


def section(page: Element, name: str) -> str:
    return " ".join(page.one("section", id=name).text.split())


def problem(page: Element, name: str) -> str:
    (found,) = [
        element.text
        for element in page.one("section", id=name).all("p")
        if element.attributes.get("class") == "problem"
    ]
    return found


def test_it_goes_to_standard_output_where_nobody_watches(home: Home) -> None:
    said = home.call("page")

    assert said.out.startswith("<!doctype html>\n")
    assert said.out.endswith("</html>\n")
    assert home.call("page", "--output", "-").out == said.out


def test_a_file_is_replaced_at_once_and_everybody_may_read_it(home: Home) -> None:
    target = home.folder / "out" / "page.html"
    target.parent.mkdir()
    before = os.umask(0o027)
    try:
        said = home.call("page", "--output", "out/page.html")
    finally:
        os.umask(before)
    first = target.stat()
    home.call("page", "--output", str(target))

    assert (said.code, said.out) == (0, "")
    assert stat.S_IMODE(first.st_mode) == 0o640
    assert target.stat().st_ino != first.st_ino
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]
    parsed(target.read_text())


def test_no_directory_is_made_for_a_file_that_is_named(home: Home) -> None:
    said = home.call("page", "--output", "typo/page.html")

    place = f"--output typo/page.html: {home.folder}/typo"
    assert (said.code, said.out) == (2, "")
    assert said.err == f"{place}: no such directory; make it first"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("scheduled.yaml", "is part of the configuration"),
        ("state/journal/2026-11-21.jsonl", "is part of the state"),
        ("state/scheduled_state.json", "is part of the state"),
    ],
)
def test_what_the_program_needs_is_not_replaced(home: Home, name: str, what: str) -> None:
    before = (home.folder / name).read_bytes()

    said = home.call("page", "--output", name)

    assert (said.code, said.err) == (2, f"--output {name}: {what}; choose another file")
    assert (home.folder / name).read_bytes() == before


def test_a_file_that_cannot_be_written_is_named(home: Home) -> None:
    (home.folder / "out").mkdir()

    said = home.call("page", "--output", "out")

    assert said.code == 2
    assert f"{home.folder}/out: cannot be written: not a regular file" in said.err


def test_on_a_terminal_it_goes_to_a_file_whose_name_is_printed(home: Home, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "xterm"}
    words = ["--root", str(home.folder), "--state-dir", str(home.state_dir), "page"]

    said = call(words, env=environ, stdout=theirs)
    os.close(theirs)
    printed = Path(os.read(ours, 4096).decode().strip())
    os.close(ours)

    assert said.code == 0
    assert printed.parent == tmp_path / ".cache" / "scheduled"
    assert stat.S_IMODE(printed.parent.stat().st_mode) == 0o700
    parsed(printed.read_text())


def test_a_browser_shows_the_file(home: Home, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/shown\n')
    browser.chmod(0o755)
    words = ["--root", str(home.folder), "--state-dir", str(home.state_dir), "page", "--open"]
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "BROWSER": f"{browser} %s"}

    said = call([*words, "--output", str(tmp_path / "a b.html")], env=environ)

    assert (said.code, said.out) == (0, "")
    assert (tmp_path / "shown").read_text() == f"file://{tmp_path}/a%20b.html\n"


def test_without_a_browser_the_file_is_named_and_is_there(home: Home, tmp_path: Path) -> None:
    words = ["--root", str(home.folder), "--state-dir", str(home.state_dir), "page", "--open"]
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}

    said = call(words, env=environ)

    (written,) = (tmp_path / ".cache" / "scheduled").iterdir()
    assert said.code == 1
    assert said.err == f"scheduled: no browser was found here; open it yourself: {written}\n"
    parsed(written.read_text())


def test_a_browser_cannot_show_standard_output(home: Home) -> None:
    said = home.call("page", "--open", "--output", "-")

    assert said.code == 2
    assert said.err.startswith("--open needs a file")


def test_without_jinja2_it_says_what_to_install(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)

    said = home.call("page")

    assert (said.code, said.out) == (2, "")
    expected = (
        f"HTML needs the package jinja2; type: {sys.executable} -m pip install"
        " 'scheduled-cron[page]'"
    )
    assert said.err == expected


def test_the_central_file_is_linked_from_where_the_page_is(home: Home) -> None:
    central = home.session(at("12:00")).config.places.central_dir
    central.mkdir(parents=True)
    (central / "SCHEDULED.central.json").write_text("{}")
    (home.folder / "o p").mkdir()

    home.call("page", "--output", "o p/page.html")

    (link,) = parsed((home.folder / "o p/page.html").read_text()).one("footer").all("a")
    assert (home.folder / "o p" / link.attributes["href"]).resolve() == (
        central / "SCHEDULED.central.json"
    )


# Where there is little to show


def test_a_home_without_anything(root: Path) -> None:
    page = page_of(Home(root))

    assert page.one("h1").text == "1 thing needs you; no jobs are configured"
    assert "no tick has come yet" in section(page, "needs-you")
    assert "No upcoming runs." in section(page, "now-and-next")
    assert section(page, "incidents").endswith("None.")
    named = [element.attributes["id"] for element in page.all("section")]
    assert not {"branches", "projects", "metrics"} & set(named)


def test_a_home_whose_configuration_is_broken(home: Home) -> None:
    home.call("run", now=at("12:00"))
    home.configure("jobs: [\n")

    said = home.call("page", now=at("12:01"))
    page = parsed(said.out)

    assert said.code == 0
    assert "scheduled.yaml" in section(page, "needs-you")
    assert page.one("h1").text.endswith("; no job can be read")


def test_a_job_that_is_left_out_is_told(home: Home) -> None:
    home.configure('jobs:\n  a: {schedule: "0 * * * *", command: "true"}\n  b: {schedule: x}\n')

    page = page_of(home)

    assert "configuration: scheduled.yaml:3: jobs.b" in section(page, "needs-you")


@pytest.mark.parametrize("content", ["{", "[]", '{"history": 5}', '{"history": [[], {}, 1]}', ""])
def test_metrics_that_mean_nothing_do_not_spoil_the_page(root: Path, content: str) -> None:
    ecosystem.home(root)
    central = Home(root).session(at("12:00")).config.places.central_dir
    for name in ("METRICS", "HEALTH", "PROJECTS", "AI_MAIL", "SCHEDULED"):
        central.mkdir(parents=True, exist_ok=True)
        (central / f"{name}.central.json").write_text(content)

    page = page_of(Home(root))

    if content == "{":
        assert f"{central}/HEALTH.central.json: not JSON" in problem(page, "branches")
        assert f"{central}/METRICS.central.json" in problem(page, "metrics")
    else:
        assert "2 branches" in section(page, "branches")
        assert "metrics" not in [each.attributes["id"] for each in page.all("section")]


def test_a_registry_that_cannot_be_read_is_told_in_its_section(root: Path) -> None:
    ecosystem.home(root)
    (registry,) = root.glob("*_REGISTRY.json")
    registry.write_text("{")

    assert str(registry) in problem(page_of(Home(root)), "branches")


# What it says


def test_an_incident_that_a_person_knows_needs_nobody(home: Home) -> None:
    opened = incident_events.opened("failing: backup", "a1", "failing", "backup", "exit code 1")
    home.record(
        begin("r2", at("11:30")),
        end("r2", at("11:30"), "failed"),
        {"at": "2026-11-21T11:31:00Z", **opened},
    )
    before = page_of(home)
    known = incident_events.acknowledged("failing: backup", "a1", None)
    home.record({"at": "2026-11-21T11:40:00Z", **known})
    after = page_of(home)

    cards = [len(page.one("section", id="needs-you").all("article")) for page in (before, after)]
    assert cards[0] == cards[1] + 1
    assert "backup: failing for 29 min, acknowledged" in section(after, "needs-you")
    for page, count in zip((before, after), cards, strict=True):
        assert page.one("head").one("title").text.startswith(f"{count} need")


def test_the_output_of_runs_can_be_left_out(home: Home) -> None:
    home.record(begin("r2", at("11:30")), end("r2", at("11:30"), "failed"))
    home.printed("backup", "r2", "private words\n")
    shown = home.call("page").out
    home.configure((home.folder / "scheduled.yaml").read_text() + "page: {path: p, output: false}")

    hidden = home.call("page").out

    assert "private words" in shown
    assert "private words" not in hidden
    assert "failures" not in [each.attributes["id"] for each in parsed(hidden).all("section")]


def test_a_run_in_progress_says_when_it_will_probably_end(home: Home) -> None:
    jobs = home.jobs()
    home.record(
        seen(jobs["poll"], at("10:30")),
        *(
            event
            for number in range(5)
            for event in (
                begin(f"p{number}", at("11:00"), "poll"),
                end(f"p{number}", at("11:00"), job="poll", duration_seconds=1200.0),
            )
        ),
        begin("p9", at("11:50"), "poll"),
    )

    with held_by_another(home.state_dir / "locks" / "poll.lock"):
        shown = section(page_of(home), "now-and-next")

    assert "poll since 11:50 (10 min of usually 20 min): ends about 12:10" in shown


def test_a_closed_pipe_is_no_error_of_the_page(home: Home) -> None:
    options = ["--root", str(home.folder), "--state-dir", str(home.state_dir)]
    done = subprocess.run(
        f"{sys.executable} -P -m scheduled {' '.join(options)} page | head -c 20",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home.folder)},
    )

    assert (done.stdout, done.stderr) == ("<!doctype html>\n<htm", "")


def test_a_command_that_reads_changes_nothing(home: Home) -> None:
    before = sorted(str(path) for path in home.state_dir.rglob("*"))

    home.call("page")

    changed = {str(path) for path in home.state_dir.rglob("*")} - set(before)
    assert not {path for path in changed if "/cache/" not in path and not path.endswith("/cache")}

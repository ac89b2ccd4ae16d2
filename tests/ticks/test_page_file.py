"""The page that ticks write: after each full one, and never at the cost of one."""

import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduled.errors import install_extra
from scheduled.state import incident_events
from scheduled.ticks import idle_hint, page_file, tick
from scheduled.views.page import build
from tests.builders.command import BARE, options
from tests.builders.disks import mounted
from tests.builders.engine import Engine
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import RARELY, at, job
from tests.builders.looks import Home, named
from tests.builders.pages import parsed

MINUTELY = "* * * * *"
PAGE = f"""\
timezone: UTC
page: {{path: status.html}}
{WITHOUT_SWEEPS}  poll: {{schedule: "* * * * *", command: "echo printed; exit 3"}}
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path, [job(schedule=MINUTELY)], page={"path": "status.html"})


def test_a_full_tick_writes_it_and_everybody_may_read_it(engine: Engine) -> None:
    engine.run_at("12:00")
    target = engine.folder / "status.html"
    first = target.stat()
    engine.run_at("12:01")

    assert stat.S_IMODE(first.st_mode) == 0o644
    assert target.stat().st_ino != first.st_ino
    page = parsed(target.read_text())
    assert "12:01" in page.one("header").text
    assert "If this page is older than 12 min, ticks have stopped" in page.one("header").text


def test_without_the_setting_nothing_of_it_is_imported(root: Path) -> None:
    home = Home(root)
    home.configure(PAGE.replace("page:", "# page:"))
    code = (
        "import sys; from scheduled.__main__ import main; main();"
        "print([name for name in sys.modules if '.page.' in name or 'jinja' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *options(root), "run"],
        capture_output=True,
        text=True,
        env=BARE,
        check=True,
    )

    assert done.stdout == "[]\n"


def test_it_is_written_again_within_ten_minutes_though_nothing_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints: list[Any] = []
    monkeypatch.setattr(idle_hint, "write", lambda _config, hint, *_: hints.append(hint))

    for name, settings in (("with", {"page": {"path": "status.html"}}), ("without", {})):
        (tmp_path / name).mkdir()
        engine = Engine(tmp_path / name, [job(schedule=RARELY)], **settings)
        tick.run(engine.config, at("12:00"), environ={}, arguments=["run"])

    watching, idle = (hint.next_due for hint in hints)
    assert watching == at("12:10")
    assert idle > at("12:10")


def test_what_a_run_just_printed_is_in_it(root: Path) -> None:
    home = Home(root)
    home.configure(PAGE)
    for minute in ("12:00", "12:01"):
        home.call("run", now=at(minute))
    page = (root / "status.html").read_text()
    home.configure(PAGE.replace("status.html", "status.html, output: false"))
    home.call("run", now=at("12:02"))

    assert "<code>printed</code>" in page
    assert "<code>printed</code>" not in (root / "status.html").read_text()


def test_a_mistake_in_the_page_is_a_warning_once_an_hour_and_the_tick_does_its_work(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.run_at("12:00")

    def broken(*_: Any) -> str:
        raise KeyError("colour")

    monkeypatch.setattr(build, "document", broken)
    report = engine.run_at("12:01")

    expected = f"page: {engine.folder}/status.html: cannot be made: KeyError: 'colour'"
    assert [row["outcome"] for row in report.ran] == ["succeeded"]
    assert report.exit_code == 0
    assert report.hourly == [expected]


def test_without_jinja2_the_tick_says_what_to_install(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.run_at("12:00")
    monkeypatch.setitem(sys.modules, "jinja2", None)

    report = engine.run_at("12:01")

    (warning,) = report.hourly
    assert warning.endswith(f"jinja2; {install_extra('page')}")
    assert report.exit_code == 0


def test_a_file_that_cannot_be_replaced_is_a_warning(engine: Engine) -> None:
    (engine.folder / "status.html").mkdir()

    report = engine.run_at("12:00")

    assert report.exit_code == 0
    (warning,) = report.hourly
    place = f"page: {engine.folder}/status.html"
    assert warning.startswith(f"{place}: cannot be written: not a regular file")


def test_no_directory_is_made_for_it(root: Path) -> None:
    home = Home(root)
    home.configure(PAGE.replace("status.html", "typo/status.html"))

    said = home.call("run", now=at("12:00"))

    assert said.code == 2
    assert f"page: {root}/typo: no such directory; make it first" in said.err
    assert not (root / "typo").exists()


def test_a_full_disk_of_the_file_is_an_incident_until_there_is_room(root: Path) -> None:
    home = Home(root)
    home.configure(PAGE.replace("status.html", "out/status.html").replace("exit 3", "exit 0"))
    for disk in mounted(root / "out"):
        disk.fill()
        told = [home.call("run", now=at(time)) for time in ("12:00", "12:01")]
        disk.free()
        told.append(home.call("run", now=at("12:02")))

    assert [said.code for said in told] == [0, 0, 0]
    assert told[0].err.startswith("no space or resource left\n")
    assert f"{root}/out/status.html: cannot be written: no space left" in told[0].err
    assert told[1].err == ""
    assert told[2].err.startswith("no space or resource left: over after")


def test_a_full_disk_is_over_where_no_page_is_wanted_any_more(engine: Engine) -> None:
    opened = incident_events.opened("no space: page", "d1", "disk", "", "no space left on device")
    engine.record("11:50", opened)
    engine.settings["page"] = {}

    (over,) = engine.run_at("12:00").incidents

    assert (over.act.value, over.text) == ("close", "page is not set")


def test_a_link_that_others_could_have_made_is_not_followed(engine: Engine) -> None:
    (engine.folder / "precious").write_text("precious")
    folder = engine.folder / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "status.html").symlink_to(engine.folder / "precious")
    engine.settings["page"] = {"path": "shared/status.html"}

    engine.run_at("12:00")

    assert (engine.folder / "precious").read_text() == "precious"


def test_the_page_of_another_root_is_not_written_over(tmp_path: Path) -> None:
    target = tmp_path / "status.html"
    homes = []
    for name in ("one", "two & <b>"):
        (tmp_path / name).mkdir()
        home = Home(tmp_path / name)
        home.configure(PAGE.replace("status.html", str(target)))
        homes.append(home)
    first, second = homes

    first.call("run")
    before = target.read_bytes()
    said = second.call("run")
    by_hand = second.call("page", "--output", str(target))
    warned = second.call(named("config"), "validate")
    kept = target.read_bytes()
    first.call("run")

    whose = f"is the page of {tmp_path / 'one'}; name another file for this one, or delete that"
    assert f"page: {target}: {whose}" in said.err
    assert (by_hand.code, whose in by_hand.err) == (2, True)
    assert f"warning: page: {target}: {whose}" in warned.err
    assert kept == before
    assert page_file.of_another(target, tmp_path / "one") == ""

    target.unlink()
    second.call("run")
    assert "two & <b>" in page_file.of_another(target, tmp_path / "one")
    (tmp_path / "two & <b>").rename(tmp_path / "moved")
    assert page_file.of_another(target, tmp_path / "one") == ""

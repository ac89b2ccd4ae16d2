"""`scheduled cron ... --systemd` as a person at a terminal meets it."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scheduled.cli.main import group
from scheduled.errors import ScheduledError, StateError, UnavailableError, UsageError
from scheduled.installation import identity, systemd, systemd_units
from scheduled.installation.systemd import UnitError
from scheduled.state.store import Store
from scheduled.system import machine
from tests.builders.crontab import Crontab
from tests.builders.systemctl import NO_BUS, Systemctl


@dataclass(frozen=True)
class Place:
    """An installation, and a folder of units that holds something of somebody else's."""

    root: Path
    state_dir: Path
    folder: Path
    systemctl: Systemctl
    crontab: Crontab

    @property
    def timer(self) -> Path:
        name = identity.installation_id(self.root, self.state_dir, is_default=False)
        return self.folder / systemd_units.file_names(name)[0]

    @property
    def service(self) -> Path:
        return self.timer.with_suffix(".service")

    @property
    def left(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")} - OTHERS

    @property
    def expected(self) -> dict[str, float]:
        """Who calls according to the state, and how often, in seconds."""
        return dict(Store(self.state_dir).load().state["cadence"].get("installed", {}))


OTHERS = {"mine.timer", "timers.target.wants", "timers.target.wants/mine.timer"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made, cron = Systemctl(tmp_path / "systemctl"), Crontab(tmp_path / "cron")
    monkeypatch.setenv("PATH", f"{made.bin}:{cron.bin}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(systemd, "LINGER", tmp_path / "linger")
    folder = tmp_path / "config/systemd/user"
    (folder / "timers.target.wants").mkdir(parents=True)
    (folder / "mine.timer").touch()
    (folder / "timers.target.wants/mine.timer").symlink_to("../mine.timer")
    (tmp_path / "root").mkdir()
    return Place(tmp_path / "root", tmp_path / "state", folder, made, cron)


def invoke(place: Place, *words: str) -> Result:
    options = ["--root", str(place.root), "--state-dir", str(place.state_dir)]
    return CliRunner().invoke(group, [*options, "cron", *words], standalone_mode=False)


def said(place: Place, *words: str) -> str:
    result = invoke(place, *words, "--systemd")
    assert result.exception is None, result.exception
    return result.stdout


def refused(place: Place, *words: str) -> ScheduledError:
    error = invoke(place, *words, "--systemd").exception
    assert isinstance(error, ScheduledError), error
    return error


def test_installing_writes_both_units_and_has_the_timer_started(place: Place) -> None:
    output = said(place, "install", "--every", "15")

    timer, service = place.timer.read_text(), place.service.read_text()
    assert "OnCalendar=*-*-* *:0/15:00\n" in timer
    assert f" --root {place.root} --state-dir {place.state_dir} run\n" in service
    name = place.timer.name
    assert place.systemctl.asked == ["daemon-reload", f"enable {name}", f"restart {name}"]
    assert place.expected == {f"timer of {machine.user()}": 900}
    assert "loginctl enable-linger" in output


def test_who_lingers_is_not_told_to(place: Place, tmp_path: Path) -> None:
    (tmp_path / "linger").mkdir()
    (tmp_path / "linger" / machine.user()).touch()

    assert "loginctl" not in said(place, "install")


def test_installing_a_second_time_says_that_there_is_nothing_to_do(place: Place) -> None:
    said(place, "install")
    asked = place.systemctl.asked

    output = said(place, "install")

    assert output.startswith("Nothing to do")
    assert place.systemctl.asked == asked


def test_a_timer_that_somebody_stopped_is_started_again(place: Place) -> None:
    said(place, "install")
    place.systemctl.behave("rm -f $(dirname $0)/../active")

    output = said(place, "install")

    assert "systemd calls it now" in output
    assert place.systemctl.asked[-1] == f"restart {place.timer.name}"


def test_another_interval_renews_the_timer_and_shows_what_it_replaces(place: Place) -> None:
    said(place, "install")

    output = said(place, "install", "--every", "2h")

    assert "\n-OnCalendar=*-*-* *:*:00\n+OnCalendar=*-*-* 0/2:00:00\n" in output
    assert "0/2" in place.timer.read_text()


@pytest.mark.parametrize("first", [NO_BUS, None])
def test_where_systemd_cannot_be_asked_the_units_are_written_and_it_says_what_to_type(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: str | None
) -> None:
    if first is None:
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        place.systemctl.behave(first)

    error = refused(place, "install")

    assert isinstance(error, UnavailableError)
    assert error.exit_code == 75
    assert f"systemctl --user enable --now {place.timer.name}" in str(error)
    assert place.timer.exists()
    assert place.service.exists()
    assert [*place.expected.values()] == [60]


def test_the_two_entries_of_the_seed_are_for_crontabs(place: Place) -> None:
    error = refused(place, "install", "--hourly")

    assert isinstance(error, UsageError)
    assert "--every 1h" in str(error)
    assert place.left == set()


def test_a_dry_run_shows_the_units_and_changes_nothing(place: Place) -> None:
    output = said(place, "install", "--dry-run")

    assert "\n+OnCalendar=" in output
    assert "\n+ExecStart=" in output
    assert output.endswith("Dry run: nothing was changed.\n")
    assert place.left == set()
    assert not place.state_dir.exists()
    assert place.systemctl.asked == []


def test_uninstalling_leaves_the_folder_as_it_was(place: Place) -> None:
    said(place, "install")

    output = said(place, "uninstall")

    assert output.startswith(f"Removed from {place.folder}")
    assert place.left == set()
    assert f"disable --now {place.timer.name}" in place.systemctl.asked
    assert place.systemctl.asked[-1] == "daemon-reload"
    assert place.expected == {}


def test_uninstalling_takes_away_the_link_that_nobody_else_could(place: Place) -> None:
    said(place, "install")
    link = place.folder / "timers.target.wants" / place.timer.name
    link.symlink_to(place.timer)
    place.systemctl.behave(NO_BUS)

    said(place, "uninstall")

    assert place.left == set()


def test_a_drop_in_of_the_users_stays(place: Place) -> None:
    said(place, "install")
    drop_in = place.folder / f"{place.service.name}.d" / "override.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nNice=5\n")

    said(place, "uninstall")

    assert drop_in.read_text() == "[Service]\nNice=5\n"


def test_where_systemd_runs_and_cannot_be_told_uninstalling_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said(place, "install")
    place.systemctl.behave(NO_BUS)
    monkeypatch.setattr(systemd, "BOOTED", tmp_path)

    error = refused(place, "uninstall")

    assert isinstance(error, UnavailableError)
    assert f"systemctl --user stop {place.timer.name}" in str(error)
    assert place.left == set()
    assert place.expected == {}


def test_uninstalling_where_nothing_is_installed_asks_nobody(place: Place) -> None:
    output = said(place, "uninstall")

    assert output.startswith("Nothing to do")
    assert place.systemctl.asked == []


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_a_unit_edited_by_hand_stops_it_and_yields_to_force(place: Place, verb: str) -> None:
    said(place, "install")
    edited = place.service.read_text() + "Nice=5\n"
    place.service.write_text(edited)
    asked = place.systemctl.asked

    error = refused(place, verb)
    untouched, told = place.service.read_text(), place.systemctl.asked
    forced = said(place, verb, "--force")

    assert isinstance(error, UnitError)
    assert f"{place.service}: edited by hand" in str(error)
    assert (untouched, told) == (edited, asked)
    assert "\n-Nice=5\n" in forced
    assert not place.service.exists() or "Nice" not in place.service.read_text()


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_a_masked_unit_is_never_written_through(place: Place, tmp_path: Path, verb: str) -> None:
    (tmp_path / "device").write_text("as /dev/null")
    place.timer.symlink_to(tmp_path / "device")

    error = refused(place, verb, "--force")

    assert "systemctl --user unmask" in str(error)
    assert place.timer.is_symlink()
    assert (tmp_path / "device").read_text() == "as /dev/null"


def test_a_folder_that_cannot_be_written_to_is_told(place: Place) -> None:
    for path in sorted(place.folder.rglob("*"), reverse=True):
        path.unlink() if path.is_symlink() or path.is_file() else path.rmdir()
    place.folder.rmdir()
    place.folder.write_text("a file")

    error = refused(place, "install")

    assert isinstance(error, StateError)
    assert place.folder.read_text() == "a file"


def test_show_prints_what_would_be_installed_and_then_what_is(place: Place) -> None:
    before = said(place, "show", "--every", "5")
    said(place, "install")
    after = said(place, "show")

    assert before.startswith("No units of this installation.")
    assert f"\n{place.timer}\n" in before
    assert "\nOnCalendar=*-*-* *:0/5:00\n" in before
    assert after.startswith("Units as they were written; the timer runs.\n")
    assert "\nOnCalendar=*-*-* *:*:00\n" in after


def test_the_keys_of_show_stay(place: Place) -> None:
    said(place, "install")

    report = json.loads(said(place, "show", "--json"))

    text = {str(path): path.read_text() for path in (place.timer, place.service)}
    assert report == {
        "id": identity.installation_id(place.root, place.state_dir, is_default=False),
        "status": "intact",
        "active": True,
        "units": text,
        "would_install": text,
    }


def test_show_tells_in_what_condition_the_units_are(place: Place) -> None:
    absent = json.loads(said(place, "show", "--json"))
    said(place, "install")
    place.systemctl.behave(NO_BUS)
    silent = json.loads(said(place, "show", "--json"))
    place.service.unlink()
    incomplete = json.loads(said(place, "show", "--json"))
    place.timer.write_bytes(b"")
    edited = json.loads(said(place, "show", "--json"))

    assert (absent["status"], absent["active"]) == ("absent", None)
    assert (silent["status"], silent["active"]) == ("intact", None)
    assert incomplete["status"] == "incomplete"
    assert edited["status"] == "edited"


def test_who_is_called_both_ways_is_told_and_nothing_is_forgotten(place: Place) -> None:
    invoke(place, "install")

    output = said(place, "install", "--every", "15")
    back = invoke(place, "install").stdout

    assert "Your crontab calls it as well" in output
    assert "`scheduled cron uninstall` removes it" in output
    assert "Your timer calls it as well" in back
    assert sorted(place.expected.values()) == [60, 900]


def test_a_block_that_was_deleted_by_hand_is_forgotten_on_the_way(place: Place) -> None:
    invoke(place, "install")
    place.crontab.text = b""

    said(place, "install", "--every", "15")

    assert place.expected == {f"timer of {machine.user()}": 900}

"""A tick that cannot use the state: cron mails why once an hour, not each minute."""

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stderr
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli import main as command_line
from scheduled.cli.context import Session
from scheduled.system import locks, streams
from tests.builders import needs, people
from tests.builders.disks import Disk, mounted
from tests.builders.installed import WITHOUT_SWEEPS, configure
from tests.builders.jobs import at
from tests.builders.locks import held_by_another

JOBS = f'timezone: UTC\n{WITHOUT_SWEEPS}  poll: {{schedule: "* * * * *", command: "true"}}\n'
Told = tuple[int, str]


class Place:
    """An installation, and its command line at any minute after 08:00."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.state_dir = folder / "state"
        self.cache = folder / "cache"

    def tick(self, minute: float, *words: str) -> Told:
        """The exit code of the tick of that minute, and what cron would mail."""
        return self.call(minute, "run", *words)

    def call(self, minute: float, *words: str) -> Told:
        places = ["--root", str(self.root), "--state-dir", str(self.state_dir)]
        environ = {"TZ": "UTC", "XDG_CACHE_HOME": str(self.cache), "PATH": os.environ["PATH"]}
        now = at("08:00") + timedelta(minutes=minute)
        with redirect_stderr(io.StringIO()) as stream, pytest.MonkeyPatch.context() as patch:
            patch.setattr(command_line, "Session", _session_at(now, environ))
            patch.setattr(streams, "complete", lambda: None)
            code = command_line.main([*places, *words])
        return code, stream.getvalue()

    def minutes(self, *numbers: int) -> tuple[set[int], list[int]]:
        """The exit codes of ticks in these minutes, and the minutes in which one was mailed."""
        ticks = {number: self.tick(number) for number in numbers}
        return {code for code, _ in ticks.values()}, [
            number for number, (_, err) in ticks.items() if err
        ]


def _session_at(now: datetime, environ: dict[str, str]) -> type[Session]:
    class SessionThen(Session):
        def __init__(self, **more: Any) -> None:
            super().__init__(now=now, environ=environ, **more)

    return SessionThen


@pytest.fixture
def place(open_folder: Path) -> Place:
    open_folder.chmod(0o755)  # an ordinary user is to write there, too
    made = Place(open_folder)
    made.root.mkdir()
    configure(made.root, JOBS)
    return made


@pytest.fixture
def disk(place: Place) -> Iterator[Disk]:
    yield from mounted(place.state_dir)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    wait(monkeypatch, 0.01)
    return monkeypatch


def wait(patch: pytest.MonkeyPatch, seconds: float) -> None:
    """Have a tick wait so long for the journal's lock."""
    patch.setattr(locks.journal.__wrapped__, "__defaults__", (seconds, None))  # type: ignore[attr-defined]


def test_a_full_disk_is_printed_once_an_hour_and_again_when_it_is_full_again(
    place: Place, disk: Disk
) -> None:
    assert place.tick(16) == (0, "")
    disk.fill()
    full = place.minutes(*range(17, 22), 60, 61)
    disk.free()
    freed, _ = place.tick(62)
    disk.fill()
    again = place.minutes(63, 64)

    assert full == ({4}, [17, 60])
    assert freed != 4
    assert again == ({4}, [63])


def test_a_state_and_a_home_on_the_same_full_disk_are_printed_once_an_hour(
    place: Place, disk: Disk
) -> None:
    place.cache = disk.folder / "cache"
    (place.cache / "scheduled").mkdir(parents=True)
    place.tick(16)
    disk.fill()

    assert place.minutes(17, 18, 19) == ({4}, [17])


def test_a_held_lock_is_one_trouble_however_long_a_tick_waited(
    place: Place, impatient: pytest.MonkeyPatch
) -> None:
    place.tick(16)
    with held_by_another(place.state_dir / "locks/journal"):
        first = place.tick(17)
        wait(impatient, 0.6)
        second = place.tick(18)
        by_hand = place.tick(18, "--only", "poll"), place.call(18, "pause")
        wait(impatient, 0.01)
        loudly = place.tick(19, "-v")
    ended = place.tick(20)
    with held_by_another(place.state_dir / "locks/journal"):
        anew = place.tick(21)

    assert first[0] == 3
    assert "locks/journal: held by another process for 0 s" in first[1]
    assert second == (3, "")
    for told in (*by_hand, loudly):
        assert told[0] == 3
        assert "held by another process" in told[1]
    assert ended[0] == 0
    assert anew == first


def test_each_trouble_is_printed_on_its_own(place: Place, impatient: pytest.MonkeyPatch) -> None:
    place.tick(16)
    with held_by_another(place.state_dir / "locks/journal"):
        first = place.minutes(17, 18)
    (place.state_dir / "scheduled_state.json").unlink()
    os.mkfifo(place.state_dir / "scheduled_state.json")
    other = place.minutes(19, 20)

    assert (first, other) == (({3}, [17]), ({4}, [19]))


def test_a_clock_that_is_years_behind_is_printed_once_an_hour(place: Place) -> None:
    years = -10 * 366 * 24 * 60

    codes, told = place.minutes(years + 17, years + 18, years + 60, years + 61)

    assert codes == {75}
    assert [minute - years for minute in told] == [17, 60]


def test_where_the_cache_cannot_be_written_either_it_is_always_printed(
    place: Place, impatient: pytest.MonkeyPatch
) -> None:
    place.tick(16)
    place.cache.write_text("a file, where a directory should be")

    with held_by_another(place.state_dir / "locks/journal"):
        assert place.minutes(17, 18, 19) == ({3}, [17, 18, 19])


@pytest.mark.parametrize("closed", ["state", "state/locks", "state/journal", "state and home"])
def test_a_directory_that_its_owner_may_not_write_to_is_printed_once_an_hour(
    place: Place, open_folder: Path, closed: str
) -> None:
    needs.root()
    place.state_dir.mkdir(0o700)
    place.cache.mkdir()
    people.give(open_folder, people.NOBODY)

    def ticks() -> None:
        assert place.tick(16) == (0, "")
        if closed.endswith("home"):
            place.cache.chmod(0o500)
        folder = open_folder / closed.removesuffix(" and home")
        folder.chmod(0 if closed.endswith("journal") else 0o500)
        expected = [17, 18, 60, 61] if closed.endswith("home") else [17, 60]
        assert place.minutes(17, 18, 60, 61) == ({4}, expected)
        code, err = place.tick(62, "-v")
        assert (code, "permission denied" in err) == (4, True)
        folder.chmod(0o700)
        assert place.tick(63)[0] == 0

    assert people.as_nobody(ticks) == "done"


def test_old_notes_are_removed(place: Place, impatient: pytest.MonkeyPatch) -> None:
    for hours in range(4):
        place.tick(60 * hours + 16)
        with held_by_another(place.state_dir / "locks/journal"):
            assert place.minutes(60 * hours + 17) == ({3}, [60 * hours + 17])

    assert len(os.listdir(place.cache / "scheduled")) == 1

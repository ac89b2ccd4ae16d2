"""How often a refused tick prints why: on a terminal always, under cron once an hour."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.cli import refusals
from scheduled.system import user_dirs
from tests.builders import needs, people
from tests.builders.jobs import at

SENTENCE = "/srv/state: belongs to the root /srv/one"


def printed(minutes: list[int], environ: dict[str, str]) -> list[int]:
    """The minutes after 08:00 at which a tick prints the sentence."""
    return [
        minute
        for minute in minutes
        if refusals.is_news(SENTENCE, at("08:00") + timedelta(minutes=minute), environ)
    ]


def test_a1_a_refusal_is_printed_at_first_and_then_once_an_hour(tmp_path: Path) -> None:
    assert printed([*range(17, 200)], {"HOME": str(tmp_path)}) == [17, 60, 120, 180]


def test_a1_ticks_that_never_come_at_the_full_hour_print_it_too(tmp_path: Path) -> None:
    assert printed([*range(7, 300, 15)], {"HOME": str(tmp_path)}) == [7, 67, 127, 187, 247]


def test_a1_each_refusal_is_printed_on_its_own(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}

    assert refusals.is_news("one", at("08:17"), environ)
    assert refusals.is_news("other", at("08:17"), environ)


def test_a1_a_clock_that_was_set_back_silences_nothing(tmp_path: Path) -> None:
    assert printed([500, 20], {"HOME": str(tmp_path)}) == [500, 20]


def test_a1_a_note_that_cannot_be_read_silences_nothing(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    printed([17], environ)
    (note,) = (tmp_path / ".cache/scheduled").iterdir()
    note.unlink()
    note.symlink_to("nowhere")

    assert printed([18, 19], environ) == [18, 19]


def test_a1_without_a_cache_directory_it_is_always_printed(tmp_path: Path) -> None:
    (tmp_path / ".cache").write_text("a file, where a directory should be")

    assert printed([17, 18, 60], {"HOME": str(tmp_path)}) == [17, 18, 60]


def test_a1_on_a_terminal_it_is_always_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(_terminal(), "w", encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stderr", stream)

        assert printed([17, 18, 19], {"HOME": str(tmp_path)}) == [17, 18, 19]
    assert not (tmp_path / ".cache").exists()


def test_c1_root_keeps_no_note_in_the_home_of_another_user(
    open_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.root()
    people.give(open_folder, people.NOBODY)
    monkeypatch.setattr(user_dirs, "home", lambda environ: _home(environ, tmp_path))

    assert printed([17, 18], {"HOME": str(open_folder)}) == [17]
    assert list(open_folder.iterdir()) == []
    assert len([*(tmp_path / ".cache/scheduled").iterdir()]) == 1


def test_a_home_that_is_not_there_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, absent = tmp_path / "own", tmp_path / "absent"
    own.mkdir()
    monkeypatch.setattr(user_dirs, "home", lambda environ: _home(environ, own))

    assert printed([17, 18], {"HOME": str(absent)}) == [17]
    assert not absent.exists()


def _home(environ: dict[str, str], own: Path) -> Path:
    return Path(environ["HOME"]) if environ else own


def _terminal() -> str:
    _, terminal = os.openpty()
    return os.ttyname(terminal)

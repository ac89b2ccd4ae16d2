"""`scheduled logs`, as somebody calls it."""

import json
import os

import pytest

from scheduled.system import linux
from tests.builders.looks import Home


def test_logs_are_those_of_the_newest_run_or_of_the_named_one(home: Home) -> None:
    newer = home.printed("backup", "r2", "second\n")
    os.utime(newer, ns=(2**62, 2**62))

    assert home.call("logs", "backup").out == "second\n"
    assert home.call("logs", "backup", "r1").out == "copied 3 files\n"
    assert json.loads(home.call("logs", "backup", "--json").out) == {
        "job": "backup",
        "run_id": "r2",
        "path": str(newer),
        "text": "second\n",
        "outcome": None,
        "started_at": None,
        "finished_at": None,
    }


def test_logs_of_a_run_that_prints_on_pass_over_what_is_gone(home: Home) -> None:
    log = home.printed("backup", "r3", "x" * 200_000)
    with log.open("r+b") as stream:
        linux.punch_hole(stream.fileno(), 3, 199_994)

    assert home.call("logs", "backup", "r3").out == "xxx\n[...]\nxxx"


def test_logs_do_not_write_control_characters_to_a_terminal(home: Home) -> None:
    home.printed("backup", "r1", "\x1b[2J\x1b]0;title\x07\udcff caf\udce9 done\n")

    said = home.call("logs", "backup")

    assert "\x1b" not in said.out
    assert said.out.endswith("done\n")


def test_the_id_of_a_run_is_repeated_on_one_line(home: Home) -> None:
    said = home.call("logs", "backup", "a\nb\x1b[2J")

    assert said.err.startswith(r"backup: run a b\x1b[2J: no output is kept for it")


def test_logs_of_a_job_that_has_not_run_say_so(home: Home) -> None:
    said = home.call("logs", "poll")

    assert (said.code, said.err) == (2, "poll: no output is kept, as it has not run yet")


@pytest.mark.parametrize("name", ["../../secret", "..", ".", "backup/../backup", "/etc", ""])
def test_logs_stay_inside_their_folder(home: Home, name: str) -> None:
    (home.folder / "secret").mkdir()
    (home.folder / "secret" / "r1.log").write_text("secret")

    assert home.call("logs", name).code == 2
    assert home.call("logs", "backup", name).code == 2
    assert "secret" not in home.call("logs", name).out


def test_an_ambiguous_run_is_refused(home: Home) -> None:
    home.printed("backup", "r11", "x")
    home.printed("backup", "r12", "x")

    assert "the id is ambiguous" in home.call("logs", "backup", "r").err
    assert home.call("logs", "backup", "r1").code == 0

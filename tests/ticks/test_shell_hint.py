"""The hint for a tick by the shell, and what the shell makes of it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import scheduled
from scheduled.installation.crontab_line import tick_lines
from scheduled.installation.tick_command import Target
from scheduled.state import heartbeat
from scheduled.ticks import shell_hint
from scheduled.ticks.shell_hint import Limits
from tests.builders import shell_ticks
from tests.builders.shell_ticks import FULL, NAMES, SCRIPT, SHELLS, Environment, Place

Make = Callable[..., Place]


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Environment:
    return Environment(monkeypatch)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands in for the interpreter."""
    program = shell_ticks.interpreter(tmp_path)
    monkeypatch.setattr(sys, "executable", str(program))
    return program


@pytest.fixture
def place(tmp_path: Path, environ: Environment, program: Path) -> Make:
    made = iter(range(1_000_000))

    def make(name: str = "a", **more: Any) -> Place:
        return shell_ticks.make(tmp_path / str(next(made)) / name, **more)

    return make


def test_some_shell_can_be_asked() -> None:
    assert SHELLS


def test_every_shell_ends_an_idle_tick_and_leaves_its_heartbeat(place: Make) -> None:
    ours = place(code=2)
    before = heartbeat.load(ours.state)
    assert before is not None

    for shell in SHELLS:
        start = time.time()
        assert ours.by_shell(shell) == 2
        beat = heartbeat.load(ours.state)
        assert beat is not None
        # The kernel dates a pipe by the clock of its last interruption.
        assert start - 0.1 <= beat.wall <= time.time()
        assert beat.boot_id == before.boot_id
        assert beat.boottime >= before.boottime - 0.02  # the kernel prints hundredths
        # Awake all the time, as far as a shell knows.
        assert beat.boottime - beat.monotonic == pytest.approx(before.boottime - before.monotonic)
        time.sleep(1.1)  # a tick in the same second as the last one is Python's
    assert ours.is_idle_by_python()


def test_the_script_can_be_called_by_its_path(place: Make) -> None:
    ours = place()

    called = subprocess.run([str(SCRIPT), *ours.words], check=False)
    again = subprocess.run([str(SCRIPT), *ours.words, "--only", "backup"], check=False)

    assert (called.returncode, again.returncode) == (0, FULL)


@pytest.mark.parametrize("name", [*NAMES, "caf\udce9", "\udc81\udc88"])
def test_directories_may_be_called_anything(place: Make, name: str) -> None:
    for shell in SHELLS:
        assert place(name=name).by_shell(shell) == 0


def test_a_name_with_a_line_break_is_left_to_python(place: Make) -> None:
    ours = place(name="a\nb")

    assert not ours.hint.exists()
    assert [ours.by_shell(shell) for shell in SHELLS] == [FULL] * len(SHELLS)


def test_a_variable_with_a_line_break_is_left_to_python(place: Make, environ: Environment) -> None:
    environ.change("TZ", "UTC\n")

    assert not place().hint.exists()


def test_variables_that_were_exported_reach_the_full_tick_as_they_were(
    place: Make, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = place(due=-1)
    program.write_text(f"#!/bin/sh\nenv >{ours.folder}/seen\nexit {FULL}\n")
    mine = dict.fromkeys(("code", "due", "line", "root", "seen", "value", "word", "now"), "mine")
    for name, value in mine.items():
        monkeypatch.setenv(name, value)

    for shell in SHELLS:
        assert ours.by_shell(shell) == FULL
        seen = dict(line.split("=", 1) for line in (ours.folder / "seen").read_text().splitlines())
        assert {name: seen.get(name) for name in mine} == mine


def test_a_hint_for_many_files_is_left_to_python(place: Make) -> None:
    ours = place()
    many = {f"/none/{number}": None for number in range(shell_hint.MOST_STAMPS + 1)}

    shell_hint.write(str(ours.state), ours.arguments, Limits(9e9, 90.0, 0), many, time.time() + 5)

    assert not ours.hint.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["--root", "here", "--state-dir", "/s", "run"],
        ["--root", "/r", "--config", "c.yaml", "run"],
        ["--root", "/r", "--state-dir", "/s", "run", "--only", "backup"],
        ["--root", "/r", "--state-dir", "/s", "status"],
    ],
)
def test_only_a_tick_that_is_the_same_from_everywhere_gets_a_hint(arguments: list[str]) -> None:
    assert shell_hint.command(arguments) == []


def test_a_program_that_was_replaced_during_the_tick_gets_no_hint(place: Make) -> None:
    ours = place()
    installed = os.stat(scheduled.version.__file__).st_ctime

    shell_hint.write(
        str(ours.state), ours.arguments, Limits(9e9, 90.0, 0), {}, min(installed, time.time())
    )

    assert not ours.hint.exists()


def test_crons_line_appends_what_a_full_tick_prints_and_does_without_the_script(
    place: Make, program: Path, tmp_path: Path
) -> None:
    log = tmp_path / "the log"
    program.write_text(f"#!/bin/sh\necho printed; exit {FULL}\n")
    found = {}
    for name, due in (("idle", 3600), ("due", -1), ("gone", 3600)):
        ours = place(due=due)
        script = SCRIPT.with_name("none") if name == "gone" else SCRIPT
        target = replace(Target.running(ours.arguments[:-1]), script=script)
        (line,) = tick_lines(target, log=log)
        command = line.decode().split(" ", 5)[5]
        found[name] = [
            subprocess.run([*shell, "-c", command], check=False).returncode for shell in SHELLS[:1]
        ]

    assert found == {"idle": [0], "due": [FULL], "gone": [FULL]}
    assert log.read_text() == "printed\n" * 2


def test_a_shell_that_ends_at_the_first_failure_starts_python_all_the_same(place: Make) -> None:
    for due, code in ((3600, 0), (-1, FULL)):
        ours = place(due=due)
        target = replace(Target.running(ours.arguments[:-1]), script=SCRIPT)
        command = tick_lines(target)[0].decode().split(" ", 5)[5]
        for shell in SHELLS[:1] if code == 0 else SHELLS:
            done = subprocess.run([*shell, "-e", "-u", "-c", command], check=False)
            assert done.returncode == code

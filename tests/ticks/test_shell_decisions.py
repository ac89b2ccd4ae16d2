"""No shell takes a tick for idle where the rule in Python says that something may be due."""

import os
import random
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from scheduled import idle
from tests.builders import shell_ticks, soak
from tests.builders.shell_ticks import FULL, NAMES, SHELLS, Environment, Place

CASES = soak.count(250, 10_000)
Edit = Callable[[Place, random.Random, Environment], None]


def _target(ours: Place, chance: random.Random) -> Path:
    names = ("root/scheduled.yaml", "root/jobs", "state/scheduled_state.json")
    return ours.folder / chance.choice(names)


def touched(ours: Place, chance: random.Random, _: object) -> None:
    path = _target(ours, chance)
    step = chance.choice((-86_400, -1, 1, 86_400))
    os.utime(path, (time.time(), path.stat().st_mtime + step))


def rewritten_with_its_time(ours: Place, chance: random.Random, _: object) -> None:
    path = _target(ours, chance)
    before = path.stat()
    if path.is_file():
        path.write_text(chance.choice(("", "jobs: {a: 1}\n", "jobs: []\n")))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(ours: Place, chance: random.Random, _: object) -> None:
    path = _target(ours, chance)
    if path.is_file():
        other = path.with_name("other")
        shutil.copy2(path, other)
        other.replace(path)
    else:
        path.rmdir()
        path.mkdir()


def deleted(ours: Place, chance: random.Random, _: object) -> None:
    path = _target(ours, chance)
    path.rename(path.with_name("gone"))


def another_kind(ours: Place, chance: random.Random, _: object) -> None:
    path = _target(ours, chance)
    path.rename(path.with_name("gone"))
    match chance.choice(("link", "dangling", "fifo", "folder")):
        case "link":
            path.symlink_to(path.with_name("gone"))
        case "dangling":
            path.symlink_to("nowhere")
        case "fifo":
            os.mkfifo(path)
        case _:
            path.mkdir()


def appeared(ours: Place, chance: random.Random, _: object) -> None:
    path = ours.root / "none.yaml"
    match chance.choice(("file", "dangling", "fifo", "link")):
        case "file":
            path.touch()
        case "dangling":
            path.symlink_to("nowhere")
        case "fifo":
            os.mkfifo(path)
        case _:
            path.symlink_to("/")


def another_variable(ours: Place, chance: random.Random, environ: Environment) -> None:
    name = os.fsdecode(chance.choice(idle.VARIABLES))
    environ.change(
        name, chance.choice((None, "", " ", "UTC", "/home/somebody", "/home/somebody ", "\\"))
    )


def another_beat(ours: Place, chance: random.Random, _: object) -> None:
    words = ours.beat.read_text().split()
    now = time.time()
    wall = (now + 60, now - 80, now - 200, 0, -1, "x", "", f"0{now}", f"{int(now) - 2}", "1e9")
    match chance.randrange(5):
        case 0:
            words[0] = str(chance.choice(wall))
        case 1:
            words[3] = chance.choice(("-", "", words[3].upper(), words[3][:-1]))
        case 2:
            words[1:3] = chance.choice((["-", "-"], ["x", "1"], [], ["1", "1", "1"]))
        case 3:
            ours.beat.rename(ours.beat.with_name("real"))
            ours.beat.symlink_to("real")
            return
        case _:
            ours.beat.unlink()
            return
    ours.beat.write_text(" ".join(words) + "\n")


def another_hint(ours: Place, chance: random.Random, _: object) -> None:
    both = (ours.hint, ours.state / idle.HINT)
    match chance.randrange(5):
        case 0:  # cut off, as on a full disk
            for path in both:
                text = path.read_bytes()
                path.write_bytes(text[: chance.randrange(len(text))])
        case 1:
            for path in both:
                path.rename(path.with_name("real"))
                path.symlink_to("real")
        case 2:
            for path in both:
                path.unlink()
        case 3:
            for path in both:
                path.write_bytes(path.read_bytes().replace(b" hint ", b" hint 9"))
        case _:
            ours.hint.write_bytes(ours.hint.read_bytes().replace(b"\n", b"\0\n", 1))


def past_its_time(ours: Place, chance: random.Random, _: object) -> None:
    second = int(time.time()) + chance.choice((-1, 0, 1, 2))
    for path, line in ((ours.hint, 2), (ours.state / idle.HINT, 2)):
        lines = path.read_text("utf-8", "surrogateescape").split("\n")
        lines[line] = str(second)
        path.write_text("\n".join(lines), "utf-8", "surrogateescape")


def another_place(ours: Place, chance: random.Random, _: object) -> None:
    path = chance.choice((ours.root, ours.state))
    path.rename(path.with_name("moved"))
    match chance.choice(("link", "gone", "copy")):
        case "link":
            path.symlink_to("moved")
        case "copy":
            shutil.copytree(path.with_name("moved"), path, symlinks=True)
        case _:
            return


def open_to_all(ours: Place, chance: random.Random, _: object) -> None:
    ours.state.chmod(0o777)


EDITS: tuple[Edit, ...] = (
    *(touched, rewritten_with_its_time, replaced, deleted, another_kind, appeared),
    *(another_variable, another_beat, another_hint, past_its_time, another_place, open_to_all),
)


@pytest.mark.slow
def test_no_shell_takes_a_tick_for_idle_that_python_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(shell_ticks.interpreter(tmp_path)))
    environ = Environment(monkeypatch)
    idle_in = {"shell": 0, "python": 0}
    for seed in range(CASES):
        chance = random.Random(seed)
        environ.reset()
        for variable in ("TZ", "SCHEDULED_ROOT", "HOME"):
            environ.change(variable, chance.choice((None, "", "/home/somebody")))
        folder = tmp_path / "made" / chance.choice(NAMES)
        ours = shell_ticks.make(folder, code=chance.choice((0, 2)))
        for edit in chance.sample(EDITS, chance.choice((0, 1, 1, 2))):
            with suppress(OSError, IndexError):  # another edit has taken away what it is about
                edit(ours, chance, environ)
        shell = chance.choice(SHELLS)
        before = ours.beat.read_bytes() if ours.beat.exists() else None

        # What is due in a second may be due for the one that decides last: so Python decides twice.
        was_idle = ours.is_idle_by_python()
        _restore(ours, before)
        code = ours.by_shell(shell)
        _restore(ours, before)
        is_idle = ours.is_idle_by_python() or was_idle
        assert code in (FULL, 0, 2), (seed, shell)
        assert code == FULL or is_idle, (seed, shell)
        idle_in["shell"] += code != FULL
        idle_in["python"] += is_idle
        shutil.rmtree(tmp_path / "made")
    # It is not right by never saying so.
    assert idle_in["shell"] > idle_in["python"] * 0.8 > CASES * 0.2


def _restore(ours: Place, beat: bytes | None) -> None:
    if beat is not None and not ours.beat.is_symlink():
        ours.beat.write_bytes(beat)

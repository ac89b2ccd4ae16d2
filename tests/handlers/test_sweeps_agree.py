"""Whatever is remembered, and whoever does the work, a sweep finds what there is to find.

Ecosystems change step by step, in ways that people, programs and strangers change them. After each
step a sweep that remembers, one with a second process, and one that knows nothing are compared.
"""

import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from handlers import health, memory_rollover
from scheduled.demo import example
from scheduled.ecosystem import central, memory, sweep
from scheduled.system import second_process
from tests.builders import ecosystem, soak
from tests.builders.ecosystem import NOW, context, entry

NAMES = ("DRONE", "FLOW", "SEED", "API", "GONE")
ENOUGH = memory.PARSED_PER_SWEEP
Change = Callable[[Random, Path, str], object]


def grow_memory(random: Random, branch: Path, name: str) -> None:
    kind = random.choice(("local", "observations"))
    folder = random.choice((branch, branch / ".trinity"))
    file = folder / (f"{name}.{kind}.json" if folder == branch else f"{kind}.json")
    lines, limit = random.choice((100, 520, 650)), random.choice((600, 100, None))
    example.write_memory(file, name, kind, lines, limit)
    data = file.read_bytes()
    match random.randrange(6):
        case 0:
            file.write_bytes(data[:-20])  # torn
        case 1:
            file.write_bytes(data[:-20] + b"#" + data[-20:])  # a flaw that is not at its ends
        case 2:
            document = {"schema_version": "3.0.0", "sessions": [{}] * random.choice((5, 25))}
            file.write_text(json.dumps(document))


def lose_something(random: Random, branch: Path, name: str) -> None:
    path = random.choice([*sorted(branch.rglob("*")), branch])
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def plant_a_link(random: Random, branch: Path, name: str) -> None:
    place = random.choice(("README.md", f"{name}.local.json", ".trinity", "ai_mail.local", "logs"))
    path = branch / place
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    aims = ("nowhere", "DASHBOARD.local.json", "../FLOW", "/etc/hostname", place)
    path.symlink_to(random.choice(aims))


def receive_mail(random: Random, branch: Path, name: str) -> None:
    box = branch / random.choice(("ai_mail.local", ".ai_mail.local"))
    box.mkdir(exist_ok=True)
    sent = NOW - timedelta(hours=random.choice((1, 47, 100)))
    status = random.choice(("new", "opened", "closed"))
    example.write_inbox(box, [example.message(1, "SEED", "x", sent, status=status)])
    if not random.randrange(4):
        (box / "inbox.json").write_text("{")


def send_or_close_mail(random: Random, branch: Path, name: str) -> None:
    box = branch / random.choice(("ai_mail.local", ".ai_mail.local"))
    folder = box / random.choice(("sent", "deleted"))
    folder.mkdir(parents=True, exist_ok=True)
    moment = NOW + timedelta(hours=random.choice((-1, -1, -20, 20, 40, 400)))
    sender = random.choice((name, "TRIGGER"))
    key = random.choice((None, "health"))
    letter = example.message(1, sender, "x", moment - timedelta(hours=1), upsert_key=key)
    stem = random.choice((f"{moment:%Y%m%d_%H%M%S}_x", "undated"))
    example.write_json(folder / f"{stem}.json", {**letter, "archived_at": moment.isoformat()})


def write_other_files(random: Random, branch: Path, name: str) -> None:
    (branch / random.choice(("README.md", "readme.rst"))).write_text("x" * random.randrange(9))
    updated = NOW - timedelta(days=random.choice((1, 6, 9)))
    document = {"last_updated": random.choice((updated.isoformat(), "?"))}
    example.write_json(branch / "DASHBOARD.local.json", document)
    (branch / "logs").mkdir(exist_ok=True)
    with (branch / "logs/core.log").open("wb") as stream:
        stream.truncate(random.choice((1, 12)) << 20)


def close_something(random: Random, branch: Path, name: str) -> None:
    path = random.choice([*sorted(branch.rglob("*")), branch])
    # No stamp shows permissions: what is known of a file that its owner may no longer read counts
    # until it changes. Root may read them all.
    if not path.is_symlink() and os.geteuid() == 0:
        path.chmod(random.choice((0, 0o311, 0o755)))


CHANGES: tuple[Change, ...] = (
    grow_memory,
    grow_memory,
    lose_something,
    plant_a_link,
    receive_mail,
    send_or_close_mail,
    send_or_close_mail,
    write_other_files,
    close_something,
)


def change(random: Random, root: Path) -> None:
    name = random.choice(NAMES)
    branch = root / name.lower()
    branch.mkdir(exist_ok=True)
    branch.chmod(0o755)
    for path in branch.iterdir():
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    try:
        random.choice(CHANGES)(random, branch, name)
    except OSError:
        return  # such a thing cannot be done there now
    finally:
        let_time_pass(random, root)


def let_time_pass(random: Random, root: Path) -> None:
    """Make all that was just written old: what is young is not remembered."""
    for path in [root, *root.rglob("*")]:
        if path.lstat().st_mtime > (NOW + timedelta(days=1)).timestamp() or path.is_dir():
            moment = NOW.timestamp() - random.randrange(1, 60 * 86_400)
            if path.lstat().st_mtime > NOW.timestamp():
                os.utime(path, (moment, moment), follow_symlinks=False)


class Sweeper:
    """Both sweeps, with what they remember."""

    def __init__(self, cache: Path, *, forgets: bool = False, processes: int = 1) -> None:
        self._cache, self._forgets, self._processes = cache, forgets, processes
        self._memory: dict[str, Any] = {}

    def sweep(self, patched: pytest.MonkeyPatch, root: Path, now: datetime) -> list[object]:
        if self._forgets:
            shutil.rmtree(self._cache, ignore_errors=True)
        patched.setattr(sweep, "ENOUGH", 1 if self._processes == 2 else 1_000_000)
        patched.setattr(second_process, "is_of_use", lambda: True)
        found: list[object] = []
        for handler in (health, memory_rollover):
            kept = self._memory.setdefault(handler.__name__, {})
            told = context(root, now=now, cache_dir=self._cache, memory=kept)
            found += [handler.run(told), told.events, dict(kept)]
            found.append(central.read(told.central_dir, "HEALTH"))
        return found


@pytest.mark.parametrize(("enough", "is_of_use"), [(3, True), (1, False)])
def test_a_second_process_is_used_for_many_branches_and_with_two_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enough: int, is_of_use: bool
) -> None:
    root = ecosystem.home(tmp_path)
    monkeypatch.setattr(sweep, "ENOUGH", enough)
    monkeypatch.setattr(second_process, "is_of_use", lambda: is_of_use)
    monkeypatch.setattr(second_process, "both", None)

    assert memory_rollover.run(context(root))["files"] == 4


@pytest.mark.parametrize("budget", [ENOUGH, 30_000])
@pytest.mark.parametrize("seed", range(soak.count(4, 300)))
def test_a_sweep_finds_the_same_with_and_without_memory_and_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, budget: int
) -> None:
    random = Random(f"{seed} {budget}")
    grow = ecosystem.home if seed % 2 else ecosystem.repository
    document = {"metadata": {}, "branches": [entry(name) for name in NAMES]}
    root = grow(tmp_path / "root", document if grow is ecosystem.repository else None)
    (root / "AI_CENTRAL").mkdir(exist_ok=True)
    let_time_pass(random, root)
    monkeypatch.setattr(memory, "PARSED_PER_SWEEP", budget)
    one = Sweeper(tmp_path / "one")
    two = Sweeper(tmp_path / "two", processes=2)
    anew = Sweeper(tmp_path / "anew", forgets=True)
    now = NOW

    for _ in range(8):
        expected = one.sweep(monkeypatch, root, now)
        assert two.sweep(monkeypatch, root, now) == expected
        if budget == ENOUGH:
            assert anew.sweep(monkeypatch, root, now) == expected
        for _ in range(random.randrange(3)):
            change(random, root)
        now += timedelta(hours=random.choice((1, 1, 30, 200, -5)))

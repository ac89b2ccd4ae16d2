"""Root tidies the mailboxes of a branch whose owner swaps things for links meanwhile.

Mallory owns the branch, and repeats one swap as fast as possible. However it ends for Mallory's own
mail: nothing outside the branch is written, created, removed or given away, and nothing that is
read there arrives in the branch or in a central file.
"""

import builtins
import contextlib
import io
import itertools
import os
import random
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from scheduled.ecosystem import archive, central, mailbox
from scheduled.errors import ScheduledError
from scheduled.system.folder import Folder, LinkError
from scheduled.system.open_folders import OpenFolders
from scheduled.system.stamp_cache import StampCache
from tests.builders import needs, soak
from tests.builders.mail import NOW, ZONE, letter, mailbox_in
from tests.builders.people import MALLORY, give, meanwhile

ROUNDS = soak.count(10, 200)
CALLS = 100
"""More than what it takes is made while names in an archive are taken already."""
SECRET = "what only root may read"


class Place:
    """Mallory's branch, and what root has beside it."""

    def __init__(self, folder: Path) -> None:
        self.branch = folder / "mallory"
        self.box = mailbox_in(self.branch, letter(1))
        (self.box / "deleted").mkdir()
        (self.box / "sent").mkdir()
        (self.branch / "BIG.local.json").write_text("{}")
        give(self.branch)
        self.ours = mailbox_in(folder / "root", letter(2, message=SECRET, subject=SECRET))
        (self.ours / "deleted").mkdir()
        (self.ours / "sent").mkdir()
        (self.ours / "keep").write_text(SECRET)
        (folder / "central").mkdir()
        self.central = give(folder / "central")
        os.chmod(self.ours / "inbox.json", 0o600)
        self._numbers = itertools.count()
        self._random = random.Random(1)

    def swap(self, path: Path, target: Path) -> None:
        """Put a link in the place of a file or folder, and the real one back.

        Either stays for a random time, so that it is replaced at any step of what root does.
        """
        time.sleep(self._random.random() * 0.001)
        aside = path.with_name(f"{path.name}.{next(self._numbers) % 1000}")
        with contextlib.suppress(OSError):
            path.rename(aside)
        with contextlib.suppress(OSError):
            path.symlink_to(target)
        time.sleep(self._random.random() * 0.001)
        with contextlib.suppress(OSError):
            path.unlink()
        with contextlib.suppress(OSError):
            aside.rename(path)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    needs.root()
    tmp_path.chmod(0o755)
    for above in tmp_path.parents[:2]:
        above.chmod(above.stat().st_mode | 0o011)
    return Place(tmp_path)


def tidy(place: Place) -> None:
    """What the mail cleanup does to a mailbox."""
    with mailbox.editing(place.box, 0.2) as box:
        for message in box.messages:
            archive.close(place.box, message, NOW, ZONE)
        box.remove(box.messages)
        box.insert(letter(3))


def deliver(place: Place) -> None:
    archive.keep_sent(place.box, letter(4), "@mallory", NOW, ZONE)
    with mailbox.editing(place.box, 0.2) as box:
        box.insert(letter(5))


def publish(place: Place) -> None:
    before = central.read(place.central, "HEALTH")
    central.write(place.central, "HEALTH", {"before": before})


class Race(NamedTuple):
    path: Path
    target: Path
    action: Callable[[], object]


RACES: dict[str, tuple[str, str, Callable[[Place], object]]] = {
    "inbox": ("mallory/ai_mail.local/inbox.json", "inbox.json", tidy),
    "inbox to be replaced": ("mallory/ai_mail.local/inbox.json", "keep", deliver),
    "lock": ("mallory/ai_mail.local/.inbox.lock", "keep", tidy),
    "deleted": ("mallory/ai_mail.local/deleted", "deleted", tidy),
    "sent": ("mallory/ai_mail.local/sent", "sent", deliver),
    "mailbox": ("mallory/ai_mail.local", "", tidy),
    "branch": ("mallory", "..", tidy),
    "central file": ("central/HEALTH.central.json", "inbox.json", publish),
    "central directory": ("central", "", publish),
}


@pytest.fixture(params=RACES)
def race(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> Race:
    """What is swapped, for what, and what root does meanwhile."""
    what, target, action = RACES[request.param]
    path = tmp_path / what
    if path.parent == tmp_path:  # Mallory swaps what is in a folder of theirs
        (tmp_path / "theirs").mkdir()
        path = path.rename(tmp_path / "theirs" / path.name)
        give(tmp_path / "theirs")
        place.box = place.box if what == "central" else path / "ai_mail.local"
        place.central = path if what == "central" else place.central
    return Race(path, place.ours / target, partial(action, place))


def test_g2_a_swap_for_a_link_leads_root_nowhere(race: Race, place: Place, tmp_path: Path) -> None:
    before = content(tmp_path / "root")

    with meanwhile(lambda: place.swap(race.path, race.target)):
        for _ in range(ROUNDS):
            with contextlib.suppress(ScheduledError, OSError):
                race.action()

    assert content(tmp_path / "root") == before
    assert SECRET not in theirs(tmp_path)


def test_g2_a_swap_before_any_call_of_the_system_leads_root_nowhere(
    race: Race, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    race.action()
    before = content(tmp_path / "root")
    aside = race.path.with_name("aside")

    def swap() -> None:
        race.path.rename(aside)
        race.path.symlink_to(race.target)
        os.lchown(race.path, MALLORY, MALLORY)

    for number in range(1, CALLS, soak.count(4, 1)):
        swapping = Swapping(swap, number)
        with monkeypatch.context() as patch, contextlib.suppress(ScheduledError, OSError):
            swapping.watch(patch)
            race.action()
        if not swapping.is_done:
            break

        assert content(tmp_path / "root") == before, number
        assert SECRET not in theirs(tmp_path), number
        if race.path.is_symlink():
            race.path.unlink()
            aside.rename(race.path)
        elif aside.is_dir():
            shutil.rmtree(aside)
        else:
            aside.unlink(missing_ok=True)
    assert number > 10


class Swapping:
    """Has a swap happen just before a call of the operating system, the one of that number."""

    WATCHED: tuple[str, ...] = (
        "open",
        "stat",
        "lstat",
        "fstat",
        "listdir",
        "scandir",
        "mkdir",
        "rename",
        "replace",
    )
    WATCHED += ("link", "unlink", "readlink", "chown", "fchown", "fchmod", "fsync", "write")

    def __init__(self, swap: Callable[[], object], number: int) -> None:
        self._swap = swap
        self._left = number
        self.is_done = False

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        for name in self.WATCHED:
            patch.setattr(os, name, self._preceded(getattr(os, name)))
        patch.setattr(io, "open", self._preceded(io.open))
        patch.setattr(builtins, "open", self._preceded(builtins.open))

    def _preceded(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def preceded(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                self._swap()
                self.is_done = True
            return call(*arguments, **options)

        return preceded


def test_g2_no_names_in_a_folder_behind_a_link_are_learned(place: Place, tmp_path: Path) -> None:
    (place.branch / "logs").symlink_to(place.ours)
    os.lchown(place.branch / "logs", MALLORY, MALLORY)
    cache = StampCache(tmp_path / "cache")

    with pytest.raises(LinkError):
        cache.names(f"{place.branch}/logs", lambda _: True)


def theirs(folder: Path) -> str:
    """All that Mallory can read."""
    return str([content(path) for path in folder.iterdir() if path.name != "root"])


@pytest.mark.parametrize("name", ["BIG.local.json", "DASHBOARD.local.json", "README.md"])
def test_g2_nothing_of_a_file_behind_a_link_is_read(place: Place, name: str) -> None:
    path = place.branch / name
    path.unlink(missing_ok=True)
    path.symlink_to(place.ours / "inbox.json")
    os.lchown(path, MALLORY, MALLORY)

    with pytest.raises(OSError, match="a link, which is not followed"):
        Folder.read_path(path)
    with (
        OpenFolders() as folders,
        pytest.raises(OSError, match="a link, which is not followed"),
    ):
        folders.read(str(path))
    with (
        OpenFolders() as folders,
        pytest.raises(OSError, match="a link, which is not followed"),
    ):
        folders.folder(str(place.branch)).followed(name)


def content(folder: Path) -> dict[str, Any]:
    """Everything in a folder: owner, mode, and what is in it."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(OSError):
            status = path.lstat()
            is_file = not path.is_symlink() and path.is_file()
            text = path.read_text() if is_file else ""
            found[str(path)] = (status.st_uid, status.st_mode, text)
    return found

"""Jobs that mean harm, and try what their limits leave open: each attempt comes to nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Attempt
from scheduled.runs import confine, confined_condition, preconditions
from scheduled.runs.preconditions import Declined, NotNow
from scheduled.runs.run_context import RunContext
from scheduled.system import landlock
from tests.builders import needs
from tests.builders.confined import ORDINARY, ROOT, Confined, installation
from tests.builders.jobs import at, job

pytestmark = pytest.mark.skipif(
    landlock.version() < landlock.NEEDED, reason="needs Landlock, of Linux 6.2 or newer"
)
LOADED = (confined_condition,)
"""What an ordinary user may not be able to load from root's Python."""
SHARED = """
import ctypes
library = ctypes.CDLL(None, use_errno=True)
calls = {
    "shmget": (0, 4096, 0o1600),
    "semget": (0, 1, 0o1600),
    "msgget": (0, 0o1600),
    "mq_open": (b"/of-a-confined-run", 0o100 | 2, 0o600, None),
}
for name, arguments in calls.items():
    if getattr(library, name)(*arguments) != -1:
        print(name)
numbers = {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)}[os.uname().machine]
own = -4  # the keys of this user
for number, arguments in zip(numbers, (
    (b"user", b"of-a-confined-run", b"x", 1, own),
    (b"user", b"of-a-confined-run", None, own),
    (0, own, 1),
)):
    if library.syscall(number, *arguments) != -1:
        print(number)
for which in (os.PRIO_USER, os.PRIO_PGRP):
    try:
        os.setpriority(which, 0, os.getpriority(which, 0))
    except PermissionError:
        print("refused", which)
"""


@pytest.fixture(params=[ROOT, ORDINARY])
def home(request: pytest.FixtureRequest) -> Iterator[Confined]:
    with installation(request.param) as folder:
        yield Confined(folder, request.param)


def left_by(home: Confined) -> set[int]:
    """Return the processes whose command names the installation."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if home.folder.name.encode() in path.read_bytes():
                found.add(int(path.parent.name))
        except OSError:
            pass
    return found


def asked(home: Confined, condition: str, limit: float = 60, **keys: Any) -> str:
    """Return what a restricted condition says, as text."""
    restricted = job(id="user.x", level="restricted", only_if=condition, **keys)
    attempt = Attempt("20261121T120000-abcdef", restricted, at("12:00"))
    folder, told = home.folder, home.folder / "told"
    home.by_user(lambda: home.state_dir.mkdir(exist_ok=True))
    context = RunContext(
        home.state_dir, folder, folder, folder, "UTC", at("12:00"), {"PATH": "/usr/bin:/bin"}
    )
    home.by_user(
        lambda: told.write_text(repr(preconditions.check_only_if(attempt, context, limit=limit)))
    )
    return told.read_text()


NOT_NOW = NotNow("only_if", "only_if has not answered within 0.5 s")
ENDINGS = [
    ("exit 0", None),
    ("exit 3", Declined("only_if said no (exit code 3)")),
    ("kill -9 $$", Declined("only_if said no (exit code 137)")),
    ("sleep 300", NOT_NOW),
    ("trap '' TERM ALRM; while :; do setsid -f sleep 0.01; done", NOT_NOW),
]


@pytest.mark.parametrize(("ending", "answer"), ENDINGS)
def test_a_condition_leaves_no_process_behind(
    home: Confined, ending: str, answer: NotNow | Declined | None
) -> None:
    needs.programs("setsid")
    limit = 0.5 if answer == NOT_NOW else 60
    leaves = f"setsid -f sh -c 'sleep 300; : {home.folder.name}'"

    assert asked(home, f"{leaves}; {ending}", limit) == repr(answer)
    assert not left_by(home)


def test_a_condition_starts_in_no_directory_that_is_closed_to_it(
    home: Confined, monkeypatch: pytest.MonkeyPatch
) -> None:
    if home.who == ORDINARY:
        pytest.skip("what is closed to its user is closed to the tick, too")
    (home.folder / "closed").mkdir(mode=0o700)
    (home.folder / "closed" / "public").touch(mode=0o644)
    # As if a link on the way there was changed after it was looked at.
    monkeypatch.setattr(confine, "_barrier", lambda *_: "")

    assert asked(home, "test -e public", cwd="closed").startswith("NotNow(")
    assert asked(home, "test -e public || pwd | grep -qx /usr", cwd="/usr") == "None"


def test_no_run_that_may_write_anywhere_is_of_its_own_user(home: Confined) -> None:
    home.settings["permissions"] = {"user.*": {"write": "anywhere"}}

    row = home.run("touch state/of-a-run && echo written")

    assert row["output"] in ("", "touch: cannot touch 'state/of-a-run': Permission denied\n")
    assert row["outcome"] == "failed"
    if home.who == ORDINARY:
        assert "write: anywhere would let it change state and configuration" in row["error"]
    assert not (home.state_dir / "of-a-run").exists()


def test_a_run_reaches_no_keys_memory_or_queues_of_its_user(home: Confined) -> None:
    (home.folder / "shared.py").write_text("import os\n" + SHARED)
    python = next(path for path in ("/usr/bin/python3", sys.executable) if os.path.exists(path))

    row = home.run(f"{python} shared.py && echo on")

    assert row["output"] == "refused 2\non\n"
    assert subprocess.run(["ls", "/dev/mqueue"], capture_output=True, check=False).stdout == b""

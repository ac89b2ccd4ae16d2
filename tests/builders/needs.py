"""What a test cannot do without and a machine need not have. Where it is missing the test is
skipped, with a reason that says how to get it; `make test` ends with these reasons.
"""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from tests.clock.library import LIBRARIES

CHECKOUT = Path(__file__).parents[2]
REAL_DATA = Path(os.environ.get("SCHEDULED_TEST_DATA", CHECKOUT / "../shared/realdata"))
PACKAGES = {
    "bash": "bash",
    "bindfs": "bindfs",
    "borg": "borgbackup",
    "cc": "gcc",
    "chromium": "chromium fonts-dejavu-core",
    "cron": "cron",
    "crontab": "cron",
    "dash": "dash",
    "faketime": "faketime",
    "fish": "fish",
    "man": "man-db",
    "mandoc": "mandoc",
    "zsh": "zsh",
    "mount": "mount",
    "ps": "procps",
    "rbash": "bash",
    "sh": "dash",
    "tcsh": "tcsh",
    "openssl": "openssl",
    "restic": "restic",
    "sqlite3": "sqlite3",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "sshfs": "sshfs",
    "chrt": "util-linux",
    "flock": "util-linux",
    "ionice": "util-linux",
    "nsenter": "util-linux",
    "prlimit": "util-linux",
    "renice": "bsdutils",
    "taskset": "util-linux",
    "setpriv": "util-linux",
    "strace": "strace",
    "systemctl": "systemd",
    "systemd": "systemd",
    "systemd-analyze": "systemd",
    "unshare": "util-linux",
}
"""The Debian package of a program."""


def programs(*names: str) -> None:
    """Skip the test unless all these programs are installed."""
    if missing := [name for name in names if not path_of(name)]:
        packages = sorted({PACKAGES[Path(name).name] for name in missing})
        pytest.skip(f"needs {', '.join(missing)}: apt install {' '.join(packages)}")


def path_of(name: str) -> str:
    """Return where a program is, also one for the administrator; '' if it is nowhere."""
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin"
    return shutil.which(name, path=places) or ""


def chromium() -> None:
    """Skip the test unless pages can be opened in a browser."""
    programs("chromium")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("needs playwright, which there is for x86_64 and aarch64 with glibc only")


def root() -> None:
    """Skip the test unless it is run by root."""
    if os.geteuid() != 0:
        pytest.skip("needs root: run `make test` as root, in a container for instance")


def mounts() -> NoReturn:
    """Skip the test, which has found that it cannot mount anything."""
    pytest.skip("needs a place where root may mount (a container with CAP_SYS_ADMIN)")


def no_faketime() -> None:
    """Skip the test under a clock that libfaketime shifts."""
    if "faketime" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip(
            "needs a clock that is not shifted: libfaketime shares memory between processes"
        )


def libfaketime() -> Path:
    """Return the library that shifts the clock of a process, or skip the test."""
    if LIBRARIES:
        return LIBRARIES[0]
    pytest.skip("needs libfaketime: apt install faketime")


def real_data(name: str) -> Path:
    """Return a file or folder of the data of other systems, or skip the test.

    They are not part of this repository: they stand in `../shared/realdata`, or where
    SCHEDULED_TEST_DATA says.
    """
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip("needs data of other systems: name their folder in SCHEDULED_TEST_DATA")
    return path


def real_copy(name: str, folder: Path) -> Path:
    """Return a copy of that folder of the data, `folder`, in which everything may be written to."""
    shutil.copytree(real_data(name), folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder

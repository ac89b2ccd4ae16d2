"""The real command line, in a process of its own and in whatever surroundings a test says."""

import hashlib
import os
import re
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.builders import needs

BARE = {"PATH": "/usr/bin:/bin", "TZ": "UTC"}
"""Little more than cron's own environment."""
LITTLE = 300 * 1024 * 1024
"""Address space, in bytes, of which an ordinary tick takes a third."""


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def is_plain_speech(self) -> bool:
        """Whether stderr holds no traceback, no bug of ours, and nothing a terminal acts upon."""
        return not re.search(r"Traceback|bug in scheduled|\x1b", self.err)


def state_dir(home: Path) -> Path:
    """Where the state of the ecosystem at `home` is kept: beside it, so that trees compare."""
    return home.with_name(f"{home.name}-state")


def scheduled(home: Path, *words: str, **more: Any) -> Said:
    """`scheduled WORDS` for the ecosystem at `home`; the rest is as for `call`."""
    return call([*options(home), *words], **more)


def options(home: Path) -> list[str]:
    """The options that lead to an ecosystem and to its own state."""
    return ["--root", str(home), "--state-dir", str(state_dir(home))]


def call(
    words: Sequence[str],
    *,
    ordinary: bool = False,
    env: Mapping[str, str] | None = None,
    **more: Any,
) -> Said:
    """`scheduled WORDS`, and nothing added.

    `ordinary` has permissions count for root, too; `env` replaces the bare environment; what
    else there is goes to the process: `cwd`, `umask`, `stdout`.
    """
    process = subprocess.run(
        [*(_mortal() if ordinary else ()), sys.executable, "-P", "-m", "scheduled", *words],
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **more},
        stderr=subprocess.PIPE,
        env=dict(BARE if env is None else env),
        check=False,
    )
    return Said(process.returncode, (process.stdout or b"").decode(), process.stderr.decode())


def little_memory() -> None:
    """To be called in a child as its `preexec_fn`: it gets no more memory than LITTLE."""
    resource.setrlimit(resource.RLIMIT_AS, (LITTLE, LITTLE))


def tree(folder: Path) -> dict[str, str]:
    """Every file under `folder`: its mode and a digest of its content, or where it leads."""
    return {
        str(path.relative_to(folder)): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


def _mortal() -> list[str]:
    """What takes root's power to pass over permissions; it stays the owner of its files.

    An interpreter in root's home is out of reach for any real other user.
    """
    if os.geteuid() != 0:
        return []
    needs.programs("setpriv")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"-> {os.readlink(path)}"
    with path.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    return f"{path.stat().st_mode:o} {content}"

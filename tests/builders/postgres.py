"""A server of PostgreSQL of one's own, on a socket in a folder; root has nobody run it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.builders.people import NOBODY


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a client of the server, which has a database `app`.

    Others have to be able to reach the folder.
    """
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    programs = installed[-1] if installed else Path("/usr/bin")
    if not shutil.which(programs / "initdb"):
        pytest.skip("needs a server of PostgreSQL: apt install postgresql")
    data = folder / "cluster"
    data.mkdir()
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        os.chown(data, NOBODY, NOBODY)

    def run(name: str, *words: str, env: dict[str, str] | None = None) -> None:
        command = [str(programs / name), *words]
        subprocess.run(
            command, cwd="/", env=env, check=True, stdout=subprocess.DEVNULL, text=True, **owner
        )

    run("initdb", "-D", str(data), "-U", "backup", "-A", "trust")
    options = f"-c listen_addresses= -c unix_socket_directories={data} -c fsync=off"
    run("pg_ctl", "-D", str(data), "start", "-w", "-l", str(data / "log"), "-o", options)
    path = f"{programs}:{os.environ['PATH']}"
    client = {"PATH": path, "PGHOST": str(data), "PGUSER": "backup"}
    try:
        run("createdb", "app", env=client)
        yield client
    finally:
        run("pg_ctl", "-D", str(data), "stop", "-m", "immediate")

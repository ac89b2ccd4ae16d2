"""Runs on another machine: what reaching it costs, by ssh and by Dask, with both on this one."""

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.cost import Cost, process
from bench.row import Effort, Row
from scheduled.demo import cluster
from tests.builders import needs, ssh_server

PLACES = 20


def elsewhere(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure one run, and many, of `true` elsewhere against the same on this machine."""
    many = effort.of(200, 3)
    with ssh_server.running(folder / "ssh") as server, cluster.running() as address:
        executors = {
            "ssh": server.executor(max_concurrent=PLACES, connect_timeout="1m"),
            "dask": {
                "kind": "dask",
                "address": address,
                "max_concurrent": PLACES,
                "connect_timeout": "1m",
            },
        }
        home = _home(folder / "home", executors, many)
        for name, title in (("ssh", "by ssh"), ("dask", "by Dask")):
            yield effort.row(
                f"run {title}",
                f"a tick that runs `true` {title}",
                partial(_tick, home, f"{name}-0"),
                "the same on this machine",
                partial(_tick, home, "here-0"),
                turns=5,
                blocks=3,
            )
            yield effort.row(
                f"many runs {title}",
                f"a tick that runs {many} times `true` {title}, {PLACES} at once",
                partial(_tick, home, f"tag:{name}"),
                "the same on this machine",
                partial(_tick, home, "tag:here"),
                blocks=1,
            )


def missing() -> tuple[str, ...]:
    """Return the scene if there is no sshd or no Dask to measure it with."""
    has_all = needs.path_of("sshd") and importlib.util.find_spec("distributed")
    return () if has_all else ("elsewhere",)


def _home(folder: Path, executors: Mapping[str, Any], many: int) -> Path:
    folder.mkdir()
    jobs: dict[str, Any] = {
        f"{name}-{number}": {
            "schedule": "0 0 1 1 *",
            "command": "true",
            "tags": [name],
            **({"executor": name} if name in executors else {}),
        }
        for name in ("here", *executors)
        for number in range(many)
    }
    settings = {"executors": executors, "max_concurrent": PLACES, "jobs": jobs}
    path = folder / "scheduled.yaml"
    path.write_text(json.dumps(settings))
    path.chmod(0o644)
    return folder


def _tick(home: Path, jobs: str) -> Cost:
    places = ("--root", home, "--state-dir", home / "state")
    return process(sys.executable, "-m", "scheduled", *places, "trigger", jobs)

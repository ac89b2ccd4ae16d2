"""What a tick with something to do imports of the standard library: each such tick pays for it.

A module that is missing here belongs into the function that uses it, unless every tick does. What
a new version of Python imports by itself may be added.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduled import idle
from scheduled.state.store import Store
from tests.builders.command import options, state_dir
from tests.builders.idle import ENTRY
from tests.builders.installed import WITHOUT_SWEEPS, configure

pytestmark = pytest.mark.slow

OF_THE_INTERPRETER = {
    *("abc", "codecs", "collections", "contextlib", "copyreg", "encodings", "enum", "functools"),
    *("genericpath", "importlib", "io", "itertools", "keyword", "operator", "os", "posixpath"),
    *("re", "reprlib", "site", "stat", "types", "warnings", "winreg", "zipimport"),
}
OF_PATHS = {
    "errno",
    "fnmatch",
    "glob",
    "ipaddress",
    "ntpath",
    "nt",
    "pathlib",
    "pwd",
    "grp",
    "urllib",
}
OF_ZONES = {"datetime", "math", "struct", "sysconfig", "threading", "weakref", "zoneinfo"}
OF_OURS = {"json", "typing"}
DUE_COMMAND = {
    *(OF_THE_INTERPRETER | OF_PATHS | OF_ZONES | OF_OURS),
    *("array", "bisect", "fcntl", "gc", "heapq", "resource", "select", "signal", "zlib"),
}
HANDLER = OF_THE_INTERPRETER | OF_PATHS | OF_ZONES | OF_OURS | {"runpy", "pkgutil"}


def test_a_tick_that_runs_a_command_imports_what_it_uses(tmp_path: Path) -> None:
    configure(tmp_path, f'{WITHOUT_SWEEPS}  a: {{command: "true", schedule: "0 * * * *"}}\n')
    places = [*options(tmp_path), "run"]
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-X", "importtime", str(ENTRY), *places]
    subprocess.run(command, check=True, capture_output=True)
    store = Store(state_dir(tmp_path))
    long_ago = {"event": "clamped", "job": "a", "watermark": "2020-06-01T00:00:00Z"}
    store.load().record(datetime.now(UTC), long_ago)
    idle.forget(str(store.state_dir))

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert store.load().state["jobs"]["a"]["counts"] == {"succeeded": 1}
    assert imported(done.stderr) - of_an_empty_python() <= DUE_COMMAND


def test_the_process_of_a_handler_imports_what_it_uses(tmp_path: Path) -> None:
    places = {name: str(tmp_path) for name in ("root", "central_dir", "cache_dir", "state_dir")}
    run = {"job": "a", "run_id": "r", "attempt": 1, "catch_up": False, "missed": 0, "params": {}}
    when = {"now": "2026-11-21T12:00:00Z", "zone": "UTC"}
    what = {"handler": "builtins:print", "memory": {}, "owners": []}
    command = [sys.executable, "-P", "-X", "utf8", "-X", "importtime"]

    done = subprocess.run(
        [*command, "-m", "scheduled.runs.handler_child", str(tmp_path / "report")],
        input=json.dumps(places | run | when | what),
        capture_output=True,
        text=True,
        check=False,
    )

    report = json.loads((tmp_path / "report").read_text())
    assert (done.returncode, report["result"]) == (0, None)
    assert imported(done.stderr) - of_an_empty_python() <= HANDLER


def of_an_empty_python() -> set[str]:
    """Return what Python imports at its start, with all that is installed beside it."""
    command = [sys.executable, "-X", "importtime", "-c", "pass"]
    return imported(subprocess.run(command, capture_output=True, text=True, check=True).stderr)


def imported(told: str) -> set[str]:
    """Return the modules at the top level that were imported, without private ones and ours."""
    lines = (line for line in told.splitlines() if line.startswith("import time:"))
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    return {name for name in names if not name.startswith("_")} - {"imported package", "scheduled"}

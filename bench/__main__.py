"""`python -m bench`: measure, and print the ratios. `make bench` calls it."""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import (
    elsewhere,
    jobfiles,
    journal,
    keepers,
    logscan,
    pages,
    peers,
    planning,
    projects,
    sweeps,
    table,
    ticks,
)
from bench.cost import BenchError
from bench.row import Effort, Row

SCENES: dict[str, Callable[[Path, Effort], Iterator[Row]]] = {
    "idle": ticks.idle,
    "due": ticks.due,
    "crowd": ticks.crowd,
    "keepers": keepers.keepers,
    "elsewhere": elsewhere.elsewhere,
    "jobfiles": jobfiles.job_files,
    "planning": planning.planning,
    "sweeps": sweeps.sweeps,
    "projects": projects.projects,
    "logs": logscan.log_scan,
    "numbers": journal.numbers,
    "journal": journal.journal,
    "reading": journal.reading,
    "many jobs": journal.many_jobs,
    "page": pages.pages,
    "peers": peers.peers,
}
OTHERS = ("elsewhere", "page", "peers")
"""Those that need servers, a browser, or packages: with little data only if they are asked for."""


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for; return 1 if something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object")
    parser.add_argument("--quick", action="store_true", help="little data, measured once")
    parser.add_argument("--only", action="append", choices=SCENES, help="repeatable")
    asked = parser.parse_args(arguments)
    try:
        lacking = (*pages.missing(), *elsewhere.missing())
        left_out = OTHERS if asked.quick else lacking
        scenes = asked.only or [scene for scene in SCENES if scene not in left_out]
        rows = list(_measured(scenes, Effort(asked.quick)))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if asked.as_json:
        head = {"python": platform.python_version(), "quick": asked.quick}
        print(json.dumps({**head, "rows": [row.document() for row in rows]}, indent=2))
    else:
        table.show(rows, peers.missing() if "peers" in scenes else "")
    return 0


def _measured(scenes: list[str], effort: Effort) -> Iterator[Row]:
    """Yield the rows of the scenes. Each works in a folder of its own, removed afterwards."""
    for scene in scenes:
        with tempfile.TemporaryDirectory(prefix="scheduled-bench-") as folder:
            _say(f"{scene}: preparing")
            for row in SCENES[scene](Path(folder), effort):
                _say(f"{row.what}: {row.ratio:.2f}x")
                yield row
    _say("")


def _say(text: str) -> None:
    """Show what is going on, on the last line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

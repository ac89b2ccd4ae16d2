"""What numbers over a million records cost, against reading the records in the same language."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.cost import process
from bench.journal import grown
from bench.row import Effort, Row

READ = """
import json, sys
with open(sys.argv[1], "rb") as stream:
    for line in stream:
        json.loads(line)
"""


def numbers(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure statistics and telemetry over a journal of which every record counts."""
    records = effort.of(1_000_000, 2_000)
    state_dir = grown(folder, records)
    path = state_dir / "journal" / "2026-11-21.jsonl"
    read = partial(process, sys.executable, "-S", "-c", READ, path)
    scheduled = (sys.executable, "-m", "scheduled", "--root", folder, "--state-dir", state_dir)
    for words in (("stats",), ("telemetry", "metrics")):
        what = " ".join(words)
        yield effort.row(
            what,
            f"{what} over {records:,} records of a day",
            partial(process, *scheduled, *words),
            "json.loads of each",
            read,
            blocks=1,
        )

"""Rows of runs as comma separated values."""

import csv
import io
import json
from collections.abc import Iterable

from scheduled.state.history import COLUMNS, Row
from scheduled.system.plain_json import plain


def csv_text(rows: Iterable[Row]) -> str:
    """Return a line a run below a line of names; nulls are empty, a result is JSON in its cell."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in map(plain, rows):
        result = json.dumps(row["result"]) if row["result"] is not None else None
        writer.writerow({**row, "result": result})
    return stream.getvalue()

"""Rows of runs as comma separated values."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from scheduled.state.history import COLUMNS, Row
from scheduled.system.plain_json import plain


def csv_text(rows: Iterable[Row]) -> str:
    """Return a line a run below a line of names; nulls are empty, what has parts is JSON."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in map(plain, rows):
        writer.writerow({name: _cell(name, value) for name, value in row.items()})
    return stream.getvalue()


def _cell(name: str, value: Any) -> Any:
    has_parts = isinstance(value, dict | list) or (name == "result" and value is not None)
    return json.dumps(value) if has_parts else value

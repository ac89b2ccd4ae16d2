"""Jobs that the command line has made, and what is listed of them."""

import json
import re
from pathlib import Path
from typing import Any

from scheduled.cli import create
from scheduled.cli.list import list_jobs
from tests.builders.looks import Home


def created(home: Home, name: str = "backup", *options: str) -> Path:
    """The file of a job that runs at half past two, every night."""
    said = home.call(create.create, name, "30 2 * * *", "--command", "backup --all", *options)
    assert said.code == 0
    assert re.fullmatch(r"(warning: .*: backup: not found .*\n)?", said.err)
    return home.folder / "jobs" / f"{name}.yaml"


def rows(home: Home) -> dict[str, dict[str, Any]]:
    """The rows of `list`, by job."""
    found: list[dict[str, Any]] = json.loads(home.call(list_jobs, "--json").out)["jobs"]
    return {row["id"]: row for row in found}

"""Logs of a given age and size, and the cleanup of them."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from handlers.maintenance import log_cleanup
from tests.builders.ecosystem import NOW, context

MIB = 1024 * 1024


def log(path: Path, *, days: float = 40, mib: float = 0.5) -> Path:
    """A log that was last written so many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a line\n" * int(mib * MIB / 7))
    return aged(path, days)


def aged(path: Path, days: float) -> Path:
    when = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (when, when), follow_symlinks=False)
    return path


def output(root: Path, job: str, run: str, *, days: float, mib: float = 0.5) -> Path:
    return log(root / "state" / "runs" / job / f"{run}.log", days=days, mib=mib)


def cleaned(root: Path, memory: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    told = context(root, params=params, memory=memory or {}, state_dir=root / "state")
    result: Any = log_cleanup.run(told)
    return dict(result)


def reasons(result: dict[str, Any]) -> dict[str, str]:
    return {Path(entry["path"]).name: entry["reason"] for entry in result["left"]}

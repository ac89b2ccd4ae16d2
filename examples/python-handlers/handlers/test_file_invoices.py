"""Run with: python -m pytest handlers. `trial` comes with scheduled."""

import os
from pathlib import Path

from scheduled.testing import Trial

FILE = str(Path(__file__).with_name("file_invoices.py"))
HANDLER = f"{FILE}:file_invoices"


def drop(trial: Trial, name: str, text: str, seconds: int = 3600) -> Path:
    """Put a file into the inbox that was written that long ago."""
    path = trial.root / "inbox" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    moment = trial.now.timestamp() - seconds
    os.utime(path, (moment, moment))
    return path


def test_invoices_are_summed_up_and_filed_by_month(trial: Trial) -> None:
    drop(trial, "a.csv", "amount\n10.10\n0.20\n")
    drop(trial, "b.csv", "amount\n5\n")

    run = trial.run(HANDLER)

    assert run.result == {"filed": 2, "total": "15.30", "rejected": []}
    assert (trial.root / "archive/2026-11/a.csv").exists()
    assert trial.memory == {"filed": 2}


def test_what_is_no_invoice_is_put_aside_and_told_and_the_rest_is_filed(trial: Trial) -> None:
    drop(trial, "a.csv", "amount\n10\n")
    drop(trial, "b.csv", "amount\nten\n")

    run = trial.run(HANDLER)

    assert (run.outcome, run.result["filed"]) == ("failed", 1)
    assert run.events == (("invoice_rejected", {"file": "b.csv"}),)
    assert (trial.root / "inbox/rejected/b.csv").exists()
    assert trial.memory == {"filed": 1}


def test_a_file_that_is_being_written_waits(trial: Trial) -> None:
    drop(trial, "a.csv", "amount\n1", seconds=5)

    run = trial.run(HANDLER)

    assert run.outcome is None
    assert "still being written" in str(run.reason)

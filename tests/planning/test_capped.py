"""A count that stopped at its cap is never shown as an exact number, wherever it is shown."""

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from scheduled.views import dry_run, status, status_page
from scheduled.views.failure import failure_block
from scheduled.views.runs import table
from scheduled.views.snapshot import Snapshot, observe
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import text

OUTAGE = at("2026-11-24T12:00")
"""Three days after the first tick: 4,320 minutes."""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = Engine(tmp_path, [job(schedule="* * * * *", command="exit 1")])
    made.run_at("12:00")
    return made


def test_a_run_after_a_long_outage_says_1000_or_more(engine: Engine) -> None:
    (row,) = engine.run_at("2026-11-24T12:00").ran

    assert (row["missed"], row["missed_capped"]) == (1000, True)
    assert "covers 1000 or more missed runs" in failure_block(row, [], None, None, UTC)
    history = text([table(engine.rows, OUTAGE, UTC)])
    assert "covers 1000 or more missed runs" in history
    assert "1000 or more runs" in history


def test_a_dry_run_says_so_before(engine: Engine) -> None:
    decisions = list(seen(engine).decisions())

    document = dry_run.document(decisions, OUTAGE)

    (row,) = document["decisions"]
    assert (row["missed"], row["missed_capped"]) == (1000, True)
    said = text(dry_run.page(document, OUTAGE, UTC))
    assert "covers 1000 or more missed runs" in said


def test_the_sum_of_a_day_says_so_too(engine: Engine) -> None:
    engine.run_at("2026-11-24T12:00")
    snapshot = seen(engine)

    document = status.document(snapshot)

    assert document["counts"]["missed_capped"]
    assert "1000 or more missed" in text(status_page.page(document, snapshot, {}))


def test_an_exact_count_stays_exact(engine: Engine) -> None:
    (row,) = engine.run_at("14:00").ran

    assert (row["missed"], row["missed_capped"]) == (119, False)
    assert not status.document(seen(engine))["counts"]["missed_capped"]
    said = text([table(engine.rows, OUTAGE, UTC)])
    assert "covers 119 missed runs" in said


def seen(engine: Engine) -> Snapshot:
    """The installation as it is seen a minute after the outage."""
    return observe(engine.config, engine.state, OUTAGE + timedelta(minutes=1), UTC)

"""A handler that has nothing to do skips its run."""

from pathlib import Path

import pytest

from tests.builders.engine import Engine
from tests.builders.jobs import job


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("raise Skip('nothing bound')", "nothing bound"),
        ("raise Skip", "the handler had nothing to do"),
    ],
)
def test_a_handler_with_nothing_to_do_ends_its_slot_without_a_retry(
    tmp_path: Path, statement: str, reason: str
) -> None:
    source = f"from scheduled.handler import Skip\ndef run(context):\n    {statement}\n"
    (tmp_path / "unoccupied.py").write_text(source)
    engine = Engine(tmp_path, [job(handler="unoccupied:run", max_retries=3)])
    engine.run_at("11:30")

    reports = [engine.run_at(when) for when in ("12:00", "12:01", "12:02")]

    assert [len(report.ran) for report in reports] == [1, 0, 0]
    assert [report.exit_code for report in reports] == [0, 0, 0]
    (row,) = reports[0].ran
    assert (row["outcome"], row["reason"], row["error"]) == ("skipped", reason, None)

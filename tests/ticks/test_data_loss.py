"""A state that cannot be written, where not even the mark of it can be left."""

import errno
from pathlib import Path

from scheduled.errors import StateError
from scheduled.ticks import data_loss
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

NOTING = {"kind": "command", "command": "echo $SCHEDULED_EVENT >> told"}


def test_where_no_mark_can_be_left_people_are_told_at_each_full_hour(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()], notify={"ops": NOTING})
    engine.state_dir.write_text("a file, so nothing can be made in it")
    error = StateError("no space left")
    error.__cause__ = OSError(errno.ENOSPC, "no space left")

    for when in ("11:58", "11:59", "12:00", "12:01"):
        data_loss.tell_unrecorded(engine.config, error, at(when))

    assert engine.lines("told") == ["incident_opened"]

"""Many jobs that fail in one tick: what is told stays short, and no job costs more than alone."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scheduled
from scheduled.state.incident_entries import open_incidents
from scheduled.ticks import telling, tick
from tests.builders import soak
from tests.builders.engine import Engine
from tests.builders.jobs import job

WRITING = {"kind": "command", "command": 'cat > "$SCHEDULED_MESSAGE_ID.message"'}
CHANNELS: dict[str, Any] = {"ops": WRITING, "boss": {**WRITING, "on": ["failure", "recovery"]}}
OURS = str(Path(scheduled.__file__).parent)

pytestmark = pytest.mark.slow


class LineCounter:
    """Counts the lines of the program that are executed in what it wraps, by function."""

    def __init__(self) -> None:
        self.lines: Counter[str] = Counter()

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is counted in while it is called."""

        def call(*arguments: Any) -> Any:
            before = sys.gettrace()
            sys.settrace(self._trace)
            try:
                return function(*arguments)
            finally:
                sys.settrace(before)

        return call

    def _trace(self, frame: Any, event: str, argument: Any) -> Any:
        code = frame.f_code
        if event == "line" and code.co_filename.startswith(OURS):
            self.lines[f"{Path(code.co_filename).stem}.{code.co_qualname}"] += 1
        return self._trace


def failing(folder: Path, count: int, days: int) -> tuple[Engine, Counter[str], list[str]]:
    """Have so many jobs fail on every second day; return the lines it took, and the messages."""
    folder.mkdir()
    jobs = [
        job(f"job{n}", "0 12 * * *", command="test -e works", source=f"jobs/job{n}.yaml:1")
        for n in range(count)
    ]
    engine = Engine(folder, jobs, notify=CHANNELS, max_concurrent=16)
    engine.run_at("2026-11-01T11:59")
    counter = LineCounter()
    with pytest.MonkeyPatch.context() as patched:
        for owner, name in ((telling, "incidents"), (tick.Tick, "deliver"), (tick.Tick, "close")):
            patched.setattr(owner, name, counter.counted(getattr(owner, name)))
        for number in range(days):
            (folder / "works").touch() if number % 2 else (folder / "works").unlink(True)
            # Each a minute later: more than a day lies between them, however long they take.
            report = engine.run_at(f"2026-11-{number + 1:02}T12:{number:02}")
    assert len(report.failed) == len(open_incidents(engine.state)) == count
    assert engine.state["outbox"] == []
    return engine, counter.lines, [path.read_text() for path in folder.glob("*.message")]


def test_what_is_told_of_many_failures_grows_with_their_number_and_no_faster(
    tmp_path: Path,
) -> None:
    count = soak.count(12, 100)
    failing(tmp_path / "first", 2, 3)  # what is imported is no part of it
    lines = [failing(tmp_path / str(times), times * count, 3)[1] for times in (1, 2, 3)]

    few, more, many = lines
    faster = {name: many[name] - 2 * more[name] + few[name] for name in many}
    assert {name: lines for name, lines in faster.items() if lines > count * count // 2} == {}


def test_many_failures_are_one_message_for_each_channel(tmp_path: Path) -> None:
    count = soak.count(60, 10_000)
    engine, _, messages = failing(tmp_path / "many", count, 1)

    size = sum(path.stat().st_size for path in engine.state_dir.glob("*.json"))
    assert size < 3000 * count
    assert len(messages) == len(CHANNELS)
    assert {len(text.splitlines()) for text in messages} == {54}
    assert all(f"\nand {count - 50} more\n" in text for text in messages)

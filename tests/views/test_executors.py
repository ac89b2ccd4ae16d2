"""`executors`: each executor with its places and its answer, as JSON and as a table."""

from pathlib import Path
from typing import Any

import pytest

from scheduled.runs.executors.probe import Probe
from scheduled.state.document import State, empty
from scheduled.views import executors, terminal
from scheduled.views.columns import UNBOUNDED
from scheduled.views.executors import Answered, ExecutorRow
from tests.builders.configuration import loaded
from tests.builders.installed import WITHOUT_SWEEPS

HELLO = {"host": "node7", "user": "backup", "python": "3.12.4"}
CONFIGURATION = f"""\
executors:
  nas: {{kind: ssh, host: nas, max_concurrent: 2}}
  box: {{kind: ssh, host: backup@box}}
{WITHOUT_SWEEPS}\
  a: {{schedule: daily, command: x, executor: nas}}
  b: {{schedule: daily, command: x, executor: nas}}
  c: {{schedule: daily, command: x, executor: box}}
  here: {{schedule: daily, command: x}}
"""


def running(*runs: str) -> State:
    """A state in which these runs are in progress at `nas`."""
    state, where = empty(), {"executor": "nas"}
    jobs: Any = {run: {"open": {"run_id": run, "where": where}} for run in runs}
    state["jobs"].update(jobs)
    return state


def rows(root: Path, state: State, **probes: Probe) -> list[ExecutorRow]:
    config = loaded(root, CONFIGURATION)
    answered = [Answered(name, config.executors[name], probe) for name, probe in probes.items()]
    return executors.rows(config, state, answered)


def test_a_row_has_places_jobs_and_answer(root: Path) -> None:
    probe = Probe("", HELLO, 0.41234, -3.0004, ("the cluster has another Dask",))

    (row,) = rows(root, running("r1"), nas=probe)

    assert row == {
        "name": "nas",
        "kind": "ssh",
        "place": "nas",
        "max_concurrent": 2,
        "running": ["r1"],
        "free": 1,
        "jobs": ["a", "b"],
        "problem": None,
        **HELLO,
        "clock_ahead_seconds": -3.0,
        "remarks": ["the cluster has another Dask"],
        "answered_after_seconds": 0.412,
    }


def test_one_that_does_not_answer_has_none_of_what_it_would_say(root: Path) -> None:
    (row,) = rows(root, empty(), box=Probe("ssh: no route to host"))

    assert (row["place"], row["problem"]) == ("backup@box", "ssh: no route to host")
    unknown = ("host", "user", "python", "clock_ahead_seconds", "answered_after_seconds")
    assert {row[key] for key in unknown} == {None}  # type: ignore[literal-required]


def test_more_runs_than_places_leave_none_free(root: Path) -> None:
    """`max_concurrent` was lowered while they ran."""
    (row,) = rows(root, running("r1", "r2", "r3"), nas=Probe("", HELLO))

    assert row["free"] == 0


@pytest.mark.parametrize(
    ("probe", "remarks"),
    [
        (Probe("", HELLO, 0.41, 1.9), "0.41 s, Python 3.12.4 backup@node7"),
        (
            Probe("", HELLO, 0.41, 120.0),
            "0.41 s, Python 3.12.4 backup@node7; its clock is 120 s ahead",
        ),
        (
            Probe("", HELLO, 0.41, -5.0, ("other \x1b[2J Dask",)),
            "0.41 s, Python 3.12.4 backup@node7; its clock is 5 s behind; other ",
        ),
        (Probe("ssh: no route to host"), "none ssh: no route to host; 2 jobs cannot start there"),
    ],
)
def test_the_table_says_who_answers_and_what_is_wrong(
    root: Path, probe: Probe, remarks: str
) -> None:
    table = executors.table(rows(root, empty(), nas=probe))

    _, line = terminal.rendered(table, width=UNBOUNDED, color=False).splitlines()

    assert f"nas ssh nas 2 of 2 2 {remarks}" in " ".join(line.split())
    assert "\x1b" not in line

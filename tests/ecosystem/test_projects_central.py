"""`PROJECTS.central.json`, which several jobs write at the same time."""

import json
import multiprocessing
import os
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

from scheduled.ecosystem import projects_central
from scheduled.handler import Context

JOBS = [f"job_{number}" for number in range(6)]
ROUNDS = 10


def test_each_of_several_jobs_at_once_keeps_its_part(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(len(JOBS))
    children = [context.Process(target=_updates, args=(barrier, tmp_path, job)) for job in JOBS]

    for child in children:
        child.start()
    for child in children:
        child.join()

    assert [child.exitcode for child in children] == [0] * len(JOBS)
    for number in range(ROUNDS):
        document = json.loads((tmp_path / str(number) / "PROJECTS.central.json").read_text())
        assert {job: document.get(job) for job in JOBS} == dict.fromkeys(JOBS, "found")


def _updates(barrier: Barrier, folder: Path, job: str) -> None:
    """Do as a run of a job does, whose cache is its own."""
    state = folder / "state"
    for number in range(ROUNDS):
        now = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
        places = folder, folder / str(number), state / "cache" / job
        context = Context(job, "run", now, UTC, *places, state_dir=state, params={})
        barrier.wait()
        projects_central.update(context, {job: "found"})
    os._exit(0)

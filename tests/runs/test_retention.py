"""The output of runs is kept by age, by number and by size, and what is in use always."""

import os
import time
from pathlib import Path

import pytest

from scheduled.runs import retention


class Outputs:
    """A directory of runs. Run 1 is the oldest; each wrote a day after the one before."""

    def __init__(self, folder: Path) -> None:
        self.runs = folder / "runs"

    def add(self, job: str, count: int, pages: int = 1) -> None:
        (self.runs / job).mkdir(parents=True, mode=0o700)
        for number in range(1, count + 1):
            path = self.runs / job / f"r{number}.log"
            path.write_bytes(b"x" * 4096 * pages)
            os.utime(path, (number * 86_400, number * 86_400))

    def left(self, job: str) -> list[str]:
        return sorted(path.name for path in (self.runs / job).iterdir())

    def prune(self, general: retention.Limits, **of_jobs: retention.Limits) -> None:
        """Prune half a day after the tenth day."""
        now = 10.5 * 86_400
        retention.prune(self.runs, lambda age: now - age, general, of_jobs)


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    return Outputs(tmp_path)


def test_without_limits_a_month_is_kept(outputs: Outputs) -> None:
    outputs.add("backup", 10)

    outputs.prune({})
    assert len(outputs.left("backup")) == 10

    retention.prune(outputs.runs, lambda age: 35.5 * 86_400 - age, {}, {})
    assert outputs.left("backup") == ["r10.log", "r6.log", "r7.log", "r8.log", "r9.log"]


def test_e9_by_age_in_general_and_for_a_job(outputs: Outputs) -> None:
    outputs.add("backup", 10)
    outputs.add("poll", 10)

    outputs.prune({"age": 4 * 86_400.0}, poll={"age": 2 * 86_400.0})

    assert outputs.left("backup") == ["r10.log", "r7.log", "r8.log", "r9.log"]
    assert outputs.left("poll") == ["r10.log", "r9.log"]


def test_e9_by_number_in_general_and_for_a_job(outputs: Outputs) -> None:
    outputs.add("backup", 10)
    outputs.add("poll", 10)

    outputs.prune({"count": 3}, poll={"count": 1})

    assert outputs.left("backup") == ["r10.log", "r8.log", "r9.log"]
    assert outputs.left("poll") == ["r10.log"]


def test_e9_by_size_of_a_job_the_newest_stays_however_large(outputs: Outputs) -> None:
    outputs.add("backup", 10)
    outputs.add("poll", 3, pages=10)

    outputs.prune({}, backup={"size": 3 * 4096}, poll={"size": 4096})

    assert outputs.left("backup") == ["r10.log", "r8.log", "r9.log"]
    assert outputs.left("poll") == ["r3.log"]


def test_e9_by_size_of_all_jobs_together_the_oldest_go(outputs: Outputs) -> None:
    outputs.add("backup", 10)
    outputs.add("poll", 10)

    outputs.prune({"size": 4 * 4096})

    assert outputs.left("backup") == outputs.left("poll") == ["r10.log", "r9.log"]


def test_what_a_process_writes_to_stays(outputs: Outputs) -> None:
    outputs.add("backup", 4)
    with (outputs.runs / "backup/r1.log").open("ab") as stream:
        os.utime(stream.name, (86_400, 86_400))
        outputs.prune({"age": 1.0, "count": 1})
        during = outputs.left("backup")
    outputs.prune({"count": 1})

    assert during == ["r1.log"]
    assert outputs.left("backup") == ["r1.log"]


def test_how_a_run_ended_is_no_output_and_counts_by_age_alone(outputs: Outputs) -> None:
    outputs.add("backup", 2)
    for number in (1, 2):
        (outputs.runs / f"backup/r{number}.exit").write_text("{}\n")

    retention.prune_job(outputs.runs / "backup", {"count": 1, "size": 1})

    assert outputs.left("backup") == ["r1.exit", "r2.exit", "r2.log"]


def test_a_link_is_neither_followed_nor_counted_as_a_job(outputs: Outputs, tmp_path: Path) -> None:
    outputs.add("backup", 1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/r1.log").write_text("mine")
    os.utime(tmp_path / "mine/r1.log", (0, 0))
    (outputs.runs / "planted").symlink_to(tmp_path / "mine")

    retention.prune(outputs.runs, lambda _: time.time(), {"count": 1, "size": 1}, {})

    assert (tmp_path / "mine/r1.log").read_text() == "mine"


def test_the_sizes_of_a_directory_that_does_not_exist_are_none(outputs: Outputs) -> None:
    assert retention.sizes(outputs.runs, 10) == {}

    outputs.add("backup", 2, pages=2)
    outputs.add("poll", 2)

    assert retention.sizes(outputs.runs, 10) == {"backup": 4 * 4096, "poll": 2 * 4096}


def test_e9_the_newest_run_of_each_job_stays_however_much_others_print(outputs: Outputs) -> None:
    outputs.add("weekly", 2)
    outputs.add("poll", 10, pages=10)

    outputs.prune({"size": 4096})

    assert outputs.left("weekly") == ["r2.log"]
    assert outputs.left("poll") == ["r10.log"]


def test_e9_what_the_tick_has_yet_to_print_stays(outputs: Outputs) -> None:
    outputs.add("backup", 4)

    outputs.prune({"size": 4096, "count": 1}, backup={"size": 4096})
    unread = {"r2", "r3"}
    outputs.add("poll", 4)
    retention.prune_job(outputs.runs / "poll", {"count": 1, "size": 1}, unread)

    assert outputs.left("backup") == ["r4.log"]
    assert outputs.left("poll") == ["r2.log", "r3.log", "r4.log"]

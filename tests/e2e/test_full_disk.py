"""A disk that is really full: what cannot be recorded is not started, and nothing is lost by it."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ecosystem
from tests.builders.command import Said, scheduled, state_dir
from tests.builders.disks import PAGE, Disk, mounted
from tests.builders.installed import WITHOUT_SWEEPS, central_files, configure, rows, state
from tests.builders.jobs import RARELY

NOTE = f"""\
  note: {{schedule: "{RARELY}", first_run: now, command: "echo $SCHEDULED_SLOT >> out"}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return ecosystem.home(tmp_path / "home")


@pytest.fixture
def state_disk(home: Path) -> Iterator[Disk]:
    yield from mounted(state_dir(home))


@pytest.fixture
def runs_disk(home: Path) -> Iterator[Disk]:
    yield from mounted(state_dir(home) / "runs")


@pytest.fixture
def central_disk(home: Path) -> Iterator[Disk]:
    yield from mounted(home / "aipass_os/AI_CENTRAL")


def test_nothing_is_started_that_could_not_be_recorded(home: Path, state_disk: Disk) -> None:
    configure(home, WITHOUT_SWEEPS + NOTE)
    state_disk.fill()

    full = scheduled(home, "run")
    ran_while_full = (home / "out").exists()
    state_disk.free()
    freed = scheduled(home, "run")

    assert full.code == 4
    assert str(state_dir(home)) in full.err
    assert "no space left on device" in full.err
    assert full.is_plain_speech
    assert not ran_while_full
    assert (freed.code, freed.out) == (0, "")
    assert freed.err.startswith("no space or resource left")
    assert len((home / "out").read_text().splitlines()) == 1


@pytest.mark.parametrize("pages", [1, 2, 4, 8])
def test_a_disk_that_fills_up_on_the_way_loses_no_slot_and_runs_none_twice(
    home: Path, state_disk: Disk, pages: int
) -> None:
    configure(home, WITHOUT_SWEEPS + NOTE)
    state_disk.fill(pages)

    full = scheduled(home, "run")
    status = scheduled(home, "status")
    state_disk.free()
    freed = [scheduled(home, "run") for _ in range(2)]

    assert full.code in (0, 1, 4)
    assert full.is_plain_speech
    assert status.is_plain_speech
    assert freed[-1] == Said(0, "", "")
    answers = [row for row in rows(home) if row["outcome"] == "succeeded"]
    interrupted = [row for row in rows(home) if row["outcome"] == "interrupted"]
    assert len(answers) == 1
    started = len((home / "out").read_text().splitlines())
    assert started <= len(interrupted) + len(answers)
    assert not list(state_dir(home).glob("*.corrupt-*"))


def test_a_disk_that_fills_up_later_keeps_state_and_journal_readable(
    home: Path, state_disk: Disk
) -> None:
    assert scheduled(home, "run").code == 0
    before = state(home)
    state_disk.fill()

    full = scheduled(home, "run", "--force")
    status = scheduled(home, "status")
    state_disk.free()
    freed = scheduled(home, "run", "--force")

    assert full.code == 4
    assert "no space left on device" in full.err
    assert full.is_plain_speech
    assert status.code == 0
    assert state(home)["jobs"].keys() == before["jobs"].keys()
    # How many runs of the full disk are on record depends on the room that the journal's last
    # page still had: a beginning may have fitted in, and its end not, which the next tick says;
    # where the end fitted in as well, it says what the run came to.
    outcomes = Counter(row["outcome"] for row in rows(home))
    assert (freed.code, freed.out) == (0, "")
    assert freed.err.count("was interrupted") == outcomes["interrupted"]
    errors = [row["error"] or "" for row in rows(home) if row["outcome"] == "failed"]
    assert [error for error in errors if not re.search("disk full|no space left", error)] == []
    assert outcomes.keys() <= {"succeeded", "failed", "interrupted"}
    assert 10 <= outcomes["succeeded"] <= outcomes.total() <= 15


def test_a_full_central_folder_is_named_and_the_state_is_saved(
    home: Path, central_disk: Disk
) -> None:
    assert scheduled(home, "run").code == 0
    before = central_files(home)
    central_disk.fill()

    full = scheduled(home, "-v", "run", "--force")
    kept = central_files(home)
    central_disk.free()
    freed = scheduled(home, "run", "--force")

    path = home / "aipass_os/AI_CENTRAL"
    assert full.code == 1
    for job, name in (("health", "HEALTH"), ("metrics", "METRICS")):
        sentence = f"{job}: failed: {path}/{name}.central.json: cannot be written (no space"
        assert sentence in full.err
    assert f"{path}/SCHEDULED.central.json: cannot be written: no space left" in full.out
    assert full.is_plain_speech
    assert kept == before
    assert not [name for name in os.listdir(path) if name.startswith(".")]
    assert state(home)["ticks"]["count"] == 3
    assert freed == Said(0, "", "")
    assert central_files(home)["METRICS"] != before["METRICS"]  # its history has grown


def test_output_that_cannot_be_finished_is_a_warning_and_hurts_no_run_beside_it(
    home: Path, runs_disk: Disk
) -> None:
    # All of one page, of which six bytes shall go: the line that says so needs another page.
    fill = f"cat /dev/zero > {runs_disk.folder}/ballast 2> /dev/null"
    configure(
        home,
        f"{WITHOUT_SWEEPS}  full:\n    schedule: daily\n    first_run: now\n"
        f"    max_output: {PAGE - 6}\n    env: {{API_TOKEN: hunter22}}\n"
        f'    command: "printf hunter22%0{PAGE - 8}d 0; {fill} || touch full"\n'
        "  beside: {schedule: daily, first_run: now, command: until test -f full; do :; done}\n",
    )

    said = scheduled(home, "run")

    assert (said.code, said.is_plain_speech) == (0, True)
    assert "no space left on device: it may be longer than max_output" in said.err
    assert {row["job"]: row["outcome"] for row in rows(home)} == {
        "full": "succeeded",
        "beside": "succeeded",
    }
    assert "no space left" in state(home)["jobs"]["full"]["last"]["trouble"]
    (log,) = (runs_disk.folder / "full").glob("*.log")
    assert log.read_text() == "***" + "0" * (PAGE - 8)

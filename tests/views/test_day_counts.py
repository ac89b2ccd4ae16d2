"""The sums of past days: what is counted with them is what is counted without them."""

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from scheduled.state import day_facts, history
from scheduled.state.journal import Journal
from scheduled.state.store import Store
from scheduled.views import counting, day_counts
from scheduled.views.counting import Counts
from tests.builders import soak
from tests.builders.journals import DAY, JOBS, NOW, damage, generated, settle
from tests.builders.looks import Home, end

MINUTE = timedelta(minutes=1)
SINCE = (None, NOW - 2 * DAY, NOW - timedelta(days=2, hours=11))


@pytest.fixture(autouse=True)
def _every_day_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_facts, "SMALL", 0)


def sums(found: Journal, *, keep: bool) -> list[Counts]:
    """What the journal adds up to: of all jobs, of each, of some; at all, and of late."""
    return [
        *(day_counts.read(found, MINUTE, since, keep=keep) for since in SINCE),
        *(day_counts.read(found, MINUTE, None, job, keep=keep) for job in JOBS),
        day_counts.read(found, MINUTE, wanted=lambda job: job != "a", keep=keep),
        day_counts.read(found, 5 * MINUTE, keep=keep),
    ]


@pytest.mark.parametrize("third", range(3))
def test_sums_are_the_same_with_kept_days_and_without_whatever_is_damaged(
    tmp_path: Path, third: int
) -> None:
    kept = 0
    for number in range(soak.count(12, 3000)):
        random = Random(3 * number + third)
        found = generated(random, tmp_path / str(number))
        for _ in range(2):  # the second time from what is kept
            sums(found, keep=True)
        kept += len(_kept(found))
        damage(random, found)

        believed = sums(Journal(found.folder), keep=False)
        shutil.rmtree(found.folder.parent / "cache", ignore_errors=True)
        assert believed == sums(Journal(found.folder), keep=False), f"seed {3 * number + third}"
        for since, counts in zip(SINCE, believed, strict=False):
            assert _rounded(counts) == _rounded(_in_one_go(Journal(found.folder), since))
    assert kept > 5


def test_a_day_that_is_over_is_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _written(tmp_path)
    counts = day_counts.read(found, MINUTE, keep=True)
    read, backwards = set[str](), Journal.backwards

    def watched(journal: Journal, day: str) -> Iterator[tuple[int, bytes]]:
        read.add(day)
        return backwards(journal, day)

    monkeypatch.setattr(Journal, "backwards", watched)

    assert day_counts.read(found, MINUTE) == counts
    assert read == {found.names()[-1]}
    read.clear()
    day_counts.read(found, 2 * MINUTE)  # what is on time depends on the interval
    assert read == {*found.names()}


def test_only_a_day_of_which_all_counts_is_kept(tmp_path: Path) -> None:
    found = _written(tmp_path)
    day_counts.read(found, MINUTE, NOW - DAY, keep=True)
    assert _kept(found) == []

    day_counts.read(found, MINUTE, NOW - DAY - timedelta(hours=2), keep=True)
    assert _kept(found) == [day_facts.path_of(found, found.names()[0], day_counts.KIND)]


@pytest.mark.parametrize("words", [("stats",), ("telemetry", "metrics")])
def test_sums_are_kept_by_the_owner_alone(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = []
    for name in ("ours", "others"):
        (tmp_path / name).mkdir()
        home = Home(tmp_path / name)
        home.configure("jobs:\n  a: {schedule: hourly, command: 'true'}\n")
        if name == "ours":
            home.call("disable", "a", now=NOW - DAY)  # the first event says whose the state is
        _written(home.state_dir)
        said += [json.loads(home.call(*words, "--json", now=NOW).out) for _ in range(2)]
        assert len(_kept(Journal(home.state_dir / "journal"))) == (name == "ours")

    assert said[0] == said[1]
    assert said[2] == said[3]


def _in_one_go(found: Journal, since: datetime | None) -> Counts:
    events = history.events(found, counting.KINDS, since=since)
    return counting.count(events, MINUTE)


def _rounded(counts: Counts) -> str:
    """The sums without what their order adds to the last digits."""
    tallies = (counts.total, *(counts.jobs[job] for job in sorted(counts.jobs)))
    rows = [
        {
            name: round(value, 6) if isinstance(value, float) else value
            for name, value in vars(tally).items()
        }
        for tally in tallies
    ]
    return json.dumps([rows, {name: getattr(counts, name) for name in counting.COUNTERS}])


def _written(state_dir: Path) -> Journal:
    """A journal of yesterday and today, in which three runs of two jobs have ended."""
    store = Store(state_dir).load()
    for age, jobs in ((1, "aba"), (0, "b")):
        moment = NOW - age * DAY
        for number, job in enumerate(jobs):
            store.record(moment, end(f"r{age}{number}", moment - timedelta(hours=1), job=job))
    store.checkpoint(NOW)
    settle(store.journal)
    return store.journal


def _kept(found: Journal) -> list[Path]:
    return [*(found.folder.parent / "cache").glob(f"*.{day_counts.KIND}")]

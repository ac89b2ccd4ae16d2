"""A real installation to which a sequence happens, under a clock that only the sequence moves."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.builders.killed import is_alive
from tests.torture import process
from tests.torture.operations import (
    Advance,
    Command,
    Configure,
    JobPlan,
    Operation,
    Ticks,
)

START = datetime(2027, 6, 1, 12, 0, 5, tzinfo=UTC)
PATIENCE = 60.0
"""Seconds for what takes a fraction of one."""

SCRIPT = """\
for mutex in $2; do
    if read -r holder < has-$mutex && grep -q '^State:.[^ZX]' /proc/$holder/status; then
        echo clash $SCHEDULED_JOB $mutex $holder $$ >> ran
    fi 2> /dev/null
    echo $$ > has-$mutex
done
echo start $SCHEDULED_JOB ${SCHEDULED_SLOT:--} $SCHEDULED_RUN_ID $$ >> ran
code=0
case $1 in
    slow) sleep 0.1 ;;
    fails) code=3 ;;
    flaky) [ "$SCHEDULED_ATTEMPT" != 1 ] || code=3 ;;
    busy) case $SCHEDULED_SLOT in *5:00Z) code=75 ;; esac ;;
esac
echo end $SCHEDULED_JOB ${SCHEDULED_SLOT:--} $SCHEDULED_RUN_ID $code >> ran
for mutex in $2; do rm has-$mutex; done
exit $code
"""


class Exit(NamedTuple):
    """How a command ended."""

    words: tuple[str, ...]
    code: int
    said: str


class Moment(NamedTuple):
    """An operation, when it happened, and the configuration after it."""

    operation: Operation
    now: datetime
    jobs: dict[str, JobPlan]
    ended: tuple[Exit, ...] = ()


class World:
    """An installation in a folder; `happen` carries out one operation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = START
        self.jobs: dict[str, JobPlan] = {}
        self.moments: list[Moment] = []
        (folder / "job.sh").write_text(SCRIPT)

    def happen(self, operation: Operation) -> None:
        """Carry out an operation, and note what came of it."""
        ended: tuple[Exit, ...] = ()
        match operation:
            case Advance(seconds):
                self.now += timedelta(seconds=seconds)
            case Configure(job, plan):
                self._configure(job, plan)
            case Ticks():
                ended = self._tick(operation)
            case Command(words):
                ended = (self._wait(self._start(words), words),)
                self._follow(words, ended[0].code)
        self.moments.append(Moment(operation, self.now, dict(self.jobs), ended))

    def settle(self) -> None:
        """Let everything in progress end, and let ticks come until nothing waits any more."""
        self._wait_for_runs()
        for minutes in (0, 1, 4, 10, 20, 20, 20):
            self.happen(Advance(60 * minutes))
            self.happen(Ticks((None,)))
        # Behind a clock that was set back by less than a correction, a retry waits for its time,
        # and so does the one after it.
        latest = max(moment.now for moment in self.moments) + timedelta(minutes=60)
        while timedelta() < latest - self.now < timedelta(hours=4):
            self.happen(Advance(60 * 20))
            self.happen(Ticks((None,)))
        # A tick catches up on so many slots only.
        begun = 0
        while begun < (begun := self._caught_up()):
            self.happen(Advance(20))
            self.happen(Ticks((None,)))
        self.happen(Command(("status",)))

    def _caught_up(self) -> int:
        """How many runs for a missed slot are on record, of jobs that run for each slot."""
        each = {job for job, plan in self.jobs.items() if plan.catch_up == "all"}
        return sum(
            event["event"] == "begin" and event["catch_up"] and event["job"] in each
            for event in self.events
        )

    @property
    def events(self) -> list[dict[str, Any]]:
        """All that is on record, in the order in which it was written."""
        lines = [
            line
            for path in sorted((self.folder / "state" / "journal").glob("*.jsonl"))
            for line in path.read_text().splitlines()
        ]
        return [event for event in map(_parsed, lines) if event is not None]

    @property
    def ran(self) -> list[list[str]]:
        """What the jobs themselves wrote down: start or end, job, slot, run, process or code.

        And a clash with another one: job, mutex, and both processes.
        """
        path = self.folder / "ran"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def _configure(self, job: str, plan: JobPlan | None) -> None:
        self.jobs.pop(job, None)
        if plan is not None:
            self.jobs[job] = plan
        jobs = {
            name: {
                "schedule": plan.schedule,
                "command": [
                    "sh",
                    "job.sh",
                    plan.behaviour,
                    *([plan.mutexes] if plan.mutexes else []),
                ],
                **({"mutex": plan.mutexes.split()} if plan.mutexes else {}),
                "catch_up": plan.catch_up,
                "max_retries": plan.max_retries,
                "retry_delay": "2m",
            }
            for name, plan in self.jobs.items()
        }
        beside = self.folder / "scheduled.yaml.new"
        beside.write_text(json.dumps({"timezone": "UTC", "jobs": jobs}))
        beside.replace(self.folder / "scheduled.yaml")

    def _follow(self, words: tuple[str, ...], code: int) -> None:
        """Note what a command has changed in the configuration."""
        if words[0] == "update" and code == 0:
            self.jobs[words[1]] = self.jobs[words[1]]._replace(schedule=words[3])

    def _tick(self, ticks: Ticks) -> tuple[Exit, ...]:
        started = [self._start(("run",), killed_at) for killed_at in ticks.killed_at]
        ended = tuple(self._wait(tick, ("run",)) for tick in started)
        for pid in self._jobs_in_progress():
            with contextlib.suppress(OSError, ValueError):
                if ticks.kill_keepers:
                    os.kill(self._keeper(pid), signal.SIGKILL)
                if ticks.kill_jobs:
                    os.killpg(pid, signal.SIGKILL)
        return ended

    def _keeper(self, pid: int) -> int:
        """Return the process that waits for a job; fails where that is gone."""
        keepers: list[int] = [event["keeper"] for event in self.events if event.get("pid") == pid]
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return keepers[keepers.index(parent)]

    def _start(self, words: tuple[str, ...], killed_at: int | None = None) -> int:
        child = os.fork()
        if child == 0:
            said = os.open(self._said_by(os.getpid()), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
            for descriptor in (1, 2):
                os.dup2(said, descriptor)
            process.become(self.folder, self.now, words, killed_at)
        return child

    def _wait(self, child: int, words: tuple[str, ...]) -> Exit:
        status = os.waitpid(child, 0)[1]
        said = self._said_by(child)
        text = said.read_text(errors="replace")
        said.unlink()
        return Exit(words, os.waitstatus_to_exitcode(status), text)

    def _said_by(self, pid: int) -> Path:
        return self.folder / f"said-{pid}"

    def _jobs_in_progress(self) -> Iterator[int]:
        for what, *_, pid in self.ran:
            if what == "start" and is_alive(int(pid)):
                yield int(pid)

    def _wait_for_runs(self) -> None:
        """Wait until no run of a tick that was killed goes on, or is about to start its job."""
        deadline = time.monotonic() + PATIENCE
        while any(map(_is_locked, (self.folder / "state" / "locks").glob("*.lock"))):
            assert time.monotonic() < deadline, "a run does not end"
            time.sleep(0.01)


def _is_locked(path: Path) -> bool:
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _parsed(line: str) -> dict[str, Any] | None:
    """Return the event of a line, or None for one that was torn when its process was killed."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None

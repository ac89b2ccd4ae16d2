"""pytest fixtures: `trial` runs a handler as a tick does; `dask_cluster` starts a Dask cluster.

pytest finds them by itself where this program is installed. `trial` runs at a given time. To
annotate it:

    from scheduled.testing import Trial

    def test_it(trial: Trial) -> None: ...

The handler runs in a real child process, started by a real tick. So what goes wrong there (a memory
that is not JSON, a module that cannot be imported, a result that was printed and not returned)
fails in the test and not at night. That takes a tenth of a second or two. To use a debugger, call
the function itself with `trial.context()`.

Only this module needs pytest, which imports it in everybody's test runs where this program is
installed. So whatever takes time is imported where a handler is run.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import pytest

from scheduled.quick_classes import dataclass

if TYPE_CHECKING:
    from scheduled.config.load import Config
    from scheduled.handler import Context, Function
    from scheduled.handler.policies import Policies
    from scheduled.jobs.model import Outcome
    from scheduled.notify.message import Message

__all__ = ["HandlerResult", "Trial", "dask_cluster", "trial"]

JOB = "trial"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""The time it is when a test begins: a Saturday."""
_OURS = (
    *("startup", "job_started", "job_finished", "job_failed", "job_recovered"),
    *("incident_opened", "incident_closed", "scheduler.stats", "scheduler.health"),
    *("scheduler.task.create", "scheduler.task.delete", "scheduler.task.status"),
)
"""Events of the scheduler itself, which no handler fires."""


@dataclass(frozen=True)
class HandlerResult:
    """The result of one run."""

    outcome: "Outcome | None"
    """None where the handler said that it could not work now."""
    result: Mapping[str, Any] | None
    error: str
    """Of a run that failed."""
    reason: str
    """Why it could not work now."""
    slot: datetime | None
    """What it answered for, UTC; None by hand."""
    missed: int
    """How many older slots it answered for as well."""
    events: tuple[tuple[str, Mapping[str, Any]], ...]
    """What was fired, oldest first; nothing of a run that failed."""
    messages: "tuple[Message, ...]"
    """What these events tell people, by the shipped routes."""
    output: str
    """What was printed and logged."""


class Trial:
    """One job in folders of its own. Its memory is kept from one run to the next."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.root.mkdir(mode=0o755)
        self.state_dir = folder / "state"
        self.now = NOON
        """When the first run is, and was the last one. Aware; moves with the runs."""
        self.schedule = "* * * * *"
        self.timezone = "UTC"
        self._has_run = False

    def run(
        self,
        handler: "Function | str",
        *,
        at: datetime | None = None,
        by_hand: bool = False,
        **policies: "Unpack[Policies]",
    ) -> HandlerResult:
        """Run a handler at `at`, for the slot of `schedule` that is due then; `at` is aware.

        Without it, the first run is at `now`, and each further one at the slot after the last. A
        handler is whatever `scheduled.job` takes; `policies` are the keys of its job, `params`
        among them. The test fails if nothing is due at `at`. Raises what `scheduled.job` does.
        """
        from scheduled import api
        from scheduled.ticks.signals import EVERY, Bus

        policies.setdefault("first_run", "now")
        job = api.job(JOB, self.schedule, handler=handler, **policies)
        config = api.define([job], root=self.root, state_dir=self.state_dir, timezone=self.timezone)
        self.now = at or self._following(config, by_hand=by_hand)
        self._has_run = True
        fired: list[tuple[str, dict[str, Any]]] = []
        bus = Bus()
        bus.subscribe(EVERY, lambda name, **data: fired.append((name, data)))
        report = api.run(config, self.now, by_hand=by_hand, bus=bus)
        if not report.ran:
            why = "; ".join(reason for _, reason in report.not_started) or "no slot is due"
            pytest.fail(f"nothing ran at {self.now.isoformat()}: {why}", pytrace=False)
        return self._tried(report.ran[0], [event for event in fired if event[0] not in _OURS])

    @property
    def memory(self) -> dict[str, Any]:
        """Return what the handler remembers now."""
        from scheduled.state import records
        from scheduled.state.store import Store

        return records.handler_memory(Store(self.state_dir).load().state, JOB, "")

    def context(self, **changes: Any) -> "Context":
        """Return the context of a run at `now`; `changes` replaces its fields."""
        from scheduled.handler import Context
        from scheduled.timing.timezones import zone_info

        values = {
            "job": JOB,
            "run_id": JOB,
            "now": self.now,
            "zone": zone_info(self.timezone),
            "root": self.root,
            "central_dir": self.state_dir / "central",
            "cache_dir": self.state_dir / "cache" / JOB,
            "state_dir": self.state_dir,
            "slot": self.now,
            "memory": self.memory,
        }
        return Context(**{**values, **changes})

    def _following(self, config: "Config", *, by_hand: bool) -> datetime:
        """Return when the next run is, if the test does not say."""
        from scheduled import api

        if by_hand or not self._has_run:
            return self.now
        (decision,) = api.preview(config, self.now)
        return self.now if decision.is_due or decision.next is None else decision.next

    def _tried(
        self, row: Mapping[str, Any], fired: list[tuple[str, dict[str, Any]]]
    ) -> HandlerResult:
        from scheduled.jobs.model import Outcome
        from scheduled.notify import routes
        from scheduled.runs import output_files
        from scheduled.timing.instants import parse_utc

        path = output_files.log_path(self.state_dir, JOB, row["run_id"])
        messages = [
            message
            for number, (name, data) in enumerate(fired)
            for message in routes.messages_for(name, data, {}, self.now, seed=f"{number}")
        ]
        return HandlerResult(
            outcome=Outcome(row["outcome"]) if row["outcome"] else None,
            result=row["result"],
            error=row["error"] or "",
            reason=row["reason"] or "",
            slot=parse_utc(row["slot"]),
            missed=row["missed"],
            events=tuple(fired),
            messages=tuple(messages),
            output=path.read_text("utf-8", "replace") if path else "",
        )


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """Provide a job to run a handler in, at noon, in an empty root."""
    return Trial(tmp_path)


@pytest.fixture
def dask_cluster() -> Iterator[str]:
    """Provide the address of a Dask scheduler with two workers, for jobs with an `executor`."""
    from scheduled.demo import cluster

    with cluster.running() as address:
        yield address

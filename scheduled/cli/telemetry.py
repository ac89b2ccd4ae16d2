"""`scheduled telemetry`: what CIRIS's task scheduler tells about itself, with its keys."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.values import Choice, Number
from scheduled.config import ownership
from scheduled.errors import UsageError
from scheduled.state import history, records
from scheduled.system import plain_json, processes
from scheduled.views import counting, day_counts, health, telemetry_graph, telemetry_tasks
from scheduled.views import status as status_view
from scheduled.views import telemetry as bodies
from scheduled.views.snapshot import Snapshot
from scheduled.views.telemetry import Telemetry

FILTERS = {"tasks": ("status", "type", "limit"), "analytics": ("period", "task_type")}
"""Which options belong to what."""
PERIOD = "7d"
Body = Callable[[Telemetry, Mapping[str, Any]], dict[str, Any]]
BODIES: Mapping[str, Body] = {
    "status": lambda told, _: bodies.status(told),
    "tasks": lambda told, asked: telemetry_tasks.tasks(
        told, asked["status"], asked["type"], asked["limit"]
    ),
    "list": lambda told, _: telemetry_tasks.listed(told),
    "analytics": lambda told, asked: bodies.analytics(told, asked["period"], asked["task_type"]),
    "cron": lambda told, _: bodies.cron(told),
    "performance": lambda told, _: bodies.performance(told, _memory(told)),
    "capabilities": lambda told, _: bodies.capabilities(told),
    "statistics": lambda told, _: bodies.statistics(told),
    "metrics": lambda told, _: bodies.metrics(told),
}
GRAPH = "graph"


@command()
@click.argument("what", type=Choice([*BODIES, GRAPH]))
@click.option("--status", type=Choice(telemetry_tasks.STATUSES), help="Of tasks: only these.")
@click.option("--type", type=Choice(bodies.TYPES), help="Of tasks: only these.")
@click.option("--limit", type=Number(0), help="Of tasks: at most so many.")
@click.option(
    "--period", type=Choice([*bodies.PERIODS]), help=f"Of analytics: how far back. [{PERIOD}]"
)
@click.option("--task-type", type=Choice(bodies.TYPES), help="Of analytics: only these.")
@json_option
@click.pass_obj
def telemetry(session: Session, /, *, what: str, as_json: bool, **asked: Any) -> None:
    """Print the telemetry that CIRIS documents for its scheduler.

    WHAT is one of its bodies; `graph` prints JSON lines, one a node.
    """
    for name, value in asked.items():
        if value is not None and name not in FILTERS.get(what, ()):
            owner = next(body for body, names in FILTERS.items() if name in names)
            raise UsageError(f"--{name.replace('_', '-')} belongs to `telemetry {owner}`")
    asked["period"] = asked["period"] or PERIOD
    told = _observe(session, what, asked)
    if what == GRAPH:
        events = history.events(session.store.journal, telemetry_graph.KINDS)
        for node in telemetry_graph.nodes(told, events):
            click.echo(json.dumps(plain_json.plain(node)))
        return
    body = BODIES[what](told, asked)
    if as_json:
        print_json(body)
    else:
        from scheduled.views import tables

        show(session, tables.pairs(bodies.flat(body)))


def _observe(session: Session, what: str, asked: Mapping[str, Any]) -> Telemetry:
    snapshot = session.snapshot()
    since = snapshot.now - bodies.PERIODS[asked["period"]] if what == "analytics" else None
    if what in ("tasks", "list", "cron", "capabilities", "statistics", GRAPH):
        counts = counting.Counts()  # they need none
    else:
        counts = day_counts.read(
            session.store.journal,
            snapshot.cadence.interval,
            since,
            wanted=_wanted(snapshot, asked["task_type"]),
            keep=ownership.is_owner(session.config, session.store),
        )
    worst, _ = health.judge(status_view.problems(snapshot))
    return Telemetry(snapshot, counts, worst)


def _wanted(snapshot: Snapshot, kind: str | None) -> Callable[[str], bool] | None:
    types = {job.id: bodies.task_type(job) for job in snapshot.jobs}
    return None if kind is None else lambda job: types.get(job) == kind


def _memory(told: Telemetry) -> int:
    """Return the memory of the jobs that run now, in bytes."""
    runs = [
        run
        for job in told.snapshot.running
        for run in records.job_memory(told.snapshot.state, job).runs.values()
    ]
    return sum(processes.memory_of(run.pid) for run in runs if run.pid is not None)

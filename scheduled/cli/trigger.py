"""`scheduled trigger`: run jobs now."""

from collections.abc import Sequence

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.each_job import jobs_argument
from scheduled.cli.output import print_json
from scheduled.cli.tick_report import print_not_started, print_problems, run_and_print, run_tick
from scheduled.config.lookup import find_jobs
from scheduled.jobs.model import Job, Outcome
from scheduled.planning import decide
from scheduled.quick_classes import replace
from scheduled.state import history
from scheduled.state.records import job_memory
from scheduled.system.text import one_line
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.report import Exit, Report


@command()
@jobs_argument
@click.option(
    "--param", "params", multiple=True, metavar="NAME=VALUE", help="A param, for this run only."
)
@click.option(
    "--env", "env", multiple=True, metavar="NAME=VALUE", help="A variable, for this run only."
)
@click.option("--detach", is_flag=True, help="Return as soon as it has started.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
@changes_state
def trigger(
    session: Session,
    names: tuple[str, ...],
    *,
    params: tuple[str, ...],
    env: tuple[str, ...],
    detach: bool,
    as_json: bool,
) -> int:
    """Run JOB now, or all jobs with a tag. Its schedule does not change.

    On a terminal, what it prints is shown while it runs. The exit code is 0 if it succeeded.
    """
    jobs, disabled = _selected(session, names)
    for job in disabled:
        click.echo(f"{job.id}: not started: disabled; its id instead of a tag runs it", err=True)
    if not jobs:
        return Exit.TEMPORARY
    request = _request(session, jobs, params, env, is_detached=detach)
    if detach:
        return _leave(session, request, as_json=as_json)
    report = run_and_print(session, request, as_json=as_json, with_output=True)
    succeeded = {row["job"] for row in report.rows if row["outcome"] == Outcome.SUCCEEDED}
    if succeeded.issuperset(job.id for job in jobs):
        return report.exit_code
    ran = {row["job"] for row in report.rows}
    report.not_started = [each for each in report.not_started if each[0] not in ran]
    print_not_started(report)
    for row in report.ran:
        if row["job"] not in succeeded and not history.is_failure(row):
            click.echo(f"{row['job']}: {one_line(row['reason'] or '')}", err=True)
    return report.exit_code or Exit.TEMPORARY


def _selected(session: Session, names: Sequence[str]) -> tuple[list[Job], list[Job]]:
    """Return the jobs to run, and those that are disabled and that only a tag names."""
    jobs, state = find_jobs(session.config, names), session.store.state
    disabled = [
        job
        for job in jobs
        if job.id not in names and not decide.is_enabled(job, job_memory(state, job.id))
    ]
    return [job for job in jobs if job not in disabled], disabled


def _request(
    session: Session,
    jobs: Sequence[Job],
    params: Sequence[str],
    env: Sequence[str],
    *,
    is_detached: bool,
) -> RunRequest:
    request = RunRequest(
        only=tuple(job.id for job in jobs),
        by_hand=True,
        even_disabled=True,
        slotless=True,
        is_detached=is_detached,
    )
    if not (params or env or is_detached):
        return request
    from scheduled.cli import given  # it loads YAML

    values, variables = given.params(params, jobs, session), given.env(env, jobs)
    if is_detached:
        given.refuse_secrets(variables)
    on_record = given.on_record(values, variables, is_detached=is_detached)
    return replace(request, params=values, env=variables, given=on_record)


def _leave(session: Session, request: RunRequest, *, as_json: bool) -> int:
    """Start the runs and leave them; return 0 if all have started."""
    report = run_tick(session, request)
    left = [run.running.attempt for run in report.left]
    if as_json:
        started = [{"job": attempt.job.id, "run_id": attempt.run_id} for attempt in left]
        print_json(report.document() | {"started": started})
    for attempt in () if as_json else left:
        session.say(
            f"{attempt.job.id}: run {attempt.run_id} has started;"
            f" `scheduled logs {attempt.job.id} -f` follows it"
        )
    print_problems(session, report)
    print_not_started(report)
    return report.exit_code or (Exit.OK if _is_complete(report, request) else Exit.TEMPORARY)


def _is_complete(report: Report, request: RunRequest) -> bool:
    return {run.running.attempt.job.id for run in report.left} == {*request.only}

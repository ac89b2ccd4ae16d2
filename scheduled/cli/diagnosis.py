"""What `doctor` has to know of configuration and state, as plain values for its checks."""

import shlex
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from scheduled.cli import tick_calls
from scheduled.cli.context import Session
from scheduled.config import ownership, paths, secret_files, unmatched
from scheduled.config.importers import command_text
from scheduled.config.load import Config
from scheduled.config.paths import Paths
from scheduled.errors import ConfigError, RefusedError, ScheduleError, StateError
from scheduled.installation import tick_lines
from scheduled.installation.doctor import program_names
from scheduled.installation.doctor.facts import CRON_PATH, ExecutorFacts, Facts, JobFacts
from scheduled.installation.doctor.finding import Finding
from scheduled.installation.doctor.program_names import Call
from scheduled.jobs.model import Attempt, Job
from scheduled.jobs.permissions import CONFINED
from scheduled.planning import decide
from scheduled.quick_classes import replace
from scheduled.runs import environment
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.state import heartbeat, owner, records
from scheduled.state.document import State
from scheduled.system import machine
from scheduled.timing import local_zone
from scheduled.views import cheap_checks


def cheap_findings(session: Session, names: Container[str]) -> list[Finding]:
    """Return what is wrong by checks that need to know nothing of the jobs."""
    return cheap_checks.findings(session.config, session.environ, session.now, names)


def gather(session: Session) -> Facts:
    """Return the facts about the installation; of one that cannot be read, as far as they go."""
    try:
        config = session.config
    except ConfigError as error:
        places = paths.find(session.path_options)
        facts = _base(session, places, problems=error.problems, host=machine.host_id())
        return replace(facts, former=_former(session, places))
    facts = _base(
        session,
        config.places,
        problems=config.problems,
        warnings=_own_warnings(session, config),
        host=config.host or machine.host_id(),
        zone=config.timezone if config.zone_is_local else None,
        trust=config.trust,
        has_channels=cheap_checks.has_channels(config),
    )
    missing = secret_files.problems(config, facts.cron_variables, is_of_ticks=True)
    facts = replace(facts, problems=(*facts.problems, *missing))
    return _with_state(session, config, facts)


def _base(session: Session, places: Paths, **known: Any) -> Facts:
    return cheap_checks.facts(places, session.environ, session.now, **known)


def _with_state(session: Session, config: Config, facts: Facts) -> Facts:
    session.tells_owner = False  # a finding does
    try:
        store = session.store
    except StateError as error:
        former = _former(session, config.places)
        return replace(facts, former=former, damages=(str(error),))
    jobs = [
        job
        for job in config.jobs
        if decide.is_enabled(job, records.job_memory(store.state, job.id))
    ]
    return replace(
        facts,
        former=_former(session, config.places),
        last_tick=heartbeat.last_tick(config.places.state_dir, store.state),
        damages=tuple(store.recovered),
        others=owner.of_others(store.state_dir, store.state, ownership.reader(config, facts.now)),
        jobs=tuple(job_facts(job, config, facts.cron_variables) for job in jobs),
        executors=tuple(_executors(config)),
        **_limits(jobs, config, store.state, facts),
    )


def _executors(config: Config) -> Iterator[ExecutorFacts]:
    if config.executors:
        from scheduled.runs.executors import probe

        folder = config.places.config_folder
        for name, found in probe.all_of(config.executors, config.jobs, folder, config.trust):
            yield ExecutorFacts(name, found.problem, found.ahead, found.remarks)


def _limits(jobs: Iterable[Job], config: Config, state: State, facts: Facts) -> dict[str, Any]:
    """Return the jobs that run without the limits of their ids, and those that cannot run."""
    confined = [job for job in jobs if job.level in CONFINED]
    if not confined:
        return {}
    from scheduled.runs import confine
    from scheduled.ticks import permissions
    from scheduled.ticks.context import run_context

    unlimited, refused = [], []
    context = run_context(config, facts.now, facts.cron_variables)
    for job in confined:
        attempt = Attempt("", job, None)
        if permissions.runs_as_before(job, state, config.permissions):
            unlimited.append(job.id)
            continue
        try:
            confine.plan(attempt, context)
        except RefusedError as error:
            refused.append((job.id, str(error)))
        except UnusableEnvironmentError:
            continue  # `cwd` says so
    return {"unlimited": tuple(unlimited), "refused": tuple(refused)}


def job_facts(job: Job, config: Config, environ: dict[str, str]) -> JobFacts:
    """Return a job as its runs under cron find their surroundings."""
    return facts_by_key(job, config, environ)[0]


def facts_by_key(
    job: Job, config: Config, environ: dict[str, str]
) -> tuple[JobFacts, dict[str, tuple[Call, ...]]]:
    """Return the facts, and what each key with a command needs."""
    root, cwd_problem = config.places.root, ""
    variables, env_file_problem = _variables(job, config, environ)
    here = replace(job, command="", cwd="") if job.executor else job
    try:
        folder = environment.working_directory(here, root, variables)
    except UnusableEnvironmentError as error:
        folder, cwd_problem = root, str(error)
    commands = {
        key: command
        for key, command in (("command", here.command), ("only_if", here.only_if))
        if command
    }
    calls = _calls_by_key(job, commands, variables)
    facts = JobFacts(
        id=job.id,
        commands=tuple(map(_as_text, commands.values())),
        calls=tuple(call for found in calls.values() for call in found),
        path=variables.get("PATH", CRON_PATH),
        folder=folder,
        cwd_problem=cwd_problem,
        env_file_problem=env_file_problem,
    )
    return facts, calls


def _calls_by_key(
    job: Job, commands: Mapping[str, str | tuple[str, ...]], variables: dict[str, str]
) -> dict[str, tuple[Call, ...]]:
    """Return what each key of a job needs; `shell` what runs the texts of the others."""
    found: dict[str, tuple[Call, ...]] = {}
    if job.shell and any(isinstance(command, str) for command in commands.values()):
        found["shell"] = program_names.of((*job.shell, ":"), variables)
    for key, command in commands.items():
        calls = _calls(job, command, variables)
        found[key] = tuple(call for call in calls if call not in found.get("shell", ()))
    return found


def _calls(job: Job, command: str | tuple[str, ...], variables: dict[str, str]) -> tuple[Call, ...]:
    if job.shell:
        return program_names.of(job.words(command), variables)
    if command_text.is_fed(command):
        _, _, _, shell, text, _ = tuple(command)
        command = text if shell == command_text.SHELL else (shell, "-c", text)
    return program_names.of(command, variables)


def _variables(job: Job, config: Config, environ: dict[str, str]) -> tuple[dict[str, str], str]:
    """Return the variables of a run under cron, and why its `env_file` cannot be used, or ''."""
    folder = config.places.config_folder
    try:
        return environment.variables(Attempt("", job, None), environ, folder, config.trust), ""
    except UnusableEnvironmentError as error:
        return {**environ, **job.env}, str(error)


def _as_text(command: str | Iterable[str]) -> str:
    return command if isinstance(command, str) else shlex.join(command)


def _former(session: Session, places: Paths) -> tuple[str, ...]:
    lines = tick_lines.every(session.environ)
    return tuple(tick_calls.former_names_of(places, lines))


def _own_warnings(session: Session, config: Config) -> tuple[str, ...]:
    """Return the warnings without that about the zone, which has a check of its own."""
    try:
        of_zone = local_zone.local_zone(session.environ).warning
    except ScheduleError:
        of_zone = ""
    own = (sentence for sentence in config.warnings if sentence != of_zone)
    return (*own, *unmatched.warnings(config))

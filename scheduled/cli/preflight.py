"""What runs will lack, said before the first of them: programs, directories, files.

All is looked up as cron would have it: with its PATH, its HOME and the folder of the job, not with
those of the terminal.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from scheduled.cli import diagnosis
from scheduled.config.load import Config
from scheduled.errors import ScheduledError
from scheduled.installation.doctor import executables, program_names
from scheduled.installation.doctor.executables import Case, Lookup, Trouble
from scheduled.installation.doctor.facts import CRON_PATH, JobFacts
from scheduled.installation.doctor.program_names import Call, Kind
from scheduled.jobs.model import Job
from scheduled.jobs.permissions import CONFINED
from scheduled.jobs.schedule import may_finish, schedule_of
from scheduled.notify import command as notify_command
from scheduled.planning.finished import finished
from scheduled.planning.standing import is_registered
from scheduled.quick_classes import dataclass, replace
from scheduled.runs.environment import env_file_problems
from scheduled.state import records
from scheduled.state.document import State
from scheduled.state.store import Store
from scheduled.timing import slots
from scheduled.views import cheap_checks


@dataclass
class Preflight:
    """Looks at jobs with what cron gives their runs."""

    config: Config
    variables: dict[str, str]
    """The environment that cron gives a tick."""
    lookup: Lookup

    @classmethod
    def of(
        cls, config: Config, environ: Mapping[str, str], now: datetime, *, is_ticking: bool
    ) -> "Preflight":
        """Return it for an installation; `is_ticking` says whether a tick has come yet.

        Ticks that come although neither a crontab nor a timer calls them may have any PATH.
        """
        facts = cheap_checks.facts(config.places, environ, now, measures=False)
        is_known = bool(facts.tick_entries or facts.unit_lines) or not is_ticking
        return cls(config, facts.cron_variables, Lookup(environ, facts.caller, is_known))

    def warnings(self, jobs: Iterable[Job]) -> Iterator[str]:
        """Yield a sentence for each thing that a run of an enabled job will lack."""
        for job in jobs:
            if job.enabled:
                for what in self._of_job(job):
                    yield f"{job.id}: {what}"

    def of_settings(self) -> Iterator[str]:
        """Yield a sentence for each program of a channel or a subscriber that is not there."""
        for kind in ("notify", "subscribe"):
            for name, settings in getattr(self.config, kind).items():
                yield from (f"{kind}.{name}: {what}" for what in self._of_channel(settings))

    def _of_job(self, job: Job) -> Iterator[str]:
        facts, by_key = diagnosis.facts_by_key(job, self.config, self.variables)
        if facts.cwd_problem:
            yield f"{facts.cwd_problem}; make it, or correct `cwd`"
        folder = self.config.places.config_folder
        is_said = env_file_problems(job, self.variables, folder, self.config.trust)
        if facts.env_file_problem and not is_said:
            yield f"{facts.env_file_problem}; correct the file, or `env_file`"
        if job.level in CONFINED and os.geteuid() == 0:
            return  # another user runs it, who may see more or less than root
        for key, calls in by_key.items():
            certain = replace(facts, calls=tuple(_certain(calls, facts)))
            for trouble in self.lookup.troubles(certain):
                yield f"{key}: {_sentence(trouble, key, facts.path)}"

    def _of_channel(self, settings: Mapping[str, Any]) -> Iterator[str]:
        if not settings.get("command"):
            return
        given = {**self.variables, **settings.get("env", {})}
        passed = ("PATH", *notify_command.PASSED_ON)
        variables = {name: given[name] for name in passed if name in given}
        calls = program_names.of(settings["command"], variables)
        root = self.config.places.root
        facts = JobFacts("", calls=calls, path=given.get("PATH", CRON_PATH), folder=root)
        for trouble in self.lookup.troubles(facts):
            yield f"command: {_sentence(trouble, 'command', facts.path)}"


def of_jobs(
    config: Config,
    jobs: Iterable[Job],
    environ: Mapping[str, str],
    now: datetime,
    known: Mapping[str, Any],
) -> list[str]:
    """Return what runs of these jobs will lack; they need not be in the configuration yet.

    `known` is the state.
    """
    preflight = Preflight.of(config, environ, now, is_ticking=_is_ticking(known))
    return [*preflight.warnings(jobs)]


def of_configuration(
    config: Config, environ: Mapping[str, str], now: datetime, known: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what runs of all jobs will lack, with the place of each, and what channels lack.

    `known` is the state, by which a job that has had its only run is not looked at.
    """
    preflight = Preflight.of(config, environ, now, is_ticking=_is_ticking(known))
    for job in config.jobs:
        if not has_had_its_only_run(job, known, now):
            yield from (f"{job.source}: {what}" for what in preflight.warnings([job]))
    yield from preflight.of_settings()


def remembered(config: Config) -> Mapping[str, Any]:
    """Return the state; empty if it cannot be read, which other commands tell of."""
    try:
        return Store(config.places.state_dir).load().state
    except (ScheduledError, OSError):
        return {}


def has_had_its_only_run(job: Job, state: Mapping[str, Any], now: datetime) -> bool:
    """Whether the only time of a job has passed, and was on record before, or it is finished."""
    schedule = schedule_of(job)
    if job.id not in state.get("jobs", {}):
        return False
    memory = records.job_memory(cast("State", state), job.id)
    if schedule.kind != "once":
        return may_finish(job) and finished(job, memory, None, now) is not None
    is_over = slots.following(schedule, now, now) is None
    return is_over and is_registered(job, memory)


def _is_ticking(state: Mapping[str, Any]) -> bool:
    return bool(state.get("ticks", {}).get("last"))


def _certain(calls: Iterable[Call], facts: JobFacts) -> Iterator[Call]:
    """Yield the calls of which something can be said although `cwd` or `env_file` is wrong."""
    for call in calls:
        is_name = "/" not in call.name and call.kind is not Kind.SCRIPT
        is_relative = not is_name and not call.name.startswith("/")
        if not (facts.cwd_problem and is_relative) and not (facts.env_file_problem and is_name):
            yield call


def _sentence(trouble: Trouble, key: str, path: str) -> str:
    """Return what is wrong and what to do about it."""
    if trouble.here:
        wanted = executables.with_path(trouble.here, path)
        return (
            f"{trouble.what}; your shell finds {trouble.here}: write that, or"
            f' env: {{PATH: "{wanted}"}}'
        )
    match trouble.case:
        case Case.INTERPRETER:
            advice = "install it, or correct the first line of the script"
        case Case.UNUSABLE:
            advice = f"type: {trouble.remedy}"
        case Case.NOT_IN_PATH:
            advice = "install it, or write its whole path"
        case Case.DENIED:
            advice = f"let the user of the job read it, or correct `{key}`"
        case Case.MISSING:
            advice = f"correct `{key}`, or put it there"
    return f"{trouble.what}; {advice}"

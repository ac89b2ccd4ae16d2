"""`scheduled config`: write a configuration, check it, show what comes of it."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scheduled.cli import preflight
from scheduled.cli.context import Session
from scheduled.cli.export import export
from scheduled.cli.groups import Group
from scheduled.cli.import_ import import_
from scheduled.cli.output import print_json
from scheduled.cli.prune import prune
from scheduled.config import created_files, ownership, paths, secret_files, template, unmatched
from scheduled.config.load import DEFAULTS, Config
from scheduled.config.parsed import JOB_DEFAULTS
from scheduled.config.paths import PathOptions
from scheduled.errors import ConfigError, ScheduledError, UsageError, reason_of
from scheduled.handler import loader
from scheduled.jobs.model import FirstRun, Job, Move
from scheduled.jobs.schedule import schedule_of
from scheduled.notify import masked
from scheduled.runs import handler_params
from scheduled.runs.environment import UnusableEnvironmentError, env_file_problems
from scheduled.system.files import replace, umask
from scheduled.system.text import one_line
from scheduled.system.trusted import Trust
from scheduled.timing import pitfalls, slots
from scheduled.views import job as job_view
from scheduled.views import schedule_list

if TYPE_CHECKING:
    from rich.table import Table

PROBLEMS = 2
"""The exit code where something is wrong with the configuration."""


@click.group("config", cls=Group)
def config() -> None:
    """Write, check and show the configuration."""


config.add_command(import_)
config.add_command(export)
config.add_command(prune)


@config.command("init")
@click.option("--path", metavar="FILE", help="Where to write it instead of <root>/scheduled.yaml.")
@click.option("--force", is_flag=True, help="Overwrite an existing file; it is kept as *.bak.")
@click.pass_context
def init(context: click.Context, path: str | None, force: bool) -> None:
    """Write a commented scheduled.yaml to start from."""
    options = _path_options(context)
    if path is None:
        ownership.refuse_unnamed(paths.find(options), options.environ)
    root = paths.root_of(options)
    target = _target(options, path)
    if target.is_dir():
        raise UsageError(f"{target}: is a directory; name the file to write")
    if os.path.lexists(target):
        if not force:
            raise UsageError(f"{target}: already exists; --force replaces it and keeps a copy")
        _write(target.with_name(f"{target.name}.bak"), _content(target))
    _write(target, template.text(root).encode())
    click.echo(f"{target}: written; after a change, type: scheduled config validate")
    for problem in Trust().problems(target):
        click.echo(problem, err=True)


@config.command("validate")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def validate(context: click.Context, as_json: bool) -> int:
    """Check the configuration; print all problems, with file and line.

    Warns of what runs will lack under cron, by its PATH: programs, directories, files. If there are
    no problems, prints when each job of yours runs, in words.
    """
    jobs = 0
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    schedules: list[dict[str, str]] = []
    options = _path_options(context)
    try:
        loaded = context.obj.config
        jobs = len(loaded.jobs)
        problems = (*loaded.problems, *_problems_of_runs(loaded, options))
        known, now = preflight.remembered(loaded), context.obj.now
        past = (*_warn_of_past(loaded.jobs, now, known), *_warn_of_files(loaded.jobs, known))
        doubtful = _warn_of_schedules(loaded.jobs)
        lacking = preflight.of_configuration(loaded, options.environ, now, known)
        days = _warn_of_days(loaded.jobs, now)
        ours = (*unmatched.warnings(loaded), *past, *doubtful, *days, *_warn_of_page(loaded))
        warnings = (*loaded.warnings, *ours, *lacking)
        schedules = schedule_list.rows(loaded.jobs)
    except ConfigError as error:
        problems = error.problems
    if as_json:
        messages = {"problems": list(problems), "warnings": list(warnings)}
        print_json({"ok": not problems, "jobs": jobs, **messages, "schedules": schedules})
    else:
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        click.echo("\n".join(problems) or f"ok: {jobs} jobs")
        if not problems:
            for line in schedule_list.lines(schedule_list.own(loaded.jobs), loaded.timezone):
                click.echo(line)
    return PROBLEMS if problems else 0


@config.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def show(context: click.Context, as_json: bool) -> int:
    """Show all settings and jobs in effect, and where each comes from."""
    loaded: Config = context.obj.config
    if as_json:
        print_json(_document(loaded))
    else:
        from scheduled.views import terminal

        tables = (_settings_table(loaded), _jobs_table(loaded.jobs))
        terminal.show(*tables, color=context.obj.color)
        for problem in (*loaded.problems, *(f"warning: {text}" for text in loaded.warnings)):
            click.echo(problem, err=True)
    return PROBLEMS if loaded.problems else 0


@config.command("schema")
@click.option("--job", "of_job", is_flag=True, help="Print the schema of job files.")
@click.pass_context
def schema(context: click.Context, of_job: bool) -> None:
    """Print the JSON Schema of scheduled.yaml, for editors."""
    from scheduled.config import json_schema

    if of_job:
        print_json(json_schema.of_job_file())
        return
    brought: list[Job] = []
    session = context.find_object(Session)
    with suppress(ScheduledError):  # while a file is being written, its schema is wanted most
        handlers = session.config.handlers if session is not None else ()
        brought = [handler.job for handler in handlers if handler.package and handler.job]
    print_json(json_schema.of_configuration(brought))


def _problems_of_runs(config: Config, options: PathOptions) -> Iterator[str]:
    """Yield what would keep runs and channels from working: files, wrong params.

    Params are what custom handlers do not accept; their modules are imported for it.
    """
    yield from secret_files.problems(config, options.environ)
    folder = config.places.config_folder
    yield from _problems_of_executors(config, options, folder)
    for job in config.jobs:
        for problem in env_file_problems(job, options.environ, folder, config.trust):
            yield f"{job.source}: {job.id}: {problem}"
        if job.handler and (foreign := loader.foreign(job.handler, config.trust)):
            yield f"{job.source}: {job.id}: handler {foreign}"
    of_packages = {handler.target for handler in config.handlers if handler.package}
    yield from handler_params.problems(
        config.jobs, options.environ, folder, config.trust, of_packages
    )


def _problems_of_executors(config: Config, options: PathOptions, folder: Path) -> Iterator[str]:
    if not config.executors:
        return
    from scheduled.runs.executors import settings

    for name, found in config.executors.items():
        try:
            settings.with_files(found, folder, options.environ, config.trust)
        except UnusableEnvironmentError as error:
            yield f"{config.origins['executors']}: executors.{name}: {error}"


def _warn_of_past(jobs: Iterable[Job], now: datetime, known: Mapping[str, Any]) -> Iterator[str]:
    """Yield a warning for each new job whose only time has passed: it would never run."""
    for job in jobs:
        schedule = schedule_of(job)
        is_over = schedule.kind == "once" and slots.following(schedule, now, now) is None
        is_new = not preflight.has_had_its_only_run(job, known, now)
        if is_over and is_new and job.enabled and job.first_run is not FirstRun.NOW:
            yield (
                f"{job.source}: {job.id}: {job.schedule} has passed;"
                " a job that no tick has seen before does not run for it"
            )


def _warn_of_page(config: Config) -> Iterator[str]:
    """Yield a warning if ticks would write the page over that of another root."""
    from scheduled.ticks import page_file

    if whose := page_file.of_another(config.page_path, config.places.root):
        yield f"page: {config.page_path}: {whose}"


def _warn_of_days(jobs: Iterable[Job], now: datetime) -> Iterator[str]:
    """Yield a warning for each job that its days leave no run, and for a `move` without effect."""
    for job in jobs:
        if not (job.not_on or job.only_on or job.move is not Move.SKIP):
            continue
        from scheduled.planning import allowed_days

        warnings = (allowed_days.never_runs(job, now), allowed_days.without_effect(job))
        yield from (f"{job.source}: {job.id}: {warning}" for warning in warnings if warning)


def _warn_of_files(jobs: Iterable[Job], known: Mapping[str, Any]) -> Iterator[str]:
    """Yield a warning for each job with `delete_after_success` whose file will stay."""
    for job in jobs:
        if not job.delete_after_success or "delete_after_success" in job.from_defaults:
            continue
        created = known.get("jobs", {}).get(job.id, {}).get("created")
        reason = (
            "the job does not run once"
            if schedule_of(job).kind != "once"
            else created_files.problem(created)
        )
        if reason:
            yield f"{job.source}: {job.id}: delete_after_success: has no effect: {reason}"


def _warn_of_schedules(jobs: Iterable[Job]) -> Iterator[str]:
    """Yield a warning for each schedule that may not be meant, as `*/90 * * * *`."""
    for job in jobs:
        for warning in pitfalls.warnings(schedule_of(job)):
            yield f'{job.source}: {job.id}: "{job.schedule}": {warning}'


def _path_options(context: click.Context) -> PathOptions:
    options: PathOptions = context.obj.path_options
    return options


def _target(options: PathOptions, path: str | None) -> Path:
    if not path:
        return paths.config_to_write(options)
    return paths.absolute(path, options.cwd, options.environ)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be kept as a copy: {reason_of(error)}") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data, mode=0o644 & ~umask())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {reason_of(error)}") from error


def _values(config: Config) -> dict[str, Any]:
    """Return the settings in effect, paths first, as JSON values."""
    here = config.places
    return {
        "root": str(here.root),
        "config_path": str(here.config_path) if here.config_path else None,
        "state_dir": str(here.state_dir),
        "central_dir": str(here.central_dir),
        "timezone": config.timezone,
        "jobs_dirs": [str(path) for path in config.jobs_dirs],
        "handler_dirs": [str(path) for path in config.handler_dirs],
        **{key: getattr(config, key) for key in DEFAULTS},
        **{key: config.job_defaults.get(key) for key in JOB_DEFAULTS},
        "defaults": job_view.as_json(config.own_defaults),
        **{
            key: {name: masked.settings(each) for name, each in getattr(config, key).items()}
            for key in ("notify", "subscribe")
        },
        "ping": masked.settings(config.ping),
    }


def _document(config: Config) -> dict[str, Any]:
    settings = {
        key: {"value": value, "from": config.origins[key]} for key, value in _values(config).items()
    }
    jobs = [job_view.definition(job) | {"kind": job.kind} for job in config.jobs]
    messages = {"problems": list(config.problems), "warnings": list(config.warnings)}
    return {"settings": settings, "jobs": jobs, **messages}


def _settings_table(config: Config) -> "Table":
    rows = [(key, _cell(value), config.origins[key]) for key, value in _values(config).items()]
    return _table(("setting", "value", "from"), rows)


def _jobs_table(jobs: Iterable[Job]) -> "Table":
    rows = [
        (
            job.id if job.enabled else f"{job.id} (off)",
            job.schedule,
            job.timezone,
            job.handler or _cell(job_view.definition(job)["command"]),
            job.source,
        )
        for job in jobs
    ]
    return _table(("job", "schedule", "zone", "runs", "from"), rows)


def _cell(value: Any) -> str:
    if value in (None, {}, [], ""):
        return "none"
    if isinstance(value, float):
        return f"{value:g} s"
    return one_line(json.dumps(value) if isinstance(value, tuple | list | dict) else value)


def _table(headings: Iterable[str], rows: Iterable[tuple[str, ...]]) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: nothing a user wrote is markup
    return table

"""From a file's values to settings and jobs, with every problem on the way.

What is outside `jobs` applies to every job, so a problem there stops all of them. A problem with
a job stops that job alone, and one with a route stops nothing; both are left out and reported. A
job file is one job, and is checked in the same way.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from scheduled.config import converters
from scheduled.config.converters import InvalidValue, describe
from scheduled.config.handler_source import Declaration
from scheduled.config.keys import ID, JOB_KEYS, KEYS, Key
from scheduled.config.parsed import Handler, ParsedConfig, ParsedJobFile
from scheduled.config.yaml_document import Node
from scheduled.errors import ConfigError, ScheduleError, did_you_mean
from scheduled.handler import loader
from scheduled.handler.params import problems as param_problems
from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.notify.routes import problems as route_problems
from scheduled.system import machine
from scheduled.system.text import excerpt
from scheduled.timing import expression, timezones


@dataclass(frozen=True)
class Defaults:
    """What applies to every job that does not set it."""

    timezone: str
    timeout: float
    """Seconds."""
    targets: Mapping[str, str] = field(default_factory=dict)
    """The target of each handler of a handler directory, by the name jobs call it."""


class ProblemList(list[tuple[int, str]]):
    """Sentences with their lines. Without a file, the sentences have no place."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def add(self, line: int, key: str, sentence: str) -> None:
        """Add a sentence about a key, or about the whole file if `key` is empty."""
        place = f"{self.file}:{line}" if self.file else ""
        self.append((line, ": ".join(part for part in (place, key, sentence) if part)))

    def sentences(self) -> tuple[str, ...]:
        """Return the sentences in the order of the file."""
        return tuple(sentence for _, sentence in sorted(self, key=lambda problem: problem[0]))


@dataclass(frozen=True)
class JobEntry:
    """A job as a file defines or changes it."""

    name: str
    node: Node
    base: Job | None
    """The job it changes: a built-in one, or that of a handler directory."""
    problems: ProblemList
    path: str
    """Its key in the file, `jobs.backup`; empty if the file is this job."""
    line: int

    def key_path(self, key: str) -> str:
        """Return what messages call a key of it; the entry itself if `key` is empty."""
        return ".".join(part for part in (self.path, key) if part)

    def report(self, key: str, sentence: str) -> None:
        """Add a problem with a key, or with the whole entry if `key` is empty."""
        line = self.node.value[key].line if key else self.line
        self.problems.add(line, self.key_path(key), sentence)


def validate_config(
    document: Node,
    file: str,
    machine_zone: Callable[[], str],
    default_timeout: float,
    find_handlers: Callable[[ParsedConfig], Sequence[Handler]],
) -> ParsedConfig:
    """Return settings and jobs of the document in `file`, the built-in jobs among them.

    `find_handlers` is called with the settings. Raise ConfigError if the file as a whole cannot
    be used, with the problems of the jobs as well.
    """
    fatal, problems = ProblemList(file), ProblemList(file)
    if not document.is_mapping:
        fatal.add(document.line, "", f"expected keys like jobs, found {describe(document)}")
        raise ConfigError(fatal.sentences())
    settings = {"default_timeout": default_timeout, **_read_keys(document, KEYS, "", fatal)}
    timezone = _timezone(document, settings, machine_zone, fatal)
    config = ParsedConfig(timezone, *_explicit_settings(document, settings))
    config = replace(config, handlers=_handlers(config, find_handlers, fatal))
    bases = _builtin_and_handler_jobs(config, settings["default_timeout"])
    defaults = Defaults(timezone, settings["default_timeout"], config.targets)
    jobs = _jobs(document.value.get("jobs"), bases, defaults, problems)
    if "routes" in settings:
        _check_routes(document.value["routes"], problems)
    if fatal:
        raise ConfigError(fatal.sentences() + problems.sentences())
    left_out = _rejected_ids(document.value.get("jobs"), jobs, file)
    return replace(config, jobs=tuple(jobs), problems=problems.sentences(), left_out=left_out)


def _explicit_settings(
    document: Node, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the settings in a document and their lines, by their names in `Config`."""
    lines = {
        KEYS[name].field or name: node.line
        for name, node in document.value.items()
        if name in KEYS and name != "jobs"
    }
    return {name: settings[name] for name in lines if name in settings}, lines


def _handlers(
    config: ParsedConfig,
    find_handlers: Callable[[ParsedConfig], Sequence[Handler]],
    fatal: ProblemList,
) -> tuple[Handler, ...]:
    try:
        return tuple(find_handlers(config))
    except ConfigError as error:
        fatal += [(0, problem) for problem in error.problems]
        return ()


def _builtin_and_handler_jobs(config: ParsedConfig, timeout: float) -> dict[str, Job]:
    """Return the jobs that exist without the configuration, by id; it may change them."""
    of_handlers = (handler.job for handler in config.handlers if handler.job is not None)
    return {job.id: job for job in (*builtin.jobs(config.timezone, timeout), *of_handlers)}


def validate_job_file(document: Node, file: str, defaults: Defaults) -> ParsedJobFile:
    """Return the job of a file, or its problems. Unknown keys are only warnings."""
    problems, warnings = ProblemList(file), ProblemList(file)
    if not document.is_mapping:
        problems.add(document.line, "", f"expected keys like schedule, found {describe(document)}")
    elif not document.value:
        problems.add(document.line, "", "empty; a job has an id, a schedule and a command")
    if problems:
        return ParsedJobFile(problems=problems.sentences())
    id_, line = _file_id(document, problems)
    keys = {key: node for key, node in document.value.items() if key != "id"}
    duplicates = [(key, line) for key, line in document.duplicates if key != "id"]
    node = replace(document, value=keys, duplicates=duplicates)
    # Without an id there is no job, but the other problems are reported at once.
    entry = JobEntry(id_ or "_", node, None, problems, "", line)
    jobs = _job(entry, defaults, warnings)
    job = jobs[0] if jobs and not problems else None
    return ParsedJobFile(id_, f"{file}:{line}", job, problems.sentences(), warnings.sentences())


def validate_declaration(declaration: Declaration, file: str, defaults: Defaults) -> ParsedJobFile:
    """Return the job of a decorated function, if it has a schedule, or its problems."""
    name, line, keys = declaration.name, declaration.line, declaration.keys
    if "schedule" in keys:
        return validate_job(name, keys | {"handler": Node(name, line, name)}, defaults, file, line)
    problems = ProblemList(file)
    entry = JobEntry(name, Node(keys, line), None, problems, name, line)
    _check_id(entry)
    for key in keys:
        entry.report(key, "is for a job; set a schedule as well")
    return ParsedJobFile(name, problems=problems.sentences())


def validate_job(
    id_: str, keys: dict[str, Node], defaults: Defaults, file: str = "", line: int = 0
) -> ParsedJobFile:
    """Return the job of that id which is defined in Python code, or its problems."""
    problems = ProblemList(file)
    jobs = _job(JobEntry(id_, Node(keys, line), None, problems, id_, line), defaults)
    return ParsedJobFile(id_, f"{file}:{line}", jobs[0] if jobs else None, problems.sentences())


def _file_id(document: Node, problems: ProblemList) -> tuple[str, int]:
    """Return the id of a job file and its line; without an id, '' and the file's first line."""
    node = document.value.get("id")
    if node is None:
        problems.add(document.line, "", "no id; write one like id: backup")
        return "", document.line
    for key, line in document.duplicates:
        if key == "id":
            problems.add(line, "id", f"duplicate key, first in line {node.line}")
    try:
        return converters.text(node), node.line
    except InvalidValue as error:
        problems.add(node.line, "id", str(error))
        return "", node.line


def _rejected_ids(node: Node | None, jobs: list[Job], file: str) -> dict[str, str]:
    """Return the ids below `jobs` that did not become jobs, each with its place."""
    entries = node.value if node is not None and node.is_mapping else {}
    accepted = {job.id for job in jobs}
    return {id_: f"{file}:{node.line}" for id_, node in entries.items() if id_ not in accepted}


def _timezone(
    document: Node,
    settings: Mapping[str, Any],
    machine_zone: Callable[[], str],
    fatal: ProblemList,
) -> str:
    try:
        if "timezone" in settings:
            return timezones.require_zone(settings["timezone"])
        return machine_zone()
    except ScheduleError as error:
        node = document.value.get("timezone", document)
        fatal.add(node.line, "timezone", str(error))
        return "UTC"


def _check_routes(routes: Node, problems: ProblemList) -> None:
    """Report wrong routes. They stop nothing: their messages take the default route."""
    for event, node in (routes.value or {}).items():
        for problem in route_problems({event: node.plain()}):
            sentence = problem.removeprefix(f"routes.{event}: ")
            problems.add(node.line, f"routes.{excerpt(event)}", sentence)


def _jobs(
    node: Node | None, bases: Mapping[str, Job], defaults: Defaults, problems: ProblemList
) -> list[Job]:
    entries: dict[str, Node] = node.value if node is not None and node.is_mapping else {}
    duplicates = dict(node.duplicates) if node is not None else {}
    for id_, line in duplicates.items():
        sentence = f"duplicate key, first in line {entries[id_].line}; neither of them runs"
        problems.add(line, f"jobs.{excerpt(id_)}", sentence)
    jobs = [job for job in bases.values() if job.id not in entries]
    for id_, value in entries.items():
        if id_ not in duplicates:
            keys = Node({}, value.line) if value.value is None else value
            path = f"jobs.{excerpt(id_)}"
            jobs += _job(JobEntry(id_, keys, bases.get(id_), problems, path, keys.line), defaults)
    return jobs


def _job(entry: JobEntry, defaults: Defaults, warnings: ProblemList | None = None) -> list[Job]:
    """Return the job as a list of one, or of none if it has problems.

    Unknown keys are added to `warnings`; without it, they are problems.
    """
    known_problems = len(entry.problems)
    _check_id(entry)
    if not entry.node.is_mapping:
        entry.report("", f"expected keys like schedule, found {describe(entry.node)}")
        return []
    values = _read_keys(entry.node, JOB_KEYS, entry.path, entry.problems, warnings)
    base = entry.base or defaults
    values = {"timezone": base.timezone, "timeout": base.timeout, **values}
    values |= _seed(entry, values)
    if values.get("handler") in defaults.targets:
        values["handler"] = defaults.targets[values["handler"]]
    _check_action(entry, defaults.targets)
    _check_params(entry)
    _check_schedule(entry, values)
    if len(entry.problems) > known_problems:
        return []
    source = f"{entry.problems.file}:{entry.line}"
    if entry.base is None:
        return [Job(id=entry.name, source=source, **values)]
    values = _reset_for_new_action(values, entry.base)
    return [replace(entry.base, source=f"{entry.base.source}, {source}", **values)]


def _reset_for_new_action(values: dict[str, Any], base: Job) -> dict[str, Any]:
    """Return `values` with what a built-in job loses if it is given another action."""
    if "command" in values:
        return values | {"handler": "", "memory_section": ""}
    if values.get("handler", base.handler) != base.handler:
        return values | {"memory_section": ""}
    return values


def _check_id(entry: JobEntry) -> None:
    if not ID.fullmatch(entry.name):
        entry.report(
            "",
            'an id may contain letters, digits, ".", "_" and "-", at most 100;'
            ' it must not start with "." or "-"',
        )


def _check_action(entry: JobEntry, targets: Mapping[str, str]) -> None:
    command, handler = entry.node.value.get("command"), entry.node.value.get("handler")
    if command is not None and handler is not None:
        entry.report("handler", "there is a command as well; a job has only one of them")
    elif command is None and handler is None and entry.base is None:
        entry.report("", "neither a command nor a handler; set one of them")
    name = handler.text if handler is not None else ""
    if name and name not in targets and not loader.exists(name):
        entry.report("handler", f'"{excerpt(name)}": {_unknown_handler(name, targets)}')
    if command is None:
        for key in ("success_codes", "defer_codes"):
            if key in entry.node.value:
                entry.report(key, "is for commands; a handler returns, raises NotNow, or fails")


def _check_params(entry: JobEntry) -> None:
    """Check the params of a built-in handler; those of others are checked by their own code."""
    handler = entry.node.value.get("handler")
    name = handler.text if handler is not None else entry.base.handler if entry.base else ""
    params = entry.node.value.get("params")
    if params is None or not params.is_mapping or "command" in entry.node.value:
        return
    if not loader.is_builtin(name) or not loader.exists(name):
        return
    for param, sentence in param_problems(loader.params(name) or {}, params.plain()).items():
        path = entry.key_path(f"params.{excerpt(param)}")
        entry.problems.add(params.value[param].line, path, sentence)


def _seed(entry: JobEntry, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the seed of the job's `H` and `jitter`, if it has one of them."""
    if not values.get("jitter") and not expression.is_hashed(values.get("schedule", "")):
        return {}
    return {"seed": f"{machine.identity()} {entry.name}"}


def _check_schedule(entry: JobEntry, values: dict[str, Any]) -> None:
    if "schedule" not in entry.node.value and entry.base is None:
        entry.report("", 'no schedule; write one like schedule: "0 2 * * *"')
    problem = _zone_problem(values["timezone"])
    if problem:
        entry.report("timezone", problem)
    elif "schedule" in values:
        seed = values.get("seed", "")
        problem = _schedule_problem(values["schedule"], values["timezone"], seed)
        if problem:
            entry.report("schedule", problem)


# Cached, because thousands of jobs share a few schedules, and a wrong one takes long to explain.
@cache
def _schedule_problem(text: str, timezone: str, seed: str) -> str:
    try:
        expression.parse(text, timezone, seed)
    except ScheduleError as error:
        return str(error)
    return ""


@cache
def _zone_problem(name: str) -> str:
    try:
        timezones.require_zone(name)
    except ScheduleError as error:
        return str(error)
    return ""


def _unknown_handler(name: str, targets: Iterable[str]) -> str:
    if "/" in name:
        return "a path; name its folder in handler_dirs, and here the handler"
    if "." in name or ":" in name:
        return f"no module {excerpt(loader.parse_name(name)[0])} can be found; is it installed?"
    names = [*(job.handler for job in builtin.JOBS), *targets]
    return f"unknown handler{did_you_mean(name, names)}"


def _read_keys(
    node: Node,
    keys: Mapping[str, Key],
    path: str,
    problems: ProblemList,
    warnings: ProblemList | None = None,
) -> dict[str, Any]:
    """Return the values of the known keys of a mapping, by field.

    What is wrong is added to `problems`, unknown keys to `warnings` if it is given.
    """
    prefix = f"{path}." if path else ""
    for name, line in node.duplicates:
        sentence = f"duplicate key, first in line {node.value[name].line}"
        problems.add(line, f"{prefix}{excerpt(name)}", sentence)
    values: dict[str, Any] = {}
    for name, value in node.value.items():
        key = keys.get(name)
        if key is None:
            unknown = problems if warnings is None else warnings
            sentence = f"unknown key{did_you_mean(name, keys)}"
            unknown.add(value.line, f"{prefix}{excerpt(name)}", sentence)
            continue
        field_name = key.field or name
        if field_name in values:
            sentence = f"is the same as {field_name}, which is set as well"
            problems.add(value.line, f"{prefix}{name}", sentence)
        try:
            values[field_name] = key.convert(value)
        except InvalidValue as error:
            problems.add(value.line, f"{prefix}{name}", str(error))
    return values

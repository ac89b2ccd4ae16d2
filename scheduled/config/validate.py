"""From a file's values to settings and jobs, finding every problem on the way.

What stands outside `jobs` counts for every job, so a problem there stops everything. What is
wrong with one job stops that job alone, and what is wrong with a route stops nothing; both are
left out, and named. A job file is one job, and is looked at in the same way.
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
from scheduled.config.yaml_document import Node, excerpt
from scheduled.errors import ConfigError, ScheduleError, did_you_mean
from scheduled.handler import loader
from scheduled.handler.params import problems
from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.notify.routes import problems as route_problems
from scheduled.system import machine
from scheduled.timing import expression, timezones


@dataclass(frozen=True)
class Defaults:
    """What counts for every job that does not say."""

    timezone: str
    timeout: float
    """Seconds."""
    targets: Mapping[str, str] = field(default_factory=dict)
    """What `loader` calls each handler of a handler folder, by the name jobs call it."""


class ProblemList(list[tuple[int, str]]):
    """Sentences, each with its line; without a file, with no place."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def note(self, line: int, at: str, sentence: str) -> None:
        place = f"{self.file}:{line}" if self.file else ""
        self.append((line, ": ".join(part for part in (place, at, sentence) if part)))

    def sentences(self) -> tuple[str, ...]:
        """In the order of the file."""
        return tuple(text for _, text in sorted(self, key=lambda one: one[0]))


@dataclass(frozen=True)
class JobEntry:
    """What stands below the id of a job."""

    name: str
    node: Node
    ours: Job | None
    """The job it changes, if there is one without it: a shipped one, or a dropped-in one."""
    problems: ProblemList
    at: str
    """Where it stands in its file; empty for a job that is all of its file."""
    line: int
    """Where a person would look for it."""

    @property
    def prefix(self) -> str:
        """What stands before the name of a key, in a message."""
        return f"{self.at}." if self.at else ""

    def note(self, key: str, sentence: str) -> None:
        """A problem with one of its keys, or with all of it."""
        line = self.node.value[key].line if key else self.line
        self.problems.note(line, f"{self.prefix}{key}" if key else self.at, sentence)


def validate_config(
    document: Node,
    file: str,
    machine_zone: Callable[[], str],
    default_timeout: float,
    offered: Callable[[ParsedConfig], Sequence[Handler]],
) -> ParsedConfig:
    """Settings and jobs of a document that came from `file`, the shipped jobs among them.

    `offered` finds the handlers that others offer, once it is told the settings. Raises
    ConfigError, with the problems of the jobs too, where the file as a whole cannot be followed.
    """
    stopping, problems = ProblemList(file), ProblemList(file)
    if not document.is_mapping:
        stopping.note(document.line, "", f"expected keys like jobs, found {describe(document)}")
        raise ConfigError(stopping.sentences())
    settings = {"default_timeout": default_timeout, **_read_keys(document, KEYS, "", stopping)}
    timezone = _timezone(document, settings, machine_zone, stopping)
    early = ParsedConfig(timezone, *_explicit_settings(document, settings))
    early = replace(early, handlers=_handlers(early, offered, stopping))
    ours = _builtin_and_handler_jobs(early, settings["default_timeout"])
    defaults = Defaults(timezone, settings["default_timeout"], early.targets)
    jobs = _jobs(document.value.get("jobs"), ours, defaults, problems)
    if "routes" in settings:
        _check_routes(document.value["routes"], problems)
    if stopping:
        raise ConfigError(stopping.sentences() + problems.sentences())
    left_out = _rejected_ids(document.value.get("jobs"), jobs, file)
    return replace(early, jobs=tuple(jobs), problems=problems.sentences(), left_out=left_out)


def _explicit_settings(
    document: Node, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, int]]:
    """The settings a document makes, and the lines they stand in; by their names in Config."""
    lines = {
        KEYS[name].field or name: node.line
        for name, node in document.value.items()
        if name in KEYS and name != "jobs"
    }
    return {name: settings[name] for name in lines if name in settings}, lines


def _handlers(
    early: ParsedConfig, offered: Callable[[ParsedConfig], Sequence[Handler]], stopping: ProblemList
) -> tuple[Handler, ...]:
    try:
        return tuple(offered(early))
    except ConfigError as error:
        for problem in error.problems:
            stopping.append((0, problem))
        return ()


def _builtin_and_handler_jobs(early: ParsedConfig, timeout: float) -> dict[str, Job]:
    """The jobs that are there without a word, by id; a configuration may change them."""
    dropped_in = (one.job for one in early.handlers if one.job is not None)
    return {job.id: job for job in (*builtin.jobs(early.timezone, timeout), *dropped_in)}


def validate_job_file(document: Node, file: str, defaults: Defaults) -> ParsedJobFile:
    """The job a file holds, or what is wrong with it. Keys nobody knows are only warned of."""
    problems, warnings = ProblemList(file), ProblemList(file)
    if not document.is_mapping:
        problems.note(document.line, "", f"expected keys like schedule, found {describe(document)}")
    elif not document.value:
        problems.note(document.line, "", "empty; a job has an id, a schedule and a command")
    if problems:
        return ParsedJobFile(problems=problems.sentences())
    name, line = _file_id(document, problems)
    keys = {one: node for one, node in document.value.items() if one != "id"}
    repeated = [(one, at) for one, at in document.repeated if one != "id"]
    node = replace(document, value=keys, repeated=repeated)
    # Without an id there is no job, but all else that is wrong with it is worth telling at once.
    entry = JobEntry(name or "_", node, None, problems, "", line)
    jobs = _job(entry, defaults, warnings)
    job = jobs[0] if jobs and not problems else None
    return ParsedJobFile(name, f"{file}:{line}", job, problems.sentences(), warnings.sentences())


def validate_declaration(one: Declaration, file: str, defaults: Defaults) -> ParsedJobFile:
    """The job that a decorated function is, if it names a schedule, or what is wrong with it."""
    if "schedule" in one.keys:
        handler = {"handler": Node(one.name, one.line, one.name)}
        return validate_job(one.name, one.keys | handler, defaults, file, one.line)
    problems = ProblemList(file)
    entry = JobEntry(one.name, Node(one.keys, one.line), None, problems, one.name, one.line)
    _check_id(entry)
    for key in one.keys:
        entry.note(key, "is for a job; name a schedule as well")
    return ParsedJobFile(one.name, problems=problems.sentences())


def validate_job(
    name: str, keys: dict[str, Node], defaults: Defaults, file: str = "", line: int = 0
) -> ParsedJobFile:
    """The job of that name that stands in Python code, or what is wrong with it."""
    problems = ProblemList(file)
    jobs = _job(JobEntry(name, Node(keys, line), None, problems, name, line), defaults)
    return ParsedJobFile(name, f"{file}:{line}", jobs[0] if jobs else None, problems.sentences())


def _file_id(document: Node, problems: ProblemList) -> tuple[str, int]:
    """The id in a job file with its line, or an empty one and the file's first line."""
    node = document.value.get("id")
    if node is None:
        problems.note(document.line, "", "no id; write one like id: backup")
        return "", document.line
    for key, line in document.repeated:
        if key == "id":
            problems.note(line, "id", f"stands here twice, first in line {node.line}")
    try:
        name = converters.text(node)
    except InvalidValue as unfit:
        problems.note(node.line, "id", str(unfit))
        return "", node.line
    return name, node.line


def _rejected_ids(node: Node | None, jobs: list[Job], file: str) -> dict[str, str]:
    """The ids below `jobs` that did not become jobs, each with its place."""
    entries = node.value if node is not None and node.is_mapping else {}
    good = {job.id for job in jobs}
    return {name: f"{file}:{one.line}" for name, one in entries.items() if name not in good}


def _timezone(
    document: Node,
    settings: Mapping[str, Any],
    machine_zone: Callable[[], str],
    stopping: ProblemList,
) -> str:
    try:
        return (
            timezones.require_zone(settings["timezone"])
            if "timezone" in settings
            else machine_zone()
        )
    except ScheduleError as error:
        node = document.value.get("timezone", document)
        stopping.note(node.line, "timezone", str(error))
        return "UTC"


def _check_routes(routes: Node, problems: ProblemList) -> None:
    """A wrong route stops nothing: its messages take the shipped way."""
    for event, node in (routes.value or {}).items():
        for sentence in route_problems({event: node.plain()}):
            wrong = sentence.removeprefix(f"routes.{event}: ")
            problems.note(node.line, f"routes.{excerpt(event)}", wrong)


def _jobs(
    node: Node | None, ours: Mapping[str, Job], defaults: Defaults, problems: ProblemList
) -> list[Job]:
    entries: dict[str, Node] = node.value if node is not None and node.is_mapping else {}
    twice = dict(node.repeated) if node is not None else {}
    for name, line in twice.items():
        first = entries[name].line
        sentence = f"stands here twice, first in line {first}; neither of them runs"
        problems.note(line, f"jobs.{excerpt(name)}", sentence)
    jobs = [job for job in ours.values() if job.id not in entries]
    for name, one in entries.items():
        if name not in twice:
            node = Node({}, one.line) if one.value is None else one
            at = f"jobs.{excerpt(name)}"
            entry = JobEntry(name, node, ours.get(name), problems, at, node.line)
            jobs += _job(entry, defaults)
    return jobs


def _job(entry: JobEntry, defaults: Defaults, warnings: ProblemList | None = None) -> list[Job]:
    """The job as a list of one, or of none if something is wrong with it.

    `warnings` takes what is said about keys nobody knows; without it, that is wrong, too.
    """
    before = len(entry.problems)
    _check_id(entry)
    if not entry.node.is_mapping:
        entry.note("", f"expected keys like schedule, found {describe(entry.node)}")
        return []
    values = _read_keys(entry.node, JOB_KEYS, entry.prefix, entry.problems, warnings)
    base = entry.ours or defaults
    values = {"timezone": base.timezone, "timeout": base.timeout, **values}
    values |= _seed(entry, values)
    if values.get("handler") in defaults.targets:
        values["handler"] = defaults.targets[values["handler"]]
    _check_action(entry, defaults.targets)
    _check_params(entry)
    _check_schedule(entry, values)
    if len(entry.problems) > before:
        return []
    source = f"{entry.problems.file}:{entry.line}"
    if entry.ours is None:
        return [Job(id=entry.name, source=source, **values)]
    ours = entry.ours
    return [replace(ours, source=f"{ours.source}, {source}", **_reset_for_new_action(values, ours))]


def _reset_for_new_action(values: dict[str, Any], ours: Job) -> dict[str, Any]:
    """With what a shipped job loses when it is given something else to do."""
    if "command" in values:
        return values | {"handler": "", "memory_section": ""}
    if values.get("handler", ours.handler) != ours.handler:
        return values | {"memory_section": ""}
    return values


def _check_id(entry: JobEntry) -> None:
    if not ID.fullmatch(entry.name):
        entry.note(
            "", 'an id has letters, digits, ".", "_" and "-", 100 at most; "." and "-" inside'
        )


def _check_action(entry: JobEntry, targets: Mapping[str, str]) -> None:
    command, handler = entry.node.value.get("command"), entry.node.value.get("handler")
    if command is not None and handler is not None:
        entry.note("handler", "there is a command as well; a job has one of them")
    elif command is None and handler is None and entry.ours is None:
        entry.note("", "neither a command nor a handler; say what it runs")
    name = handler.text if handler is not None else ""
    if name and name not in targets and not loader.exists(name):
        entry.note("handler", f'"{excerpt(name)}": {_no_handler(name, targets)}')
    if command is None:
        for key in (one for one in ("success_codes", "defer_codes") if one in entry.node.value):
            entry.note(key, "is about commands; a handler returns, raises NotNow, or fails")


def _check_params(entry: JobEntry) -> None:
    """Those of a shipped handler; what another accepts, only its own code can tell."""
    handler = entry.node.value.get("handler")
    name = handler.text if handler is not None else entry.ours.handler if entry.ours else ""
    params = entry.node.value.get("params")
    if params is None or not params.is_mapping or "command" in entry.node.value:
        return
    if not loader.is_builtin(name) or not loader.exists(name):
        return
    for one, sentence in problems(loader.params(name) or {}, params.plain()).items():
        line = params.value[one].line
        entry.problems.note(line, f"{entry.prefix}params.{excerpt(one)}", sentence)


def _seed(entry: JobEntry, values: Mapping[str, Any]) -> dict[str, str]:
    """What the job's `H` and `jitter` are drawn from, if it has one of them."""
    if not values.get("jitter") and not expression.is_hashed(values.get("schedule", "")):
        return {}
    return {"seed": f"{machine.identity()} {entry.name}"}


def _check_schedule(entry: JobEntry, values: dict[str, Any]) -> None:
    if "schedule" not in entry.node.value and entry.ours is None:
        entry.note("", 'no schedule; write one like schedule: "0 2 * * *"')
    wrong = _zone_problem(values["timezone"])
    if wrong:
        entry.note("timezone", wrong)
    elif "schedule" in values:
        seed = values.get("seed", "")
        wrong = _schedule_problem(values["schedule"], values["timezone"], seed)
        if wrong:
            entry.note("schedule", wrong)


# Thousands of jobs share a few schedules, and a wrong one is looked at from all sides each time.
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


def _no_handler(name: str, targets: Iterable[str]) -> str:
    if "/" in name:
        return "a path; name its folder in handler_dirs, and here the handler"
    if "." in name or ":" in name:
        return f"no module {excerpt(loader.parse_name(name)[0])} can be found; is it installed?"
    known = [*(job.handler for job in builtin.JOBS), *targets]
    where = "shipped or dropped in" if len(known) > len(builtin.JOBS) else "shipped"
    return f"no such handler is {where}{did_you_mean(name, known)}"


def _read_keys(
    node: Node,
    keys: Mapping[str, Key],
    at: str,
    problems: ProblemList,
    warnings: ProblemList | None = None,
) -> dict[str, Any]:
    """What the known keys of a mapping say, by field; the rest becomes problems, or warnings."""
    for name, line in node.repeated:
        first = node.value[name].line
        problems.note(line, f"{at}{excerpt(name)}", f"stands here twice, first in line {first}")
    values: dict[str, Any] = {}
    for name, one in node.value.items():
        key = keys.get(name)
        if key is None:
            unknown = problems if warnings is None else warnings
            unknown.note(
                one.line, f"{at}{excerpt(name)}", f"unknown key{did_you_mean(name, [*keys])}"
            )
            continue
        target = key.field or name
        if target in values:
            problems.note(one.line, f"{at}{name}", f"is the same as {target}, which is set as well")
        try:
            values[target] = key.read(one)
        except InvalidValue as unfit:
            problems.note(one.line, f"{at}{name}", str(unfit))
    return values

"""From a file's values to settings and jobs, with every problem on the way.

What is outside `jobs` applies to every job, so a problem there stops all of them, unless it is
about who is told or what is kept (`Key.stops_jobs`): then the default counts. A problem with a job
stops that job alone, one with a channel or a route no job; they are left out and reported. A job
file is one job, and is checked in the same way.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scheduled.config import channels, converters, own_defaults, permissions
from scheduled.config.conflicts import BUILTIN_IDS
from scheduled.config.conversion import InvalidValue, describe
from scheduled.config.handler_source import Declaration
from scheduled.config.job_entry import (
    Defaults,
    JobEntry,
    check_id,
    make_job,
    read_keys,
)
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.keys import KEYS, NO_MEANING, SECTIONS_OF_AICO
from scheduled.config.parsed import Offer, ParsedConfig, ParsedJobFile
from scheduled.config.problems import Problem, ProblemList
from scheduled.config.yaml_document import Node
from scheduled.errors import ConfigError, ScheduleError
from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.notify.routes import problems as route_problems
from scheduled.quick_classes import replace
from scheduled.system.text import excerpt
from scheduled.timing import timezones
from scheduled.timing.local_zone import LocalZone

_TO_IMPORT = (
    "a section of AICO's configuration; `scheduled config import FILE` makes settings and jobs of"
    " it"
)


def validate_config(
    document: Node,
    file: str,
    machine_zone: Callable[[], LocalZone],
    default_timeout: float,
    find_handlers: Callable[[ParsedConfig], Offer],
) -> ParsedConfig:
    """Return settings and jobs of the document in `file`, the built-in jobs among them.

    `find_handlers` is called with the settings. Raise ConfigError if the file as a whole cannot
    be used, with the problems of the jobs as well.
    """
    fatal, harmless, problems = ProblemList(file), ProblemList(file), ProblemList(file)
    if not document.is_mapping:
        fatal.add(document.line, "", f"expected keys like jobs, found {describe(document)}")
        raise ConfigError(fatal.sentences())
    settings = {"default_timeout": default_timeout} | _settings(document, fatal, harmless)
    zone = _timezone(document, settings, machine_zone, fatal)
    explicit = _explicit_settings(document, settings)
    notes = _without_meaning(document, file)
    config = ParsedConfig(zone.name, *explicit, zone_warning=zone.warning, notes=notes)
    config = replace(config, offer=_offer(config, find_handlers, fatal))
    bases = _builtin_and_handler_jobs(config, document.value.get("jobs"))
    defaults = _defaults(config, settings)
    jobs = _jobs(document.value.get("jobs"), bases, defaults, problems)
    problems += harmless
    if fatal:
        raise ConfigError(fatal.sentences() + problems.sentences())
    left_out = _rejected_ids(document.value.get("jobs"), jobs, file)
    return replace(
        config,
        jobs=tuple(jobs),
        problems=problems.sentences(),
        left_out=left_out,
        wrong_executors=harmless.left_out("executors"),
        has_all_channels=not harmless,
    )


def _defaults(config: ParsedConfig, settings: Mapping[str, Any]) -> Defaults:
    """Return what applies to every job of a configuration that does not set it."""
    return Defaults(
        config.timezone,
        settings["default_timeout"],
        config.offer.targets,
        config.zone_is_local,
        values=config.job_defaults,
        permissions=settings.get("permissions"),
        unusable=config.offer.reasons,
        own=config.own_defaults,
    )


def _settings(document: Node, fatal: ProblemList, harmless: ProblemList) -> dict[str, Any]:
    """Return the settings by field; what is wrong with those that stop no job is `harmless`."""
    known, strange = channels.without(document), {*NO_MEANING, *SECTIONS_OF_AICO}
    values = {name: node for name, node in known.value.items() if name not in strange}
    duplicates = [twice for twice in known.duplicates if twice[0] not in strange]
    known = replace(known, value=values, duplicates=duplicates)
    for name in document.value.keys() & SECTIONS_OF_AICO:
        fatal.add(document.value[name].line, name, _TO_IMPORT)
    settings = read_keys(known, KEYS, "", fatal, None, harmless)
    for key, table in channels.TABLES.items():
        if key in document.value:
            settings[key] = channels.read(document, table, harmless)
    if "defaults" in settings:
        settings["defaults"] = _own_defaults(document.value["defaults"], fatal)
    if "routes" in settings:
        _check_routes(document.value["routes"], harmless)
    return settings


def _own_defaults(node: Node, fatal: ProblemList) -> dict[str, Any]:
    """Return what `defaults` says of all jobs that are not built in, by field."""
    keys: dict[str, Node] = node.value or {}
    for name in keys.keys() & own_defaults.REFUSED.keys():
        reason = own_defaults.REFUSED[name]
        fatal.add(keys[name].line, f"defaults.{name}", f"cannot be a default: {reason}")
    possible = {name: value for name, value in keys.items() if name not in own_defaults.REFUSED}
    known = replace(node, value=possible)
    return read_keys(known, own_defaults.DEFAULT_KEYS, "defaults", fatal)


def _without_meaning(document: Node, file: str) -> tuple[str, ...]:
    """Return a sentence for each key that is accepted and means nothing."""
    return tuple(
        f"{file}:{node.line}: {name}: has no meaning here: {NO_MEANING[name]}"
        for name, node in document.value.items()
        if name in NO_MEANING
    )


def _explicit_settings(
    document: Node, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the settings in a document and their lines, by their names in `Config`."""
    lines = {
        KEYS[name].field or name: node.line
        for name, node in document.value.items()
        if name in KEYS and name != "jobs" and (KEYS[name].field or name) in settings
    }
    explicit = {name: settings[name] for name in lines}
    of_jobs = document.value["defaults"].value or {} if "defaults" in lines else {}
    for name, node in of_jobs.items():
        if name in JOB_KEYS:
            lines[f"defaults.{JOB_KEYS[name].field or name}"] = node.line
    return explicit, lines


def _offer(
    config: ParsedConfig,
    find_handlers: Callable[[ParsedConfig], Offer],
    fatal: ProblemList,
) -> Offer:
    try:
        return find_handlers(config)
    except ConfigError as error:
        fatal += [Problem(0, problem) for problem in error.problems]
        return Offer()


def _builtin_and_handler_jobs(config: ParsedConfig, node: Node | None) -> dict[str, Job]:
    """Return the jobs that exist without the entries in `node`, by id; they may change them."""
    timeout = config.settings.get("default_timeout", builtin.TIMEOUT)
    own: Sequence[Job] = builtin.jobs(
        config.timezone,
        timeout,
        zone_is_local=config.zone_is_local,
        permissions=config.settings.get("permissions"),
    )
    own = tuple(
        job if job.id in builtin.OF_ECOSYSTEM else replace(job, **config.job_defaults)
        for job in own
    )
    replaced = _replaced_jobs(node, config.offer)
    return {job.id: job for job in (*own, *config.offer.jobs) if job.id not in replaced}


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
    node = Node(keys, document.line, duplicates=duplicates)
    # Without an id there is no job, but the other problems are reported at once.
    entry = JobEntry(id_ or "_", node, None, problems, "", line)
    job = make_job(entry, defaults.for_file(document.value.keys()), warnings)
    job = None if problems else job
    return ParsedJobFile(id_, f"{file}:{line}", job, problems.sentences(), warnings.sentences())


def validate_declaration(declaration: Declaration, file: str, defaults: Defaults) -> ParsedJobFile:
    """Return the job of a decorated function, if it has a schedule, or its problems."""
    name, line, keys = declaration.name, declaration.line, declaration.keys
    if "schedule" in keys:
        return validate_job(name, keys | {"handler": Node(name, line, name)}, defaults, file, line)
    problems = ProblemList(file)
    entry = JobEntry(name, Node(keys, line), None, problems, name, line)
    check_id(entry)
    for key in keys:
        entry.report(key, "is for a job; set a schedule as well")
    return ParsedJobFile(name, problems=problems.sentences())


def validate_job(
    id_: str, keys: dict[str, Node], defaults: Defaults, file: str = "", line: int = 0
) -> ParsedJobFile:
    """Return the job of that id which is defined in Python code, or its problems."""
    problems = ProblemList(file)
    if id_ in BUILTIN_IDS:
        problems.add(line, "id", permissions.TAKEN.format(id_))
    job = make_job(JobEntry(id_, Node(keys, line), None, problems, id_, line), defaults)
    return ParsedJobFile(id_, f"{file}:{line}", job, problems.sentences())


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
    machine_zone: Callable[[], LocalZone],
    fatal: ProblemList,
) -> LocalZone:
    """Return the zone of jobs without one of their own, with a warning if it is the machine's."""
    try:
        if "timezone" in settings:
            return LocalZone(timezones.require_zone(settings["timezone"]))
        return machine_zone()
    except ScheduleError as error:
        node = document.value.get("timezone", document)
        fatal.add(node.line, "timezone", str(error))
        return LocalZone("UTC")


def _check_routes(routes: Node, problems: ProblemList) -> None:
    """Report wrong routes. They stop nothing: their messages take the default route."""
    for event, node in (routes.value or {}).items():
        for problem in route_problems({event: node.plain()}):
            sentence = problem.removeprefix(f"routes.{event}: ")
            problems.add(node.line, f"routes.{excerpt(event)}", sentence)


def _replaced_jobs(node: Node | None, offer: Offer) -> list[str]:
    """Return the jobs of packages that entries replace: those that say what runs, and when.

    A package that happens to offer a job of that name changes nothing about them.
    """
    entries: dict[str, Node] = node.value if node is not None and node.is_mapping else {}
    return [
        handler.name
        for handler in offer.handlers
        if handler.package and handler.job is not None and handler.name in entries
        if _is_whole(entries[handler.name], handler.name)
    ]


def _is_whole(entry: Node, name: str) -> bool:
    """Whether an entry has a schedule and an action of its own, other than the handler `name`."""
    if not entry.is_mapping or "schedule" not in entry.value:
        return False
    handler = entry.value.get("handler")
    return "command" in entry.value or (handler is not None and handler.text != name)


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
            entry = JobEntry(id_, keys, bases.get(id_), problems, path, keys.line)
            job = make_job(entry, defaults)
            jobs += [job] if job is not None else []
    return jobs

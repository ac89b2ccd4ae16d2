"""A job as a file defines it: its keys are read and checked, and make a job.

Every problem is reported, each with its line.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache, cached_property
from typing import Any

from scheduled.config import gptme_format, own_defaults, permissions
from scheduled.config.conflicts import BUILTIN_IDS
from scheduled.config.conversion import InvalidValue, describe
from scheduled.config.job_keys import ID, JOB_KEYS
from scheduled.config.key import Key
from scheduled.config.problems import ProblemList
from scheduled.config.yaml_document import Node
from scheduled.errors import ScheduleError, closest, did_you_mean
from scheduled.handler import loader
from scheduled.handler.params import problems as param_problems
from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.jobs.permissions import Permissions
from scheduled.quick_classes import dataclass, field, replace
from scheduled.system import machine
from scheduled.system.text import excerpt
from scheduled.timing import expression, timezones

NO_ACTION = "neither a command nor a handler"
"""What is wrong with a job that has nothing to do."""


@dataclass(frozen=True)
class Defaults:
    """What applies to every job that does not set it."""

    timezone: str
    timeout: float
    """Seconds."""
    targets: Mapping[str, str] = field(default_factory=dict)
    """The target of each handler on offer, by the name jobs call it."""
    zone_is_local: bool = False
    """Whether nobody configured the zone."""
    timeout_of_gptme: float = gptme_format.TIMEOUT
    """In a job file as gptme writes it."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """More fields of a job, with their values."""
    permissions: Permissions | None = None
    """What jobs may do by their ids; None: nothing is configured."""
    unusable: Mapping[str, str] = field(default_factory=dict)
    """Why other handlers cannot be used, by their names."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """What `defaults` says of jobs that are not built in, by field."""

    @classmethod
    def of_key(cls, key: Mapping[str, Any], targets: Mapping[str, str]) -> "Defaults":
        """Return those in the key of a cache, for a function whose handler is `targets`."""
        return cls(
            key["timezone"],
            key["timeout"],
            targets,
            key["zone_is_local"],
            values=key["job_defaults"],
            permissions=key["permissions"],
            own=key["own_defaults"],
        )

    def for_file(self, keys: AbstractSet[str]) -> "Defaults":
        """Return what applies in a job file with these keys."""
        return self._of_gptme if gptme_format.is_job_file(keys) else self

    @cached_property
    def _of_gptme(self) -> "Defaults":
        return replace(self, timeout=self.timeout_of_gptme)


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


def make_job(
    entry: JobEntry, defaults: Defaults, warnings: ProblemList | None = None
) -> Job | None:
    """Return the job of an entry, or None if it has problems.

    Unknown keys are added to `warnings`; without it, they are problems.
    """
    known_problems = len(entry.problems)
    check_id(entry)
    if not entry.node.is_mapping:
        entry.report("", f"expected keys like schedule, found {describe(entry.node)}")
        return None
    values, undone = _read_values(entry, warnings)
    values = _with_defaults(entry, values, undone, defaults)
    values |= _seed(entry, values)
    if values.get("handler") in defaults.targets:
        values["handler"] = defaults.targets[values["handler"]]
    _check_permission(entry, values, defaults.permissions)
    if _lacks_package(entry, defaults):
        return None
    _check_action(entry, defaults)
    _check_params(entry)
    _check_schedule(entry, values)
    if len(entry.problems) > known_problems:
        return None
    source = f"{entry.problems.file}:{entry.line}"
    if entry.base is None:
        return Job(id=entry.name, source=source, **values)
    values = _reset_for_new_action(values, entry.base)
    return replace(entry.base, source=f"{entry.base.source}, {source}", **values)


def _read_values(
    entry: JobEntry, warnings: ProblemList | None
) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the values of an entry, and the fields for which it says that no default holds."""
    node, base = entry.node, entry.base
    undone = {
        name: JOB_KEYS[name].field or name
        for name, value in node.value.items()
        if own_defaults.is_undone(name, value)
    }
    if base is not None:  # of a job that is there, only what it has from `defaults`
        undone = {name: key for name, key in undone.items() if key in base.from_defaults}
    if undone:
        rest = {name: value for name, value in node.value.items() if name not in undone}
        node = replace(node, value=rest)
    values = read_keys(node, JOB_KEYS, entry.path, entry.problems, warnings)
    return values, frozenset(undone.values())


def _with_defaults(
    entry: JobEntry, values: dict[str, Any], undone: AbstractSet[str], defaults: Defaults
) -> dict[str, Any]:
    """Return the values of an entry, and those of what it does not say."""
    base = entry.base or defaults
    common = {
        "timezone": base.timezone,
        "zone_is_local": base.zone_is_local and "timezone" not in values,
        "timeout": base.timeout,
        "level": permissions.level_for(entry.name, defaults.permissions),
    }
    if entry.base is not None:
        again = {name: getattr(_BARE, name) for name in undone}
        again |= {name: getattr(defaults, name) for name in undone & {"timezone", "timeout"}}
        kept = set(entry.base.from_defaults) - undone - (values.keys() - {"env"})
        common["from_defaults"] = tuple(sorted(kept))
        variables = defaults.own["env"] if "env" in kept else {}
        return {**common, **again, **_with_variables(variables, values)}
    more = own_defaults.inherited(defaults.own, entry.node.value) if defaults.own else {}
    common["from_defaults"] = tuple(more)
    common["zone_is_local"] = common["zone_is_local"] and "timezone" not in more
    general = {name: value for name, value in defaults.values.items() if name not in undone}
    return {**general, **common, **more, **_with_variables(more.get("env", {}), values)}


def _with_variables(more: Mapping[str, str], values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` with `more` variables, if an environment is among them."""
    return values | {"env": {**more, **values["env"]}} if more and "env" in values else values


_BARE = Job("", "", "")
"""A job that says nothing."""


def _reset_for_new_action(values: dict[str, Any], base: Job) -> dict[str, Any]:
    """Return `values` with what a built-in job loses if it is given another action."""
    if "command" in values:
        return values | {"handler": "", "memory_section": ""}
    if values.get("handler", base.handler) != base.handler:
        return values | {"memory_section": ""}
    return values


def check_id(entry: JobEntry) -> None:
    if not ID.fullmatch(entry.name):
        entry.report(
            "",
            'an id may contain letters, digits, ".", "_" and "-", at most 100 of them;'
            ' it must not start or end with "." or "-"',
        )


def _check_permission(
    entry: JobEntry, values: Mapping[str, Any], given: Permissions | None
) -> None:
    """Report what the id of the job does not permit it."""
    if entry.base is not None or entry.name not in BUILTIN_IDS:  # else the id itself is reported
        keys = dict(entry.node.value)
        for name in values["from_defaults"] if entry.base is None else ():
            keys.setdefault(name, Node(values[name], entry.line))
        key, reason = permissions.refusal(entry.name, keys, given)
        if reason and key and key not in entry.node.value:
            sentence = f"{key} of defaults: {reason}; {key}: null in the job undoes that default"
            entry.report("", sentence)
        elif reason:
            entry.report(key, reason)


def _lacks_package(entry: JobEntry, defaults: Defaults) -> bool:
    """Whether the entry changes the job of a package that cannot be used; report why it cannot."""
    keys = entry.node.value
    if entry.base is not None or "command" in keys or "handler" in keys:
        return False
    reason = defaults.unusable.get(entry.name)
    if reason is not None:
        entry.report("", f'handler "{entry.name}": {reason}')
    return reason is not None


def _check_action(entry: JobEntry, defaults: Defaults) -> None:
    command, handler = entry.node.value.get("command"), entry.node.value.get("handler")
    if command is not None and handler is not None:
        entry.report("handler", "a job has either a command or a handler, not both")
    elif command is None and handler is None and entry.base is None:
        entry.report("", f"{NO_ACTION}; set one of them")
    name = handler.text if handler is not None else ""
    if name and name not in defaults.targets and not loader.exists(name):
        entry.report("handler", f'"{excerpt(name)}": {_unknown_handler(name, defaults)}')
    if "shell" in entry.node.value and entry.base is None:
        texts = (command, entry.node.value.get("only_if"))
        if not any(text is not None and not isinstance(text.value, list) for text in texts):
            entry.report("shell", "is for a command or an only_if that is a text, not a list")
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
            return
    base = entry.base
    found = {name: values.get(name, getattr(base, name, "")) for name in ("starts", "ends")}
    if not problem and any(found.values()):
        text = values.get("schedule", getattr(base, "schedule", ""))
        _check_bounds(entry, (text, values["timezone"], values.get("seed", "")), found)


def _check_bounds(entry: JobEntry, of: tuple[str, str, str], found: Mapping[str, str]) -> None:
    """Report bounds between which the schedule has no slot."""
    from scheduled.timing import bounds, slots

    said = next((name for name in ("ends", "starts") if name in entry.node.value), "")
    try:
        schedule = expression.parse(*of)
        limits = bounds.of(found["starts"], found["ends"], of[1])
    except ScheduleError:
        return  # there is no schedule
    except ValueError as error:
        entry.report(said, str(error))
        return
    whole = replace(schedule, bounds=limits)
    if not slots.is_anchored(schedule) and slots.latest(whole, slots.LAST, slots.FIRST) is None:
        entry.report(said, f"{of[0]} never fires between {limits.text.replace('/', ' and ')}")


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


def _unknown_handler(name: str, defaults: Defaults) -> str:
    if name in defaults.unusable:
        return defaults.unusable[name]
    if "/" in name:
        return "is a path; add its directory to handler_dirs and give the name of the handler here"
    if "." in name or ":" in name:
        return f"no module {excerpt(loader.parse_name(name)[0])} can be found; is it installed?"
    names = [*(job.handler for job in builtin.JOBS), *defaults.targets]
    return f"unknown handler{did_you_mean(name, names)}"


def read_keys(
    node: Node,
    keys: Mapping[str, Key],
    path: str,
    problems: ProblemList,
    warnings: ProblemList | None = None,
    harmless: ProblemList | None = None,
) -> dict[str, Any]:
    """Return the values of the known keys of a mapping, by field.

    What is wrong is added to `problems`, or to `harmless`, if it is given, for keys that stop no
    job; unknown keys are added to `warnings` if it is given.
    """
    prefix = f"{path}." if path else ""

    def list_for(name: str) -> ProblemList:
        key = keys.get(name) or keys.get(closest(name, keys) or "")
        return problems if harmless is None or key is None or key.stops_jobs else harmless

    for name, line in node.duplicates:
        sentence = f"duplicate key, first in line {node.value[name].line}"
        list_for(name).add(line, f"{prefix}{excerpt(name)}", sentence)
    values: dict[str, Any] = {}
    for name, value in node.value.items():
        key = keys.get(name)
        if key is None:
            unknown = list_for(name) if warnings is None else warnings
            from scheduled.config import unknown_keys

            text = "" if value.is_mapping else value.text
            sentence = f"unknown key{unknown_keys.advice(name, text, keys)}"
            unknown.add(value.line, f"{prefix}{excerpt(name)}", sentence)
            continue
        field_name = key.field or name
        if field_name in values:
            sentence = f"is the same as {field_name}, which is set as well"
            list_for(name).add(value.line, f"{prefix}{name}", sentence)
        try:
            values[field_name] = key.convert(value)
        except InvalidValue as error:
            list_for(name).add(value.line, f"{prefix}{name}", str(error), error.left_out)
            if error.usable is not None:
                values[field_name] = error.usable
    return values

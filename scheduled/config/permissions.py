"""`permissions`: its keys, and what they say against a job that is being defined.

A mistake in it stops all jobs: with half of it, one would run with more rights than somebody meant.
"""

from collections.abc import Mapping
from typing import Any

from scheduled.config.collection_values import text_list
from scheduled.config.conflicts import BUILTIN_IDS
from scheduled.config.conversion import Converter, InvalidValue, describe
from scheduled.config.converters import duration, integer, optional, single_line, size
from scheduled.config.key import Key
from scheduled.config.notify_values import word
from scheduled.config.yaml_document import Node
from scheduled.errors import did_you_mean
from scheduled.jobs import builtin
from scheduled.jobs.model import NOT_PERMITTED, Job
from scheduled.jobs.permissions import (
    ANYWHERE,
    CONFINED,
    FULL,
    PREFIXES,
    REDUCED,
    Level,
    Permissions,
    is_name,
    level_of,
    level_of_builtin,
    limits_of,
)
from scheduled.system.text import excerpt

_GIVEN = (Level.RESTRICTED, Level.LIMITED, Level.UNRESTRICTED)
"""The levels that a configuration can give; the other one is that of the system's prefixes."""
_ACTIONS = ("command", "handler")
_ID = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_NAME = rf"{_ID}\.(\*|[A-Za-z0-9_]|{_ID})"


def _directories(node: Node) -> str | list[str]:
    if node.value is None or node.text == "none":
        return []
    if node.text == ANYWHERE and not isinstance(node.value, list):
        return ANYWHERE
    return list(text_list(node))


TAKEN = (
    f'{NOT_PERMITTED}"{{}}" is the id of a built-in job, which cannot be replaced; choose another'
)
"""Why no other job can have the id of a built-in one."""
UNCHECKED: Permissions = {prefix: {"level": Level.UNRESTRICTED.value} for prefix in PREFIXES}
"""For a job whose configuration is not known yet; with that, it is checked by `refusal_of`."""
LIMIT_KEYS: Mapping[str, Key] = {
    "level": Key(
        "of a prefix or an id: `restricted`, `limited` or `unrestricted`",
        word([*map(str, _GIVEN)]),
        "| ",
    ),
    "environment": Key(
        "`reduced`: of the environment, a run gets `HOME`, `PATH`, `LANG`, `LC_*`, `TZ`, `USER`,"
        " `LOGNAME`, `SHELL` and `SCHEDULED_*` alone, and the `env` of its job; `full`: all of it",
        word([REDUCED, FULL]),
        "`reduced` | `full`",
    ),
    "user": Key(
        "whom it runs as, where root runs it",
        optional(single_line),
        "`nobody` | `none`",
    ),
    "write": Key(
        "the directories that it may write to, relative to the root, besides a temporary one of"
        " its own; `anywhere`: as the permissions of files say, for a restricted run only as"
        " another user",
        Converter(_directories, {"anyOf": [text_list.schema, {"type": "null"}]}),
        "none | `anywhere`",
    ),
    "memory": Key(
        "the address space of each process", optional(size("16M", "1000T")), "`4G` | `8G`"
    ),
    "file_size": Key(
        "the size of each file that it writes, its output among them",
        optional(size("1K", "1000T")),
        "`1G` | `10G`",
    ),
    "processes": Key(
        "how many more processes and threads its user may have than when it starts",
        optional(integer(1, 1_000_000)),
        "`64` | `512`",
    ),
    "cpu_time": Key("the processor time of each process", optional(duration), "`1h` | `6h`"),
}
"""The settings of a level, a prefix or an id."""


def _permissions(node: Node) -> dict[str, dict[str, Any]]:
    """Return the settings by level, prefix and id, as JSON values."""
    if node.value is None:
        return {}
    if not node.is_mapping:
        raise InvalidValue(f"expected prefixes with levels, found {describe(node)}")
    if node.duplicates:
        name, line = node.duplicates[0]
        raise InvalidValue(f'duplicate key "{excerpt(name)}", again in line {line}')
    found = {name: _settings(name, value) for name, value in node.value.items()}
    for name, settings in found.items():
        _refuse_contradiction(name, settings, found)
    return found


_LIMITS: dict[str, Any] = {
    "type": "object",
    "properties": {name: key.convert.schema for name, key in LIMIT_KEYS.items()},
    "additionalProperties": False,
}
PERMISSIONS = Converter(
    _permissions,
    {
        "type": ["object", "null"],
        "properties": dict.fromkeys(sorted(CONFINED), _LIMITS),
        "additionalProperties": {"anyOf": [LIMIT_KEYS["level"].convert.schema, _LIMITS]},
    },
)


def _settings(name: str, node: Node) -> dict[str, Any]:
    if name not in CONFINED:
        _check_name(name)
        if not isinstance(node.value, dict | list | None):
            node = Node({"level": node}, node.line)
    if not node.is_mapping or not node.value:
        raise InvalidValue(f"{name}: expected limits like {{memory: 1G}}, found {describe(node)}")
    settings = {}
    for key, value in node.value.items():
        if key not in LIMIT_KEYS or (key == "level" and name in CONFINED):
            advice = did_you_mean(key, [name for name in LIMIT_KEYS if name != key])
            raise InvalidValue(f'{name}: "{excerpt(key)}": no such limit{advice}')
        try:
            settings[key] = LIMIT_KEYS[key].convert(value)
        except InvalidValue as error:
            place = name if key == "level" else f"{name}.{key}"
            raise InvalidValue(f"{place}: {error}") from None
    return settings


def _check_name(name: str) -> None:
    import re

    if not is_name(name) or not re.fullmatch(_NAME, name):
        raise InvalidValue(
            f'"{excerpt(name)}": expected a prefix like "reports.*", the id of a job with a dot in'
            " it, restricted or limited"
        )


def _refuse_contradiction(name: str, settings: Mapping[str, Any], permissions: Permissions) -> None:
    """Raise InvalidValue for limits of a job, or of a prefix, that has no level to be held to."""
    if name in CONFINED or settings.keys() == {"level"}:
        return
    level = level_of(name.removesuffix("*") + "x" if name.endswith("*") else name, permissions)
    if level not in CONFINED:
        raise InvalidValue(
            f"{name}: limits are for the levels restricted and limited; add level: restricted"
        )


def level_for(job: str, permissions: Permissions | None) -> str:
    """Return the level of a job, built-in or not; '' if nothing is said about its id."""
    if job in BUILTIN_IDS:
        return level_of_builtin(job, permissions)
    return level_of(job, permissions)


def refusal(job: str, keys: Mapping[str, Any], permissions: Permissions | None) -> tuple[str, str]:
    """Return which key of a job is not permitted to it, and why; two empty texts if all are.

    The key is empty if it is the id that the job cannot have. `keys` are those of its entry.
    """
    level = level_for(job, permissions)
    if job in BUILTIN_IDS:
        given = {name: node.text for name, node in keys.items() if name in _ACTIONS}
        if why := refusal_of_action(job, given):
            return next(iter(given)), why
    if level in CONFINED:
        return _refused_key(job, level, keys, permissions)
    return "", ""


def refusal_of_action(job: str, keys: Mapping[str, Any]) -> str:
    """Return why a built-in job cannot be given this command or handler; '' if it can."""
    shipped = next(each for each in builtin.JOBS if each.id == job)
    given = [name for name in _ACTIONS if name in keys and keys[name] != getattr(shipped, name)]
    if not given or job in builtin.BINDABLE:
        return ""
    return _not_permitted(
        job,
        "is a built-in job: it can be disabled, and its settings can be changed, but what it runs"
        " cannot be replaced; disable it, and write a job of another id",
    )


def refusal_of(job: Job, permissions: Permissions | None) -> str:
    """Return why a job that is no built-in one is not permitted; '' if it is."""
    if job.id in BUILTIN_IDS:
        return TAKEN.format(job.id)
    keys = {"env_file": Node(job.env_file, 0)} if job.env_file else {}
    keys |= {"nice": Node(job.nice, 0)} if job.nice is not None else {}
    key, why = refusal(job.id, keys, permissions)
    return f"{key}: {why}" if key else why


def _refused_key(
    job: str, level: str, keys: Mapping[str, Any], permissions: Permissions | None
) -> tuple[str, str]:
    limits = limits_of(job, level, permissions)
    if "env_file" in keys and limits.environment == REDUCED:
        why = "cannot read variables from a file, as its environment is reduced; set them in env"
        return "env_file", _not_permitted(job, why)
    nice = keys.get("nice")
    if isinstance(getattr(nice, "value", None), int) and nice is not None and nice.value < 0:
        why = "cannot go before other processes; remove nice, or set it to 0 or more"
        return "nice", _not_permitted(job, why)
    return "", ""


def _not_permitted(job: str, why: str) -> str:
    return f'{NOT_PERMITTED}"{excerpt(job, 100)}" {why}'

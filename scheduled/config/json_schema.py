"""The JSON Schemas of the configuration and of job files, for editors, made from `config.keys`.

They describe keys and the form of their values. `validate` knows more (whether a schedule ever
fires, whether a handler exists) and is authoritative. In one case an editor is stricter: it
underlines an unknown key in a job file, which is only a warning.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from scheduled.config.conversion import Schema, anchored
from scheduled.config.converters import text
from scheduled.config.job_keys import ID, JOB_KEYS
from scheduled.config.key import Key
from scheduled.config.keys import KEYS
from scheduled.config.notify_keys import CHANNELS, REQUIRED, SUBSCRIBERS, Table
from scheduled.config.own_defaults import DEFAULT_KEYS, ENTRIES
from scheduled.jobs import builtin
from scheduled.jobs.model import Job

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_A_JOB = {"$ref": "#/$defs/job"}
_CHANGES = {"$ref": "#/$defs/changes"}
_NEEDED: Schema = {
    "required": ["schedule"],
    "anyOf": [{"required": ["command"]}, {"required": ["handler"]}],
}


def of_configuration(brought: Iterable[Job] = ()) -> Schema:
    """Return the schema of scheduled.yaml, which can change the jobs that packages brought."""
    known = (*builtin.JOBS, *brought)
    builtin_jobs = {job.id: {"description": job.description, **_CHANGES} for job in known}
    jobs = {
        "description": KEYS["jobs"].summary,
        **KEYS["jobs"].convert.schema,
        "propertyNames": {"pattern": anchored(ID)},
        "properties": builtin_jobs,
        "additionalProperties": _CHANGES,
    }
    schema = _of_table(KEYS)
    schema["properties"]["jobs"] = jobs
    schema["properties"]["defaults"] |= _of_table(DEFAULT_KEYS) | ENTRIES.schema
    for table in (CHANNELS, SUBSCRIBERS):
        schema["properties"][table.key] = _channels(table)
    # Handler directories add jobs that only `validate` knows, and that can be changed as well.
    complete = {"properties": dict.fromkeys(builtin_jobs, True), "additionalProperties": _A_JOB}
    schema |= {"if": {"required": ["handler_dirs"]}, "else": {"properties": {"jobs": complete}}}
    changes = _of_job() | {"type": ["object", "null"]}
    definitions = {"changes": changes, "job": {"type": "object", "allOf": [_CHANGES], **_NEEDED}}
    return {"$schema": _DRAFT, "title": "scheduled.yaml", **schema, "$defs": definitions}


def _channels(table: Table) -> Schema:
    """Return the schema of channels or subscribers: each has the keys of its kind."""
    kinds = []
    for kind in table.kinds:
        schema = _of_table(table.of_kind(kind))
        needed = [{"anyOf": [{"required": [name]} for name in names]} for names in REQUIRED[kind]]
        schema["properties"]["kind"] = {"const": str(kind)}
        rules = [*schema.pop("allOf"), *needed]
        schema |= {"required": ["kind"]} | ({"allOf": rules} if rules else {})
        kinds.append(schema)
    return {
        **_of_key(KEYS[table.key]),
        "propertyNames": {"pattern": anchored(ID)},
        "additionalProperties": {"anyOf": kinds},
    }


def of_job_file() -> Schema:
    """Return the schema of a job file."""
    schema = _of_job()
    name = {"description": "what it is called", **text.schema, "pattern": anchored(ID)}
    schema["properties"] = {"id": name, **schema["properties"]}
    schema["required"] = ["id", *_NEEDED["required"]]
    return {"$schema": _DRAFT, "title": "A job of scheduled", **schema, "anyOf": _NEEDED["anyOf"]}


def _of_job() -> Schema:
    """Return the schema of the keys of a job, each of which may say that no default holds."""
    schema = _of_table(JOB_KEYS)
    for name, key in DEFAULT_KEYS.items():
        undone = [{"type": "null"}, *([{"const": "none"}] if key.default == "none" else ())]
        means = {"anyOf": [key.convert.schema, *undone]}
        schema["properties"][name] = {"description": key.summary, **means}
    return schema


def _of_table(keys: Mapping[str, Key]) -> Schema:
    """Return the schema of a mapping with these keys and no others."""
    return {
        "type": "object",
        "properties": {name: _of_key(key) for name, key in keys.items()},
        "additionalProperties": False,
        "allOf": [{"not": {"required": pair}} for pair in _exclusive(keys)],
    }


def _of_key(key: Key) -> Schema:
    return {"description": key.summary, **key.convert.schema}


def _exclusive(keys: Mapping[str, Key]) -> Iterator[list[str]]:
    """Yield pairs of keys that exclude each other: command and handler, a key and its aliases."""
    names = defaultdict(list)
    for name, key in keys.items():
        names[key.field or name].append(name)
    for aliases in names.values():
        yield from ([name, other] for name in aliases for other in aliases if name < other)
    if {"command", "handler"} <= keys.keys():
        yield ["command", "handler"]

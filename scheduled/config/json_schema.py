"""The JSON Schema of our files, for editors: made from the tables the checker works with.

It says which keys there are, what they mean and what their values look like. The checker knows
more (whether a schedule ever fires, whether a handler exists) and has the last word. One thing
an editor shows as an error stops nothing: a key nobody knows, in a job file.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from scheduled.config.converters import Schema, anchored, text
from scheduled.config.keys import ID, JOB_KEYS, KEYS, Key
from scheduled.jobs import builtin

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_A_JOB = {"$ref": "#/$defs/job"}
_CHANGES = {"$ref": "#/$defs/changes"}
_NEEDED: Schema = {
    "required": ["schedule"],
    "anyOf": [{"required": ["command"]}, {"required": ["handler"]}],
}


def of_configuration() -> Schema:
    """What a scheduled.yaml may hold."""
    ours = {job.id: {"description": job.description, **_CHANGES} for job in builtin.JOBS}
    jobs = {
        "description": KEYS["jobs"].summary,
        **KEYS["jobs"].convert.schema,
        "propertyNames": {"pattern": anchored(ID)},
        "properties": ours,
        "additionalProperties": _CHANGES,
    }
    schema = _of_table(KEYS)
    schema["properties"]["jobs"] = jobs
    # Handler folders bring jobs that only the checker knows, and they can be changed as ours can.
    whole = {"properties": dict.fromkeys(ours, True), "additionalProperties": _A_JOB}
    schema |= {"if": {"required": ["handler_dirs"]}, "else": {"properties": {"jobs": whole}}}
    changes = _of_table(JOB_KEYS) | {"type": ["object", "null"]}
    definitions = {"changes": changes, "job": {"type": "object", "allOf": [_CHANGES], **_NEEDED}}
    return {"$schema": _DRAFT, "title": "scheduled.yaml", **schema, "$defs": definitions}


def of_job_file() -> Schema:
    """What a job file may hold."""
    schema = _of_table(JOB_KEYS)
    name = {"description": "what it is called", **text.schema, "pattern": anchored(ID)}
    schema["properties"] = {"id": name, **schema["properties"]}
    schema["required"] = ["id", *_NEEDED["required"]]
    return {"$schema": _DRAFT, "title": "A job of scheduled", **schema, "anyOf": _NEEDED["anyOf"]}


def _of_table(keys: Mapping[str, Key]) -> Schema:
    """A mapping that may have these keys and no others."""
    return {
        "type": "object",
        "properties": {name: _of_key(key) for name, key in keys.items()},
        "additionalProperties": False,
        "allOf": [{"not": {"required": pair}} for pair in _exclusive(keys)],
    }


def _of_key(key: Key) -> Schema:
    return {"description": key.summary, **key.convert.schema}


def _exclusive(keys: Mapping[str, Key]) -> Iterator[list[str]]:
    """The keys of which there can be only one: a command and a handler, a name and its aliases."""
    names = defaultdict(list)
    for name, key in keys.items():
        names[key.field or name].append(name)
    for aliases in names.values():
        yield from ([one, other] for one in aliases for other in aliases if one < other)
    if {"command", "handler"} <= keys.keys():
        yield ["command", "handler"]

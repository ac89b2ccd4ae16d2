"""`defaults:`: what holds for all jobs that are not built in and do not say it themselves.

A variable of `env` counts on its own, any other key as a whole. `null` in a job undoes a default.
"""

from collections.abc import Mapping
from typing import Any

from scheduled.config.conversion import Converter, InvalidValue, describe
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.key import Key
from scheduled.config.yaml_document import Node

_OF_ONE_JOB = "says what one job is; set it in each job"
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("id", "name", "description", "command", "handler"), _OF_ONE_JOB),
    "resources": "are for one executor; set them in each job",
    "schedule": "says when one job runs; set it in each job",
    "params": "are for one handler; set them in each job",
    "after": "would have jobs wait for themselves; set it in each job that has to wait",
}
"""The keys of a job that cannot be a default, each with the reason."""
DEFAULT_KEYS: Mapping[str, Key] = {
    name: key for name, key in JOB_KEYS.items() if (key.field or name) not in REFUSED
}
OF_COMMANDS = ("success_codes",)
"""Those that are for a command, and mean nothing for a handler."""


def _entries(node: Node) -> dict[str, Node]:
    if node.value is not None and not node.is_mapping:
        raise InvalidValue(f"expected keys of a job, found {describe(node)}")
    return node.value or {}


ENTRIES = Converter(_entries, {"type": ["object", "null"]})
"""Refuses anything but a mapping; the keys are read one by one."""


def is_undone(name: str, node: Node) -> bool:
    """Return whether a job says of a key that no default is to hold for it.

    A key without anything after it is none of these, but a value that somebody has forgotten.
    """
    if name not in DEFAULT_KEYS or isinstance(node.value, list | dict):
        return False
    if node.value is None:
        return bool(node.text)
    return node.text == "none" and DEFAULT_KEYS[name].default == "none"


def inherited(own: Mapping[str, Any], keys: Mapping[str, Node]) -> dict[str, Any]:
    """Return those of the defaults `own` that hold for a job whose entry has `keys`."""
    said = {DEFAULT_KEYS[name].field or name for name in keys if name in DEFAULT_KEYS}
    if "handler" in keys:
        said.update(OF_COMMANDS)
    if "env" in keys and not is_undone("env", keys["env"]):
        said.remove("env")
    return {name: value for name, value in own.items() if name not in said}

"""AICO's `scheduler:` and `tasks:` as settings and jobs of ours; pure.

A task there names a Python class of AICO's, which does not run outside it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from scheduled.config import keys
from scheduled.config.converters import describe, problem_with
from scheduled.config.importers import placeholder
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.yaml_document import Node
from scheduled.system.text import excerpt

SETTINGS: Mapping[str, str] = {
    "max_concurrent_tasks": "max_concurrent",
    "task_timeout": "default_timeout",
}
"""Keys of the section `scheduler`, and what they are called here."""
FOR_EACH_JOB: Mapping[str, str] = {
    "default_retry_count": "max_retries",
    "default_retry_delay": "retry_delay",
    "max_retry_delay": "max_retry_delay",
    "max_cpu_percent": "max_cpu_percent",
    "max_memory_percent": "max_memory_percent",
}
"""Those that are a matter of each job here; taken where there is such a key."""
OF_A_TASK: Mapping[str, str] = {"max_duration": "timeout"}
_NOT_USED = {
    "scheduler_interval": "cron decides how often a tick comes, once a minute at most",
    "auto_discover": "job files are always read",
    "task_modules": "name a handler in a job instead: package.module:function",
    "batch_size": "a tick starts what is due, max_concurrent at once",
    "cache_size": "caches need no limit here",
    "resource_check_interval": "the machine is measured when a guarded job is due",
}


def read(document: Node) -> Findings:
    """What the two sections of a core.yaml say; all others are not looked at."""
    scheduler = _section(document, "scheduler")
    settings = {}
    common: dict[str, Any] = {}
    left_out = []
    for name, node in scheduler.items():
        if name in SETTINGS:
            wrong = problem_with(keys.KEYS[SETTINGS[name]].convert, node)
            if wrong:
                left_out.append(LeftOut(node.line, _text(name, node), wrong))
            else:
                settings[SETTINGS[name]] = node.plain()
        elif FOR_EACH_JOB.get(name) in keys.JOB_KEYS:
            common[FOR_EACH_JOB[name]] = node.plain()
        elif name == "enabled":
            common |= {"enabled": False} if node.value is False else {}
        else:
            left_out.append(_not_used(name, node))
    jobs = [_job(id_, node, common) for id_, node in _tasks(document)]
    wanted = tuple(one for one in jobs if isinstance(one, ImportedJob))
    refused = [one for one in jobs if isinstance(one, LeftOut)]
    unused = (f"{', '.join(common)}: no job to put it on",) if common and not wanted else ()
    return Findings(SourceKind.AICO, wanted, settings, (*left_out, *refused), unused)


def _section(document: Node, name: str) -> dict[str, Node]:
    node = document.value.get(name)
    return node.value if node is not None and node.is_mapping else {}


def _tasks(document: Node) -> Iterator[tuple[str, Node]]:
    """Each task with its id, `maintenance.log_cleanup`."""
    for category, node in _section(document, "tasks").items():
        if not node.is_mapping or "schedule" in node.value:
            yield category, node
        else:
            yield from ((f"{category}.{name}", one) for name, one in node.value.items())


def _job(id_: str, node: Node, common: Mapping[str, Any]) -> ImportedJob | LeftOut:
    if not node.is_mapping:
        return LeftOut(
            node.line, excerpt(id_), f"expected keys like schedule, found {describe(node)}"
        )
    if "schedule" not in node.value:
        return LeftOut(node.line, excerpt(id_), "no schedule")
    values = {name: one.plain() for name, one in node.value.items()}
    ours = {OF_A_TASK.get(name, name): value for name, value in values.items()}
    known = {name: value for name, value in ours.items() if name in keys.JOB_KEYS}
    rest = {name: value for name, value in values.items() if OF_A_TASK.get(name, name) not in known}
    job = {"id": id_, **common, **known, "schedule": node.value["schedule"].text}
    job |= {"enabled": False} if common.get("enabled") is False else {}
    return ImportedJob(node.line, id_, placeholder.complete(job, rest))


def _not_used(name: str, node: Node) -> LeftOut:
    return LeftOut(
        node.line, _text(name, node), _NOT_USED.get(name, "there is no such setting here")
    )


def _text(name: str, node: Node) -> str:
    return f"{excerpt(name)}: {excerpt(node.text) or describe(node)}"

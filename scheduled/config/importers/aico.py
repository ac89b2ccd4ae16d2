"""AICO's `scheduler:` and `tasks:` as settings and jobs (pure).

An AICO task names a Python class of AICO, which does not run outside it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from scheduled.config.converters import describe, problem_with
from scheduled.config.importers import placeholder
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.keys import KEYS
from scheduled.config.yaml_document import Node
from scheduled.system.text import excerpt

SETTINGS: Mapping[str, str] = {
    "max_concurrent_tasks": "max_concurrent",
    "task_timeout": "default_timeout",
}
"""Keys of the section `scheduler`, with the setting each becomes."""
FOR_EACH_JOB: Mapping[str, str] = {
    "default_retry_count": "max_retries",
    "default_retry_delay": "retry_delay",
    "max_retry_delay": "max_retry_delay",
    "max_cpu_percent": "max_cpu_percent",
    "max_memory_percent": "max_memory_percent",
}
"""Keys of the section that become keys of each job."""
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
    """Return what the two sections of a core.yaml hold; other sections are ignored."""
    settings = {}
    common: dict[str, Any] = {}
    left_out = []
    for name, node in _section(document, "scheduler").items():
        if name in SETTINGS:
            problem = problem_with(KEYS[SETTINGS[name]].convert, node)
            if problem:
                left_out.append(LeftOut(node.line, _text(name, node), problem))
            else:
                settings[SETTINGS[name]] = node.plain()
        elif FOR_EACH_JOB.get(name) in JOB_KEYS:
            common[FOR_EACH_JOB[name]] = node.plain()
        elif name == "enabled":
            common |= {"enabled": False} if node.value is False else {}
        else:
            reason = _NOT_USED.get(name, "no such setting here")
            left_out.append(LeftOut(node.line, _text(name, node), reason))
    results = [_job(id_, node, common) for id_, node in _tasks(document)]
    jobs = tuple(result for result in results if isinstance(result, ImportedJob))
    left_out += [result for result in results if isinstance(result, LeftOut)]
    notes = (f"{', '.join(common)}: there is no job to set it for",) if common and not jobs else ()
    return Findings(SourceKind.AICO, jobs, settings, tuple(left_out), notes)


def _section(document: Node, name: str) -> dict[str, Node]:
    node = document.value.get(name)
    return node.value if node is not None and node.is_mapping else {}


def _tasks(document: Node) -> Iterator[tuple[str, Node]]:
    """Yield each task with its id, `maintenance.log_cleanup`."""
    for category, node in _section(document, "tasks").items():
        if not node.is_mapping or "schedule" in node.value:
            yield category, node
        else:
            yield from ((f"{category}.{name}", task) for name, task in node.value.items())


def _job(id_: str, node: Node, common: Mapping[str, Any]) -> ImportedJob | LeftOut:
    if not node.is_mapping:
        reason = f"expected keys like schedule, found {describe(node)}"
        return LeftOut(node.line, excerpt(id_), reason)
    if "schedule" not in node.value:
        return LeftOut(node.line, excerpt(id_), "no schedule")
    values = {OF_A_TASK.get(name, name): task.plain() for name, task in node.value.items()}
    fields = {name: value for name, value in values.items() if name in JOB_KEYS}
    params = {name: value for name, value in values.items() if name not in fields}
    job = {"id": id_, **common, **fields, "schedule": node.value["schedule"].text}
    job |= {"enabled": False} if common.get("enabled") is False else {}
    return ImportedJob(node.line, id_, placeholder.complete(job, params))


def _text(name: str, node: Node) -> str:
    return f"{excerpt(name)}: {excerpt(node.text) or describe(node)}"

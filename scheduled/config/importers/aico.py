"""AICO's `scheduler:` and `tasks:` as settings and jobs (pure).

Its maintenance and its agency are built-in jobs here. Any other task names a Python class of AICO,
which does not run outside it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from scheduled.config.conversion import describe, problem_with
from scheduled.config.importers import placeholder
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.repeated_keys import repeated
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.keys import KEYS, NO_MEANING
from scheduled.config.yaml_document import Node
from scheduled.errors import did_you_mean
from scheduled.handler import loader
from scheduled.jobs import builtin
from scheduled.quick_classes import replace
from scheduled.system.text import excerpt

SECTIONS = ("scheduler", "tasks")
SETTINGS = (
    *("max_concurrent_tasks", "task_timeout", "default_retry_count", "default_retry_delay"),
    *("max_retry_delay", "max_cpu_percent", "max_memory_percent", "idle_threshold_cpu"),
    *("idle_threshold_memory", "log_level", "log_file"),
)
"""Keys of the section `scheduler` that are settings here as well."""
OF_A_TASK: Mapping[str, str] = {"max_duration": "timeout"}
OTHER_IDS: Mapping[str, str] = {"maintenance.key_rotation": "security.key_rotation"}
"""The ids of built-in jobs that AICO's documentation puts in another category."""
BUILT_IN = {job.id: job for job in builtin.JOBS if job.id not in builtin.OF_ECOSYSTEM}
"""The jobs that do here what tasks of AICO do there."""
LACKS: Mapping[str, tuple[str, str]] = {
    "maintenance.log_cleanup": (
        "paths",
        "cleans up after scheduled alone until {} names more logs",
    ),
    "maintenance.database_vacuum": ("databases", "skipped until {} names databases"),
    "maintenance.vector_optimization": (
        "stores",
        "skipped until {} names stores, or a command or handler is bound",
    ),
    "security.key_rotation": ("ring", "skipped until {} names a key ring"),
}
"""The param by which a built-in job gets what it works on, and what it does without."""
_UNBOUND = "skipped until a command or a handler is bound"
_REGISTERED = (
    "AICO runs its built-in tasks without being told to; here each is off until it is named under"
    " `tasks`, or you type: scheduled enable JOB (scheduled list --all names them)"
)


def read(document: Node) -> Findings:
    """Return what the two sections of a core.yaml hold; other sections are ignored."""
    settings: dict[str, Any] = {}
    left_out = [*_unread(document)]
    section = _section(document, "scheduler")
    for name, node in section.items():
        reason = _setting_problem(name, node)
        if reason:
            left_out.append(LeftOut(node.line, _text(name, node), reason))
        elif name != "enabled":
            settings[KEYS[name].field or name] = node.plain()
    is_off = "enabled" in section and section["enabled"].value is False
    jobs: list[ImportedJob] = []
    changes: list[ImportedJob] = []
    for id_, node in _tasks(document):
        result, parts = _job(id_, node)
        left_out += parts
        if result is not None:
            result = _disabled(result) if is_off else result
            (changes if result.fields["id"] in BUILT_IN else jobs).append(result)
    notes = () if changes or not section or is_off else (_REGISTERED,)
    return Findings(SourceKind.AICO, tuple(jobs), settings, tuple(changes), tuple(left_out), notes)


def _unread(document: Node) -> Iterator[LeftOut]:
    """Yield what of the two sections cannot be read."""
    sections = {name: document.value[name] for name in SECTIONS if name in document.value}
    for name, node in sections.items():
        if not node.is_mapping and node.value is not None:
            reason = f"expected names with keys, found {describe(node)}"
            yield LeftOut(node.line, name, reason)
    twice = [(name, line) for name, line in document.duplicates if name in SECTIONS]
    yield from repeated(Node(sections, document.line, duplicates=twice))


def _setting_problem(name: str, node: Node) -> str:
    """Return why a key cannot become a setting, or ''."""
    if name in SETTINGS or name == "enabled":
        return problem_with(KEYS[name].convert, node)
    return NO_MEANING.get(name, "no such setting here")


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


def _job(id_: str, node: Node) -> tuple[ImportedJob | None, list[LeftOut]]:
    """Return the job of a task, or None, and what of it cannot be kept."""
    is_builtin = OTHER_IDS.get(id_, id_) in BUILT_IN
    if not node.is_mapping:
        reason = f"expected keys like schedule, found {describe(node)}"
        return None, [LeftOut(node.line, excerpt(id_), reason)]
    if "schedule" not in node.value and not is_builtin:
        return None, [LeftOut(node.line, excerpt(id_), "no schedule")]
    values = {OF_A_TASK.get(name, name): task.plain() for name, task in node.value.items()}
    fields = {name: value for name, value in values.items() if name in JOB_KEYS}
    params = {name: value for name, value in values.items() if name not in fields}
    if "schedule" in node.value:
        fields["schedule"] = node.value["schedule"].text
    if is_builtin:
        return _change(id_, node, fields, params)
    job = {"id": id_, **fields}
    return ImportedJob(node.line, id_, placeholder.complete(job, params)), []


def _change(
    id_: str, node: Node, fields: dict[str, Any], params: dict[str, Any]
) -> tuple[ImportedJob, list[LeftOut]]:
    """Return what is to be said of a built-in job, and what its handler does not know."""
    own_id = OTHER_IDS.get(id_, id_)
    known = loader.params(BUILT_IN[own_id].handler)
    is_bound = bool({"command", "handler"} & fields.keys()) or known is None
    unknown = [] if is_bound else [name for name in params if name not in (known or {})]
    parts = [
        LeftOut(
            node.value[name].line,
            excerpt(f"{id_}: {name}"),
            f"no param of this job here{did_you_mean(name, known or {}, '')}",
        )
        for name in unknown
    ]
    job = {"id": own_id, "enabled": True, **fields}
    kept = {name: value for name, value in params.items() if name not in unknown}
    if kept and isinstance(job.get("params", {}), Mapping):
        job["params"] = {**job.get("params", {}), **kept}
    return ImportedJob(node.line, id_, job, lacks=_lacks(own_id, job)), parts


def _lacks(id_: str, job: Mapping[str, Any]) -> str:
    """Return what a built-in job lacks to do its work, or ''."""
    if {"command", "handler"} & job.keys():
        return ""
    if id_ not in LACKS:
        return _UNBOUND if id_ in builtin.BINDABLE else ""
    param, text = LACKS[id_]
    params = job.get("params")
    has_it = isinstance(params, Mapping) and params.get(param)
    return "" if has_it else text.format(f"params.{param}")


def _disabled(job: ImportedJob) -> ImportedJob:
    """Return a job of a scheduler that is disabled as a whole."""
    return replace(job, fields={**job.fields, "enabled": False})


def _text(name: str, node: Node) -> str:
    return f"{excerpt(name)}: {excerpt(node.text) or describe(node)}"

"""CronJobs of Kubernetes, from its manifests, as drafts (pure): batch/v1.

What a CronJob runs is a container. Its job calls docker in the same way, as far as the manifest
says how, and is disabled until somebody has looked at it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scheduled.config import yaml_document
from scheduled.config.importers import placeholder
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.go_cron import translated
from scheduled.config.importers.json_objects import without_surrogates
from scheduled.config.yaml_document import MAX_BYTES, Node
from scheduled.errors import ScheduleError, UsageError
from scheduled.jobs.model import NAME
from scheduled.system.text import excerpt

_BREAK = re.compile(rb"^(?:---|\.\.\.)(?:[ \t].*)?\r?$", re.MULTILINE)
_SIGN = re.compile(
    rb"^\s*[\"']?kind[\"']?\s*:\s*[\"']?CronJob\b|\"kind\"\s*:\s*\"CronJob\"", re.MULTILINE
)
_MOST = 2000
"""Documents that a file may hold."""
_OVERLAP = {"Allow": "allow", "Forbid": "skip", "Replace": "replace"}
_RETRIES = 6
"""How often Kubernetes tries again without a `backoffLimit`."""
_IN_UTC = "a CronJob without a timeZone has that of the cluster, which is taken for UTC"
_DRAFT = "each is a draft, disabled: compare its command with the manifest, then enable it"
_VARIABLE = re.compile(r"\$\$|\$\(([^()$]+)\)")
_NOT_KEPT_OF_JOB = ("completions", "parallelism", "podFailurePolicy")
_NOT_KEPT = (
    "volumes", "initContainers", "serviceAccountName", "nodeSelector", "affinity", "tolerations",
    "imagePullSecrets", "securityContext", "hostNetwork",
)  # fmt: skip


def is_manifest(data: bytes) -> bool:
    """Whether this looks like a manifest with a CronJob in it."""
    return b"CronJob" in data and b"schedule" in data and _SIGN.search(data) is not None


def read(data: bytes, label: str) -> Findings:
    """Return the CronJobs of a manifest. Raise UsageError or ConfigError for what is none."""
    results = [_job(node) for document in _documents(data, label) for node in _cron_jobs(document)]
    if not results:
        raise UsageError(f"{label}: no CronJob in it")
    jobs = tuple(result for result in results if isinstance(result, ImportedJob))
    left_out = [result for result in results if isinstance(result, LeftOut)]
    notes = [_DRAFT] if jobs else []
    if any(job.fields.get("timezone") == "UTC" for job in jobs):
        notes.append(_IN_UTC)
    return Findings(SourceKind.KUBERNETES, jobs, left_out=tuple(left_out), notes=tuple(notes))


def _documents(data: bytes, label: str) -> Iterator[Node]:
    """Yield each document of a file; their lines are those of the file."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"{label}: more than {MAX_BYTES // 1024**2} MB")
    starts = [0, *(match.end() for match in _BREAK.finditer(data))]
    ends = [*(match.start() for match in _BREAK.finditer(data)), len(data)]
    if len(starts) > _MOST:
        raise UsageError(f"{label}: more than {_MOST} documents")
    for start, end in zip(starts, ends, strict=True):
        part = data[start:end]
        if b"CronJob" in part:
            before = b"\n" * data.count(b"\n", 0, start)
            yield yaml_document.parse(without_surrogates(before + part), label)


def _cron_jobs(node: Node) -> Iterator[Node]:
    """Yield the CronJobs of a document, also those in a list."""
    if not node.is_mapping:
        return
    kind = _text(node, "kind")
    if kind == "CronJob":
        yield node
    elif kind == "List" or kind.endswith("List"):
        items = node.value.get("items")
        for item in items.value if items is not None and isinstance(items.value, list) else ():
            if item.is_mapping and (kind == "CronJobList" or _text(item, "kind") == "CronJob"):
                yield item


def _job(node: Node) -> ImportedJob | LeftOut:
    metadata, spec = _at(node, "metadata"), _at(node, "spec")
    name = _text(metadata, "name") or _text(metadata, "generateName").rstrip("-")
    line, shown = node.line, excerpt(name or "a CronJob")
    if not name:
        return LeftOut(line, shown, "metadata.name: missing")
    try:
        schedule, zone = translated(_text(spec, "schedule"))
    except ScheduleError as error:
        return LeftOut(line, shown, f"spec.schedule: {error}")
    job_spec = _at(_at(spec, "jobTemplate"), "spec")
    pod = _at(_at(job_spec, "template"), "spec")
    fields = {
        "id": name,
        "description": excerpt(_text(_at(metadata, "annotations"), "description"), 200),
        "schedule": schedule,
        "timezone": zone or _text(spec, "timeZone") or "UTC",
        "overlap": _OVERLAP.get(_text(spec, "concurrencyPolicy"), "allow"),
        "max_lateness": _seconds(spec, "startingDeadlineSeconds"),
        "timeout": _seconds(job_spec, "activeDeadlineSeconds") or "1d",
        "max_retries": _retries(job_spec),
        "retry_delay": "10s",
        "max_retry_delay": "6m",
        "tags": ["kubernetes", *filter(None, [_text(metadata, "namespace")])],
        "enabled": False,
    }
    if not fields["max_retries"]:
        fields = {key: value for key, value in fields.items() if "retr" not in key}
    action, lacks = _action(pod, [key for key in _NOT_KEPT_OF_JOB if key in job_spec.value])
    complete = {
        key: value for key, value in {**fields, **action}.items() if value not in ("", None, {})
    }
    suspended = "suspended there" if _text(spec, "suspend").lower() == "true" else ""
    note = "; ".join(filter(None, (suspended, lacks)))
    job = placeholder.complete(complete, {})
    return ImportedJob(line, shown, job, is_named=False, note=note)


def _action(pod: Node, lost: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Return the command as docker takes it, with its variables, and what is not kept.

    `lost` is what is not kept of the job it belongs to.
    """
    containers = pod.value.get("containers") if pod.is_mapping else None
    found = (
        containers.value if containers is not None and isinstance(containers.value, list) else []
    )
    if len(found) != 1 or not found[0].is_mapping:
        return {}, f"{len(found)} containers, so it has no command yet"
    container = found[0]
    image = _text(container, "image")
    if not image or image.startswith("-"):
        return {}, "no image, so it has no command yet"
    env, missing = _environment(container)
    command, arguments = (
        [_expanded(word, env) for word in _words(container, key)] for key in ("command", "args")
    )
    words = ["docker", "run", "--rm"]
    words += [word for name in env for word in ("--env", name)]
    if folder := _text(container, "workingDir"):
        words += ["--workdir", folder]
    if command:
        words += ["--entrypoint", command[0]]
    words += [image, *command[1:], *arguments]
    lost = [*lost, *(key for key in _NOT_KEPT if key in pod.value)]
    lost += [key for key in ("volumeMounts", "envFrom", "resources") if key in container.value]
    lost += [f"env {name}" for name in missing]
    note = f"not kept: {', '.join(lost)}" if lost else ""
    return {"command": words, "env": env}, note


def _environment(container: Node) -> tuple[dict[str, str], list[str]]:
    entries = container.value.get("env")
    env: dict[str, str] = {}
    missing: list[str] = []
    for entry in entries.value if entries is not None and isinstance(entries.value, list) else ():
        name = _text(entry, "name") if entry.is_mapping else ""
        if re.fullmatch(NAME, name) and "valueFrom" not in entry.value:
            env[name] = _expanded(_text(entry, "value"), env)
        elif name:
            missing.append(excerpt(name))
    return env, missing


def _expanded(text: str, env: Mapping[str, str]) -> str:
    """Return a text as Kubernetes expands it: `$(NAME)`, if there is such a variable; `$$`."""
    return _VARIABLE.sub(
        lambda match: "$" if match[1] is None else env.get(match[1], match[0]), text
    )


def _words(container: Node, key: str) -> list[str]:
    node = container.value.get(key)
    items: Sequence[Node] = node.value if node is not None and isinstance(node.value, list) else ()
    return [item.text for item in items if not isinstance(item.value, dict | list)]


def _retries(job_spec: Node) -> int:
    node = job_spec.value.get("backoffLimit") if job_spec.is_mapping else None
    count = node.value if node is not None and type(node.value) is int else _RETRIES
    return max(0, min(count, 100))


def _seconds(node: Node, key: str) -> str:
    found = node.value.get(key) if node.is_mapping else None
    value = found.value if found is not None else None
    return f"{value}s" if type(value) is int and 0 < value < 10**9 else ""


def _at(node: Node, key: str) -> Node:
    found = node.value.get(key) if node.is_mapping else None
    return found if found is not None and found.is_mapping else Node({}, node.line)


def _text(node: Node, key: str) -> str:
    found: Mapping[str, Node] = node.value if node.is_mapping else {}
    return found[key].text if key in found and not found[key].is_mapping else ""

"""The built-in jobs and the params of their handlers, from `jobs/` and `handlers/`."""

import json
from collections.abc import Callable, Mapping

from docs.declared.tables import code, table
from scheduled.handler import loader
from scheduled.handler.params import Param
from scheduled.jobs import (
    agency_jobs,
    ecosystem_jobs,
    maintenance_jobs,
    project_jobs,
    security_jobs,
)
from scheduled.jobs.model import Job

FAMILIES: Mapping[str, tuple[Job, ...]] = {
    "ecosystems": ecosystem_jobs.JOBS,
    "projects": project_jobs.JOBS,
    "the machine": (*maintenance_jobs.JOBS, *security_jobs.JOBS, *agency_jobs.JOBS),
}


def _params(of: str) -> list[str]:
    """Return the params of a family of jobs, each with its job."""
    rows = [
        (code(job.id), code(name), *_told(param))
        for job in FAMILIES[of]
        for name, param in (loader.params(job.handler) or {}).items()
    ]
    return table(("job", "param", "meaning", "value", "default"), rows)


def _shared(of: str) -> list[str]:
    """Return the params of a family in which one that several jobs have means the same in all."""
    params = {
        name: param
        for job in FAMILIES[of]
        for name, param in (loader.params(job.handler) or {}).items()
    }
    rows = [(code(name), *_told(param)) for name, param in params.items()]
    return table(("param", "meaning", "value", "default"), rows)


def _told(param: Param) -> tuple[str, str, str]:
    return param.about, str(param.kind), json.dumps(param.default)


PARTS: Mapping[str, Callable[[str], list[str]]] = {"params": _params, "shared params": _shared}

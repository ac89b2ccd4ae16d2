"""The handlers that jobs can name: where each comes from, its params, and who uses it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypedDict

from scheduled.config.parsed import Handler, Unusable
from scheduled.handler import loader
from scheduled.jobs import agency_jobs, builtin
from scheduled.runs.handler_params import ParamRows, rows
from scheduled.version import __version__
from scheduled.views import noted_rows
from scheduled.views.noted_rows import Columns, NotedRows

if TYPE_CHECKING:
    from scheduled.config.load import Config

BUILT_IN, DIRECTORY, PACKAGE = "built-in", "directory", "package"
"""Where a handler comes from."""
LONG_NAME = 52
"""A module of this program is so long."""
Declared = tuple[ParamRows | None, str]
"""The params of a handler, None if it declares none; and why it cannot be used."""


class HandlerRow(TypedDict):
    """A handler, in `handlers --json`."""

    name: str
    description: str
    source: str
    jobs: list[str]
    origin: str
    package: str | None
    version: str | None
    params: ParamRows | None
    """None if it declares none: it is given whatever a job has."""
    error: str | None
    """Why no job can use it."""


def document(config: "Config", ask: Callable[[Handler], Declared]) -> list[HandlerRow]:
    """Return all handlers: built-in, of directories, of packages. `ask` imports one that is not."""
    return [*_built_in(config), *_custom(config, ask), *_unusable(config)]


def _built_in(config: "Config") -> Iterator[HandlerRow]:
    for job in builtin.JOBS:
        if job.handler != agency_jobs.UNBOUND:
            table = loader.params(job.handler)
            yield {
                "name": job.handler,
                "description": job.description,
                "source": BUILT_IN,
                "jobs": _users(config, job.handler),
                "origin": BUILT_IN,
                "package": None,
                "version": __version__,
                "params": None if table is None else rows(table),
                "error": None,
            }


def _custom(config: "Config", ask: Callable[[Handler], Declared]) -> Iterator[HandlerRow]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, config.handlers))
    for handler, (params, error) in zip(config.handlers, answers, strict=True):
        yield {
            "name": handler.name,
            "description": handler.about,
            "source": handler.place,
            "jobs": _users(config, handler.target),
            "origin": PACKAGE if handler.package else DIRECTORY,
            "package": handler.package or None,
            "version": handler.version or None,
            "params": params,
            "error": error or None,
        }


def _unusable(config: "Config") -> Iterator[HandlerRow]:
    for handler in config.unusable:
        if not handler.is_gone or handler.is_job:
            yield {
                "name": handler.name,
                "description": "",
                "source": _owner(handler),
                "jobs": [],
                "origin": PACKAGE,
                "package": handler.package,
                "version": handler.version or None,
                "params": None,
                "error": handler.reason,
            }


def _users(config: "Config", target: str) -> list[str]:
    return [job.id for job in config.jobs if job.handler == target]


def _owner(handler: Unusable) -> str:
    return f"{handler.package} {handler.version}".rstrip()


def table(rows: list[HandlerRow]) -> NotedRows:
    """Return the same for a person: a row a handler, with what it does and takes as notes."""
    texts = []
    for row in rows:
        about = "cannot be used, see below" if row["error"] else row["description"]
        params = "any" if row["params"] is None else ", ".join(row["params"])
        texts.append((row["name"], ", ".join(row["jobs"]), row["source"], about, params))
    shown, notes = ("HANDLER", "JOBS", "SOURCE"), ("DESCRIPTION", "PARAMS")
    shed = ("JOBS", "SOURCE")
    columns = Columns(shown, notes, name="HANDLER", shed=shed, long_name=LONG_NAME)
    return noted_rows.table(columns, texts)

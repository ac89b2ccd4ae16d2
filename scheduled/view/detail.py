"""Everything about one job: `show JOB --json`, and the same as a page."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from scheduled import plan
from scheduled.model import Job
from scheduled.view import jobs, output, upcoming
from scheduled.view.picture import Picture

if TYPE_CHECKING:
    from rich.console import RenderableType

NEXT_SHOWN = 5
LINES_SHOWN = 10


def document(picture: Picture, job: Job) -> dict[str, Any]:
    """`show JOB --json`."""
    above = plan.sky(picture.now)
    decision = plan.decide(job, picture.record(job.id), above, picture.late_after)
    row = jobs.row(picture, decision, above)
    entry = dict(picture.entry(job.id))
    kept = output.newest(picture.state_dir, job.id)
    return {
        "job": row,
        "definition": {
            one.name: getattr(job, one.name) for one in fields(job) if one.name not in row
        },
        "last": entry.pop("last", None),
        "state": entry,
        "next": upcoming.of_job(picture, job, NEXT_SHOWN)["next"],
        "output": {
            "run_id": kept.run_id,
            "path": str(kept.path),
            "lines": kept.tail(LINES_SHOWN),
        }
        if kept
        else None,
    }


def page(shown: dict[str, Any], picture: Picture) -> "list[RenderableType]":
    """The same for a person."""
    from rich.text import Text

    from scheduled.view import tables

    parts: list[RenderableType] = [
        tables.pairs(_about(shown, picture)),
        Text("\nLast", "bold"),
        tables.pairs(_said(shown["last"]) or [("never", "it has not run yet")]),
        Text("\nState", "bold"),
        tables.pairs(_said(shown["state"]) or [("none", "no tick has seen it yet")]),
        Text("\nNext", "bold"),
        tables.slots(shown["next"], picture.now, shown["job"]["id"])
        if shown["next"]
        else Text("no further slot"),
    ]
    if shown["output"]:
        parts.append(Text(f"\nOutput of {shown['output']['run_id']}", "bold"))
        parts += [tables.cell(line) for line in shown["output"]["lines"]]
        parts.append(tables.cell(f"all of it: {shown['output']['path']}"))
    return parts


def _about(shown: dict[str, Any], picture: Picture) -> list[tuple[str, str]]:
    from scheduled.view.tables import awaited

    row = {key: value for key, value in shown["job"].items() if not key.startswith("last_")}
    row["next_run"] = awaited(row, picture.now, picture.zone)
    return [*_said(row), *_said(shown["definition"])]


def _said(values: dict[str, Any] | None) -> list[tuple[str, str]]:
    """The values worth a line: those that say something."""
    said = values or {}
    return [(key, _words(said[key])) for key in said if said[key] not in (None, "", [], {}, ())]


def _words(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{key} {_words(inner)}" for key, inner in value.items())
        case list() | tuple():
            return " ".join(_words(inner) for inner in value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)

"""What `config import` would write, as text and as JSON. Secrets in variables are masked."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

from scheduled.config.importers import command_text, placeholder
from scheduled.config.importers.findings import ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.proposal import Proposal, Settings
from scheduled.config.job_file_editor import NewJobFile
from scheduled.jobs import builtin
from scheduled.system.masking import Mask
from scheduled.system.text import excerpt, one_line

_FROM = {
    SourceKind.CRONTAB: "a crontab",
    SourceKind.ANACRON: "an anacrontab",
    SourceKind.GPTME: "gptme's scheduler.yaml",
    SourceKind.AICO: "AICO's configuration",
    SourceKind.CIRIS: "CIRIS's tasks",
    SourceKind.AIPASS: "AIPass's .daemon files",
    SourceKind.SYSTEMD: "timers of systemd",
    SourceKind.OPENCLAW: "OpenClaw's jobs",
    SourceKind.HERMES: "Hermes' jobs",
    SourceKind.KUBERNETES: "CronJobs of Kubernetes",
    SourceKind.OFELIA: "ofelia's configuration",
}
_REMOVE = {
    SourceKind.CRONTAB: "cron still has these lines and will run them as well. Remove them; from"
    " your own crontab\nwith `crontab -e`:",
    SourceKind.ANACRON: "anacron still has these lines and will run them as well. Remove them:",
    SourceKind.AIPASS: 'AIPass\'s own timer still runs these as well. Set `"enabled": false`'
    " there:",
    SourceKind.SYSTEMD: "systemd still has these timers and will run them as well. Stop each with"
    " `systemctl disable --now`,\nor `systemctl --user disable --now`:",
}
"""How to end the double life of a job, for the schedulers whose jobs run without us."""
_IN_TABLE = tuple(
    kind for kind in SourceKind if kind not in (SourceKind.CRONTAB, SourceKind.ANACRON)
)
"""Schedulers with tasks of their own: what of them is not imported stands in the same table."""


def text(proposal: Proposal, *, with_files: bool = False) -> str:
    """Return a table of the jobs, what is not imported and why, and what changes.

    `with_files` adds each file with its content.
    """
    return "\n".join(_blocks(proposal, with_files))


def lines_to_remove(proposal: Proposal) -> str:
    """Return the lines that would run beside the new jobs; '' where none do."""
    removed = [job for job, file in proposal.jobs if _has_double_life(proposal, file)]
    lines = [
        f"  {job.file or 'line'}{':' if job.file else ' '}{job.line}: {one_line(job.text)}\n"
        for job in removed
    ]
    return f"{_REMOVE[proposal.findings.kind]}\n{''.join(lines)}" if lines else ""


def _has_double_life(proposal: Proposal, file: NewJobFile) -> bool:
    """Whether the other scheduler goes on to run a job that runs here."""
    kind = proposal.findings.kind
    may_be_off = kind in (SourceKind.AIPASS, SourceKind.SYSTEMD)
    return kind in _REMOVE and (file.job.enabled or not may_be_off)


def settings_to_add(settings: Settings) -> str:
    """Return what the user has to add to an existing configuration, or ''."""
    if not settings.text or settings.is_new:
        return ""
    below = ", the jobs below its own `jobs:`" if "jobs:\n" in settings.text else ""
    add = f"exists and is not changed. Add to it{below}:"
    return f"{settings.path} {add}\n{indent(settings.text, '  ')}"


def document(proposal: Proposal, written: Sequence[Path]) -> dict[str, Any]:
    """Return the proposal as JSON values; `written` are the files that were written."""
    settings = proposal.settings
    return {
        "kind": str(proposal.findings.kind),
        "jobs": [
            {
                "id": file.job.id,
                "path": str(file.path),
                "text": _masked_text(file),
                **_file(imported),
                "line": imported.line,
                "from": imported.text,
                "remove": _has_double_life(proposal, file),
            }
            for imported, file in (*proposal.jobs, *proposal.changes)
        ],
        "settings": {
            "path": str(settings.path),
            "text": settings.text,
            "by_hand": not settings.is_new,
        }
        if settings.text
        else None,
        "left_out": [
            {**_file(part), "line": part.line, "text": part.text, "reason": part.reason}
            for part in proposal.left_out
        ],
        "notes": list(proposal.notes),
        "written": [str(path) for path in written],
    }


def _file(part: ImportedJob | LeftOut) -> dict[str, str]:
    """Return the file something is from, where there may be several."""
    return {"file": part.file} if part.file else {}


def _blocks(proposal: Proposal, with_files: bool) -> Iterator[str]:
    count = len(proposal.jobs) + len(proposal.changes)
    in_table = proposal.findings.kind in _IN_TABLE
    jobs = f"{count} job{'' if count == 1 else 's'} from {_FROM[proposal.findings.kind]}"
    places = [str(proposal.settings.path)] if proposal.changes else []
    if proposal.jobs:
        places.append(f"files in {proposal.jobs[0][1].path.parent}")
    yield f"{jobs}{', for ' if places else ''}{' and '.join(places)}\n"
    if count or (in_table and proposal.left_out):
        yield _table(proposal, proposal.left_out if in_table else ())
    if with_files:
        for imported, file in proposal.jobs:
            place = f"{imported.file}:{imported.line}" if imported.file else f"line {imported.line}"
            yield f"{file.path}, from {place}:\n{indent(_masked_text(file), '  ')}"
    settings = proposal.settings
    if settings.text and settings.is_new:
        yield f"{settings.path}:\n{indent(settings.text, '  ')}"
    if proposal.left_out and not in_table:
        lines = [
            f"  line {part.line}: {one_line(part.text, 100)}\n    {one_line(part.reason)}\n"
            for part in proposal.left_out
        ]
        yield f"Not imported:\n{''.join(lines)}"
    if proposal.notes:
        yield "What changes:\n" + "".join(f"  {note}\n" for note in proposal.notes)


def _table(proposal: Proposal, left_out: Sequence[LeftOut]) -> str:
    """Return a line a job: its line in the file, its id, its schedule, and what it runs.

    What is left out follows where it stands in the file, with the reason.
    """
    kind = proposal.findings.kind
    rows = [
        (
            (imported.file, imported.line),
            file.job.id,
            file.job.schedule,
            _runs(imported, file, kind),
        )
        for imported, file in (*proposal.jobs, *proposal.changes)
    ]
    rows += [
        ((part.file, part.line), one_line(part.text, 60), "", f"not imported: {part.reason}")
        for part in left_out
    ]
    rows.sort(key=lambda row: row[0])
    has_files = any(file for (file, _), *_ in rows)
    cells = [("FROM" if has_files else "LINE", "JOB", "SCHEDULE", "RUNS")]
    cells += [
        (
            f"{file}:{line}" if has_files else str(line),
            one_line(what),
            one_line(when),
            one_line(how),
        )
        for (file, line), what, when, how in rows
    ]
    widths = [max(len(row[place]) for row in cells) for place in range(3)]
    align = "<" if has_files else ">"
    return "".join(
        f"{place:{align}{widths[0]}}  {id_:<{widths[1]}}  {schedule:<{widths[2]}}  {runs}\n"
        for place, id_, schedule, runs in cells
    )


def _runs(imported: ImportedJob, file: NewJobFile, kind: SourceKind) -> str:
    """Return what a job runs; for one that is disabled because nothing can be run, why."""
    job = file.job
    if job.command == placeholder.COMMAND:
        return f"nothing yet: {placeholder.WHY[kind]} (disabled)"
    off = "" if job.enabled else " (disabled)"
    if job.source.startswith(builtin.BUILT_IN) and not job.command:
        return f"built-in{': ' if imported.lacks else ''}{imported.lacks}{off}"
    if job.handler:
        return f"handler {job.handler}{off}"
    command = Mask(job.env).text(command_text.shown(job.command))
    return excerpt(command) + ("" if job.enabled else " (disabled)")


def _masked_text(file: NewJobFile) -> str:
    return Mask(file.job.env).text(file.text)

"""What `config import` would write, as text and as JSON. Secrets in variables are masked."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

from scheduled.config.importers import command_text
from scheduled.config.importers.findings import SourceKind
from scheduled.config.importers.proposal import Proposal, Settings
from scheduled.config.job_file_editor import NewJobFile
from scheduled.system.masking import Mask
from scheduled.system.text import excerpt, one_line

_FROM = {
    SourceKind.CRONTAB: "a crontab",
    SourceKind.ANACRON: "an anacrontab",
    SourceKind.GPTME: "gptme's scheduler.yaml",
    SourceKind.AICO: "AICO's configuration",
    SourceKind.CIRIS: "CIRIS's tasks",
}
_REMOVE = {
    SourceKind.CRONTAB: "cron still has these lines and will run them as well. Remove them; from"
    " your own crontab\nwith `crontab -e`:",
    SourceKind.ANACRON: "anacron still has these lines and will run them as well. Remove them:",
}
"""How to end the double life of a job, for the schedulers whose jobs run without us."""


def text(proposal: Proposal, *, with_files: bool = False) -> str:
    """Return a table of the jobs, what is not imported and why, and what changes.

    `with_files` adds each file with its content.
    """
    return "\n".join(_blocks(proposal, with_files))


def lines_to_remove(proposal: Proposal) -> str:
    """Return the lines that would run beside the new jobs; '' where none do."""
    if proposal.findings.kind not in _REMOVE or not proposal.jobs:
        return ""
    lines = [f"  line {job.line}: {one_line(job.text)}\n" for job, _ in proposal.jobs]
    return f"{_REMOVE[proposal.findings.kind]}\n{''.join(lines)}"


def settings_to_add(settings: Settings) -> str:
    """Return what the user has to add to an existing configuration, or ''."""
    if not settings.text or settings.is_new:
        return ""
    return f"{settings.path} exists and is not changed. Add to it:\n{indent(settings.text, '  ')}"


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
                "line": imported.line,
                "from": imported.text,
                "remove": proposal.findings.kind in _REMOVE,
            }
            for imported, file in proposal.jobs
        ],
        "settings": {
            "path": str(settings.path),
            "text": settings.text,
            "by_hand": not settings.is_new,
        }
        if settings.text
        else None,
        "left_out": [
            {"line": part.line, "text": part.text, "reason": part.reason}
            for part in proposal.left_out
        ],
        "notes": list(proposal.notes),
        "written": [str(path) for path in written],
    }


def _blocks(proposal: Proposal, with_files: bool) -> Iterator[str]:
    count = len(proposal.jobs)
    jobs = f"{count} job{'' if count == 1 else 's'} from {_FROM[proposal.findings.kind]}"
    if proposal.jobs:
        folder = proposal.jobs[0][1].path.parent
        yield f"{jobs}, for files in {folder}\n"
        yield _table(proposal)
    else:
        yield f"{jobs}\n"
    if with_files:
        for imported, file in proposal.jobs:
            yield f"{file.path}, from line {imported.line}:\n{indent(_masked_text(file), '  ')}"
    settings = proposal.settings
    if settings.text and settings.is_new:
        yield f"{settings.path}:\n{indent(settings.text, '  ')}"
    if proposal.left_out:
        lines = [
            f"  line {part.line}: {one_line(part.text, 100)}\n    {one_line(part.reason)}\n"
            for part in proposal.left_out
        ]
        yield f"Not imported:\n{''.join(lines)}"
    if proposal.notes:
        yield "What changes:\n" + "".join(f"  {note}\n" for note in proposal.notes)


def _table(proposal: Proposal) -> str:
    """Return a line a job: its line in the file, its id, its schedule, and what it runs."""
    rows = [("LINE", "JOB", "SCHEDULE", "RUNS")]
    rows += [
        (str(imported.line), file.job.id, file.job.schedule, _runs(file))
        for imported, file in proposal.jobs
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    return "".join(
        f"{line:>{widths[0]}}  {id_:<{widths[1]}}  {schedule:<{widths[2]}}  {runs}\n"
        for line, id_, schedule, runs in rows
    )


def _runs(file: NewJobFile) -> str:
    job = file.job
    if job.handler:
        return f"handler {job.handler}"
    command = Mask(job.env).text(command_text.shown(job.command))
    return excerpt(command) + ("" if job.enabled else " (disabled)")


def _masked_text(file: NewJobFile) -> str:
    return Mask(file.job.env).text(file.text)

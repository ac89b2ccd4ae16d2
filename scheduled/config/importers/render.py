"""What `config import` would write, for people and as JSON. Secrets in variables are hidden."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

from scheduled.config.importers.findings import SourceKind
from scheduled.config.importers.proposal import Proposal, Settings
from scheduled.config.job_file_editor import NewJobFile
from scheduled.runs.masking import Mask
from scheduled.system.text import one_line

_FROM = {
    SourceKind.CRONTAB: "a crontab",
    SourceKind.GPTME: "gptme's scheduler.yaml",
    SourceKind.AICO: "AICO's configuration",
    SourceKind.CIRIS: "CIRIS's tasks",
}


def text(proposal: Proposal) -> str:
    """All of it: each file with its content, what is left out and why, what will be different."""
    return "\n".join(_blocks(proposal))


def lines_to_remove(proposal: Proposal) -> str:
    """Which lines of a crontab would run as well as the new jobs; empty for other files."""
    if proposal.findings.kind is not SourceKind.CRONTAB or not proposal.jobs:
        return ""
    lines = [f"  line {wanted.line}: {one_line(wanted.text)}\n" for wanted, _ in proposal.jobs]
    still = "cron still has these lines, and will run them as well."
    advice = "Take them out; in your own crontab,\nwith `crontab -e`:\n"
    return f"{still} {advice}{''.join(lines)}"


def settings_to_add(settings: Settings) -> str:
    """What a person has to add to the configuration, which is theirs; empty if nothing."""
    if not settings.text or settings.is_new:
        return ""
    return f"{settings.path} is yours and stays as it is. Add to it:\n{indent(settings.text, '  ')}"


def document(proposal: Proposal, written: Sequence[Path]) -> dict[str, Any]:
    """The same as JSON values; `written` are the files that are there now."""
    settings = proposal.settings
    is_crontab = proposal.findings.kind is SourceKind.CRONTAB
    return {
        "kind": str(proposal.findings.kind),
        "jobs": [
            {
                "id": one.job.id,
                "path": str(one.path),
                "text": _masked_text(one),
                "line": wanted.line,
                "from": wanted.text,
                "remove": is_crontab,
            }
            for wanted, one in proposal.jobs
        ],
        "settings": {
            "path": str(settings.path),
            "text": settings.text,
            "by_hand": not settings.is_new,
        }
        if settings.text
        else None,
        "left_out": [
            {"line": one.line, "text": one.text, "reason": one.reason} for one in proposal.left_out
        ],
        "notes": list(proposal.notes),
        "written": [str(path) for path in written],
    }


def _blocks(proposal: Proposal) -> Iterator[str]:
    count = len(proposal.jobs)
    jobs = f"{count} job{'' if count == 1 else 's'}"
    yield f"{jobs} from {_FROM[proposal.findings.kind]}\n"
    for wanted, one in proposal.jobs:
        yield f"{one.path}, from line {wanted.line}:\n{indent(_masked_text(one), '  ')}"
    settings = proposal.settings
    if settings.text and settings.is_new:
        yield f"{settings.path}:\n{indent(settings.text, '  ')}"
    if proposal.left_out:
        lines = [
            f"  line {one.line}: {one_line(one.text, 100)}\n    {one_line(one.reason)}\n"
            for one in proposal.left_out
        ]
        yield f"Left out:\n{''.join(lines)}"
    if proposal.notes:
        yield "What is different:\n" + "".join(f"  {one}\n" for one in proposal.notes)


def _masked_text(one: NewJobFile) -> str:
    return Mask(one.job.env).text(one.text)

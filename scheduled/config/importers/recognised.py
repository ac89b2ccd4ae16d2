"""Files of schedulers that are not imported, and what to do with each (pure)."""

import re
from collections.abc import Iterable

_WHENEVER = (
    re.compile(rb"^[ \t]*every[ \t(].*?(?:\bdo\b|\{)", re.MULTILINE),
    re.compile(rb"\b(?:rake|runner|command|script)[ \t(]"),
)
_LARAVEL = (
    re.compile(rb"<\?php"),
    re.compile(rb"(?:\$schedule\s*->|Schedule::)(?:command|call|job|exec)\b"),
)
_WORKFLOW = (
    re.compile(rb"^[\"']?on[\"']?[ \t]*:", re.MULTILINE),
    re.compile(rb"^[\"']?jobs[\"']?[ \t]*:", re.MULTILINE),
)
"""Signs of each, which follow each other."""
_CRON = re.compile(rb"^\s*-\s*cron\s*:\s*[\"']?([^\"'\n#]+)", re.MULTILINE)


def advice(data: bytes, label: str) -> str:
    """Return what a file of another scheduler is and what to do with it; '' for any other."""
    head = data[:1_000_000]
    if _has(head, _LARAVEL):
        return (
            f"{label}: a schedule of Laravel's, which is PHP. Let Laravel decide, and have each"
            " minute noted here: scheduled create laravel '* * * * *' --cwd /path/to/the/app"
            " --command 'php artisan schedule:run'; or make a job of each line of"
            " `php artisan schedule:list`"
        )
    if _has(head, _WHENEVER):
        return (
            f"{label}: a schedule.rb of whenever, which is Ruby. whenever prints it as a crontab:"
            " bundle exec whenever | scheduled config import -"
        )
    if _has(head, _WORKFLOW):
        crons = [match.decode("utf-8", "replace").strip() for match in _CRON.findall(head)]
        times = f"; its schedule: {', '.join(crons[:5])}" if crons else ""
        first = crons[0] if crons else "0 3 * * *"
        return (
            f"{label}: a workflow of GitHub's, whose steps run on GitHub's machines{times}. For"
            f' what is to run here, type: scheduled create NAME "{first}" --timezone UTC'
            " --command ..."
        )
    return ""


def _has(data: bytes, signs: Iterable[re.Pattern[bytes]]) -> bool:
    """Whether these signs follow each other."""
    place = 0
    for sign in signs:
        match = sign.search(data, place)
        if match is None:
            return False
        place = match.end()
    return True

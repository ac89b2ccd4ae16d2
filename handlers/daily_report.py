"""Write the summary of the day: health, mail, memory files, plans. Mailed to @dev_central.

The wording is the seed's. A missing source counts as nothing; an outdated one is not used: then
the branches are checked now.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from scheduled.ecosystem import central, mail_activity, mail_central, plans, registry, timestamps
from scheduled.ecosystem.checks import Checkups, Rules
from scheduled.ecosystem.formats import one_line
from scheduled.ecosystem.memory import MemoryFile, Survey
from scheduled.ecosystem.opened_mail import OpenedMail
from scheduled.ecosystem.registry import Branch, RegistryError
from scheduled.handler import Context, Kind, Param, values
from scheduled.quick_classes import dataclass, field
from scheduled.system.stamp_cache import StampCache

PARAMS = {
    **Rules.PARAMS,
    "send": Param("whether the report is mailed to somebody", Kind.FLAG, True),
}

FRESH = timedelta(hours=2)
"""How old HEALTH.central.json may be: it is written every hour."""

ACTIVE = timedelta(hours=24)
LISTED = 50
"""Lines of one list; of more, only the number."""
PLANS_LISTED = 5


@dataclass
class Health:
    """The health of the branches, with a line for each that is not healthy."""

    healthy: int = 0
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ecosystem: list[str] = field(default_factory=list)
    """The same for what all branches share."""


def run(context: Context) -> dict[str, object]:
    """Build today's report, and fire `daily_report` with it."""
    report = build(context)
    date = f"{context.local_now:%Y-%m-%d}"
    payload: dict[str, Any] = {}
    if values(PARAMS, context.params)["send"]:
        subject = f"[DAILY] System Report - {date}"
        # One slot a day: caught up at seven and due at eight, it is the same report, renewed.
        message = {"subject": subject, "body": report, "key": f"daily-report {date}"}
        if context.slot is None:
            message["fingerprint"] = context.run_id  # asked for by hand, it is sent in any case
        payload = {"message": message}
    context.fire("daily_report", date=date, **payload)
    return {"date": date, "report": report}


def build(context: Context) -> str:
    """Return the report as Markdown. Changes nothing but the cache; missing sources raise nothing.

    Raises ValueError for unusable params.
    """
    rules = Rules.from_params(context.params)
    branches, trouble = _branches(context)
    cache = StampCache(context.cache_dir / "daily_report.sweep")
    active = [branch for branch in branches if branch.active]
    health = _published(context) or _looked_at(context, active, cache, rules)
    survey = Survey(cache, rules.limits, thorough=False)
    exceeding = [file for file in survey.files(active) if file.is_over]
    lines = [
        f"# AIPass Daily Report - {context.local_now:%Y-%m-%d}",
        *_health_section(health, trouble),
        *_away_section(central.read(context.central_dir, "SCHEDULED")),
        *_mail_section(central.read(context.central_dir, mail_central.NAME)),
        *_activity_section(context, branches),
        *_memory_section(exceeding),
        *_plans_section(plans.active(context.root, context.central_dir)),
    ]
    cache.save()
    return "\n".join(lines)


def _branches(context: Context) -> tuple[Sequence[Branch], str]:
    """Return the registered branches, or the reason why the registry cannot be read."""
    try:
        return registry.load(context.root, context.cache_dir).branches, ""
    except RegistryError as error:
        return (), str(error)


def _published(context: Context) -> Health | None:
    """Return the result of the health check, if it is fresh."""
    document = central.read(context.central_dir, "HEALTH")
    updated = timestamps.readable(document.get("last_updated"), context.zone)
    if updated is None or not -FRESH < context.now - updated < FRESH:
        return None
    healthy = document.get("healthy")
    return Health(
        healthy=healthy if isinstance(healthy, int) else 0,
        warnings=_findings(document.get("warnings")),
        errors=_findings(document.get("errors")),
        ecosystem=_findings(document.get("ecosystem"), "what"),
    )


def _findings(listed: Any, about: str = "branch") -> list[str]:
    entries = [entry for entry in _list(listed) if isinstance(entry, dict)]
    return [_finding(entry.get(about), _list(entry.get("issues"))) for entry in entries]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _finding(branch: Any, issues: Iterable[Any]) -> str:
    texts = [one_line(issue, 300) for issue in issues]
    return f"{one_line(branch, 100)}: {', '.join(texts)}"


def _looked_at(
    context: Context, branches: Iterable[Branch], cache: StampCache, rules: Rules
) -> Health:
    checkups = Checkups(cache, rules, context.now, context.zone, OpenedMail(context.cache_dir))
    health = Health()
    for checkup in map(checkups.of, branches):
        finding = _finding(checkup.branch, (issue.text for issue in checkup.issues))
        match checkup.status:
            case "healthy":
                health.healthy += 1
            case "warning":
                health.warnings.append(finding)
            case _:
                health.errors.append(finding)
    return health


def _health_section(health: Health, trouble: str) -> list[str]:
    lines = [
        "",
        "## System Health",
        f"- Healthy branches: {health.healthy}",
        f"- Warnings: {len(health.warnings)}",
        f"- Errors: {len(health.errors)}",
    ]
    if trouble:
        lines.append(f"- The branches are unknown: {one_line(trouble, 300)}")
    sections = (
        ("Warnings", health.warnings),
        ("Errors", health.errors),
        ("Ecosystem", health.ecosystem),
    )
    for title, findings in sections:
        if findings:
            lines += ["", f"### {title}", *_listed("- ", findings)]
    return lines


def _away_section(document: dict[str, Any]) -> list[str]:
    """Return the times without ticks of the last day; nothing if there were none."""
    lines = [one_line(line, 300) for line in _list(document.get("away"))]
    return ["", "## While You Were Away", *_listed("- ", lines)] if lines else []


def _mail_section(document: dict[str, Any]) -> list[str]:
    totals = mail_central.totals(document)
    return [
        "",
        "## Mail Statistics",
        f"- Total unread: {totals.unread}",
        f"- Total messages: {totals.total}",
    ]


def _activity_section(context: Context, branches: Iterable[Branch]) -> list[str]:
    start = context.now - ACTIVE
    lines = []
    for branch in branches:
        mail = mail_activity.since(branch.mailbox, start, context.zone)
        if any(mail):
            name = one_line(branch.name, 100)
            lines.append(f"{name}: {mail.sent} sent, {mail.received} received")
    return ["", "## Branch Activity", *(_listed("- ", lines) or ["- No mail in the last 24 hours"])]


def _memory_section(exceeding: list[MemoryFile]) -> list[str]:
    if not exceeding:
        return ["", "## Memory Status", "- All memory files within limits"]
    files = [
        f"{one_line(file.branch.name, 100)}/{one_line(file.name, 100)}: {_excess(file)}"
        for file in exceeding
    ]
    title = f"- Files exceeding threshold: {len(files)}"
    return ["", "## Memory Status", title, *_listed("  - ", files)]


def _excess(file: MemoryFile) -> str:
    return ", ".join(str(amount) for amount in file.amounts if amount.is_over)


def _plans_section(active: list[plans.Plan]) -> list[str]:
    lines = [f"  - {plan.id}: {plan.subject}" for plan in active[:PLANS_LISTED]]
    return ["", "## Active Plans", f"- Total active: {len(active)}", *lines]


def _listed(bullet: str, lines: list[str]) -> list[str]:
    more = [f"{bullet}and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    return [bullet + line for line in lines[:LISTED]] + more

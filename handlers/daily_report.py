"""Write the summary of the day: health, red flags, mail, memory files, plans.

The wording is the seed's, but the worst comes first and nothing is told twice: that a memory file
is too long stands under Memory Status alone. What this program sent counts as nobody's mail. A
missing source counts as nothing; an outdated one is not used: then the branches are checked now.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from scheduled.ecosystem import (
    central,
    mail_activity,
    mail_central,
    plans,
    projects_central,
    registry,
)
from scheduled.ecosystem.activity import Status
from scheduled.ecosystem.checks import Rules
from scheduled.ecosystem.formats import PROJECT_REGISTRY, is_project_registry, one_line
from scheduled.ecosystem.health_central import Finding, Health
from scheduled.ecosystem.memory import MemoryFile, Survey
from scheduled.ecosystem.overview import Overview
from scheduled.ecosystem.registry import Branch, RegistryError
from scheduled.handler import Context, Kind, Param, values
from scheduled.quick_classes import NamedTuple
from scheduled.system.stamp_cache import StampCache

PARAMS = {
    **Rules.PARAMS,
    "send": Param("whether the report is mailed to somebody", Kind.FLAG, True),
}

ACTIVE = timedelta(hours=24)
LISTED = 50
"""Lines of one list; of more, only the number."""
NAMED = 10
"""Branches named on one line; of more, only the number."""
PLANS_LISTED = 5


Mail = Iterable[tuple[Branch, mail_activity.Activity]]
"""What each branch sent and received."""


class Section(NamedTuple):
    """A part of the report, and the numbers in it."""

    lines: Sequence[str]
    numbers: Mapping[str, Any] = {}


def run(context: Context) -> dict[str, object]:
    """Build today's report, and fire `daily_report` with it."""
    report = _report(context)
    date = f"{context.local_now:%Y-%m-%d}"
    payload: dict[str, Any] = {}
    if values(PARAMS, context.params)["send"]:
        subject = f"[DAILY] System Report - {date}"
        # One slot a day: caught up at seven and due at eight, it is the same report, renewed.
        message = {
            "subject": subject,
            "body": "\n".join(report.lines),
            "key": f"daily-report {date}",
        }
        if context.slot is None:
            message["fingerprint"] = context.run_id  # asked for by hand, it is sent in any case
        payload = {"message": message}
    context.fire("daily_report", date=date, **payload)
    return {"date": date, "report": "\n".join(report.lines), **report.numbers}


def build(context: Context) -> str:
    """Return the report as Markdown. Changes nothing but the cache; missing sources raise nothing.

    Raises ValueError for unusable params.
    """
    return "\n".join(_report(context).lines)


def _report(context: Context) -> Section:
    rules = Rules.from_params(context.params)
    branches, trouble = _branches(context)
    cache = StampCache(context.cache_dir / "daily_report.sweep")
    active = [branch for branch in branches if branch.active]
    now, zone = context.now, context.zone
    overview = Overview(context.root, active, rules, cache, context.cache_dir, now, zone)
    health = overview.health(context.central_dir)
    survey = Survey(cache, rules.limits, thorough=False)
    start = now - ACTIVE
    mail = [(branch, mail_activity.since(branch.mailbox, start, zone)) for branch in branches]
    sections = (
        _health_section(health, trouble),
        _red_flags_section(health),
        _away_section(central.read(context.central_dir, "SCHEDULED")),
        _mail_section(central.read(context.central_dir, mail_central.NAME), mail),
        _activity_section(health, mail),
        _memory_section([file for file in survey.files(active) if file.is_near]),
        _projects_section(central.read(context.central_dir, projects_central.NAME)),
        _plans_section(plans.active(context.root, context.central_dir)),
    )
    cache.save()
    title = f"# AIPass Daily Report - {context.local_now:%Y-%m-%d}"
    lines = [line for section in sections for line in section.lines]
    numbers = {key: value for section in sections for key, value in section.numbers.items()}
    return Section([title, *lines], numbers)


def _branches(context: Context) -> tuple[Sequence[Branch], str]:
    """Return the registered branches, or the reason why the registry cannot be read."""
    try:
        return registry.load(context.root, context.cache_dir).branches, ""
    except RegistryError as error:
        has_projects = is_project_registry(context.root / PROJECT_REGISTRY)
        return (), "" if has_projects else str(error)


def _health_section(health: Health, trouble: str) -> Section:
    counts = {
        "healthy": health.healthy,
        "warnings": len(health.warnings),
        "errors": len(health.errors),
    }
    lines = [
        "",
        "## System Health",
        f"- Healthy branches: {health.healthy}",
        f"- Warnings: {len(health.warnings)}",
        f"- Errors: {len(health.errors)}",
    ]
    if trouble:
        lines.append(f"- The branches are unknown: {one_line(trouble, 300)}")
    warnings = [line for line in map(_finding, health.warnings) if line]
    if elsewhere := len(health.warnings) - len(warnings):
        lines.append(f"- Warnings about the length of memory files alone, see below: {elsewhere}")
    sections = (
        ("Errors", [line for line in map(_finding, health.errors) if line]),
        ("Warnings", warnings),
        ("Ecosystem", [line for line in map(_finding, health.ecosystem) if line]),
    )
    for title, findings in sections:
        if findings:
            lines += ["", f"### {title}", *_listed("- ", findings)]
    return Section(lines, {"health": counts})


def _finding(finding: Finding) -> str:
    """Return what is wrong with a branch on one line; empty if Memory Status tells all of it."""
    pairs = zip(finding.issues, finding.about_limits, strict=True)
    texts = [text for text, is_about_limit in pairs if not is_about_limit]
    return f"{finding.name}: {', '.join(texts)}" if texts or not finding.issues else ""


def _red_flags_section(health: Health) -> Section:
    """Return the branches whose memory does not keep up with their work; nothing without any."""
    lines = [f"{name}: {reason}" for name, reason in health.red_flags]
    numbers = {"red_flags": [name for name, _ in health.red_flags[:LISTED]]}
    return Section(["", "## Red Flags", *_listed("- ", lines)] if lines else [], numbers)


def _away_section(document: dict[str, Any]) -> Section:
    """Return the times without ticks of the last day; nothing if there were none."""
    away = document.get("away")
    lines = [one_line(line, 300) for line in (away if isinstance(away, list) else [])]
    return Section(["", "## While You Were Away", *_listed("- ", lines)] if lines else [])


def _mail_section(document: dict[str, Any], mail: Mail) -> Section:
    totals = mail_central.totals(document)
    notices = sum(each.notices for _, each in mail)
    unread = sum(each.unread_notices for _, each in mail)
    lines = [
        "",
        "## Mail Statistics",
        f"- Total unread: {totals.unread}",
        f"- Total messages: {totals.total}",
    ]
    if notices:
        lines.append(f"- Among them from scheduled itself: {unread} unread, {notices} in all")
    counts = {"unread": totals.unread, "messages": totals.total}
    return Section(lines, {"mail": {**counts, "notices": notices, "unread_notices": unread}})


def _activity_section(health: Health, mail: Mail) -> Section:
    by_activity = health.by_activity or {}
    counts = {status.value: len(by_activity.get(status, ())) for status in Status}
    told = [
        f"- {status}: {len(names)} ({_some(names)})"
        for status, names in by_activity.items()
        if names
    ]
    busy = [
        f"{one_line(branch.name, 100)}: {each.sent} sent, {each.received} received"
        for branch, each in mail
        if each.sent or each.received
    ]
    lines = _listed("- ", busy) or ["- No mail in the last 24 hours"]
    return Section(["", "## Branch Activity", *told, *lines], {"activity": counts})


def _memory_section(files: list[MemoryFile]) -> Section:
    over = [file for file in files if file.is_over]
    near = [file for file in files if not file.is_over]
    lines = ["", "## Memory Status"]
    if over:
        excess = [_named(file, is_over=True) for file in over]
        lines += [f"- Files exceeding threshold: {len(over)}", *_listed("  - ", excess)]
    else:
        lines.append("- All memory files within limits")
    if near:
        amounts = [_named(file, is_over=False) for file in near]
        lines += [f"- Files approaching threshold: {len(near)}", *_listed("  - ", amounts)]
    return Section(lines, {"memory": {"over": len(over), "near": len(near)}})


def _named(file: MemoryFile, *, is_over: bool) -> str:
    amounts = [each for each in file.amounts if (each.is_over if is_over else each.is_near)]
    name = f"{one_line(file.branch.name, 100)}/{one_line(file.name, 100)}"
    return f"{name}: {', '.join(map(str, amounts))}"


def _projects_section(document: Mapping[str, Any]) -> Section:
    lines = projects_central.report(document)
    return Section(lines, {"projects": document["totals"]} if lines else {})


def _plans_section(active: list[plans.Plan]) -> Section:
    lines = [f"  - {plan.id}: {plan.subject}" for plan in active[:PLANS_LISTED]]
    total = f"- Total active: {len(active)}"
    return Section(["", "## Active Plans", total, *lines], {"plans": {"active": len(active)}})


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _listed(bullet: str, lines: list[str]) -> list[str]:
    more = [f"{bullet}and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    return [bullet + line for line in lines[:LISTED]] + more

"""How runs went over a time: `scheduled stats`, with AICO's indicators, per job and in all."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scheduled.jobs.model import Outcome
from scheduled.system.text import one_line
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.views.counting import Counts, Tally, rate
from scheduled.views.format import clock, counted, size, taken
from scheduled.views.snapshot import Snapshot

if TYPE_CHECKING:
    from rich.text import Text

    from scheduled.views.columns import Part


def document(
    snapshot: Snapshot, counts: Counts, since: datetime | None, job: str | None
) -> dict[str, Any]:
    """Return `stats --json` of what was counted from `since` on, of one job or all."""
    jobs = {name: figures(tally) for name, tally in sorted(counts.jobs.items())}
    queue = [each for each in snapshot.decisions() if each.is_due and not snapshot.runs(each)]
    return {
        "version": 1,
        "since": format_utc(since),
        "until": format_utc(snapshot.now),
        "job": job,
        "total": figures(counts.total),
        "jobs": [{"id": name, **row} for name, row in jobs.items()],
        "most_frequent_job": _most_frequent(counts.jobs),
        "active_tasks": len(snapshot.running),
        "queue_depth": sum(job in (None, decision.job.id) for decision in queue),
        "ticks_missed": counts.missed_ticks,
        "gaps": counts.gaps,
    }


def figures(tally: Tally) -> dict[str, Any]:
    """Return what a tally says; a rate or a duration of nothing is null."""
    outcomes = {outcome.value: tally.outcomes[outcome] for outcome in Outcome}
    return {
        "runs": tally.runs,
        **outcomes,
        "missed_capped": tally.missed_capped,
        "success_rate": _share(tally.outcomes[Outcome.SUCCEEDED], tally.runs),
        "failure_rate": _share(tally.failures, tally.runs),
        "adherence": _share(tally.on_time, tally.scheduled),
        "mean_seconds": _seconds(tally.mean),
        "rolling_mean_seconds": _seconds(tally.rolling_mean),
        "min_seconds": _seconds(tally.least),
        "peak_seconds": _seconds(tally.peak),
        "cpu_seconds": round(tally.cpu_seconds, 3),
        "max_rss_bytes": tally.max_rss_bytes or None,
        "by_hand": tally.by_hand,
        "retries": tally.retries,
        "catch_up": tally.catch_up,
        "dead_letters": tally.dead_letters,
        "guard_deferrals": _listed(tally.guards),
        "not_now": tally.not_now,
        "deferred": tally.deferred,
        "failure_categories": _listed(tally.errors),
    }


def _share(part: int, whole: int) -> float | None:
    return rate(part, whole) if whole else None


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _listed(counter: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def _most_frequent(jobs: Mapping[str, Tally]) -> str | None:
    ran = [(-tally.runs, name) for name, tally in jobs.items() if tally.runs]
    return min(ran)[1] if ran else None


def page(document: Mapping[str, Any], snapshot: Snapshot) -> list["Part | Text"]:
    """Return the page made from `stats --json`."""
    from rich.text import Text

    from scheduled.views import noted_rows, tables
    from scheduled.views.noted_rows import Columns

    if not document["jobs"]:
        return [Text("No runs recorded.")]
    total = document["total"]
    rows = [*document["jobs"], *([{"id": "all", **total}] if len(document["jobs"]) > 1 else [])]
    columns = Columns(HEADS, ("NOT RUN",), name="JOB", shed=("MIN", "LAST 20", "MAX", "MEAN"))
    facts = tables.pairs(_facts(document, snapshot))
    return [noted_rows.table(columns, map(_cells, rows)), Text(""), facts]


HEADS = ("JOB", "RUNS", "SUCCEEDED", "ON TIME", "MEAN", "LAST 20", "MIN", "MAX")


def _cells(row: Mapping[str, Any]) -> Sequence[str]:
    not_run = [f"{row[word]} {word}" for word in ("skipped", "missed") if row[word]]
    durations = ("mean_seconds", "rolling_mean_seconds", "min_seconds", "peak_seconds")
    return (
        row["id"],
        str(row["runs"]),
        _percent(row["success_rate"]),
        _percent(row["adherence"]),
        *(taken(row[key]) for key in durations),
        ", ".join(not_run),
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _facts(document: Mapping[str, Any], snapshot: Snapshot) -> list[tuple[str, str]]:
    total, since = document["total"], parse_utc(document["since"])
    begin = clock(since, snapshot.now, snapshot.zone) if since else "the oldest journal"
    guards = sum(total["guard_deferrals"].values())
    many = len(document["jobs"]) > 1
    facts = [
        ("since", begin),
        ("most often", one_line(document["most_frequent_job"] or "") if many else ""),
        ("due now", str(document["queue_depth"])),
        ("put off", f"{guards} by guards, {total['not_now']} by jobs, {total['deferred']} by you"),
        ("errors", _errors(total["failure_categories"])),
        ("largest", size(total["max_rss_bytes"]) if total["max_rss_bytes"] else ""),
        ("gaps", _gaps(document)),
    ]
    return [(name, text) for name, text in facts if text]


def _errors(categories: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in [*categories.items()][:5])


def _gaps(document: Mapping[str, Any]) -> str:
    if not document["gaps"]:
        return ""
    return f"{document['gaps']}, with {counted(document['ticks_missed'], 'tick')} missing"


def since_kept(since: datetime | None, now: datetime, kept: timedelta) -> str:
    """Return a sentence if the journal does not reach back that far; else ''."""
    if since is None or now - since <= kept:
        return ""
    return f"the journal is kept for {kept.days} days; what is older is not counted"

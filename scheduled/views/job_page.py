"""The page of `show`: a job for a person, from its JSON document and its last runs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from scheduled.jobs.model import Job
from scheduled.planning import durations, pausing
from scheduled.planning.decision import Verdict
from scheduled.state.history import Row
from scheduled.state.incident_entries import is_acknowledged, open_incidents
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import finished_jobs, incidents, job_settings, signs, tables, wording
from scheduled.views.format import absolute, clock, counted, relative, span, taken
from scheduled.views.runs import JOB, table
from scheduled.views.snapshot import Snapshot
from scheduled.views.wrapping import Fact, Facts, Paragraph

if TYPE_CHECKING:
    from scheduled.views.columns import Part

RUNS_SHOWN = 5
LINES = 3
"""So many lines a value has on a terminal, unless all is asked for."""


def page(
    document: Mapping[str, Any],
    snapshot: Snapshot,
    job: Job,
    rows: Sequence[Row],
    defaults: Mapping[str, str],
    *,
    everything: bool = False,
) -> list["Part | Text"]:
    """Return the page, part by part; `rows` are the last runs, newest first.

    `defaults` has the place of each field that the job has from `defaults`.
    Only what differs from the defaults or matters is shown, unless `everything` is asked for.
    """
    values = {**document["definition"], **document["job"]}
    most = None if everything else LINES
    parts: list[Part | Text] = [*_head(job, values, most)]
    parts.append(Facts(_now(document, snapshot, job), most=most))
    if notices := [*attention(snapshot, job)]:
        parts.append(_title("Needs attention"))
        parts += [Paragraph(notice, 2, first="- ", most=LINES) for notice in notices]
    of = job_settings.Of(job, values, defaults)
    for title, settings in (
        ("When it runs", job_settings.WHEN),
        ("How it runs", job_settings.HOW),
        ("If a run fails", job_settings.IF_IT_FAILS),
    ):
        told = job_settings.said(settings, of, everything=everything)
        facts = [Fact(name, texts) for name, texts in told]
        if title == "When it runs":
            facts.append(Fact("next runs", [*_next(document, snapshot)]))
        parts += [_title(title), Facts(facts, most=most)]
    parts += _past(document, snapshot, rows)
    parts += [_title("Where"), Facts(_places(document, values), most=most)]
    if everything:
        parts += _internals(document, snapshot)
    return parts


def _title(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _head(job: Job, values: Mapping[str, Any], most: int | None) -> Iterator["Part | Text"]:
    name = one_line(values["name"] or "")
    yield Text.assemble((job.id, "bold"), f": {name}" if name and name != job.id else "")
    if values["description"]:
        yield Paragraph(values["description"], 2, most=most)
    if values["tags"]:
        yield Paragraph(", ".join(values["tags"]), 2, first="tags: ", most=most)


def _now(document: Mapping[str, Any], snapshot: Snapshot, job: Job) -> Iterator[Fact]:
    """Yield what the job does now, how it went last, and when it runs next."""
    yield Fact("status", [_status(document, snapshot, job)])
    yield Fact("last run", [_last(document, snapshot)])
    row = document["job"]
    if row["next_run"]:
        yield Fact("next run", [tables.awaited(row, snapshot.now, snapshot.zone)])


def _status(document: Mapping[str, Any], snapshot: Snapshot, job: Job) -> str:
    memory = snapshot.record(job.id)
    if job.id in snapshot.running and memory.runs:
        since = min(run.started_at for run in memory.runs.values())
        usually = snapshot.entry(job.id).get("durations")
        often = f", usually {taken(durations.usual(usually))}" if usually else ""
        return f"running for {span((snapshot.now - since).total_seconds())}{often}"
    if memory.cancelled is not None:
        return f"cancelled{_because(memory.cancelled)}"
    if memory.suspended:
        return "suspended after too many failures"
    if job.is_switched_off:
        return "disabled, as the configuration switches all jobs off"
    if not document["job"]["enabled"]:
        return "disabled"
    if memory.pause is not None and memory.pause.covers(snapshot.now):
        end = memory.pause.until
        until = f"until {snapshot.time_and_distance(end)}" if end else "until resumed"
        return f"paused {until}{_because(memory.pause.reason)}"
    if (document["job"]["finished"] or {}).get("why") in ("ends", "max_runs"):
        return next(finished_jobs.sentences(snapshot, job))
    words = {"COMPLETE": "has run, and does not run again", "PENDING": "enabled, has not run yet"}
    return words.get(document["job"]["status"], "enabled")


def _last(document: Mapping[str, Any], snapshot: Snapshot) -> str:
    last = document["last"] or {}
    if not last.get("run_id"):  # skipped: how the last run ended counts
        last = document["state"].get("ran") or last
    when = parse_utc(last.get("finished_at")) or parse_utc(last.get("started_at"))
    if not last.get("outcome"):
        return "none yet"
    sign = signs.SIGNS.get(last["outcome"], "")
    ended = wording.ended(last["outcome"], last.get("error"), last.get("reason"))
    return f"{sign} {ended}{f' ({relative(when, snapshot.now)})' if when else ''}"


def attention(snapshot: Snapshot, job: Job) -> Iterator[str]:
    """Yield what a person should know or do about a job, each with the command that helps."""
    memory = snapshot.record(job.id)
    for incident in open_incidents(snapshot.state).values():
        if incident.job == job.id:
            yield incidents.sentence(incident, snapshot.now).removeprefix(f"{job.id}: ")
            if not is_acknowledged(incident, snapshot.now):
                yield f"`scheduled ack {incident.id}` stops its reminders"
    letters = [each for each in snapshot.state["dead_letter"] if each.get("job") == job.id]
    if letters:
        count = f"{counted(len(letters), 'run')} failed for good"
        yield f"{count}; `scheduled dead-letter retry {job.id}` tries once more"
    yield from _held(snapshot, job)
    if memory.retry is not None and not memory.suspended:
        attempt = f"attempt {memory.retry.attempt} of {job.max_retries + 1}"
        yield f"{attempt} is due at {snapshot.time_and_distance(memory.retry.at)}"
    decision = snapshot.decision(job)
    if decision.is_due and decision.slot and snapshot.now - decision.slot > snapshot.late_after:
        since = snapshot.time_and_distance(decision.slot)
        yield f"due since {since}; `scheduled why {job.id}` tells why it has not run"
    elif decision.verdict is Verdict.REGISTER:
        yield "no tick has seen it in this form yet: its schedule counts from the next one on"


def _held(snapshot: Snapshot, job: Job) -> Iterator[str]:
    """Yield what a person did that keeps the job from its schedule."""
    memory = snapshot.record(job.id)
    if memory.cancelled is not None or memory.suspended:
        yield f"`scheduled enable {job.id}` lets it run again"
    elif job.is_switched_off:
        yield "`enabled: false` in the configuration switches all jobs off"
    elif memory.enabled is False or (memory.enabled is None and not job.enabled):
        yield f"it is disabled: `scheduled enable {job.id}` enables it"
    elif memory.pause is not None and memory.pause.covers(snapshot.now):
        pauses = pausing.in_force(job.id, snapshot.state, snapshot.now)
        yield f"it is paused: {pausing.resuming(pauses)}"
    if memory.deferral is not None:
        until = snapshot.time_and_distance(memory.deferral.until)
        yield f"deferred until {until}{_because(memory.deferral.reason)}"
    if memory.skip is not None and memory.skip > snapshot.now:
        yield f"the run at {snapshot.time_and_distance(memory.skip)} will be skipped"


def _because(reason: str | None) -> str:
    return f": {one_line(reason)}" if reason else ""


def _next(document: Mapping[str, Any], snapshot: Snapshot) -> Iterator[str]:
    for row in document["next"][:3]:
        local = datetime.fromisoformat(row["local"])
        when = snapshot.time_and_distance(local)
        if local.utcoffset() != local.astimezone(snapshot.zone).utcoffset() and local.tzinfo:
            there = clock(local, snapshot.now.astimezone(local.tzinfo), local.tzinfo)
            when = f"{when}; {there} in {row['timezone']}" if "timezone" in row else when
        yield f"{when}{'; ' if row['note'] else ''}{row['note']}"


def _past(
    document: Mapping[str, Any], snapshot: Snapshot, rows: Sequence[Row]
) -> Iterator["Part | Text"]:
    if not rows:
        return
    yield _title("Last runs")
    yield table(rows[:RUNS_SHOWN], snapshot.now, snapshot.zone, without=(JOB,), indent=2)
    if facts := Facts(_sums(document)):
        yield Text("")
        yield facts
    output = document["output"]
    if output:
        yield _title(f"Output of run {one_line(output['run_id'])}")
        yield from map(tables.printed, output["lines"])


def _sums(document: Mapping[str, Any]) -> Iterator[Fact]:
    state = document["state"]
    if known := state.get("durations"):
        usual, longest = durations.usual(known), max(known)
        yield Fact("usually", [f"takes {taken(usual)}, of late at most {taken(longest)}"])
    counts = {word: count for word, count in (state.get("counts") or {}).items() if count}
    counts |= {word: count for word, count in (state.get("not_run") or {}).items() if count}
    if len(counts) > 1 or sum(counts.values()) > RUNS_SHOWN:
        total = ", ".join(f"{count} {wording.outcome(word)}" for word, count in counts.items())
        yield Fact("in all", [total])


def _places(document: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Fact]:
    name = document["job"]["id"]
    yield Fact("defined in", [_defined(values["source"])])
    if document["output"]:
        yield Fact("output", [document["output"]["path"]])
    yield Fact("more", [f"`scheduled logs {name}`", f"`scheduled history {name}`"])


def _defined(source: str) -> str:
    return "this program (built-in)" if source == "built-in" else source


def _internals(document: Mapping[str, Any], snapshot: Snapshot) -> Iterator["Part | Text"]:
    """Yield what the program itself remembers and goes by, under the names of JSON."""
    for title, key in (
        ("Last run as recorded", "last"),
        ("State", "state"),
        ("Definition", "definition"),
    ):
        rows = [(name, _words(value, snapshot)) for name, value in (document[key] or {}).items()]
        if rows:
            yield _title(f"{title} (names as in --json)")
            yield Facts([Fact(name, [text or "-"]) for name, text in rows])


def _words(value: Any, snapshot: Snapshot) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{key} {_words(inner, snapshot)}" for key, inner in value.items())
        case list() | tuple():
            return " ".join(_words(inner, snapshot) for inner in value)
        case float():
            return f"{value:g}"
        case str() if value.endswith("Z") and (when := parse_utc(value)):
            return absolute(when, snapshot.zone)
        case None:
            return ""
        case _:
            return str(value)

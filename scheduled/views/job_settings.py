"""The settings of a job in words: what it is, when it runs, how, and what follows from a failure.

Each setting is a name, what it says, and the fields it is made of. One that says what is the case
for any job is only for those who ask for all. Values come masked, as `show --json` has them.
"""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of, start_delay
from scheduled.quick_classes import NamedTuple, fields
from scheduled.timing.expression import is_hashed
from scheduled.timing.schedule import Cron, Recurrence
from scheduled.views.format import counted
from scheduled.views.schedule_label import label
from scheduled.views.schedule_meaning import meaning

PLAIN = "Cron expression"
"""How the words begin of a schedule for which there are none."""


class Of(NamedTuple):
    """A job, and its fields as they may be printed: texts are taken from there."""

    job: Job
    values: Mapping[str, Any]
    defaults: Mapping[str, str] = {}
    """Where `defaults` sets the fields that the job has from there, by field or `env.NAME`."""


Words = Callable[[Of], str | list[str]]


class Setting(NamedTuple):
    """What a group of fields of a job says."""

    name: str
    fields: tuple[str, ...]
    words: Words
    is_always_said: bool = False
    """Whether it is worth saying where it is the default."""


def said(
    settings: Sequence[Setting], of: Of, *, everything: bool
) -> Iterator[tuple[str, list[str]]]:
    """Yield the settings that are worth saying, each with its sentences."""
    for setting in settings:
        if everything or _matters(setting, of):
            words = setting.words(of)
            texts = [text for text in ([words] if isinstance(words, str) else words) if text]
            places = [of.defaults[name] for name in setting.fields if name in of.defaults]
            if places and texts:
                texts[-1] = _marked(texts[-1], places[0])
            yield setting.name, texts


def _matters(setting: Setting, of: Of) -> bool:
    if not of.defaults.keys().isdisjoint(setting.fields):
        return True
    if setting.fields == ("first_run",) and of.values["status"] != "PENDING":
        return False  # it is past
    is_default = all(getattr(of.job, name) == _DEFAULTS.get(name) for name in setting.fields)
    return setting.is_always_said or not is_default


def _default(field: Any) -> Any:
    return field.default_factory() if callable(field.default_factory) else field.default


_DEFAULTS = {field.name: _default(field) for field in fields(Job)}


def length(seconds: float) -> str:
    """Return a duration exactly: `1 h 30 min`, `45 s`, `0.5 s`."""
    whole, fraction = divmod(seconds, 1)
    rest, parts = int(whole), []
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if rest >= unit:
            parts.append(f"{rest // unit} {name}")
            rest %= unit
    if rest or fraction or not parts:
        parts.append(f"{rest + fraction:g} s")
    return " ".join(parts)


def binary(number: int) -> str:
    """Return a number of bytes exactly where it is round: `1 MiB`, `20 GiB`, `1500 B`."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if number and number % 1024**power == 0:
            return f"{number // 1024**power} {unit}"
    return f"{number} B"


def command_line(command: Any) -> str:
    """Return a command as it can be typed."""
    return command if isinstance(command, str) else shlex.join(map(str, command))


def _schedule(of: Of) -> str:
    """`0 9 * * * (daily at 09:00)`; of `H`, what it means here."""
    schedule, written = schedule_of(of.job), of.job.schedule
    if not isinstance(schedule.form, Cron | Recurrence):
        return written
    words = label(schedule)
    meant = [f"here {schedule.text}"] if is_hashed(written) else []
    meant.append(meaning(schedule) if words.startswith(PLAIN) else _lowered(words))
    more = ", ".join(meant)
    return f"{written} ({more})" if more and more != written else written


def _lowered(words: str) -> str:
    """`Daily at 09:00` inside a sentence; names of days keep their capital."""
    is_day = words.split(",", maxsplit=1)[0].split(maxsplit=1)[0].endswith("day")
    return words if is_day else words[0].lower() + words[1:]


def _zone(of: Of) -> str:
    return (
        f"{of.job.timezone}, the time zone of this machine"
        if of.job.zone_is_local
        else of.job.timezone
    )


def _jitter(of: Of) -> str:
    if not of.job.jitter:
        return "none"
    delay = length(start_delay(of.job).total_seconds())
    return f"each start is delayed by less than {length(of.job.jitter)}: here always by {delay}"


def _idle(of: Of) -> str:
    if not of.job.idle_only:
        return "no"
    return (
        "starts only while the machine is idle: at most "
        f"{of.job.idle_threshold_cpu:g} % of the processors and "
        f"{of.job.idle_threshold_memory:g} % of the memory in use"
    )


def _busy(of: Of) -> list[str]:
    limits = (of.job.max_cpu_percent, "processors are"), (of.job.max_memory_percent, "memory is")
    return [
        f"waits while more than {most:g} % of the {what} in use" for most, what in limits if most
    ]


def _retries(of: Of) -> str:
    count, delay, limit = of.job.max_retries, of.job.retry_delay, of.job.max_retry_delay
    if not count:
        return "none"
    if count == 1 or limit <= delay:
        return f"{count}, after {length(min(delay, limit))}"
    return f"{count}, after {length(delay)}, doubling up to {length(limit)}"


def _params(of: Of) -> list[str]:
    return [f"{name}: {_plain(value)}" for name, value in of.values["params"].items()]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _environment(of: Of) -> list[str]:
    return [
        _marked(f"{name}={value}", of.defaults.get(f"env.{name}"))
        for name, value in of.values["env"].items()
    ]


def _marked(text: str, place: str | None) -> str:
    """Return what a setting says, with where it comes from if that is not the job itself."""
    return f"{text} (from defaults, {place})" if place else text


def _codes(codes: Sequence[int]) -> str:
    return (
        f"exit code{'s' if len(codes) > 1 else ''} {', '.join(map(str, codes))}"
        if codes
        else "none"
    )


def _resources(amounts: Mapping[str, float]) -> str:
    return ", ".join(f"{name}: {amount:g}" for name, amount in amounts.items()) or "none"


def _retention(of: Of) -> str:
    limits = of.values["retention"]
    parts = [length(limits["age"])] if limits.get("age") is not None else []
    parts += [counted(limits["count"], "run")] if limits.get("count") is not None else []
    parts += [binary(limits["size"])] if limits.get("size") is not None else []
    return f"at most {', '.join(parts)}" if parts else "as for all jobs"


def _alert(of: Of) -> list[str]:
    job, alerts = of.job, []
    if count := job.alert_after:
        of_last = f"{count} of the last {2 * count - 1} runs"
        alerts.append(f"when {of_last if count > 1 else 'a run'} failed")
    if job.max_age:
        alerts.append(f"when its last success is older than {length(job.max_age)}")
    if job.warn_after:
        alerts.append(f"when a run takes longer than {length(job.warn_after)}")
    return alerts or ["when runs fail, or take far longer than usual"]


def _ping(of: Of) -> list[str]:
    return [f"{name}: {_plain(value)}" for name, value in of.values["ping"].items()]


_CATCH_UP = {
    "skip": "skipped",
    "latest": "caught up by one run for all of them",
    "all": "each is caught up, oldest first",
}
_OVERLAP = {
    "queue": "the next run waits for its end",
    "skip": "the next run is skipped",
    "replace": "it is stopped, and the next run starts",
    "allow": "the next run starts beside it",
}
_INTERRUPTED = {"rerun": "run again, at most twice", "skip": "not run again"}
_REPORTED = {
    "failure": "runs that failed for good",
    "output": "runs that failed for good, and those that printed something",
    "always": "each run",
    "never": "none",
}
_LEVELS = {
    "restricted": "restricted, because of its id",
    "limited": "with limited resources, because of its id",
    "system": "those of the system",
    "": "those of its owner",
}
_MOVE = {
    "skip": "skipped",
    "next": "moved to the next day on which it runs",
    "previous": "moved to the previous day on which it runs",
}
_FIRST = {"wait": "at its next scheduled time", "now": "as soon as it is seen"}


def _or_inherited(value: object) -> str:
    return "inherited" if value is None else str(value)


def _succeeded(jobs: Sequence[str]) -> str:
    if not jobs:
        return "no other job"
    verb = "has" if len(jobs) == 1 else "have"
    return f"starts once {' and '.join(jobs)} {verb} succeeded, in the same tick if possible"


def _ended(jobs: Sequence[str]) -> str:
    if not jobs:
        return "no other job"
    return f"if due with {' or '.join(jobs)}, starts when that has ended"


def _free(least: int | None) -> str:
    return f"waits while less than {binary(least)} is free" if least else "any"


def _too_late(seconds: float | None) -> str:
    return f"skipped if it cannot start within {length(seconds)}" if seconds else "never"


def _finished(of: Of) -> str:
    keep, deletes = of.job.keep, of.job.delete_after_success
    listed = "always listed" if keep is None else f"listed for {length(keep)}"
    return f"{listed}{', its file is deleted after a success' if deletes else ''}"


def _suspended(after: int | None) -> str:
    return f"after {counted(after, 'run')} in a row that failed for good" if after else "never"


WHEN = (
    Setting("schedule", ("schedule",), _schedule, is_always_said=True),
    Setting("time zone", ("timezone", "zone_is_local"), _zone, is_always_said=True),
    Setting("allowed hours", ("window",), lambda of: of.job.window or "any"),
    Setting("starts", ("starts",), lambda of: of.job.starts.replace("T", " ") or "at once"),
    Setting("ends", ("ends",), lambda of: of.job.ends.replace("T", " ") or "never"),
    Setting("most runs", ("max_runs",), lambda of: str(of.job.max_runs or "any number")),
    Setting("finished", ("keep", "delete_after_success"), _finished),
    Setting("not on", ("not_on",), lambda of: ", ".join(of.job.not_on) or "none"),
    Setting("only on", ("only_on",), lambda of: ", ".join(of.job.only_on) or "any day"),
    Setting("on other days", ("move",), lambda of: _MOVE[of.job.move]),
    Setting("jitter", ("jitter",), _jitter),
    Setting("after", ("after",), lambda of: _succeeded(of.job.after)),
    Setting("mutex", ("mutex",), lambda of: ", ".join(of.job.mutex)),
    Setting("waits for", ("waits_for",), lambda of: _ended(of.job.waits_for)),
    Setting("only if", ("only_if",), lambda of: command_line(of.values["only_if"] or "")),
    Setting("idle", ("idle_only", "idle_threshold_cpu", "idle_threshold_memory"), _idle),
    Setting("load", ("max_cpu_percent", "max_memory_percent"), _busy),
    Setting("free disk", ("min_free_disk",), lambda of: _free(of.job.min_free_disk)),
    Setting("missed runs", ("catch_up",), lambda of: _CATCH_UP[of.job.catch_up], True),
    Setting("too late", ("max_lateness",), lambda of: _too_late(of.job.max_lateness)),
    Setting("still running", ("overlap",), lambda of: _OVERLAP[of.job.overlap]),
    Setting("first run", ("first_run",), lambda of: _FIRST[of.job.first_run]),
    Setting("priority", ("priority",), lambda of: of.job.priority.value),
)
HOW = (
    Setting("command", ("command",), lambda of: command_line(of.values["command"]), True),
    Setting("shell", ("shell",), lambda of: command_line(of.job.shell) or "/bin/sh -c"),
    Setting("handler", ("handler",), lambda of: of.values["handler"], True),
    Setting("params", ("params",), _params),
    Setting("executor", ("executor",), lambda of: of.job.executor or "this machine"),
    Setting("resources", ("resources",), lambda of: _resources(of.job.resources)),
    Setting("directory", ("cwd",), lambda of: of.values["cwd"] or "the root"),
    Setting("environment", ("env",), _environment),
    Setting("variables in", ("env_file",), lambda of: of.values["env_file"]),
    Setting("permissions", ("level",), lambda of: _LEVELS.get(of.job.level, of.job.level)),
    Setting("umask", ("umask",), lambda of: _or_inherited(of.values["umask"])),
    Setting(
        "niceness", ("nice",), lambda of: "inherited" if of.job.nice is None else str(of.job.nice)
    ),
    Setting("time limit", ("timeout",), lambda of: length(of.job.timeout), True),
    Setting("success", ("success_codes",), lambda of: _codes(of.job.success_codes)),
    Setting("not now", ("defer_codes",), lambda of: _codes(of.job.defer_codes)),
    Setting("output kept", ("max_output",), lambda of: f"{binary(of.job.max_output)} of each run"),
    Setting("kept for", ("retention",), _retention),
)
IF_IT_FAILS = (
    Setting("retries", ("max_retries", "retry_delay", "max_retry_delay"), _retries, True),
    Setting("interrupted", ("on_interrupted",), lambda of: _INTERRUPTED[of.job.on_interrupted]),
    Setting("suspended", ("suspend_after",), lambda of: _suspended(of.job.suspend_after)),
    Setting("incident", ("alert_after", "max_age", "warn_after"), _alert),
    Setting("cron mails", ("report",), lambda of: _REPORTED[of.job.report]),
    Setting("ping", ("ping",), _ping),
)

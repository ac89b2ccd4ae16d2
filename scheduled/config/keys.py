"""The keys a configuration may have: for each, what it means, what it accepts, and its default.

A key is declared here once. The checker, the JSON Schema, the order of a job file that is
written, the template of `config init`, the options of `create` and the manual's tables are all
derived from it. A key of a job is also a field of `jobs.model.Job`, which has its type and default,
and of `handler.policies.Policies`, for editors; tests compare both with this table.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scheduled.config.converters import (
    Converter,
    boolean,
    choice,
    command,
    duration,
    environment,
    exit_codes,
    file_mask,
    integer,
    jitter,
    job_entries,
    mapping,
    optional,
    percent,
    single_line,
    size,
    text,
    text_list,
    time_window,
)
from scheduled.jobs.model import CatchUp, FirstRun, OnInterrupted, Overlap, Priority

ID = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?")
"""An id of a job: it becomes the name of a directory, and of a lock."""

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_FILES = "see [files](files.md#where-things-are)"


@dataclass(frozen=True)
class Key:
    """A key of the configuration: what it means, what it accepts, and its default."""

    about: str
    """What it means, in Markdown: a phrase that begins in lower case."""
    convert: Converter[Any]
    default: str = ""
    """As the manual writes it."""
    more: str = ""
    """The rest of what the manual says about it; it follows `about` without a space."""
    aliases: tuple[str, ...] = ()
    """Other names it may have, those of gptme, AICO and CIRIS."""
    example: str = ""
    """A value for the file that `config init` writes; empty: the key is not in it."""
    field: str = ""
    """Of an alias: the key it stands for, which is the name in `Job` or `Config`."""

    @property
    def plain(self) -> str:
        """What it means, without Markdown."""
        return _without_markdown(self.about)

    @property
    def summary(self) -> str:
        """What it means, and its default in brackets, without Markdown."""
        return f"{self.plain} [{_without_markdown(self.default)}]" if self.default else self.plain


def _without_markdown(text: str) -> str:
    return _LINK.sub(r"\1", text).replace("`", "")


def manual_rows(keys: Mapping[str, Key]) -> list[str]:
    """Return the rows of the manual's table of `keys`; an alias stands beside its key."""
    return [
        f"| {', '.join(f'`{spelling}`' for spelling in (name, *key.aliases))}"
        f" | {key.about}{key.more} | {key.default}{' ' if key.default else ''}|"
        for name, key in keys.items()
        if not key.field
    ]


def _with_aliases(keys: Mapping[str, Key]) -> dict[str, Key]:
    return dict(_spellings(keys))


def _spellings(keys: Mapping[str, Key]) -> Iterator[tuple[str, Key]]:
    for name, key in keys.items():
        yield name, key
        for alias in key.aliases:
            yield alias, replace(key, about=f"the same as `{name}`", default="", field=name)


KEYS: Mapping[str, Key] = _with_aliases(
    {
        "root": Key(
            "the working directory of your jobs (for AIPass: the directory with the registry)",
            single_line,
            _FILES,
        ),
        "state_dir": Key(
            "the directory for state, journal and locks", single_line, _FILES, example="state"
        ),
        "central_dir": Key(
            "the directory for `*.central.json` files", single_line, _FILES, example="central"
        ),
        "host": Key(
            "an id of this host; ticks of another host are refused the state (`SCHEDULED_HOST` in"
            " the environment comes before it)",
            single_line,
            "the machine's",
            example="backup-1",
        ),
        "timezone": Key(
            "[time zone](#time-zones) of the schedules",
            text,
            "the machine's",
            example="Europe/Berlin",
        ),
        "max_concurrent": Key(
            "how many jobs of one tick run at once",
            integer(1, 1000),
            "4",
            aliases=("max_concurrent_jobs", "max_concurrent_tasks"),
            example="4",
        ),
        "default_timeout": Key(
            "how long a job without a `timeout` may run",
            duration,
            "1d",
            "; built-in jobs have 5 minutes if it is not set",
            aliases=("default_timeout_seconds",),
            example="1d",
        ),
        "tick_interval": Key(
            "how often cron calls `scheduled run`",
            duration,
            "as installed",
            "; decides what counts as late. `cron install` records it, else it is a minute; set it"
            " for a crontab line of your own",
            aliases=("poll_interval_seconds",),
            example="1m",
        ),
        "catch_up_budget": Key(
            "how many runs one tick catches up on; the rest follow at the next ticks",
            integer(1, 100_000),
            "10",
            example="10",
        ),
        "max_jobs": Key(
            "how many jobs there may be besides the built-in ones",
            optional(integer(1, 1_000_000)),
            "none",
            "; of more, the last do not run",
            aliases=("max_cron_tasks",),
            example="100",
        ),
        "routes": Key(
            "who is told of which event",
            mapping,
            "as shipped",
            ", such as `data_loss_risk`; see [messages](aipass.md#messages)",
        ),
        "jobs_dirs": Key(
            "directories of [job files](#job-files)",
            text_list,
            "jobs",
            ", relative to the configuration's directory",
            aliases=("jobs_dir",),
            example="jobs",
        ),
        "handler_dirs": Key(
            "directories of Python files with [handlers](handlers.md#handler-directories)",
            text_list,
            "none",
            ", relative to the configuration's directory",
            example="handlers",
        ),
        "trusted_owners": Key(
            "users besides you and root whose configuration files are trusted",
            text_list,
            "none",
            ", see [owners](#who-may-own-what); only in a file of yours or root's",
        ),
        "jobs": Key("jobs by id: changes to a built-in one, or your own", job_entries),
    }
)

JOB_KEYS: Mapping[str, Key] = _with_aliases(
    {
        "schedule": Key(
            "when it runs: five cron fields, `hourly`, `every 90m`, `at:...`",
            text,
            "required",
            "; see [schedules](#schedules)",
        ),
        "timezone": Key("[time zone](#time-zones) of its schedule", text, "as configured"),
        "command": Key("shell command (or a list, run without a shell)", command),
        "handler": Key(
            "Python code to run instead",
            text,
            more=": a built-in handler, one from a handler directory, `package.module` or"
            " `module:function`",
        ),
        "env": Key(
            "environment variables, `{NAME: value}`",
            environment,
            "none",
            "; nothing in a value is expanded",
        ),
        "env_file": Key(
            "a file of `NAME=VALUE` lines",
            single_line,
            "none",
            ", read when a run starts; relative to the configuration's directory",
        ),
        "cwd": Key("the directory it starts in, relative to the root", single_line, "the root"),
        "umask": Key('its umask in octal digits, `"077"`', file_mask, "inherited"),
        "nice": Key(
            "its niceness, -20 to 19",
            integer(-20, 19),
            "inherited",
            "; only root may go below that of cron",
        ),
        "success_codes": Key("exit codes of a command that mean success", exit_codes(1), "[0]"),
        "defer_codes": Key('exit codes of a command that mean "not now"', exit_codes(0), "[75]"),
        "name": Key("a name, shown in listings", single_line, "its id"),
        "description": Key("a description, shown in listings", single_line, "empty"),
        "enabled": Key("whether it runs", boolean, "true"),
        "priority": Key(
            "start order: `urgent`, `high`, `medium`, `low`",
            choice(Priority),
            "medium",
            example="low",
        ),
        "tags": Key("words to select jobs by", text_list, "none", ", `run --only tag:nightly`"),
        "catch_up": Key(
            "missed runs: `skip`, `latest` or `all`",
            choice(CatchUp),
            "latest",
            ". `latest` is one run for all of them, `all` runs each of them, oldest first",
            example="latest",
        ),
        "max_lateness": Key(
            "how late it may still start",
            optional(duration),
            "none",
            "; later, the run is skipped",
            example="12h",
        ),
        "window": Key(
            "the hours it may start in, `21:00-06:00`",
            time_window,
            "any",
            " on the clock of its zone. What comes due outside waits for the window to open, and"
            " then runs as a missed run",
        ),
        "jitter": Key(
            "starts are delayed by up to this",
            optional(jitter),
            "none",
            ", less than a day. The delay is derived from machine and job, so it is always the"
            " same",
        ),
        "overlap": Key(
            "if it comes due while it still runs: `queue`, `skip`, `replace` or `allow`",
            choice(Overlap),
            "queue",
            ". `queue` starts it when that run has ended, `replace` stops that run first, `allow`"
            " starts it beside that run, up to `max_concurrent` at once",
        ),
        "only_if": Key(
            "a command that is run before each start",
            command,
            "none",
            ", in the environment of the job: exit code 0 starts it, one of `defer_codes` means"
            " not now, any other skips it. It has 10 s. `SCHEDULED_SLOT` says which scheduled time"
            " is meant; with `catch_up: latest`, up to 31 missed ones before a refused one are"
            " asked about, newest first",
        ),
        "max_cpu_percent": Key(
            "it waits while the processors are busier than that", optional(percent), "none"
        ),
        "max_memory_percent": Key(
            "it waits while more of the memory is in use", optional(percent), "none"
        ),
        "idle_only": Key(
            "it waits until the processors are below 20 % and the memory below 70 %",
            boolean,
            "false",
        ),
        "min_free_disk": Key(
            "it waits while less than that (`500M`, `20G`) is free where it works",
            optional(size("1K", "1000T")),
            "none",
        ),
        "first_run": Key(
            "a new job: `wait` for its next scheduled time, or `now`", choice(FirstRun), "wait"
        ),
        "timeout": Key(
            "how long it may run",
            duration,
            "default_timeout",
            "; then TERM to the process group, KILL after 10 s, and then KILL to any process that"
            " left the group",
            aliases=("timeout_seconds",),
            example="1h",
        ),
        "max_retries": Key(
            "how often a failed run is tried again", integer(0, 100), "0", "; 3 for built-in jobs"
        ),
        "retry_delay": Key(
            "the delay before the first retry, doubled for each further one", duration, "60"
        ),
        "max_retry_delay": Key("upper limit of the backoff", duration, "1h"),
        "suspend_after": Key(
            "so many dead letters in a row suspend the job until it is enabled",
            optional(integer(1, 1000)),
            "none",
        ),
        "after": Key(
            "jobs that must have succeeded first",
            text_list,
            "none",
            ": for the same scheduled time, or for their own newest one before it",
        ),
        "on_interrupted": Key(
            "a run that was cut short: `rerun` (at most twice) or `skip`",
            choice(OnInterrupted),
            "rerun",
        ),
        "max_output": Key("how much of its output is kept, head and tail", size("1K", "1G"), "1M"),
        "params": Key(
            "values for its handler; a command finds them in `SCHEDULED_PARAMS`", mapping, "none"
        ),
    }
)

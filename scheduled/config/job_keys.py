"""The keys a job may have, in `jobs` of the configuration or in a job file.

They are declared as those of `config.keys` are. A key of a job is also a field of
`jobs.model.Job`, which has its type and default, and of `handler.policies.Policies`, for editors;
tests compare both with this table.
"""

import re
from collections.abc import Mapping

from scheduled.config.collection_values import (
    command,
    environment,
    exit_codes,
    mapping,
    retention,
    text_list,
)
from scheduled.config.converters import (
    boolean,
    choice,
    duration,
    file_mask,
    integer,
    jitter,
    optional,
    percent,
    single_line,
    size,
    text,
    time_window,
)
from scheduled.config.day_values import days
from scheduled.config.executor_values import executor, resources
from scheduled.config.job_values import moment, names, shell
from scheduled.config.key import Key, with_aliases
from scheduled.config.ping_values import job_ping
from scheduled.jobs.model import CatchUp, FirstRun, Move, OnInterrupted, Overlap, Priority, ReportOn

ID = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?")
"""An id of a job: it becomes the name of a directory, and of a lock."""

JOB_KEYS: Mapping[str, Key] = with_aliases(
    {
        "schedule": Key(
            "when it runs: five cron fields, `every weekday at 8:00`, `every 90m`, `at:...`",
            text,
            "required",
            "; see [schedules](schedules.md)",
        ),
        "timezone": Key(
            "[time zone](schedules.md#time-zones) of its schedule", text, "as configured"
        ),
        "command": Key(
            "shell command, run without the shell where it needs none (or a list, run as it is)",
            command,
        ),
        "shell": Key(
            "what runs a command that is a text: a path, or words before that text,"
            " `[bash, -eo, pipefail, -c]`",
            shell,
            "",
            ", and its `only_if`; without it `/bin/sh`",
        ),
        "handler": Key(
            "Python code to run instead",
            text,
            more=": a built-in handler, one from a handler directory or an installed"
            " [package](../how-to/handlers.md#handlers-in-packages), `package.module` or"
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
        "executor": Key(
            "where it runs: the name of one of [`executors`](executors.md)",
            executor,
            "local",
            "; `local` is this machine",
        ),
        "resources": Key(
            "what of a worker it takes, `{gpu: 1}`",
            resources,
            "none",
            ", on an [executor](executors.md) of Dask whose workers declare such resources",
        ),
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
        "tags": Key(
            "words to select jobs by",
            text_list,
            "none",
            ", `run --only tag:nightly`, `pause tag:nightly`",
        ),
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
        "not_on": Key(
            "days on which it does not run: `sun`, `weekends`, `2027-01-01`, `12-25`,"
            " `2027-01-20..2027-01-24`, or names of [calendars](calendars.md)",
            days,
            "none",
            "; a text with commas, or a list",
            example="[sat, sun, 12-25]",
        ),
        "only_on": Key("the only days on which it runs, written in the same way", days, "any"),
        "move": Key(
            "what becomes of its runs on other days: `skip`, `next` or `previous`",
            choice(Move),
            "skip",
            ". `next` and `previous` move them to the next or the previous day on which it runs, at"
            " the same time of day",
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
            "it waits until the machine is idle",
            boolean,
            "false",
            ": until no more of the processors and of the memory is in use than the thresholds say",
        ),
        "idle_threshold_cpu": Key(
            "how busy the processors of an idle machine may be, in percent", percent, "20"
        ),
        "idle_threshold_memory": Key(
            "how much of the memory of an idle machine may be in use, in percent", percent, "70"
        ),
        "min_free_disk": Key(
            "it waits while less than that (`500M`, `20G`) is free where it works",
            optional(size("1K", "1000T")),
            "none",
        ),
        "starts": Key(
            "a date, or a time, before which it does not run",
            moment,
            "none",
            ", on the clock of its zone; see [from and until](schedules.md#from-and-until)",
        ),
        "ends": Key(
            "a date, or a time, after which it does not run any more",
            moment,
            "none",
            "; of a date, the end of that day",
        ),
        "max_runs": Key(
            "how many runs it has; then it is finished",
            optional(integer(1, 1_000_000)),
            "none",
            ". Runs by hand do not count; see [so many runs](schedules.md#so-many-runs)",
        ),
        "keep": Key(
            "for how long it is listed once it is finished",
            optional(duration),
            "7d",
            "; `none`: always. See [finished jobs](../how-to/jobs.md#finished-jobs)",
        ),
        "delete_after_success": Key(
            "delete the job file that `create` made once its only run has succeeded",
            boolean,
            "false",
            "; for a job that runs once, and only if nobody has changed the file",
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
        "alert_after": Key(
            "so many failed runs, of the last 2N-1, open an [incident](incidents.md)",
            optional(integer(1, 20)),
            "",
            "; without it 1, and 2 for a job that runs hourly or more often",
        ),
        "max_age": Key(
            "an incident opens when its last success is older than that",
            optional(duration),
            "none",
            example="26h",
        ),
        "warn_after": Key(
            "an incident opens when a run takes longer",
            optional(duration),
            "",
            "; without it, when runs take three times as long as usual. Nothing is stopped by it",
        ),
        "after": Key(
            "jobs that must have succeeded first",
            text_list,
            "none",
            ": for the same scheduled time, or for their own newest one before it. It starts in the"
            " same tick if they succeed in it",
        ),
        "mutex": Key(
            "a name, or several: of all jobs with one name, one runs at a time",
            names(ID),
            "none",
            ". The others stay due; see [one at a time](../how-to/order.md#one-at-a-time)",
        ),
        "on_interrupted": Key(
            "a run that was cut short: `rerun` (at most twice) or `skip`",
            choice(OnInterrupted),
            "rerun",
        ),
        "max_output": Key("how much of its output is kept, head and tail", size("1K", "1G"), "1M"),
        "retention": Key(
            "how long its output is kept, `{age: 7d, count: 100, size: 50M}`",
            retention,
            "as configured",
            ": for how long, of how many runs, how much altogether; the newest stay",
            example="{age: 7d}",
        ),
        "report": Key(
            "which of its runs a tick prints, and cron mails: `failure`, `output`, `always` or"
            " `never`",
            choice(ReportOn),
            "failure",
            ". `output` adds successful runs that printed something, `always` all successful runs;"
            " with `never`, failures are not printed either, and only the exit code tells. On a"
            " terminal, and of a run by hand, every failure is printed",
        ),
        "ping": Key(
            "a URL that is told when a run starts and how it ends, as"
            " [Healthchecks](pings.md#what-is-sent) wants it",
            job_ping,
            "none",
            "; or `{url: ..., start: false}` with more [settings](pings.md)",
            example="https://hc-ping.com/your-uuid",
        ),
        "params": Key(
            "values for its handler; a command finds them in `SCHEDULED_PARAMS`", mapping, "none"
        ),
    }
)

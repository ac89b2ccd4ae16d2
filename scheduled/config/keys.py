"""The keys a configuration may have: for each, what it means, its default, and what it accepts.

The tables are all there is to know about a key: they drive the checking and the JSON Schema, and
the manual is compared with them. What is accepted is told by a *reader*, which makes the value of
a node or raises Unfit with the rest of the sentence that began with the key's place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scheduled.config.converters import (
    Reader,
    choice,
    command,
    duration,
    entries,
    exit_codes,
    file_mask,
    flag,
    folders,
    hours,
    jitter,
    line_of_text,
    mapping,
    or_none,
    percent,
    size,
    tags,
    text,
    variables,
    whole,
)
from scheduled.jobs.model import CatchUp, FirstRun, OnInterrupted, Overlap, Priority

ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
"""What a job may be called: it becomes the name of a folder, and of a lock."""


@dataclass(frozen=True)
class Key:
    """A name a file may use."""

    about: str
    """One line, for the manual."""
    read: Reader[Any]
    default: str = ""
    """As the manual writes it."""
    field: str = ""
    """The name in `Job` or `Config`; empty: the key's own. Two keys of one field are aliases."""


def accepted(keys: Mapping[str, Key]) -> dict[str, str]:
    """The names of a table with what each means, for the manual."""
    return {name: key.about for name, key in keys.items()}


KEYS: Mapping[str, Key] = {
    "root": Key("the ecosystem's folder, where its registry lies", line_of_text, "see Places"),
    "state_dir": Key("the folder for state, journal and locks", line_of_text, "see Places"),
    "central_dir": Key("the folder for *.central.json files", line_of_text, "see Places"),
    "timezone": Key("the IANA name of the zone schedules are meant in", text, "the machine's"),
    "max_concurrent": Key("how many jobs of one tick run at once", whole(1, 1000), "4"),
    "max_concurrent_jobs": Key(
        "the same as max_concurrent", whole(1, 1000), field="max_concurrent"
    ),
    "max_concurrent_tasks": Key(
        "the same as max_concurrent", whole(1, 1000), field="max_concurrent"
    ),
    "default_timeout": Key("how long a job without a timeout may run", duration, "300"),
    "default_timeout_seconds": Key(
        "the same as default_timeout", duration, field="default_timeout"
    ),
    "tick_interval": Key("how often cron calls `scheduled run`", duration, "as installed"),
    "poll_interval_seconds": Key("the same as tick_interval", duration, field="tick_interval"),
    "catch_up_budget": Key(
        "how many catch-up runs one tick starts; the rest follow at the next ones",
        whole(1, 100_000),
        "10",
    ),
    "max_jobs": Key(
        "how many jobs there may be besides the shipped ones", or_none(whole(1, 1_000_000)), "none"
    ),
    "max_cron_tasks": Key("the same as max_jobs", or_none(whole(1, 1_000_000)), field="max_jobs"),
    "routes": Key(
        "who is told of which event: {to: address, priority: ...}, or null", mapping, "as shipped"
    ),
    "jobs_dirs": Key(
        "folders of job files, a job a file; counted from this file's folder", folders, "jobs"
    ),
    "jobs_dir": Key("the same as jobs_dirs", folders, field="jobs_dirs"),
    "handler_dirs": Key(
        "folders of Python files with handlers; counted from this file's folder", folders, "none"
    ),
    "jobs": Key("jobs by id: changes to a shipped one, or whole jobs of your own", entries),
}

JOB_KEYS: Mapping[str, Key] = {
    "schedule": Key("when it runs: five cron fields, hourly, every 90m, at:...", text, "required"),
    "timezone": Key("the IANA name of the zone its schedule is meant in", text, "as configured"),
    "command": Key("what it runs: a string through /bin/sh -c, a list without a shell", command),
    "handler": Key("the Python code it runs: a shipped handler, or package.module:function", text),
    "env": Key("environment variables: {NAME: value}", variables, "none"),
    "env_file": Key(
        "a file of NAME=VALUE lines, relative to the configuration's folder", line_of_text, "none"
    ),
    "cwd": Key("the folder it starts in, relative to the root", line_of_text, "the root"),
    "umask": Key("the umask it runs with, in octal", file_mask, "inherited"),
    "nice": Key("its niceness, from -20 to 19", whole(-20, 19), "inherited"),
    "success_codes": Key("exit codes of a command that mean success", exit_codes(1), "[0]"),
    "defer_codes": Key("exit codes that mean not now, and no failure", exit_codes(0), "[75]"),
    "name": Key("its name for people", line_of_text, "its id"),
    "description": Key("what it is for, in a line", line_of_text, "empty"),
    "enabled": Key("whether it runs", flag, "true"),
    "priority": Key("who goes first: urgent, high, medium or low", choice(Priority), "medium"),
    "tags": Key("words to choose jobs by", tags, "none"),
    "catch_up": Key(
        "what to do with slots that passed unanswered: skip, latest or all",
        choice(CatchUp),
        "latest",
    ),
    "max_lateness": Key("how late a slot may still start", or_none(duration), "none"),
    "window": Key("the hours it may start in, like 21:00-06:00", hours, "any"),
    "overlap": Key(
        "a slot that comes due while the job runs: queue, skip, replace or allow",
        choice(Overlap),
        "queue",
    ),
    "only_if": Key("a command asked before each start; exit code 0 says yes", command, "none"),
    "max_cpu_percent": Key(
        "it waits while the processors are busier than that", or_none(percent), "none"
    ),
    "max_memory_percent": Key(
        "it waits while more of the memory is taken", or_none(percent), "none"
    ),
    "idle_only": Key("it waits until the machine has nothing else to do", flag, "false"),
    "min_free_disk": Key(
        "it waits while less disk is free where it works", or_none(size("1K", "1000T")), "none"
    ),
    "jitter": Key("by up to how much its starts are delayed", or_none(jitter), "none"),
    "first_run": Key(
        "when a new job runs first: wait for its next slot, or now", choice(FirstRun), "wait"
    ),
    "timeout": Key("how long it may run", duration, "default_timeout"),
    "timeout_seconds": Key("the same as timeout", duration, field="timeout"),
    "max_retries": Key("how often a failed slot is tried again", whole(0, 100), "0"),
    "retry_delay": Key("how long before the first retry; doubled for each further", duration, "60"),
    "max_retry_delay": Key("what the delay is doubled up to", duration, "1h"),
    "after": Key("jobs that must have succeeded for the same slot first", tags, "none"),
    "on_interrupted": Key(
        "what becomes of a slot whose run was cut short: rerun or skip",
        choice(OnInterrupted),
        "rerun",
    ),
    "max_output": Key("how much of its output is kept, head and tail", size("1K", "1G"), "1M"),
    "params": Key("values for its handler or command, as they stand", mapping, "none"),
}

"""The names a person can choose from, for completion: of jobs, runs, tags, channels."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from scheduled.cli.context import Session
from scheduled.system.text import one_line

MOST_RUNS = 50
Names = Callable[[Session, click.Context], Iterable[str | tuple[str, str]]]
"""Yields names, or names with what is said about each."""


def _jobs(session: Session, ctx: click.Context) -> Iterable[tuple[str, str]]:
    del ctx
    return [(job.id, job.description or job.schedule) for job in session.config.jobs]


def _jobs_and_tags(session: Session, ctx: click.Context) -> Iterable[str | tuple[str, str]]:
    return [*_jobs(session, ctx), *(f"tag:{tag}" for tag in _tags(session, ctx))]


def _tags(session: Session, ctx: click.Context) -> list[str]:
    del ctx
    return sorted({tag for job in session.config.jobs for tag in job.tags})


def _runs(session: Session, ctx: click.Context) -> Iterable[tuple[str, str]]:
    """Return the latest runs, of one job if one is named."""
    from itertools import islice

    from scheduled.state import history

    rows = history.newest_first(session.store.journal, ctx.params.get("job"))
    runs = ((row["run_id"] or "", f"{row['job']} {row['outcome'] or ''}") for row in rows)
    return [*islice((run for run in runs if run[0]), MOST_RUNS)]


def _open_incidents(session: Session, ctx: click.Context) -> Iterable[tuple[str, str]]:
    from scheduled.state import incident_entries

    del ctx
    incidents = incident_entries.open_incidents(session.store.state).values()
    return [(each.id, f"{each.job or ''} {each.kind}".strip()) for each in incidents]


def _dead(session: Session, ctx: click.Context) -> Iterable[str]:
    del ctx
    letters = session.store.state["dead_letter"]
    return sorted({str(letter.get("job")) for letter in letters})


def _channels(session: Session, ctx: click.Context) -> Iterable[tuple[str, str]]:
    del ctx
    return [(name, str(keys.get("kind"))) for name, keys in session.config.notify.items()]


def _handlers(session: Session, ctx: click.Context) -> Iterable[str]:
    from scheduled.jobs import builtin

    del ctx
    offered = [handler.name for handler in session.config.handlers]
    return sorted({*offered, *(job.handler for job in builtin.JOBS)})


def _branches(session: Session, ctx: click.Context) -> Iterable[str]:
    from scheduled.ecosystem import registry

    del ctx
    return [branch.name for branch in registry.load(session.config.places.root).branches]


def _events(session: Session, ctx: click.Context) -> Iterable[str]:
    from scheduled.notify.subscription import EVENTS

    del session, ctx
    return EVENTS


def _zones(session: Session, ctx: click.Context) -> Iterable[str]:
    from zoneinfo import available_timezones

    del session, ctx
    return sorted(available_timezones())


def _keys(session: Session, ctx: click.Context) -> Iterable[tuple[str, str]]:
    from scheduled.config.job_keys import JOB_KEYS

    del session, ctx
    return [(name, key.plain) for name, key in JOB_KEYS.items() if not key.field]


def _settings(session: Session, ctx: click.Context) -> Iterable[tuple[str, str]]:
    return [(f"{name}=", about) for name, about in _keys(session, ctx)]


def _schedules(session: Session, ctx: click.Context) -> Iterable[str]:
    del session, ctx
    return ["hourly", "daily", "weekly", "monthly", "yearly", "@reboot"]


def _words_of(key: str) -> Names:
    """Return the words that are values of a key of a job."""

    def words(session: Session, ctx: click.Context) -> Iterable[str]:
        from scheduled.config.job_keys import JOB_KEYS

        del session, ctx
        values: list[str] = JOB_KEYS[key].convert.schema["enum"]
        return values

    return words


SOURCES: Mapping[str, Names] = {
    "JOB": _jobs,
    "JOB|tag:TAG": _jobs_and_tags,
    "RUN": _runs,
    "BRANCH": _branches,
    "CHANNEL": _channels,
    "ZONE": _zones,
    "KEY": _keys,
    "KEY=VALUE": _settings,
    "SCHEDULE": _schedules,
    "--catch-up": _words_of("catch_up"),
    "--event": _events,
    "--handler": _handlers,
    "--priority": _words_of("priority"),
    "--tag": _tags,
    "dead-letter retry JOB": _dead,
    "dead-letter drop JOB": _dead,
    "ack ID": lambda session, ctx: [*_open_incidents(session, ctx)],
}
"""Where names come from: by the option, by what stands for the value in help, or that in a
command."""
PATHS: Mapping[str, str] = {"DIR": "dir", "FILE": "file"}
"""Values that the shell completes."""


def know(group: click.Group, words: Iterable[str]) -> None:
    """Give the parameters of the program, and of commands that are named, their names."""
    context = click.Context(group)
    _teach(group, "")
    for word in words:
        command = group.get_command(context, word)
        if command is not None:
            _teach(command, word)


def _teach(command: click.Command, typed: str) -> None:
    param: Any  # whose method is replaced, for this process
    for param in command.params:
        label = _label(param, click.Context(command))
        options = param.opts if isinstance(param, click.Option) else ()
        found = (SOURCES[name] for name in (f"{typed} {label}", *options, label) if name in SOURCES)
        if names := next(found, None):
            param.shell_complete = _completing(names)
        elif label in PATHS:
            param.shell_complete = _paths(PATHS[label])
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            _teach(child, f"{typed} {name}")


def _label(param: click.Parameter, ctx: click.Context) -> str:
    """Return what stands for a value in help: JOB, also for `[JOB]...`."""
    return re.sub(r"[\[\].]", "", param.make_metavar(ctx))


def _completing(names: Names) -> Callable[[click.Context, str], "list[CompletionItem[str]]"]:
    def complete(ctx: click.Context, begin: str) -> "list[CompletionItem[str]]":
        session = ctx.find_object(Session)
        assert session is not None
        pairs = (each if isinstance(each, tuple) else (each, "") for each in names(session, ctx))
        return [
            CompletionItem(name, help=one_line(about))
            for name, about in pairs
            if name.startswith(begin)
        ]

    return complete


def _paths(kind: str) -> Callable[[click.Context, str], "list[CompletionItem[str]]"]:
    return lambda _, begin: [CompletionItem(begin, type=kind)]

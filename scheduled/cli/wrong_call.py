"""What is said of a command line that cannot be understood: what is wrong, where, what to type.

click finds the mistake; the words are this program's, and do not depend on click's.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence

import click

from scheduled.cli.help_text import typed, usage
from scheduled.config.job_keys import ID
from scheduled.errors import closest, did_you_mean
from scheduled.system.text import one_line

COMMANDS_ELSEWHERE: Mapping[str, str] = {
    "add": "create",
    "describe": "show",
    "exec": "trigger",
    "execute": "trigger",
    "help": "--help",
    "info": "show",
    "jobs": "list",
    "kill": "cancel",
    "log": "logs",
    "man": "--help",
    "new": "create",
    "ps": "status",
    "remove": "delete",
    "rm": "delete",
    "runs": "history",
    "start": "trigger",
    "stop": "cancel",
    "tail": "logs",
    "tick": "run",
    "unpause": "resume",
    "upcoming": "next",
    "version": "--version",
}
"""What other schedulers call it, and what it is called here."""
OPTIONS_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "--amount": ("--limit", "-n"),
    "--cmd": ("--command",),
    "--count": ("--limit", "-n"),
    "--debug": ("--verbose",),
    "--detail": ("--explain", "--verbose"),
    "--dry": ("--dry-run",),
    "--dryrun": ("--dry-run",),
    "--duration": ("--for", "--max-age"),
    "--exec": ("--command",),
    "--filter": ("--only",),
    "--format": ("--json",),
    "--interval": ("--every",),
    "--job": ("--only",),
    "--last": ("--limit", "-n"),
    "--limit": ("--limit", "-n"),
    "--lines": ("--limit", "-n"),
    "--no-act": ("--dry-run",),
    "--number": ("--limit", "-n"),
    "--output": ("--json",),
    "--retries": ("--max-retries",),
    "--run": ("--command",),
    "--script": ("--command",),
    "--silent": ("--quiet",),
    "--simulate": ("--dry-run",),
    "--start": ("--since", "--from"),
    "--status": ("--outcome",),
    "--tail": ("--follow", "--limit"),
    "--tz": ("--timezone",),
    "--workdir": ("--cwd",),
    "--working-directory": ("--cwd",),
    "-a": ("--all",),
    "-c": ("--config", "--command"),
    "-j": ("--json",),
    "-n": ("--dry-run", "--limit"),
    "-o": ("--output", "--json"),
    "-y": ("--yes",),
}
"""Options of other programs, and those that may be meant: the first that the command has."""
OF_A_JOB: Mapping[str, str] = {
    "run": "`scheduled trigger {0}` runs a job now, `scheduled run --only {0}` if it is due",
    "list": "`scheduled show {0}` shows a job",
    "status": "`scheduled show {0}` shows a job",
    "incidents": "`scheduled why {0}` tells of a job",
}
"""What is typed about one job, by the commands that are about all of them."""


def sentence(error: click.ClickException) -> str:
    """Return what to print about a command line that click refuses."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if ctx is None:
        return error.format_message()
    place = typed(ctx)
    return f"{place}: {_said(error, ctx)}" if place else _said(error, ctx)


def too_many(word: str, ctx: click.Context) -> str:
    """Return what to print about a word that a command has no place for."""
    return f"{one_line(word, 60)!r} is one word too many; {_instead(word, ctx)}"


def _instead(word: str, ctx: click.Context) -> str:
    """Return what to type instead of a word that is too many."""
    params = ctx.command.get_params(ctx)
    names = [name for param in params for name in _names(param)]
    flags = {name for param in params if getattr(param, "is_flag", False) for name in _names(param)}
    key, equals, value = word.partition("=")
    if f"--{key}" in flags and value in ("", "true"):
        return f"did you mean --{key}?"
    if f"--{key}" in names and f"--{key}" not in flags:
        return f"did you mean --{key}{f' {_quoted(value)}' if equals else ''}?"
    if "--set" in names and equals and key:
        return f"did you mean --set {_quoted(word)}?"
    if "--command" in names and word.startswith(("/", "./", "~/")):
        return f"did you mean --command {_quoted(word)}?"
    if any(param.name == "schedule" and isinstance(param, click.Argument) for param in params):
        return 'a schedule of several words needs quotes: "0 2 * * *"'
    if "--schedule" in names:
        return "to change when it runs, write --schedule SCHEDULE"
    if "--only" in names and word.startswith("tag:"):
        return f"did you mean --only {_quoted(word)}?"
    if ID.fullmatch(word) and (about := OF_A_JOB.get(typed(ctx))):
        return about.format(word)
    return f"{ctx.command_path} --help shows what it takes"


def _quoted(word: str) -> str:
    return shlex.quote(one_line(word, 60))


def unknown_command(words: Sequence[str], names: Iterable[str], ctx: click.Context) -> str:
    """Return what to print about words of which the first names no command of a group."""
    name, known = words[0], [*names]
    listing = f"{ctx.command_path} --help lists them"
    meant = _command_meant(name, known, ctx) if ctx.parent is None else None
    if COMMANDS_ELSEWHERE.get(name) == "--help":
        meant = _help_meant(words[1:], ctx)
    advice = f"; did you mean {meant}?" if meant else did_you_mean(name, known, listing)
    return f"no command is called {one_line(name, 60)!r}{advice}"


def _help_meant(words: Sequence[str], ctx: click.Context) -> str:
    """Return what prints the help of the command that words name, as far as they name one."""
    within, path = ctx.command, list[str]()
    for word in words:
        children = within.list_commands(ctx) if isinstance(within, click.Group) else []
        name = word if word in children else closest(word, children)
        if name is None:
            break
        assert isinstance(within, click.Group)
        child = within.get_command(ctx, name)
        assert child is not None
        within, path = child, [*path, name]
    return f"`{' '.join([ctx.command_path, *path])} --help`" if path else "--help"


def _command_meant(name: str, names: Iterable[str], ctx: click.Context) -> str | None:
    """Return what a command of this name is called here, or the group that has it."""
    if name in COMMANDS_ELSEWHERE:
        return COMMANDS_ELSEWHERE[name]
    program = ctx.command
    assert isinstance(program, click.Group)
    groups = {above: program.get_command(ctx, above) for above in names}
    within = [
        f"{above} {name}"
        for above, group in groups.items()
        if isinstance(group, click.Group) and name in group.commands
    ]
    return within[0] if len(within) == 1 else None


def _said(error: click.ClickException, ctx: click.Context) -> str:
    match error:
        case click.NoSuchOption():
            return _unknown_option(error.option_name, ctx)
        case click.BadOptionUsage():
            return _misused_option(error.option_name, ctx)
        case click.MissingParameter(param=click.Argument() as argument):
            expected = f"; {_words(argument, ctx)}" if _words(argument, ctx) else ""
            return f"{argument.make_metavar(ctx)} is missing; write `{usage(ctx)}`{expected}"
        case click.MissingParameter(param=click.Option() as option):
            wanted = f"{option.opts[0]} {option.make_metavar(ctx)}"
            return f"{wanted} is missing; write `{usage(ctx)} {wanted}`"
        case click.BadParameter(param=click.Option() as option):
            return f"{option.opts[-1]} {error.message}"
        case click.BadParameter(param=click.Argument() as argument):
            return f"{argument.make_metavar(ctx)} {error.message}"
        case _:
            return error.format_message()


def _unknown_option(name: str, ctx: click.Context) -> str:
    names = [name for param in ctx.command.get_params(ctx) for name in _names(param)]
    if name == "--schedule" and "create" in ctx.command_path:
        advice = f"; the schedule is an argument: `{usage(ctx)}`"
    elif meant := next((each for each in OPTIONS_ELSEWHERE.get(name, ()) if each in names), None):
        advice = f"; did you mean {meant}?"
    else:
        listing = f"{ctx.command_path} --help lists them"
        meant = _closest_option(name, names) if name.startswith("--") else None
        advice = f"; did you mean {meant}?" if meant else f"; {listing}"
    return f"no option is called {one_line(name, 60)!r}{advice}"


def _closest_option(name: str, names: Iterable[str]) -> str | None:
    """Return the option that a misspelt one stands for, or one of other programs, misspelt."""
    own = {each.removeprefix("--"): each for each in names if each.startswith("--")}
    foreign = {
        word.removeprefix("--"): here
        for word, meant in OPTIONS_ELSEWHERE.items()
        if word.startswith("--") and (here := next((m for m in meant if m in names), None))
    }
    for options in (own, foreign):
        if word := closest(name.lstrip("-"), options):
            return options[word]
    return None


def _misused_option(name: str, ctx: click.Context) -> str:
    """Say of an option that it takes a value, or takes none."""
    for param in ctx.command.get_params(ctx):
        if name in _names(param) and isinstance(param, click.Option):
            if param.is_flag:
                return f"{name} takes no value"
            return f"{name} needs a value: {name} {param.make_metavar(ctx)}"
    return f"{name} is not used like that; {ctx.command_path} --help shows how"


def _names(param: click.Parameter) -> list[str]:
    if isinstance(param, click.Option) and not param.hidden:
        return [*param.opts, *param.secondary_opts]
    return []


def _words(param: click.Argument, ctx: click.Context) -> str:
    if not isinstance(param.type, click.Choice):
        return ""
    return f"{param.make_metavar(ctx)} is one of {', '.join(map(str, param.type.choices))}"

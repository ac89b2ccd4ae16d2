"""Options that stand for the keys of a job, and the values people type after them."""

import contextlib
import json
import re
import shlex
from collections.abc import Callable, Iterable
from typing import Any

import click

from scheduled.cli.help_text import usage
from scheduled.config import yaml_document
from scheduled.config.job_keys import JOB_KEYS
from scheduled.errors import ConfigError, UsageError
from scheduled.system.text import excerpt

TEXTS = {
    "command": "CMD",
    "handler": "NAME",
    "name": "TEXT",
    "description": "TEXT",
    "timezone": "ZONE",
    "priority": "WORD",
    "timeout": "TIME",
    "max_retries": "N",
    "cwd": "DIR",
    "executor": "NAME",
    "catch_up": "WORD",
    "window": "HOURS",
    "starts": "WHEN",
    "ends": "WHEN",
    "max_runs": "N",
    "keep": "TIME",
    "not_on": "DAYS",
    "only_on": "DAYS",
    "move": "WORD",
}
"""The keys with an option of their own, each with what is typed after it; `--set` has the rest."""
_WORDS = ("command", "handler", "name", "description", "cwd")
"""Of them, those whose values are text even where they look like a number."""
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^']|'')*'", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{0,17}[1-9])?")

Command = Callable[..., Any]


def options(command: Command) -> Command:
    """Give a command the options; it takes them as keywords, and hands them to `fields`."""
    texts: list[Callable[[Command], Command]] = [
        click.option(f"--{key.replace('_', '-')}", metavar=metavar, help=_about(key))
        for key, metavar in TEXTS.items()
    ]
    others: list[Callable[[Command], Command]] = [
        _repeated("--tag", "WORD", "A word to select it by; repeatable."),
        _repeated("--env", "NAME=VALUE", "An environment variable; repeatable."),
        _repeated("--param", "NAME=VALUE", "A parameter of its handler; repeatable."),
        click.option("--delete-after-success", is_flag=True, help=_about("delete_after_success")),
        click.option("--disabled", is_flag=True, help="Do not run it until it is enabled."),
        _repeated("--set", "KEY=VALUE", "Any other key of a job; repeatable.", "others"),
    ]
    for option in reversed([*texts, *others]):  # the one applied last stands first in the help
        command = option(command)
    return command


def fields(
    *,
    tag: Iterable[str],
    env: Iterable[str],
    param: Iterable[str],
    delete_after_success: bool,
    disabled: bool,
    others: Iterable[str],
    **texts: str | None,
) -> dict[str, Any]:
    """Return the options as values of keys. Raises UsageError for what is invalid."""
    given = {key: text for key, text in texts.items() if text is not None}
    values = {
        key: text if key in _WORDS else value(text, f"--{key.replace('_', '-')}")
        for key, text in given.items()
    }
    if tag:
        values["tags"] = list(tag)
    if env:
        values["env"] = dict(pair("--env", text) for text in env)
    if param:
        pairs = (pair("--param", text) for text in param)
        values["params"] = {name: value(text, f"--param {name}") for name, text in pairs}
    if delete_after_success:
        values["delete_after_success"] = True
    if disabled:
        values["enabled"] = False
    for other in others:
        key, text = pair("--set", other)
        if key in ("id", "schedule"):
            raise UsageError(f"--set {key}: {_place_of(key)}")
        if key in values:
            raise UsageError(f"--set {key}: is also set by another option; set it once")
        values[key] = value(text, f"--set {key}")
    _refuse_undecodable(values)
    return values


def value(text: str, option: str = "") -> Any:
    """Return what was typed as the value that YAML would have: a number, true, a list, a text.

    `077` and `yes` stay texts: what they mean depends on who reads them. In quotes, all is text.
    Raises UsageError that names the option.
    """
    if text in ("true", "false", "null"):
        return None if text == "null" else text == "true"
    if text.startswith(("[", "{")):
        try:
            return yaml_document.parse(text.encode("utf-8", "replace"), "value").plain()
        except ConfigError as error:
            why = str(error).removeprefix("value:1: ")
            quoted = f"a text that begins so is put in quotes: {shlex.quote(json.dumps(text))}"
            raise UsageError(f"{option} {excerpt(text)}: {why}; {quoted}".lstrip()) from error
    if _QUOTED.fullmatch(text):
        with contextlib.suppress(ConfigError):
            return yaml_document.parse(text.encode("utf-8", "replace"), "value").plain()
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def _place_of(key: str) -> str:
    """Say where the command that is called takes a key that `--set` does not set."""
    ctx = click.get_current_context()
    for param in ctx.command.params:
        if param.name in (key, f"{key}_"):
            if isinstance(param, click.Option):
                return f"has an option of its own; write {param.opts[0]} {param.make_metavar(ctx)}"
            return f"is an argument; write `{usage(ctx)}`"
    return "cannot be changed; create a job of that id, and delete this one"


def _repeated(option: str, metavar: str, about: str, *names: str) -> Callable[[Command], Command]:
    return click.option(option, *names, multiple=True, metavar=metavar, help=about)


def _about(key: str) -> str:
    about = JOB_KEYS[key].plain
    return f"{about[:1].upper()}{about[1:]}."


def pair(option: str, text: str) -> tuple[str, str]:
    """Return name and value of `NAME=VALUE`. Raises UsageError."""
    name, equals, after = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{option} {excerpt(text)}: expected a name, an equals sign, a value")
    return name, after


def _refuse_undecodable(values: Any) -> None:
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise UsageError("an option is not valid UTF-8") from None

"""What a service of systemd's runs, and how, as keys of a job (pure): systemd.service(5)."""

import math
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scheduled.config.importers import time_span, unit_words
from scheduled.config.importers.crontab import TIMEOUT
from scheduled.config.importers.unit_file import Unit
from scheduled.config.importers.unit_words import Command, expanded
from scheduled.errors import UsageError, cut
from scheduled.jobs.model import NAME
from scheduled.quick_classes import NamedTuple
from scheduled.runs import plain_command

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The PATH that systemd gives its services."""
CODES = {
    name: code
    for first, names in (
        (0, "SUCCESS FAILURE INVALIDARGUMENT NOTIMPLEMENTED NOPERMISSION NOTINSTALLED"),
        (6, "NOTCONFIGURED NOTRUNNING"),
        (64, "USAGE DATAERR NOINPUT NOUSER NOHOST UNAVAILABLE SOFTWARE OSERR OSFILE CANTCREAT"),
        (74, "IOERR TEMPFAIL PROTOCOL NOPERM CONFIG"),
    )
    for code, name in enumerate(names.split(), start=first)
}
_SERVICE = "Service"
_READ = frozenset(
    (
        *("Type", "ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "Environment"),
        *("EnvironmentFile", "WorkingDirectory", "User", "Group", "UMask", "Nice", "TimeoutSec"),
        *("TimeoutStartSec", "RuntimeMaxSec", "SuccessExitStatus", "StandardOutput"),
        *("StandardError", "StandardInput", "RemainAfterExit", "Restart"),
    )
)
_HARMLESS = frozenset(
    (
        *("SyslogIdentifier", "SyslogLevel", "SyslogFacility", "LogLevelMax", "KillMode"),
        *("TimeoutStopSec", "RestartSec", "SyslogLevelPrefix", "KillSignal", "SendSIGKILL"),
        *("GuessMainPID", "NotifyAccess", "LogRateLimitIntervalSec", "LogRateLimitBurst"),
    )
)
_REFUSED = {
    "DynamicUser": "a user that systemd makes up",
    "RootDirectory": "a root directory of its own",
    "RootImage": "a root of its own",
    "ExecStop": "a command for its end",
    "ExecStopPost": "a command for its end",
    "BusName": "a name on the bus",
    "LoadCredential": "credentials that systemd hands over",
    "LoadCredentialEncrypted": "credentials that systemd hands over",
    "SetCredential": "credentials that systemd hands over",
    "StandardInputText": "input in the unit",
    "StandardInputData": "input in the unit",
    "RuntimeDirectory": "a directory that systemd makes and removes",
    "PassEnvironment": "variables of the manager",
    "UnsetEnvironment": "variables that are taken away",
}
"""What cannot be left out without another result."""
_DIRECTORIES = ("StateDirectory", "CacheDirectory", "LogsDirectory", "ConfigurationDirectory")
_TESTS = {
    "PathExists": "-e",
    "PathIsDirectory": "-d",
    "PathIsSymbolicLink": "-L",
    "PathIsReadWrite": "-w",
    "FileNotEmpty": "-s",
    "FileIsExecutable": "-x",
}


class Manager(NamedTuple):
    """The manager a unit belongs to, and who imports."""

    is_of_user: bool
    user: str
    """Who imports."""
    is_root: bool
    specifiers: Mapping[str, str]
    """What `%h` and the others stand for, but for those of the unit's name."""


class Service(NamedTuple):
    """What was read of a service."""

    fields: dict[str, Any]
    notes: tuple[str, ...]
    conditions: tuple[str, ...]
    """Shell commands that have to succeed first."""


def read(unit: Unit, manager: Manager) -> Service:
    """Return the keys of the job. Raise UsageError with the reason if there can be none."""
    _refuse(unit, manager)
    specifiers = {**manager.specifiers, **unit_words.of_name(unit.name)}
    env, notes = _environment(unit, specifiers), [*_notes(unit)]
    if (folder := unit.last(_SERVICE, "WorkingDirectory")).startswith("-"):
        notes.append(
            f"WorkingDirectory={folder}: may be missing there; here a run fails without it"
        )
    env_file = _env_file(unit, specifiers, env, notes)
    known = None if env_file else env
    fields = {
        "command": _command(unit, specifiers, known),
        "env": {"PATH": PATH, **env},
        "env_file": env_file,
        "cwd": _folder(unit, specifiers, manager),
        "umask": _umask(unit),
        "nice": int(nice)
        if re.fullmatch(r"[+-]?\d+", nice := unit.last(_SERVICE, "Nice"))
        else None,
        "timeout": _timeout(unit),
        "success_codes": _success_codes(unit, notes),
        "description": _description(unit, specifiers),
        "overlap": "skip",
    }
    asked = tuple(conditions(unit, specifiers, known))
    return Service({key: value for key, value in fields.items() if value}, tuple(notes), asked)


def conditions(
    unit: Unit, specifiers: Mapping[str, str], known: Mapping[str, str] | None
) -> list[str]:
    """Return the conditions of a unit as shell commands. Raise UsageError for others."""
    all_of: list[str] = []
    any_of: list[str] = []
    for key in unit.keys("Unit"):
        if key.startswith("Assert"):
            raise UsageError(f"{key}=: to check before a start, and to fail")
        if not key.startswith("Condition"):
            continue
        for value in unit.all("Unit", key):
            text = value.text.lstrip()
            is_alternative, text = text.startswith("|"), text.removeprefix("|")
            is_negated, text = text.startswith("!"), text.removeprefix("!").strip()
            test = _test(key, expanded(text, specifiers))
            (any_of if is_alternative else all_of).append(f"! {test}" if is_negated else test)
    for value in unit.all(_SERVICE, "ExecCondition"):
        commands = unit_words.commands(value.text, specifiers)
        all_of += [_text(command, known) for command in commands]
    if any_of:
        all_of.append("{ " + " || ".join(any_of) + "; }")
    return all_of


def _test(key: str, value: str) -> str:
    name = key.removeprefix("Condition")
    if name in _TESTS:
        return f"test {_TESTS[name]} {shlex.quote(value)}"
    if name == "DirectoryNotEmpty":
        return f'test -n "$(ls -A {shlex.quote(value)} 2>/dev/null)"'
    if name == "User" and re.fullmatch(r"[\w.-]+", value):
        return f'test {shlex.quote(value)} = "$(id -u{"" if value.isdigit() else "n"})"'
    if name == "Host":
        return f'test {shlex.quote(value)} = "$(uname -n)"'
    if name == "ACPower":
        wanted = value.lower() in ("1", "yes", "true", "on")
        test = "! grep -qsx 0 /sys/class/power_supply/A*/online"
        return f"{{ {test}; }}" if wanted else f"! {{ {test}; }}"
    if name == "Virtualization" and re.fullmatch(r"[\w-]+", value):
        options = {"container": " -c", "vm": " -v"}
        if value in ("yes", "no", "true", "false", "1", "0"):
            sign = "" if value in ("yes", "true", "1") else "! "
            return f"{sign}systemd-detect-virt -q"
        if value in options:
            return f"systemd-detect-virt -q{options[value]}"
        return f'test {value} = "$(systemd-detect-virt)"'
    raise UsageError(f"{key}=: a condition that is not known here")


def _refuse(unit: Unit, manager: Manager) -> None:
    """Raise UsageError for a service that no job can stand for."""
    kind = unit.last(_SERVICE, "Type") or "simple"
    if kind not in ("simple", "exec", "oneshot", "idle"):
        raise UsageError(f"Type={kind}: a service that goes on, and not a job that ends")
    if unit.last(_SERVICE, "Restart") in ("always", "on-success"):
        raise UsageError("Restart= starts it again and again; a job runs at its times only")
    if unit.is_on(_SERVICE, "RemainAfterExit"):
        raise UsageError("RemainAfterExit= keeps it active, so that its timer starts it once only")
    for key, what in _REFUSED.items():
        if unit.all(_SERVICE, key) and unit.last(_SERVICE, key).lower() not in ("no", "false", "0"):
            raise UsageError(f"{key}=: {what}, which jobs do not have")
    user = unit.last(_SERVICE, "User")
    if user and user not in (manager.user, "%u") and not manager.is_of_user:
        raise UsageError(f"User={user}: import it as {user}")
    if unit.last(_SERVICE, "Group") not in ("", user, manager.user):
        raise UsageError(f"Group={unit.last(_SERVICE, 'Group')}: a job has the groups of its user")


def _environment(unit: Unit, specifiers: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in unit.all(_SERVICE, "Environment"):
        for word in unit_words.split(value.text):
            name, sign, text = word.partition("=")
            if sign and re.fullmatch(NAME, name):  # systemd ignores others, with a warning
                found[name] = expanded(text, specifiers)
    return found


def _env_file(
    unit: Unit, specifiers: Mapping[str, str], env: Mapping[str, str], notes: list[str]
) -> str:
    files = unit.all(_SERVICE, "EnvironmentFile")
    if not files:
        return ""
    if len(files) > 1:
        raise UsageError("EnvironmentFile= twice: a job has one `env_file`; join them")
    text = expanded(files[0].text, specifiers)
    path = text.removeprefix("-")
    if re.search(r"[*?\[]", path) or not path.startswith("/"):
        raise UsageError(f"EnvironmentFile={text}: `env_file` is one file")
    if text.startswith("-"):
        notes.append(f"EnvironmentFile={text}: may be missing there; here a run fails without it")
    if env:
        notes.append("Environment= counts more than EnvironmentFile= here; there it is less")
    return path


def _command(unit: Unit, specifiers: Mapping[str, str], known: Mapping[str, str] | None) -> Any:
    groups = [
        [
            command
            for value in unit.all(_SERVICE, key)
            for command in unit_words.commands(value.text, specifiers)
        ]
        for key in ("ExecStartPre", "ExecStart", "ExecStartPost")
    ]
    if not groups[1]:
        raise UsageError("no ExecStart=")
    kind = unit.last(_SERVICE, "Type") or "simple"
    if kind != "oneshot" and (len(groups[1]) > 1 or groups[2]):
        raise UsageError(f"Type={kind} with several commands; with Type=oneshot they run in turn")
    found = [command for group in groups for command in group]
    for command in found:
        _refuse_prefix(command, unit)
    output = _redirections(unit, specifiers)
    words = unit_words.in_shell(found[0].words, known)
    if (
        len(found) == 1
        and not output
        and not found[0].ignores_failure
        and not isinstance(words, str)
    ):
        return _plain(words)
    codes = [code for code in _success_codes(unit, []) if code]
    text = " && ".join(
        _text(command, known, () if command is found[-1] else codes) for command in found
    )
    if any(
        isinstance(part, unit_words.Variable) and part.is_split
        for command in found
        for parts in command.words
        for part in parts
    ):
        text = f"set -f; {text}"
    return f"{{ {text}; }} {output}" if output else text


def _plain(words: list[str]) -> str | list[str]:
    """Return the words of a command as people write them, if no shell would change them."""
    if words[:2] in (["/bin/sh", "-c"], ["sh", "-c"]) and len(words) == 3:
        return words[2]
    text = " ".join(words)
    return text if plain_command.words(text) == words else words


def _text(command: Command, known: Mapping[str, str] | None, codes: Sequence[int] = ()) -> str:
    """Return a command as a shell has it; others follow it if it ends with one of `codes`, too."""
    words = unit_words.in_shell(command.words, known)
    text = words if isinstance(words, str) else shlex.join(words)
    if codes and not command.ignores_failure:
        return f"{{ {text} || case $? in {'|'.join(map(str, codes))}) ;; *) exit $? ;; esac; }}"
    return f"{{ {text} || :; }}" if command.ignores_failure else text


def _refuse_prefix(command: Command, unit: Unit) -> None:
    if {"+", "!"} & {*command.prefixes} and unit.last(_SERVICE, "User"):
        raise UsageError("ExecStart=+ or !: a command with the rights of root beside User=")
    if "@" in command.prefixes:
        raise UsageError("ExecStart=@: a program under another name; leave the name out")


def _redirections(unit: Unit, specifiers: Mapping[str, str]) -> str:
    """Return where input comes from and output goes, as a shell says it; '' for the journal."""
    found = []
    output = expanded(unit.last(_SERVICE, "StandardOutput"), specifiers)
    errors = expanded(unit.last(_SERVICE, "StandardError"), specifiers) or "inherit"
    given = expanded(unit.last(_SERVICE, "StandardInput"), specifiers)
    if given.startswith("file:"):
        found.append(f"<{shlex.quote(given[5:])}")
    elif given not in ("", "null"):
        raise UsageError(f"StandardInput={given}: input that a job does not have")
    found += _redirected("", output)
    if errors != output or not found:
        is_same = errors == "inherit" and found[-1:] and not found[-1].startswith("<")
        found += ["2>&1"] if is_same else _redirected("2", errors)
    elif output:
        found.append("2>&1")
    return " ".join(found)


def _redirected(stream: str, target: str) -> list[str]:
    kind, _, path = target.partition(":")
    if target == "null":
        return [f"{stream}>/dev/null"]
    if kind in ("file", "append", "truncate") and path:
        sign = {"file": f"{stream or 1}<>", "append": f"{stream}>>", "truncate": f"{stream}>"}[kind]
        return [f"{sign}{shlex.quote(path)}"]
    if kind in ("tty", "socket", "fd"):
        raise UsageError(f"StandardOutput={target}: output that a job does not have")
    return []


def _description(unit: Unit, specifiers: Mapping[str, str]) -> str:
    text = " ".join(expanded(unit.last("Unit", "Description"), specifiers).split())
    return cut(text, 200) if text.isprintable() else ""


def _folder(unit: Unit, specifiers: Mapping[str, str], manager: Manager) -> str:
    text = expanded(unit.last(_SERVICE, "WorkingDirectory"), specifiers).removeprefix("-")
    return text or ("~" if manager.is_of_user else "/")


def _umask(unit: Unit) -> str:
    text = unit.last(_SERVICE, "UMask")
    return text if re.fullmatch(r"[0-7]{1,4}", text) else ""


def _timeout(unit: Unit) -> str:
    is_oneshot = unit.last(_SERVICE, "Type") == "oneshot"
    keys = ("TimeoutStartSec", "TimeoutSec") if is_oneshot else ("RuntimeMaxSec",)
    text = next((found for key in keys if (found := unit.last(_SERVICE, key))), "infinity")
    try:
        span = time_span.seconds(text)
    except ValueError as error:
        raise UsageError(f"{keys[0]}: {error}") from None
    return TIMEOUT if not span or math.isinf(span) else time_span.duration(max(span, 1))


def _success_codes(unit: Unit, notes: list[str]) -> Sequence[int]:
    codes = []
    for value in unit.all(_SERVICE, "SuccessExitStatus"):
        for word in value.text.split():
            if word in CODES or (word.isdigit() and int(word) < 256):
                codes.append(CODES.get(word) or int(word if word.isdigit() else 0))
            else:
                notes.append(f"SuccessExitStatus={word}: the end by a signal is a failure here")
    return sorted({0, *codes}) if codes else ()


def _notes(unit: Unit) -> Iterator[str]:
    """Yield what is not kept."""
    if restart := unit.last(_SERVICE, "Restart").removeprefix("no"):
        yield f"Restart={restart}: not kept; `max_retries` tries a failed run again"
    for key in _DIRECTORIES:
        if found := unit.last(_SERVICE, key):
            yield f"{key}={found}: not made here; make it, and write its variable into `env`"
    others = [
        key
        for key in unit.keys(_SERVICE)
        if key not in _READ | _HARMLESS and key not in (*_DIRECTORIES, *_REFUSED)
    ]
    if others:
        named = ", ".join(f"{key}=" for key in others)
        yield f"{named}: not kept, so it runs without these limits"
    waits = [
        word
        for key in ("After", "Requires", "Wants", "Requisite", "BindsTo")
        for value in unit.all("Unit", key)
        for word in value.text.split()
    ]
    if waits:
        yield f"{', '.join(dict.fromkeys(waits))}: not waited for; `only_if` can look"
    if unit.all("Unit", "OnFailure") or unit.all("Unit", "OnSuccess"):
        yield "OnFailure=, OnSuccess=: not kept; `notify` says who is told of failures"

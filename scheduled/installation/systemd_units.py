"""The two units that have systemd fire a tick: what they say, and whether they still say it. Pure.

A timer starts a service, and the service starts the very command a crontab line would. The first
lines of each carry a hash of all that follows, so that an edit by hand is noticed and kept.
"""

import hashlib
import os
import re
from datetime import timedelta
from pathlib import Path

from scheduled.errors import UsageError
from scheduled.installation import idle_script
from scheduled.installation.tick_command import Target

SETSID = Path("/usr/bin/setsid")
"""Of util-linux, without which there is no systemd; where it usually lies."""

_ABOUT = "# Written by `scheduled cron install --systemd`; `scheduled cron uninstall --systemd`\n"
_SEAL = re.compile(
    re.escape(_ABOUT).encode() + rb"# removes it\. v1 sha256:([0-9a-f]{64})\n", re.ASCII
)

_TIMER = """\
[Unit]
Description=Ticks of scheduled, installation {name}

[Timer]
OnCalendar={calendar}
# By itself, systemd may be a minute late.
AccuracySec=1s
# Persistent= is not needed: the first tick that comes catches up on what was missed.

[Install]
WantedBy=timers.target
"""

_SERVICE = """\
[Unit]
Description=A tick of scheduled, installation {name}

[Service]
Type=oneshot
# As under cron, a tick goes on by itself: systemd starts no service that has not ended yet, and
# a long job must not keep the next tick, and all other jobs with it, from coming.
ExecStart={command}
# So the rest of a tick, and what a job leaves running on purpose, is let live.
KillMode=process
# A tick prints what went wrong. That one was started, each minute, and that an earlier one still
# goes on, is nothing to write down.
LogLevelMax=err
SyslogLevel=err
SyslogIdentifier=scheduled
{output}"""


def file_names(name: str) -> tuple[str, str]:
    """Return the file names of the timer and the service of an installation."""
    return f"scheduled-{name}.timer", f"scheduled-{name}.service"


def name_in(timer: str) -> str:
    """Return the name of the installation in the file name of a timer."""
    return timer.removeprefix("scheduled-").removesuffix(".timer")


def texts(
    name: str,
    target: Target,
    interval: timedelta,
    log: Path | None = None,
    setsid: Path = SETSID,
) -> dict[str, bytes]:
    """Return both units by file name. Raises UsageError for a path that a unit cannot contain."""
    timer, service = file_names(name)
    script = target.script
    words = idle_script.shell_words(str(script)) if script is not None else []
    command = " ".join(map(_quoted, (str(setsid), "--fork", *words, *target.words("run"))))
    output = "" if log is None else _appending(log)
    return {
        timer: _sealed(_TIMER.format(name=name, calendar=calendar(interval))),
        service: _sealed(_SERVICE.format(name=name, command=command, output=output)),
    }


def calendar(interval: timedelta) -> str:
    """Return the systemd.time(7) expression for an interval accepted by `tick_interval.parse`."""
    minutes = interval // timedelta(minutes=1)
    if minutes < 60:
        return "*-*-* *:*:00" if minutes == 1 else f"*-*-* *:0/{minutes}:00"
    hours = {60: "*", 24 * 60: "00"}.get(minutes, f"0/{minutes // 60}")
    return f"*-*-* {hours}:00:00"


def is_intact(text: bytes) -> bool:
    """Return whether a unit is as it was written."""
    seal = _SEAL.match(text)
    return seal is not None and seal[1].decode() == _digest(text[seal.end() :])


def _sealed(body: str) -> bytes:
    digest = _digest(body.encode())
    return f"{_ABOUT}# removes it. v1 sha256:{digest}\n{body}".encode()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _quoted(word: str) -> str:
    """Quote `word` for a command line in a unit, `%` and `$` too: systemd.service(5)."""
    doubled = _sayable(word).replace("\\", "\\\\").replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w@%+=:,./$-]+", doubled, re.ASCII):
        return doubled
    escaped = doubled.replace('"', '\\"').replace("\n", "\\n")
    return '"' + re.sub(r"[\x01-\x1f\x7f]", lambda sign: f"\\x{ord(sign[0]):02x}", escaped) + '"'


def _appending(log: Path) -> str:
    """Return the lines that append a tick's output to a file, unquoted: systemd.exec(5)."""
    path = _sayable(str(log))
    if re.search(r"[\x00-\x1f\x7f]", path) or path != path.strip() or path.endswith("\\"):
        raise UsageError(
            f"--log {path!r}: a unit cannot contain this path; name a file without control"
            " characters, and without a space or a backslash at the end"
        )
    return "".join(f"{name}=append:{path.replace('%', '%%')}\n" for name in _OUTPUTS)


_OUTPUTS = ("StandardOutput", "StandardError")


def _sayable(word: str) -> str:
    try:
        word.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{os.fsencode(word)!r}: a unit holds UTF-8 only; move it, or use a symlink"
        ) from None
    return word

"""The channel of a command: the text is its input, the facts are in its environment.

It gets none of the tick's variables but those that a login would have. It is part of the process
group that is killed when a message takes too long.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

from scheduled.errors import ScheduledError, reason_of
from scheduled.notify import facts, limits
from scheduled.notify.channel import WITHIN, ChannelContext, Delivery, Settings
from scheduled.notify.message import Message
from scheduled.system.text import decoded, output_line

PASSED_ON = ("HOME", "PATH", "LANG", "TZ", "USER", "LOGNAME", "SHELL")
LARGEST = 100_000
"""Bytes of a variable; the kernel accepts no program with larger ones."""
TAIL = 4096
"""Bytes of what it prints that are kept: the last line says why it failed."""


class CommandChannel:
    """Runs one command a message."""

    def __init__(self, name: str, settings: Settings, context: ChannelContext) -> None:
        command = settings["command"]
        self._command = ["/bin/sh", "-c", command] if isinstance(command, str) else [*command]
        self._name = name
        self._directory = context.root if os.path.isdir(context.root) else "/"
        inherited = {
            name: value
            for name, value in context.environ.items()
            if name in PASSED_ON or name.startswith("LC_")
        }
        self._environ = {"PATH": os.defpath, **inherited, **settings.get("env", {})}
        self._within = context.environ.get(WITHIN, "").split()

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Run the command for each message; exit code 0 means that it was delivered."""
        for message in messages:
            self._run(message)
        return Delivery(delivered=[*messages])

    def _run(self, message: Message) -> None:
        document = facts.document(message, self._name)
        try:
            with open(os.memfd_create("message"), "w+b") as text:
                text.write(message.body.encode("utf-8", "replace") + b"\n")
                text.seek(0)
                child = subprocess.Popen(
                    self._command,
                    stdin=text,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    cwd=self._directory,
                    env={
                        **self._environ,
                        **variables(document),
                        WITHIN: " ".join(dict.fromkeys((*self._within, message.to))),
                    },
                )
        except (OSError, ValueError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            raise ScheduledError(f"{self._command[0]}: {reason}") from None
        with child:
            last = _last_line(child)
        if child.returncode != 0:
            code = child.returncode
            how = f"exit code {code}" if code > 0 else f"killed by signal {-code}"
            raise ScheduledError(": ".join(part for part in (how, last) if part))


def variables(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that tell a command about a message."""
    whole = json.dumps(document)
    named = {
        "SUBJECT": document["subject"],
        "PRIORITY": document["priority"],
        "EVENT": document["event"],
        "GROUP": document["group"],
        "KIND": document["kind"],
        "JOB": document["job"],
        "MESSAGE_ID": document["id"],
        "CREATED": document["created"],
        "CHANNEL": document["channel"],
        "FACTS": whole if len(whole) <= LARGEST else "{}",
    }
    return {
        f"SCHEDULED_{name}": str(value).replace("\0", "").encode("utf-8", "replace").decode()
        for name, value in named.items()
    }


def _last_line(child: "subprocess.Popen[bytes]") -> str:
    """Wait for a command and return the last line it printed; who else may print is ignored."""
    assert child.stdout is not None
    tail, until = b"", time.monotonic() + limits.MESSAGE_SECONDS + 2
    while True:
        if time.monotonic() > until and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # the tick, which should have done it, was killed
        has_ended = child.poll() is not None
        ready = select.select([child.stdout], [], [], 0 if has_ended else 0.05)[0]
        chunk = os.read(child.stdout.fileno(), 65536) if ready else b""
        tail = (tail + chunk)[-TAIL:]
        if ready and not chunk:
            child.wait()
            break
        if has_ended and not ready:
            break
    lines = [line for line in decoded(tail).splitlines() if line.strip()]
    return output_line(lines[-1], 200).strip() if lines else ""

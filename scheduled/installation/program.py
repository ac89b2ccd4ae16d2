"""Calling `crontab` and `systemctl`: what they answer, and why they could not be asked."""

import subprocess
from collections.abc import Mapping, Sequence

from scheduled.errors import UnavailableError, reason_of

PATIENCE = 30
"""Seconds that a program may take; a broken PAM module can hang it for ever."""


def call(
    command: Sequence[str], environment: Mapping[str, str], *, missing: str, text: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run a command with `text` as its input and return how it ended.

    Raises UnavailableError if that is impossible or takes too long; `missing` is the message where
    there is no such program.
    """
    try:
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            env=environment,
            timeout=PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise UnavailableError(missing) from None
    except OSError as error:
        named = " ".join(command)
        raise UnavailableError(f"`{named}` cannot be run: {reason_of(error)}") from error
    except subprocess.TimeoutExpired as error:
        named = " ".join(command)
        raise UnavailableError(f"`{named}` has not ended within {PATIENCE} seconds") from error


def words(answer: subprocess.CompletedProcess[bytes]) -> str:
    """Return what a program complained of, in one line."""
    return " ".join(answer.stderr.decode("utf-8", "backslashreplace").split())

"""The variables that a command gets from the place where it runs."""

from __future__ import annotations

import os

COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets LC_CTYPE to, for all it starts, where the locale says nothing (PEP 538)."""


def given() -> dict[str, str]:
    """Return the variables of this process as it was started, without what Python has set."""
    environ = dict(os.environ)
    if environ.get("LC_CTYPE") not in COERCED:
        return environ
    try:
        with open("/proc/self/environ", "rb") as stream:
            entries = stream.read().split(b"\0")
    except OSError:  # it cannot be told
        return environ
    values = [entry[9:] for entry in entries if entry.startswith(b"LC_CTYPE=")]
    if values:
        environ["LC_CTYPE"] = os.fsdecode(values[0])
    else:
        del environ["LC_CTYPE"]
    return environ

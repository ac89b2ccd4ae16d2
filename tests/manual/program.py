"""`scheduled`, at the time that the manual's page has it: what its sessions find in their PATH.

`$SESSION_CLOCK` is a file with the instant, and what the other clocks of the machine show then. The
program is the real one, in a process of its own; only its clocks are those of the file.
"""

import json
import os
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from scheduled.cli import context
from scheduled.cli.main import main
from scheduled.config import changes
from scheduled.installation.doctor import executables
from scheduled.state import heartbeat
from scheduled.system import machine


def _main() -> int:
    shown: dict[str, Any] = json.loads(Path(os.environ["SESSION_CLOCK"]).read_text())
    now = datetime.fromisoformat(shown["wall"])

    class Clock:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return now.astimezone(zone)

    patched: Any = context
    patched.datetime = Clock
    patched = heartbeat
    patched.read_clocks = lambda wall: heartbeat.Heartbeat(
        wall.timestamp(), shown["since_boot"], shown["awake"], shown["boot"]
    )
    patched.boot_id = machine.boot_id
    patched = changes
    patched._changed = lambda path: now if path.exists() else None
    patched = machine
    patched.home = lambda: os.environ["HOME"]
    patched = executables.Lookup
    patched._in_path = lambda *_: None  # the machine of the manual has what its jobs call
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_main())

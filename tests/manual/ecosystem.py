"""Makes the example ecosystem in a directory, as it is at the time of the session."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path

from scheduled.demo.example import create_example
from tests.manual.clock import ZONE


def main(folder: Path) -> None:
    """Make it; nothing in it is newer than the clock of the session says."""
    shown = json.loads(Path(os.environ["SESSION_CLOCK"]).read_text())
    now = datetime.fromisoformat(shown["wall"])
    create_example(folder, now, ZONE)
    for path in folder.rglob("*"):
        if path.stat().st_mtime > now.timestamp():
            os.utime(path, (now.timestamp(), now.timestamp()))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

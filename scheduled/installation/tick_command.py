"""What cron or systemd is to call for a tick: this interpreter, this copy of the program.

Every path is absolute: both have a `PATH` and a working folder of their own.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import scheduled
from scheduled.errors import UnavailableError
from scheduled.idle import FLAGS
from scheduled.quick_classes import dataclass


@dataclass(frozen=True)
class Target:
    """A command line up to its verb."""

    python: Path
    entry: Path
    """The way in, `scheduled/__main__.py`: called as a file, since `-m` costs more than a tick."""
    options: Sequence[str] = ()
    """The global options that lead to the same configuration and state as now."""
    script: Path | None = None
    """What a shell reads first, to find out alone that nothing is due: `idle_script`."""

    @classmethod
    def running(cls, options: Sequence[str]) -> Self:
        """Return the program as it runs now. Raises UnavailableError if Python cannot tell."""
        if not sys.executable:
            raise UnavailableError("Python does not know where it lies itself; call it by its path")
        # Not resolved: the link in a virtual environment is what leads to its packages.
        python = Path(os.path.abspath(sys.executable))
        return cls(python, Path(scheduled.__file__).absolute().with_name("__main__.py"), options)

    def words(self, verb: str) -> list[str]:
        """Return the whole command, in the form that makes an idle tick cheapest."""
        return [str(self.python), *FLAGS, str(self.entry), *self.options, verb]

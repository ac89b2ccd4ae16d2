"""What a keeper starts for a run; each executor makes it from an attempt."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scheduled.quick_classes import NamedTuple

if TYPE_CHECKING:  # most ticks confine nothing
    from scheduled.runs.confine import Confinement


class Program(NamedTuple):
    """A program with what it starts with."""

    command: list[str]
    environ: dict[str, str]
    directory: Path
    hidden: Mapping[str, str]
    """The variables whose secrets are hidden in all that is kept of the run."""
    stdin: bytes | None = None
    """What it reads on standard input; None: nothing."""
    shell: list[str] | None = None
    """What starts it if `command` cannot be started; see `runs.keeper.Order`."""
    umask: int | None = None
    nice: int | None = None
    confinement: "Confinement | None" = None
    leaves_nothing: bool = False
    """Whether all that it has started ends with it."""
    lease_path: str | None = None
    """The file that says until when something of the run may live on elsewhere."""

"""What the tick tells the proxy of a run, as JSON on its standard input."""

from typing import Any

from scheduled.quick_classes import NamedTuple


class Errand(NamedTuple):
    """Where a command is to run, the order for its outpost, and where the files of the run are."""

    settings: dict[str, Any]
    """The settings of the executor, and the `resources` of the job."""
    executor: str
    order: dict[str, Any]
    """The order for the outpost, still without a token."""
    answer_path: str
    lease_path: str
    report_path: str
    """Where the report of a handler is written, as that of a handler on this machine."""

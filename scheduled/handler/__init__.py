"""The contract of a handler.

A handler is a module with one function:

    def run(context: Context) -> dict[str, object] | None:
        '''One line that says what it does.'''

and, if its jobs may give it `params`, a table of them:

    PARAMS = {"keep": Param("how many copies are kept", Kind.COUNT, 7)}

The table is optional. With it, unknown params and those of the wrong kind are refused before the
handler is called, and by `scheduled config validate`; without it, any are accepted.

The function is called in a process of its own and returns its *result*, a JSON object that goes
into the history. What it changes in `context.memory` is kept; `context.fire` sends events. An
exception fails the run; `GiveUp` fails it without a retry; `Incomplete` fails it and keeps what
was done; `NotNow` means that it cannot work at this time, which is no failure; `Skip` means that
there is nothing for it to do.

A file may have several handlers, each a function decorated with `handler`. With a schedule, the
function is a job as well:

    @handler(schedule="hourly", description="Make what is missing", timeout="10m")
    def thumbnails(context: Context) -> dict[str, object] | None: ...

The files of a handler directory are not run to find this out, so the arguments must be literals.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, TypeVar, Unpack

from scheduled.handler.params import Kind, Param, values
from scheduled.handler.policies import Policies
from scheduled.quick_classes import dataclass, field

__all__ = [
    "Context",
    "GiveUp",
    "Incomplete",
    "Kind",
    "NotNow",
    "Param",
    "Policies",
    "Skip",
    "handler",
    "values",
]


class GiveUp(Exception):  # noqa: N818 - named for what it says
    """The run failed, and a retry will not help."""


class NotNow(Exception):  # noqa: N818 - named for what it says
    """The work is not possible at this time: no failure, a later tick tries again."""


class Skip(Exception):  # noqa: N818 - named for what it says
    """There is nothing to do, such as nothing configured: no success, no failure, no retry."""


class Incomplete(Exception):  # noqa: N818 - named for what it says
    """Part of the work is done, and the rest failed.

    The run fails and may be retried, but its `result`, its memory and its events are kept: for
    work that cannot be undone and must not be done twice.
    """

    def __init__(self, reason: str, result: Mapping[str, Any] | None = None) -> None:
        self.result = dict(result or {})
        super().__init__(reason)


@dataclass(frozen=True)
class Context:
    """A handler's view of its run, and what it can do besides returning a result."""

    job: str
    run_id: str
    now: datetime
    """When the tick began, in UTC. Use it instead of a clock."""
    zone: tzinfo
    """The local time zone; naive timestamps in files are in it."""
    root: Path
    """The root: the directory with the registry."""
    central_dir: Path
    """The directory for `*.central.json` files. It may not exist yet."""
    cache_dir: Path
    """A directory for what can be computed again; it may be emptied at any time."""
    state_dir: Path | None = None
    """The state directory of the scheduler; None where a test has made the context without one."""
    configuration: tuple[Path, ...] = ()
    """The configuration file and the directories of job files and handlers; each may be missing."""
    slot: datetime | None = None
    """The scheduled time of this run, in UTC; None if it was started by hand."""
    attempt: int = 1
    catch_up: bool = False
    """Whether the scheduled time passed without a tick."""
    missed: int = 0
    """How many older missed runs this run makes up for; 1000 means 1000 or more."""
    last_success: datetime | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    """The job's `params` as configured, without defaults."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What earlier runs of the job stored, as JSON. Change it in place; it is kept if the run
    succeeds or ends with `Incomplete`."""
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """The events fired so far, oldest first."""
    log: Callable[[str], None] = print
    """Write a line to the captured output of this run."""

    def fire(self, event: str, **data: Any) -> None:
        """Send an event with JSON values. It is acted on if `memory` is kept."""
        self.events.append((event, data))

    @property
    def local_now(self) -> datetime:
        """`now` on the wall clock of `zone`, aware."""
        return self.now.astimezone(self.zone)

    @property
    def local_timestamp(self) -> str:
        """`local_now` as the seed's files have it: naive ISO format, whole seconds."""
        return self.local_now.replace(tzinfo=None).isoformat(timespec="seconds")


Function = Callable[[Context], Mapping[str, Any] | None]
Decorated = TypeVar("Decorated", bound=Function)


@dataclass(frozen=True)
class Declaration:
    """The arguments of the decorator of a function."""

    id: str
    """The id of its job; empty: the name of the function."""
    schedule: str
    """Empty: it is a handler, but has no job of its own."""
    description: str
    policies: Policies


_DECLARATION = "__scheduled_offer__"


def handler(
    *,
    schedule: str = "",
    id: str = "",  # noqa: A002 - the word for it everywhere else
    description: str = "",
    **policies: Unpack[Policies],
) -> Callable[[Decorated], Decorated]:
    """Declare a function a handler and, with a `schedule`, a job; `policies` are its keys.

    The function itself is returned unchanged.
    """

    def declare(function: Decorated) -> Decorated:
        vars(function)[_DECLARATION] = Declaration(id, schedule, description, policies)
        return function

    return declare


def declaration_of(function: Function) -> Declaration | None:
    """Return the arguments of the decorator of a function, or None if it has none."""
    return vars(function).get(_DECLARATION)

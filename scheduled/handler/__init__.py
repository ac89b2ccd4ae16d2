"""The contract of a handler, and all of it.

A handler is a module with one function:

    def run(context: Context) -> dict[str, object] | None:
        '''One line that says what it does.'''

and, if its jobs may give it `params`, a table of them:

    PARAMS = {"keep": Param("how many copies are kept", Kind.COUNT, 7)}

It is optional. With it, a param of the wrong kind and one that is not in it are refused before
the handler is called, and by `scheduled config validate`; without it, anything is accepted.

It is called in a process of its own, does its work, and returns its *result*: a JSON object
that goes into the history. What it wants to remember it puts into `context.memory`; what it
wants to tell, it fires. Raising fails the run; `GiveUp` fails it for good; `Incomplete` fails it
and keeps what was done; `NotNow` says that it could not work at this time, which is no failure.

A file may hold several, each a function under the decorator `handler`. With a schedule, such a
function is a job of its own:

    @handler(schedule="hourly", description="Make what is missing", timeout="10m")
    def thumbnails(context: Context) -> dict[str, object] | None: ...

Files in a handler folder are not run to find this out, so what stands there has to be literal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, TypeVar, Unpack

from scheduled.handler.params import Kind, Param, values
from scheduled.handler.policies import Policies

__all__ = [
    "Context",
    "GiveUp",
    "Incomplete",
    "Kind",
    "NotNow",
    "Param",
    "Policies",
    "handler",
    "values",
]


class GiveUp(Exception):  # noqa: N818 - what it says, not what it is
    """This run failed and trying again will not help."""


class NotNow(Exception):  # noqa: N818 - what it says, not what it is
    """Temporarily impossible, not a failure: the slot is offered again at a later tick."""


class Incomplete(Exception):  # noqa: N818 - what it says, not what it is
    """Part of the work is done, and the rest failed: what the sentence says.

    The run fails and may be tried again, yet its `result`, and what it remembered and fired so
    far, count: for work that cannot be undone and must not be done twice.
    """

    def __init__(self, reason: str, result: Mapping[str, Any] | None = None) -> None:
        self.result = dict(result or {})
        super().__init__(reason)


@dataclass(frozen=True)
class Context:
    """What a handler is told about its run, and the ways it can answer."""

    job: str
    run_id: str
    now: datetime
    """When the tick began, UTC. A handler reads no clock of its own."""
    zone: tzinfo
    """The zone people here live in: naive timestamps in files are wall clock of this zone."""
    root: Path
    """The ecosystem's home: where the registry lies."""
    central_dir: Path
    """Where `*.central.json` files go. It may not exist yet."""
    cache_dir: Path
    """For what can be computed again: may be empty at any time."""
    slot: datetime | None = None
    """The slot this run answers for, UTC; None when started by hand."""
    attempt: int = 1
    catch_up: bool = False
    """Whether the slot's time had passed when no tick came."""
    missed: int = 0
    """How many older slots this run answers for, besides its own; 1000 stands for any more."""
    last_success: datetime | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    """The job's `params` from the configuration, as they stand there; defaults are not in it."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What this job remembered, JSON. Change it in place; it is kept if the run succeeds or ends
    by `Incomplete`."""
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What was fired so far, oldest first."""
    log: Callable[[str], None] = print
    """A line into the captured output of this run."""

    def fire(self, event: str, **data: Any) -> None:
        """Tell the rest of the program; JSON values only. Acted on when `memory` is kept."""
        self.events.append((event, data))

    @property
    def local_now(self) -> datetime:
        """`now` on the wall clock of `zone`, aware."""
        return self.now.astimezone(self.zone)

    @property
    def local_timestamp(self) -> str:
        """`local_now` as the seed's own files write it: naive local ISO, whole seconds."""
        return self.local_now.replace(tzinfo=None).isoformat(timespec="seconds")


Function = Callable[[Context], Mapping[str, Any] | None]
Decorated = TypeVar("Decorated", bound=Function)


@dataclass(frozen=True)
class Declaration:
    """What the decorator was told about a function."""

    id: str
    """What its job is called; empty: as the function is."""
    schedule: str
    """Empty: it is a handler for the jobs of others, and none of its own."""
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
    """Offer a function as a handler, and with a `schedule` as a job; `policies` are its keys.

    The function itself stays as it is.
    """

    def offered(function: Decorated) -> Decorated:
        vars(function)[_DECLARATION] = Declaration(id, schedule, description, policies)
        return function

    return offered


def declaration_of(function: Function) -> Declaration | None:
    """What the decorator was told about a function; None for one without it."""
    return vars(function).get(_DECLARATION)

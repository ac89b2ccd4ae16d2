"""An outpost on a worker of a Dask cluster.

A task starts the outpost, and occupies a thread and the resources of its worker until that has
ended. Everything else goes through calls to that one worker: if Dask starts the task a second time,
the second outpost gets no order, and does nothing.
"""

import asyncio
import contextlib
import logging
import re
import secrets
import sys
import time
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from scheduled.errors import install_extra
from scheduled.runs.executors import bundle, dask_worker, tls
from scheduled.runs.executors.transport import BrokenError, UnreachableError
from scheduled.system.text import one_line

MISSING = f"needs Dask; {install_extra('dask')}"
PULL_SECONDS = 2.0
"""How long a call waits for output of the outpost."""
CALL_SECONDS = 5.0
"""How long a call to a worker may take: a dead worker never answers."""
POLL_SECONDS = 0.1
_WHERE = re.compile("^in <[^>]*>: ")
"""With what Dask begins a sentence about a connection that has ended."""
PATIENCE_SECONDS = 30.0
"""How long a worker keeps unread output of an outpost that has ended."""


class DaskTransport:
    """A stream to an outpost on a worker, by calls through the scheduler."""

    def __init__(self, settings: Mapping[str, Any], beside: str = "") -> None:
        """Take the settings of an executor; `beside` is the worker on whose host it has to be."""
        self._settings = settings
        self._on_host = _host_of(beside)
        self._client: Any = None
        self._future: Any = None
        self._name = f"scheduled-{secrets.token_hex(16)}"
        self._worker = ""
        self._heard = 0.0
        """When the worker last answered, on the monotonic clock."""
        self._outgoing = self._said = b""
        self._number = 0
        self._is_over = False
        self._other_version = ""

    def connect(self) -> None:
        """Have a worker start an outpost. Raises UnreachableError."""
        until = time.monotonic() + float(self._settings["connect_timeout"])
        try:
            distributed: Any = import_module("distributed")
        except ImportError:
            raise UnreachableError(MISSING) from None
        except Exception as error:  # its installation is broken
            raise UnreachableError(f"Dask cannot be imported: {_reason(error)}") from error
        # What Dask warns of and logs would become part of the output of the run.
        warnings.filterwarnings("ignore", module="distributed")
        logging.disable()
        try:
            self._join(distributed.Client, until)
            self._compare_versions(distributed.__version__)
            self._submit()
        except UnreachableError:
            raise
        except Exception as error:  # whatever it is, no command has been sent yet
            address = self._settings["address"]
            reason = self._refusal(until) or _reason(error)
            raise UnreachableError(f"{address}: {reason}") from error
        while not (worker := self._announced()):
            if self._future.status == "error":
                raise UnreachableError(self._why_not_started())
            if time.monotonic() > until:
                raise UnreachableError(self._why_no_worker())
            time.sleep(POLL_SECONDS)
        self._worker, self._heard = worker, time.monotonic()

    def send(self, data: bytes) -> None:
        """Send bytes to the outpost at once. Raises BrokenError."""
        self._outgoing += data
        self._exchange(0.1)

    def receive(self, seconds: float) -> bytes:
        """Return output of the outpost; may take longer than `seconds`. Raises BrokenError."""
        if said := self._take():
            return said
        if self._is_over:
            raise BrokenError("the outpost has ended")
        self._exchange(max(seconds, PULL_SECONDS))
        if not (said := self._take()) and self._is_over:
            raise BrokenError("the outpost has ended")
        return said

    def remarks(self, now: float) -> tuple[str, ...]:
        """Return another version of Dask, and certificates that end soon."""
        found = [self._other_version] if self._other_version else []
        if tls.is_used(self._settings):
            found += tls.remarks(self._settings, CALL_SECONDS, now)
        return (*found,)

    def close(self) -> None:
        """End the outpost, and leave the cluster."""
        if self._client is None:
            return
        with contextlib.suppress(Exception):
            if self._worker:
                self._call(dask_worker.release)
        # This releases the task as well. To cancel it would be announced to all clients of the
        # scheduler, and a client that is just connecting fails by that.
        with contextlib.suppress(Exception):
            self._client.close(timeout=CALL_SECONDS)

    def _join(self, kind: Any, until: float) -> None:
        """Become a client of the scheduler, until a time on the monotonic clock.

        Raises whatever Dask does.
        """
        security = tls.security(self._settings)
        while True:
            # Assigned before __init__, so that `close` also closes a client that failed there.
            self._client = kind.__new__(kind)
            try:
                self._client.__init__(
                    self._settings["address"],
                    security=security,
                    timeout=round(max(until - time.monotonic(), 0.1), 1),
                    set_as_default=False,
                    name="scheduled",
                )
                return
            except AssertionError:  # another client cancelled a task just then, see `close`
                self._client.close(timeout=CALL_SECONDS)
                if time.monotonic() > until:
                    raise

    def _refusal(self, until: float) -> str:
        """Return why the scheduler and we do not accept each other; '' if that is not why."""
        left = min(until - time.monotonic(), CALL_SECONDS)
        return tls.refusal(self._settings, left) if left > 0 else ""

    def _compare_versions(self, dask: str) -> None:
        """Note another version of Dask; raise UnreachableError for another Python.

        Functions are sent as bytecode, which only the same Python can run. The version of the
        scheduler stands for those of its workers.
        """
        versions = self._client.sync(
            self._client.scheduler.versions,
            packages=["distributed"],
            callback_timeout=CALL_SECONDS,
        )
        there = ".".join(str(versions["host"]["python"]).split(".")[:2])
        here = ".".join(map(str, sys.version_info[:2]))
        if there != here:
            raise UnreachableError(
                f"the cluster has Python {there}, and this is {here}; Dask needs the same on both"
                " sides: install scheduled for that one"
            )
        found = (versions.get("packages") or {}).get("distributed")
        if found and found != dask:
            self._other_version = f"the cluster has Dask {found}, and this is {dask}"

    def _submit(self) -> None:
        workers = self._workers_there() if self._on_host else None
        self._future = self._client.submit(
            dask_worker.serve,
            self._name,
            bundle.BOOTSTRAP,
            bundle.line(),
            PATIENCE_SECONDS,
            key=self._name,
            pure=False,
            retries=0,
            resources=None if self._on_host else self._settings.get("resources") or None,
            workers=workers,
        )

    def _workers_there(self) -> list[str]:
        """Return the workers on the host that is wanted. Raises OSError if there is none."""
        known = self._client.scheduler_info(n_workers=-1)["workers"]
        found = [address for address in known if _host_of(address) == self._on_host]
        if not found:
            raise OSError("no worker is left on that host")
        return found

    def _announced(self) -> str:
        """Return the worker that has started an outpost last; '' if none has."""
        try:
            events = self._client.sync(
                self._client.scheduler.events, topic=self._name, callback_timeout=CALL_SECONDS
            )
            workers = [event["worker"] for _, event in events or () if "worker" in event]
        except (OSError, TimeoutError, TypeError, ValueError):
            return ""
        return str(workers[-1]) if workers else ""

    def _why_no_worker(self) -> str:
        """Return why no worker has started the task in time."""
        wanted = self._settings.get("resources") or {}
        what = ", ".join(f"{name}: {amount:g}" for name, amount in wanted.items())
        with contextlib.suppress(Exception):
            workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
            if not workers:
                return "the cluster has no worker"
            if not any(_has(worker["resources"], wanted) for worker in workers):
                return f"no worker of the cluster has {what}"
        return f"no worker was free in time{f' with {what}' if what else ''}"

    def _why_not_started(self) -> str:
        """Return why the task failed on its worker."""
        here, reason = f"{sys.version_info.major}.{sys.version_info.minor}", "no reason"
        with contextlib.suppress(Exception):
            reason = one_line(repr(self._future.exception(timeout=CALL_SECONDS)))
        return f"a worker could not start it (is its Python {here}, as here?): {reason}"

    def _exchange(self, seconds: float) -> None:
        """Send what is to be sent, and read output of the outpost. Raises BrokenError.

        A worker that does not answer, since it is busy or shutting down, is asked again until the
        lease is over; so is a scheduler that is out of reach.
        """
        data, self._outgoing, self._number = self._outgoing, b"", self._number + 1
        while True:
            asked = str(self._settings["address"])
            try:
                self._join_again()
                asked = f"worker {self._worker}"
                said, goes_on = self._call(dask_worker.exchange, self._number, data, seconds)
                self._said += said
                break
            except Exception as error:
                if time.monotonic() - self._heard > float(self._settings["lease"]):
                    raise BrokenError(f"{asked}: {_reason(error)}") from error
                time.sleep(POLL_SECONDS)
        self._heard = time.monotonic()
        self._is_over = not goes_on

    def _join_again(self) -> None:
        """Become a client again if Dask has given up after `connect_timeout`.

        Raises whatever Dask does.
        """
        if self._client.status in ("running", "connecting"):
            return
        left = self._heard + float(self._settings["lease"]) - time.monotonic()
        seconds = min(left, float(self._settings["connect_timeout"]))
        self._join(import_module("distributed").Client, time.monotonic() + seconds)

    def _take(self) -> bytes:
        said, self._said = self._said, b""
        return said

    def _call(self, function: Any, *arguments: Any) -> Any:
        """Call a function on the worker. Raises whatever Dask does, and TimeoutError."""
        found = self._client.sync(
            self._client._run,  # noqa: SLF001 - `run` takes no time limit
            function,
            self._name,
            *arguments,
            workers=[self._worker],
            callback_timeout=CALL_SECONDS,
        )
        return found[self._worker]


def _has(resources: Mapping[str, float], wanted: Mapping[str, float]) -> bool:
    """Return whether a worker that declares these resources could ever run the task."""
    return all(resources.get(name, 0.0) >= amount for name, amount in wanted.items())


def _host_of(address: str) -> str:
    return address.rpartition("://")[2].rpartition(":")[0]


def _reason(error: BaseException) -> str:
    """Return the first line of the message of an error, or its name."""
    text = _WHERE.sub("", str(error).strip().split("\n")[0])
    if isinstance(error, asyncio.TimeoutError | TimeoutError) and not text:
        return "no answer in time"
    return text.rstrip(".") or type(error).__name__

"""The proxy of a run elsewhere: it sends the command to its executor, and reports how it ended.

It is started as `python -m scheduled.runs.executors.proxy` in the place of the command, with its
errand on standard input, and writes the output of the command to standard output. The tick, the
keeper and whoever stops the run treat it like any command.

A command is sent once, to one outpost, after that has said hello. So it never starts twice,
whatever an engine starts again, and whatever dies. If the stream breaks, the proxy asks for the end
that the outpost has kept; before it reports a run as lost, it waits until all of that must be dead.
"""

import contextlib
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from scheduled.errors import reason_of
from scheduled.runs.executors import answer, ending_elsewhere, lease, replies
from scheduled.runs.executors import settings as executor_settings
from scheduled.runs.executors.answer import Answer
from scheduled.runs.executors.errand import Errand
from scheduled.runs.executors.lease import Lease
from scheduled.runs.executors.outpost import wire
from scheduled.runs.executors.transport import BrokenError, Transport, UnreachableError
from scheduled.system import private

BEATS = 4
"""How many beats are sent in the time of a lease."""
LONGEST_REASON = 500
"""How many characters of a reason are kept."""
ASK_SECONDS = 2.0
"""How often the end of a command is asked for after its stream broke."""
Where = dict[str, Any]
"""What is known of where a command runs: `executor`, `host`, `user`, `worker` and `pid`."""
CUT = b"\n[the connection was lost, and the last of the output may be missing]\n"
STOPPED = "it was stopped before it had started"


class _StoppedError(Exception):
    """Somebody stops the run."""


class Proxy:
    """One run elsewhere."""

    def __init__(self, errand: Errand, transport: Callable[[Where], Transport]) -> None:
        self._errand = errand
        self._make_transport = transport
        self._transport = transport({})
        self._frames = replies.Frames()
        self._printer = _Printer()
        self._token = secrets.token_hex(16)
        self._is_stopping = False
        self._is_told = False
        self._where: Where = {"executor": errand.executor}
        self._lease: Lease | None = None
        self._beat_at = 0.0
        self._heard_at = 0.0

    def run(self) -> Answer:
        """Send the command to its place, wait until it has ended, and return how it did."""
        signal.signal(signal.SIGTERM, self._on_stop)
        try:
            return self._outcome()
        finally:
            self._transport.close()

    def _outcome(self) -> Answer:
        try:
            self._reach()
        except (UnreachableError, BrokenError) as error:
            return Answer(not_now=str(error), where=self._where, is_unreached=True)
        except _StoppedError:
            return Answer(not_now=STOPPED, where=self._where)
        try:
            self._begin_lease()
        except UnreachableError as error:
            return Answer(not_now=str(error), where=self._where)
        try:
            self._send_order()
            return self._follow()
        except BrokenError as error:
            self._transport.close()
            return self._settle(str(error))

    def _on_stop(self, *_: object) -> None:
        self._is_stopping = True

    def _reach(self) -> None:
        """Connect, and wait for hello. Raises UnreachableError, BrokenError and _StoppedError."""
        seconds = float(self._errand.settings["connect_timeout"])
        hello = replies.greeted(self._transport, self._frames, seconds, lambda: self._is_stopping)
        if self._is_stopping:
            raise _StoppedError
        self._where |= _place(hello)

    def _begin_lease(self) -> None:
        """Write the lease, before the command is sent. Raises UnreachableError."""
        order = self._errand.order
        begun = Lease.begun(float(order["lease"]), float(order["grace"]), self._where)
        try:
            lease.begin(self._errand.lease_path, begun)
        except OSError as error:
            path = self._errand.lease_path
            raise UnreachableError(f"{path}: {reason_of(error)}") from error
        self._lease = begun

    def _send_order(self) -> None:
        """Send the command. Raises BrokenError."""
        order = {**self._errand.order, "token": self._token}
        self._heard_at = time.monotonic()
        self._transport.send(json.dumps(order).encode() + b"\n")

    def _follow(self) -> Answer:
        """Print the output of the command until it has ended. Raises BrokenError."""
        while True:
            self._beat()
            for kind, data in self._receive():
                if kind == wire.OUTPUT:
                    self._printer.write(data)
                elif kind == wire.STARTED:
                    self._note_pid(replies.pid(data))
                elif kind == wire.ENDED:
                    end = replies.end(data)
                    self._printer.write(b"")  # says what was left out, if anything was
                    with contextlib.suppress(BrokenError):
                        self._transport.send(wire.KNOWN)
                    return self._answer(end)

    def _receive(self) -> list[tuple[bytes, bytes]]:
        """Return messages of the outpost. Raises BrokenError if it answers no beat for a lease.

        A connection may hang without an end: one that another ssh holds, a machine that sleeps.
        """
        data, now = self._transport.receive(replies.LOOK_SECONDS), time.monotonic()
        if data:
            self._heard_at = now
        elif now - self._heard_at > float(self._errand.order["lease"]):
            raise BrokenError("nothing was heard from there for as long as its lease")
        return self._frames.feed(data)

    def _beat(self) -> None:
        """Send a beat if it is time for one, and the order to stop if the run is being stopped."""
        if self._is_stopping and not self._is_told:
            self._is_told = True
            self._transport.send(wire.STOP)
        if time.monotonic() < self._beat_at or self._lease is None:
            return
        beaten = self._lease.beaten()
        try:
            # Before the beat is sent: the lease on disk must not end before the one over there.
            lease.write(self._errand.lease_path, beaten)
        except OSError:  # tried again soon
            return
        self._beat_at = time.monotonic() + float(self._errand.order["lease"]) / BEATS
        self._lease = beaten
        self._transport.send(wire.BEAT)

    def _note_pid(self, pid: int | None) -> None:
        """Add the pid of the command to what is known of its place."""
        assert self._lease is not None
        if pid is None or "pid" in self._where:
            return
        self._where["pid"] = pid
        with contextlib.suppress(OSError):  # each beat writes it as well
            lease.write(self._errand.lease_path, self._lease._replace(where=self._where))

    def _answer(self, end: dict[str, Any]) -> Answer:
        """Return the answer that the end of a command makes, as its outpost has sent it."""
        if "failure" in end:
            return Answer(failure=end["failure"], where=self._where)
        if end["report"]:
            with contextlib.suppress(OSError):  # the run then counts as one without a report
                private.replace(Path(self._errand.report_path), end["report"], "nothing")
        if end["stopped"] == "lost":
            return Answer(lost="it was ended there: the connection was lost", where=self._where)
        return Answer(
            exit_code=end["exit_code"],
            cpu_seconds=end["cpu_seconds"],
            max_rss_bytes=end["max_rss_bytes"],
            where=self._where,
        )

    def _settle(self, why: str) -> Answer:
        """Return how a command ended whose stream broke; once it must be dead, that it is lost."""
        assert self._lease is not None
        while (left := self._lease.seconds_left) > 0:
            if (end := self._ask(left)) is not None:
                self._printer.write(CUT)
                return self._answer(end)
            time.sleep(min(ASK_SECONDS, left))
        reason = f"the connection was lost, and its end is not known: {why}"
        return Answer(lost=reason, where=self._where)

    def _ask(self, seconds: float) -> dict[str, Any] | None:
        """Start another outpost on that machine, and ask it for the end that the first one kept."""
        assert self._lease is not None
        transport, frames = self._make_transport(self._where), replies.Frames()
        seconds = min(seconds, float(self._errand.settings["connect_timeout"]))
        until = time.monotonic() + seconds
        try:
            hello = replies.greeted(transport, frames, seconds)
            if hello.get("host") != self._where.get("host"):
                return None
            # By then the first one has ended the command, unless it was killed with its guard.
            is_overdue = self._lease.seconds_left <= lease.MARGIN_SECONDS
            question = {"token": self._token, "fetch": True, "overdue": is_overdue}
            transport.send(json.dumps(question).encode() + b"\n")
            while time.monotonic() < until:
                for kind, data in frames.feed(transport.receive(replies.LOOK_SECONDS)):
                    if kind != wire.ENDED:
                        return None
                    end = replies.end(data)
                    with contextlib.suppress(BrokenError):
                        transport.send(wire.KNOWN)
                    return end
        except (UnreachableError, BrokenError):
            pass
        finally:
            transport.close()
        return None


def _place(hello: dict[str, Any]) -> dict[str, Any]:
    """Return what a hello says of the place where a command runs."""
    return {key: hello[key] for key in ("host", "user", "worker") if hello.get(key)}


class _Printer:
    """Writes to standard output, a file whose disk may be full for a while."""

    def __init__(self) -> None:
        self._lost = 0

    def write(self, data: bytes) -> None:
        """Print output of the command; what does not fit is left out, and that is noted later."""
        note = b"\n[%d bytes left out: the disk was full]\n" % self._lost if self._lost else b""
        rest = note + data
        while rest:
            try:
                rest = rest[os.write(1, rest) :]
            except OSError:
                self._lost += min(len(rest), len(data))
                return
        self._lost = 0


def main() -> int:
    """Run the errand on standard input, and write the answer; return 0 once that is written.

    If no space can be reserved for the answer, nothing is sent, and the exit code says why.
    """
    errand = Errand(**json.load(sys.stdin))
    try:
        answer.reserve(errand.answer_path)
    except OSError as error:
        return ending_elsewhere.NO_ROOM + min(error.errno or 0, 100)
    found = Proxy(errand, partial(executor_settings.transport, errand.settings)).run()
    shortened = {
        key: getattr(found, key)[:LONGEST_REASON] for key in ("failure", "not_now", "lost")
    }
    try:
        answer.write(errand.answer_path, found._replace(**shortened))
    except OSError as error:
        print(f"scheduled: {errand.answer_path}: {reason_of(error)}: its end cannot be kept")
        return 1
    private.remove(errand.lease_path)  # once there is an answer, nothing lives on
    return 0


if __name__ == "__main__":
    sys.exit(main())

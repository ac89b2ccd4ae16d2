"""A proxy that is killed, at whatever line, leaves nothing from which a tick would guess wrong."""

import io
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from scheduled.runs import executors
from scheduled.runs.executors import answer, ending_elsewhere, lease, proxy
from scheduled.runs.executors import settings as executor_settings
from scheduled.runs.executors.errand import Errand
from scheduled.runs.executors.outpost import wire
from scheduled.runs.exit_file import ExitStatus

OURS = str(Path(executors.__file__).parent)
CODE = 3
WHERE = {"executor": "nas", "host": "there", "pid": 7}


class Outpost:
    """A stream to an outpost that notes what it is sent, and whose command has ended at once."""

    def __init__(self, sent: Path) -> None:
        self._sent, self._said = sent, self._messages()

    def connect(self) -> None:
        pass

    def send(self, data: bytes) -> None:
        with self._sent.open("ab") as stream:
            stream.write(data)

    def receive(self, _seconds: float) -> bytes:
        return next(self._said, b"")

    def remarks(self, _now: float) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        pass

    @staticmethod
    def _messages() -> Iterator[bytes]:
        yield wire.MAGIC + wire.frame(wire.HELLO, {"host": "there"})
        yield wire.frame(wire.STARTED, {"pid": 7})
        yield wire.frame(wire.OUTPUT, b"printed")
        yield wire.frame(wire.ENDED, {"exit_code": CODE})


class Run:
    """The files of one run, and the proxy that writes them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.output, self.sent = folder / "run.log", folder / "sent"
        order: dict[str, Any] = {"command": ["true"], "lease": 60.0, "grace": 8.0}
        paths = (answer.path_of(self.output), lease.path_of(self.output), folder / "report")
        self.errand = Errand({"connect_timeout": 5.0}, "nas", order, *map(str, paths))

    def is_killed(self, line: int) -> bool:
        """Run the proxy until it begins its line of this number; return whether it has so many."""
        child = os.fork()
        if child == 0:
            self._run(line)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])

    def _run(self, line: int) -> None:
        left = [line]

        def trace(frame: FrameType, event: str, _: object) -> Any:
            if not frame.f_code.co_filename.startswith(OURS):
                return None
            left[0] -= event == "line"
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.stdin = io.StringIO(json.dumps(self.errand._asdict()))
            executor_settings.transport = lambda *_: Outpost(self.sent)
            sys.settrace(trace)
            proxy.main()
        finally:
            os._exit(0)

    @property
    def was_sent(self) -> bool:
        """Whether the command, or a part of it, went on its way."""
        return self.sent.exists()


def test_nothing_that_was_sent_is_taken_for_unsent_or_over(tmp_path: Path) -> None:
    kinds, line = set(), 1
    while (run := Run(tmp_path / str(line))).is_killed(line):
        found = ending_elsewhere.answer(run.output, ExitStatus(-signal.SIGKILL))
        assert found is not None
        if found.exit_code is not None:
            assert (found.exit_code, run.was_sent) == (CODE, True)
            kinds.add("ended")
        elif found.not_now:
            assert not run.was_sent, f"line {line}: {found}"
            assert ending_elsewhere.seconds_left(run.output) == 0
            kinds.add("never sent")
        else:
            assert found.lost == ending_elsewhere.KILLED
            assert ending_elsewhere.seconds_left(run.output) > 60, f"line {line}: it may live on"
            kinds.add("lost")
        line += 1

    assert kinds == {"never sent", "lost", "ended"}
    assert answer.read(answer.path_of(run.output)) == answer.Answer(CODE, where=WHERE)
    assert line > 100

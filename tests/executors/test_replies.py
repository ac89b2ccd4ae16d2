"""What comes from the other side is read with distrust: it may be anything, and any amount."""

import json
import struct
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.runs.executors import lease, probe, replies
from scheduled.runs.executors.errand import Errand
from scheduled.runs.executors.outpost import wire
from scheduled.runs.executors.proxy import Proxy
from scheduled.runs.executors.transport import BrokenError, UnreachableError

HELLO = wire.MAGIC + wire.frame(wire.HELLO, {"host": "there"})
HUGE = struct.pack(">cI", b"O", 2**32 - 1)


class Liar:
    """A stream to somebody who says this, and then nothing."""

    def __init__(self, *said: bytes, endless: bytes = b"") -> None:
        self._said, self._endless = iter(said), endless

    def connect(self) -> None:
        pass

    def send(self, data: bytes) -> None:
        pass

    def receive(self, _seconds: float) -> bytes:
        if not (data := next(self._said, self._endless)):
            raise BrokenError("the connection ended")
        return data

    def remarks(self, _now: float) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        pass


@pytest.fixture
def errand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Errand:
    monkeypatch.setattr(lease, "MARGIN_SECONDS", 0.0)
    tmp_path.chmod(0o700)
    order: dict[str, Any] = {"command": ["true"], "lease": 0.5, "grace": 0.0}
    settings, report = {"connect_timeout": 1.0}, str(tmp_path / "report")
    return Errand(settings, "nas", order, str(tmp_path / "answer"), str(tmp_path / "lease"), report)


NONSENSE = [b"", b"{", b"[]", b"7", b"[" * 60_000, b"\xff\xfe", b"1" * 5000, b'{"a": 1']


@pytest.mark.parametrize(
    "said",
    [
        *(wire.MAGIC + wire.frame(wire.HELLO, data) for data in NONSENSE),
        wire.MAGIC + HUGE,
        b"This account is not available.\n",
    ],
)
def test_who_does_not_say_hello_is_sent_nothing(errand: Errand, said: bytes) -> None:
    found = Proxy(errand, lambda _: Liar(said)).run()

    assert found.not_now
    assert not Path(errand.lease_path).exists()


ENDS = [
    *NONSENSE,
    *(
        json.dumps(end).encode()
        for end in (
            {},
            {"exit_code": "0"},
            {"exit_code": None},
            {"exit_code": True},
            {"exit_code": 0.0},
            {"exit_code": 256},
            {"exit_code": -65},
            {"exit_code": 10**400},
        )
    ),
]


@pytest.mark.parametrize(
    "said",
    [
        *(wire.frame(wire.ENDED, data) for data in ENDS),
        *(wire.frame(wire.STARTED, data) for data in NONSENSE),
        HUGE,
    ],
)
def test_an_end_that_cannot_be_is_lost_once_the_lease_is_over(errand: Errand, said: bytes) -> None:
    found = Proxy(errand, lambda _: Liar(HELLO, said)).run()

    assert found.lost
    assert found.where == {"executor": "nas", "host": "there"}
    assert lease.seconds_left(errand.lease_path) == 0


@pytest.mark.parametrize("value", ["many", -1, float("nan"), float("inf"), 2**80, [], True])
def test_figures_that_cannot_be_are_left_out(errand: Errand, value: object) -> None:
    end = {"exit_code": 3, "cpu_seconds": value, "max_rss_bytes": value}
    found = Proxy(errand, lambda _: Liar(HELLO, wire.frame(wire.ENDED, end))).run()

    assert (found.exit_code, found.cpu_seconds, found.max_rss_bytes) == (3, None, None)


@pytest.mark.parametrize("report", ["\ud800", 7, {"a": 1}, "[" * 60_000])
def test_a_report_may_be_anything(errand: Errand, report: object) -> None:
    end = {"exit_code": 0, "report": report}
    assert Proxy(errand, lambda _: Liar(HELLO, wire.frame(wire.ENDED, end))).run().exit_code == 0


def test_a_name_can_steer_no_terminal_and_is_short(errand: Errand) -> None:
    hello = {"host": "a\x1b[2J\nb" + "x" * 9000, "user": ["root"], "worker": 7}
    said = wire.MAGIC + wire.frame(wire.HELLO, hello)
    end = wire.frame(wire.ENDED, {"failure": "\x1b]0;title\x07" + "y" * 9000})
    found = Proxy(errand, lambda _: Liar(said, end)).run()

    assert found.where is not None
    assert found.where.keys() == {"executor", "host"}
    for text in (found.where["host"], found.failure):
        assert text.isprintable()
        assert len(text) <= 300


@pytest.mark.parametrize("begins", [b"", wire.MAGIC + HUGE, HELLO + HUGE])
def test_however_much_is_said_it_takes_no_memory(begins: bytes) -> None:
    frames = replies.Frames()
    tracemalloc.start()
    try:
        for data in _flood(begins):
            frames.feed(data)
    except BrokenError:
        assert begins
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


def _flood(begins: bytes) -> Iterator[bytes]:
    yield begins
    for _ in range(512):
        yield b"\0" * wire.CHUNK


def test_noise_before_the_hello_may_come_in_any_pieces() -> None:
    stream = b"motd \0sched" * 9000 + HELLO
    for size in (1, 7, 4096):
        frames = replies.Frames()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        found = [message for piece in pieces for message in frames.feed(piece)]
        assert found == [(wire.HELLO, b'{"host": "there"}')]


def test_why_a_login_is_refused_is_told() -> None:
    said = Liar(b"Hello\n\x1b[1mThis account is currently not available.\n\n")
    with pytest.raises(UnreachableError) as told:
        replies.greeted(said, replies.Frames(), 1.0)

    sentence = "the connection ended; it said: This account is currently not available"
    assert str(told.value) == sentence


@pytest.mark.parametrize("ends", [True, False])
def test_why_a_login_is_refused_is_told_whole_however_slowly_it_comes(ends: bool) -> None:
    refusal = b"only backups are allowed here; ask the administrators"

    class Slow(Liar):
        def receive(self, seconds: float) -> bytes:
            if ends or (data := next(self._said, b"")):
                return super().receive(seconds) if ends else data
            time.sleep(0.01)
            return b""

    pieces = [b"Hello\n", *(bytes([byte]) for byte in refusal)]
    said = Slow(*pieces)
    with pytest.raises(UnreachableError) as told:
        replies.greeted(said, replies.Frames(), 0.5)

    assert str(told.value).endswith(f"; it said: {refusal.decode()}")


class Silent(Liar):
    """Somebody who says this, and then neither anything nor that the stream has ended."""

    def receive(self, seconds: float) -> bytes:
        if data := next(self._said, b""):
            return data
        time.sleep(min(seconds, 0.02))
        return b""


def test_who_answers_no_beat_for_a_lease_is_lost(errand: Errand) -> None:
    """As by a connection that hangs without an end, over which each beat seems to be sent."""
    found = Proxy(errand, lambda _: Silent(HELLO, wire.frame(wire.STARTED, {"pid": 7}))).run()

    assert "nothing was heard from there" in found.lost


def test_who_answers_beats_may_be_silent_for_long(errand: Errand) -> None:
    class Quiet(Silent):
        beats = 0

        def send(self, data: bytes) -> None:
            self.beats += data.count(wire.BEAT)

        def receive(self, seconds: float) -> bytes:
            if self.beats > 12:  # three leases
                return wire.frame(wire.ENDED, {"exit_code": 0})
            if self.beats:
                time.sleep(0.02)
                return wire.frame(wire.ALIVE, b"")
            return super().receive(seconds)

    assert Proxy(errand, lambda _: Quiet(HELLO)).run().exit_code == 0


def test_output_that_may_be_missing_is_not_missed_silently(
    errand: Errand, capfd: pytest.CaptureFixture[str]
) -> None:
    end = wire.frame(wire.ENDED, {"exit_code": 0})
    streams = iter([Liar(HELLO, wire.frame(wire.OUTPUT, b"begun")), Liar(HELLO, end)])
    first = next(streams)
    found = Proxy(errand, lambda where: next(streams) if where else first).run()

    assert found.exit_code == 0
    assert capfd.readouterr().out.startswith("begun\n[the connection was lost, and ")


@pytest.mark.parametrize(("told", "ahead"), [(90, -10), (100, 0), (103, 0), (106, 2)])
def test_a_clock_is_no_other_one_because_the_answer_was_slow(told: float, ahead: float) -> None:
    assert probe._ahead(told, asked=100, answered=104) == ahead

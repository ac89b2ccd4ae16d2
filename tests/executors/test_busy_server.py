"""A server by ssh that has too many logins, or that hangs up for ever."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from scheduled.runs.executors import replies
from scheduled.runs.executors.last_words import LastWords
from scheduled.runs.executors.ssh import SshTransport
from scheduled.runs.executors.transport import UnreachableError
from tests.builders import needs, ssh_server
from tests.builders.elsewhere import Home, job
from tests.builders.process_space import ProcessSpace

pytestmark = pytest.mark.slow


@contextmanager
def often_busy(port: int, times: int) -> Iterator[int]:
    """Yield a port that stands for another one, but hangs up at the first `times` logins."""
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as opened:

        def serve() -> None:
            with suppress(OSError):
                for _ in range(times):
                    server.accept()[0].close()
                near = opened.enter_context(server.accept()[0])
                far = opened.enter_context(socket.create_connection(("127.0.0.1", port)))
                threading.Thread(target=pass_on, args=(far, near), daemon=True).start()
                pass_on(near, far)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_a_server_with_too_many_logins_is_asked_again(tmp_path: Path, space: ProcessSpace) -> None:
    with ssh_server.running(tmp_path / "server") as server, often_busy(server.port, 2) as port:
        text = server.config.read_text().replace(
            f"Port {server.port}\n", f"Port {port}\n  HostKeyAlias [127.0.0.1]:{server.port}\n"
        )
        server.config.write_text(text)
        home = Home(tmp_path / "home", space, server.executor(connect_timeout="30s"))
        home.configure(job("echo hi"))

        assert home.call("trigger", "far").returncode == 0, home.last()
        assert home.output() == "hi\n"
        assert len(home.rows()) == 1


@pytest.fixture
def hangs_up() -> Iterator[tuple[int, list[float]]]:
    """A port where somebody hangs up at once, and when that was."""
    times: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return
                times.append(time.monotonic())

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], times
        server.shutdown(socket.SHUT_RDWR)


def test_who_hangs_up_for_ever_is_asked_ever_more_rarely_and_for_a_time(
    hangs_up: tuple[int, list[float]], tmp_path: Path
) -> None:
    needs.programs("ssh")
    port, times = hangs_up
    config = tmp_path / "config"
    config.write_text(f"Host nas\n  HostName 127.0.0.1\n  Port {port}\n")
    config.chmod(0o600)
    transport = SshTransport({"host": "nas", "ssh_config": str(config), "connect_timeout": 6})
    try:
        with pytest.raises(UnreachableError, match=rf"^Connection \w+ by 127.0.0.1 port {port}$"):
            replies.greeted(transport, replies.Frames(), 6)
    finally:
        transport.close()

    assert 2 <= len(times) <= 6
    assert times[-1] - times[0] < 6
    assert times[1] - times[0] >= 0.25


@pytest.mark.parametrize(
    ("said", "is_busy"),
    [
        ("kex_exchange_identification: Connection closed by remote host", True),
        ("ssh_exchange_identification: read: Connection reset by peer", True),
        ("kex_exchange_identification: banner line contains invalid characters", False),
        ("Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures", False),
    ],
)
def test_only_a_server_that_says_nothing_is_busy(said: str, is_busy: bool) -> None:
    for end, busy in (("10.0.0.1 port 22", is_busy), ("UNKNOWN port 65535", False)):
        words = LastWords()
        words.hear(f"{said}\nConnection closed by {end}\n".encode())
        assert words.is_busy() == busy

"""What the examples need: servers that take their messages, and other users."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import message_servers
from tests.builders.message_servers import Server


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Server]:
    """A server that takes what webhooks send."""
    with message_servers.running("web", tmp_path / "web") as server:
        yield server


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[Server]:
    """A mail server, without TLS."""
    with message_servers.running("smtp", tmp_path / "smtp") as server:
        yield server


@pytest.fixture
def unused_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

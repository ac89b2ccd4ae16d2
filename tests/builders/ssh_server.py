"""A real sshd on the loopback, with keys of its own; a configuration calls it nas."""

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.builders import needs

HOST = "nas"


class SshServer(NamedTuple):
    """A server that runs, and where its files are."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def config(self) -> Path:
        """The client's configuration, in which the server has a name."""
        return self.folder / "config"

    def executor(self, **more: object) -> dict[str, object]:
        """What `executors` of a configuration says of it."""
        config = str(self.config)
        return {"kind": "ssh", "host": HOST, "ssh_config": config, "lease": "10s", **more}


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _key(path: Path) -> None:
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    subprocess.run(words, check=True)


def _configure(folder: Path, port: int, more: str) -> None:
    for name in ("host", "mine"):
        _key(folder / name)
    (folder / "authorized").write_text((folder / "mine.pub").read_text())
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\nPidFile none\n"
        "PermitRootLogin yes\nPasswordAuthentication no\nMaxStartups 100:30:200\n"
        f"AcceptEnv *\n{more}"
    )
    known = f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}"
    (folder / "known").write_text(known)
    config = folder / "config"
    config.write_text(
        f"Host {HOST}\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {folder}/mine\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {folder}/known\n  StrictHostKeyChecking yes\n"
    )
    config.chmod(0o600)


@contextmanager
def running(folder: Path, more: str = "") -> Iterator[SshServer]:
    """Yield a server that answers; `more` lines are added to its configuration."""
    needs.programs("sshd", "ssh", "ssh-keygen")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it
    folder.mkdir(mode=0o700)
    port = _free_port()
    _configure(folder, port, more)
    program = needs.path_of("sshd")
    words = [program, "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stderr=log, stdin=subprocess.DEVNULL)
    try:
        _wait_for(port, process, folder)
        yield SshServer(folder, port, process)
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"sshd ended: {(folder / 'log').read_text()}")
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("sshd does not answer")

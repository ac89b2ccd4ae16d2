"""A real Dask cluster: a scheduler and workers, each a machine of its own as far as pids go."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from scheduled.demo import cluster
from tests.builders import needs
from tests.builders.process_space import all_processes

WAIT_SECONDS = 60.0
_APART = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]


def wait_until(what: str, holds: Callable[[], object]) -> None:
    """Wait until something holds; fail if it does not in a minute."""
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.05)


class DaskCluster:
    """A scheduler, and workers by name."""

    def __init__(self, folder: Path, security: Sequence[str] = (), scheme: str = "tcp") -> None:
        self.folder, self._security, self._scheme = folder, [*security], scheme
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(mode=0o700)

    @property
    def address(self) -> str:
        return str(json.loads(self._file.read_text())["address"])

    @property
    def _file(self) -> Path:
        return self.folder / cluster.FILE

    def executor(self, **more: object) -> dict[str, object]:
        """What `executors` of a configuration says of it."""
        return {"kind": "dask", "address": self.address, "lease": "10s", **more}

    def start(self) -> None:
        """Start the scheduler."""
        words = cluster.scheduler_command(self._file)
        self._run("scheduler", [*words, "--protocol", self._scheme])
        wait_until(
            "there is a scheduler", lambda: self._file.exists() and self._file.stat().st_size
        )

    def add_worker(self, name: str, *words: str) -> None:
        """Start a worker, and wait until the scheduler knows it."""
        log = self.folder / f"{name}.log"
        command = cluster.worker_command(self.address, name, self.folder)
        self._run(name, [*_APART, *command, *words])
        wait_until(f"{name} is known", lambda: b"Registered to" in log.read_bytes())

    def _run(self, name: str, command: Sequence[str]) -> None:
        self._processes[name] = cluster.start(self.folder, name, [*command, *self._security])

    def pids(self, name: str) -> list[int]:
        """Return the processes of the scheduler or a worker, without what it has started."""
        if name == "scheduler":
            return [self._processes[name].pid]
        return all_processes("-m dask worker", f"--name {name}", str(self.folder))

    def signal(self, name: str, number: int) -> None:
        """Send the scheduler, or the worker itself, a signal."""
        for pid in self.pids(name):
            if b"unshare" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, number)

    def kill(self, name: str) -> None:
        """Kill the scheduler, or a worker with all that runs there."""
        self._processes[name].kill()
        self._processes.pop(name).wait()

    def repair(self, *workers: str) -> None:
        """Start those of the workers anew that were killed; all, if the scheduler was."""
        if "scheduler" not in self._processes:
            self.close()
            self._file.unlink()
            self.start()
        for name in workers:
            if name not in self._processes:
                self.add_worker(name, "--resources", f"{name}=1 gpu=1")

    def close(self) -> None:
        """Kill all of it."""
        for name in [*self._processes]:
            with_all = self._processes[name]
            with_all.send_signal(signal.SIGCONT)
            self.kill(name)


@contextmanager
def running(folder: Path, *workers: str) -> Iterator[DaskCluster]:
    """Yield a cluster with workers of these names."""
    pytest.importorskip("distributed", reason="needs distributed, which is in the extra `dask`")
    needs.root()
    needs.programs("unshare")
    started = DaskCluster(folder)
    try:
        started.start()
        for name in workers:
            started.add_worker(name, "--resources", f"{name}=1 gpu=1")
        yield started
    finally:
        started.close()

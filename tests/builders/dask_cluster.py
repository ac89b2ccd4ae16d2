"""A real Dask cluster: a scheduler and workers, each a machine of its own as far as pids go."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

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
        return self.folder / "scheduler.json"

    def executor(self, **more: object) -> dict[str, object]:
        """What `executors` of a configuration says of it."""
        return {"kind": "dask", "address": self.address, "lease": "10s", **more}

    def start(self) -> None:
        """Start the scheduler."""
        words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        words += ["--protocol", self._scheme, "--scheduler-file", str(self._file)]
        self._run("scheduler", [*words, *self._security], [])
        wait_until(
            "there is a scheduler", lambda: self._file.exists() and self._file.stat().st_size
        )

    def add_worker(self, name: str, *words: str) -> None:
        """Start a worker, and wait until the scheduler knows it."""
        log = self.folder / f"{name}.log"
        more = ["--name", name, "--no-nanny", "--no-dashboard", "--nthreads", "4", "--host"]
        more += ["127.0.0.1", "--local-directory", str(self.folder / name)]
        self._run(name, ["worker", self.address, *more, *words, *self._security], _APART)
        wait_until(f"{name} is known", lambda: b"Registered to" in log.read_bytes())

    def _run(self, name: str, words: Sequence[str], before: Sequence[str]) -> None:
        command = [*before, sys.executable, "-m", "dask"]
        command += ["scheduler", *words] if name == "scheduler" else words
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )

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
    cluster = DaskCluster(folder)
    try:
        cluster.start()
        for name in workers:
            cluster.add_worker(name, "--resources", f"{name}=1 gpu=1")
        yield cluster
    finally:
        cluster.close()

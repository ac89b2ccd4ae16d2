"""A Dask cluster to try at home: a scheduler and two workers, all of this machine.

`python -m scheduled.demo.cluster` starts them, and ends them with Ctrl-C. Nobody else can reach
them: they listen on the loopback alone. Tests use `running`.
"""

import argparse
import contextlib
import importlib.util
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scheduled.errors import install_extra

MISSING = f"it needs Dask; {install_extra('dask')}"
START_SECONDS = 60.0
POLL_SECONDS = 0.1
WORKERS = ("one", "two")
FILE = "scheduler.json"


def main(arguments: list[str] | None = None) -> int:
    """Start a cluster and wait for Ctrl-C; return 0, 1 if it could not be started."""
    parser = argparse.ArgumentParser(
        prog="python -m scheduled.demo.cluster", description="A Dask cluster to try at home."
    )
    parser.add_argument("--port", type=int, default=8786, help="of the scheduler [8786]")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with running(asked.port) as address:
            print(f"A scheduler at {address}, and workers {' and '.join(WORKERS)}.")
            print("In scheduled.yaml:")
            print(f'  executors: {{farm: {{kind: dask, address: "{address}"}}}}')
            print("Ctrl-C ends them.", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except RuntimeError as error:
        print(f"scheduled.demo.cluster: {error}", file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def running(port: int = 0) -> Iterator[str]:
    """Yield the address of a scheduler with two workers; each has `gpu: 1` and four threads.

    Raises RuntimeError if they cannot be started; a port of 0 is any that is free.
    """
    if importlib.util.find_spec("distributed") is None:
        raise RuntimeError(MISSING)
    with tempfile.TemporaryDirectory(prefix="scheduled-cluster-") as name:
        folder, processes = Path(name), list[subprocess.Popen[bytes]]()
        try:
            scheduler = start(folder, "scheduler", scheduler_command(folder / FILE, port))
            processes.append(scheduler)
            address = _address(folder, scheduler)
            processes += [
                start(folder, worker, worker_command(address, worker, folder)) for worker in WORKERS
            ]
            for worker, process in zip(WORKERS, processes[1:], strict=True):
                _wait_for(folder / f"{worker}.log", b"Registered to", process)
            yield address
        finally:
            for process in reversed(processes):
                process.kill()
                process.wait()


def scheduler_command(file: Path, port: int = 0) -> list[str]:
    """Return the command of a scheduler on the loopback, which writes its address to `file`."""
    words = [sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--no-dashboard"]
    return [*words, "--port", str(port), "--scheduler-file", str(file)]


def worker_command(address: str, name: str, folder: Path) -> list[str]:
    """Return the command of a worker on the loopback, with a directory in `folder`."""
    words = [sys.executable, "-m", "dask", "worker", address, "--host", "127.0.0.1"]
    words += ["--no-dashboard", "--no-nanny", "--nthreads", "4", "--resources", "gpu=1"]
    return [*words, "--name", name, "--local-directory", str(folder / name)]


def start(folder: Path, name: str, command: list[str]) -> subprocess.Popen[bytes]:
    """Start a part of a cluster, whose output goes to `NAME.log` in `folder`."""
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder
        )


def _address(folder: Path, process: subprocess.Popen[bytes]) -> str:
    _wait_for(folder / "scheduler.log", b"Scheduler at:", process)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError):
            return str(json.loads((folder / FILE).read_text())["address"])
        time.sleep(POLL_SECONDS)
    raise RuntimeError("the scheduler does not say where it is")


def _wait_for(log: Path, word: bytes, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while word not in (said := log.read_bytes()):
        if process.poll() is not None or time.monotonic() > until:
            lines = said.decode("utf-8", "replace").strip().split("\n")
            raise RuntimeError(f"Dask could not be started: {lines[-1]}")
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

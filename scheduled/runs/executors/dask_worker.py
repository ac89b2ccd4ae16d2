"""What a Dask worker does for a run: it starts an outpost, and hands bytes to and fro.

These functions are sent by value: nothing of `scheduled` need be installed on the worker, nor on
the scheduler. So they import what they need themselves, and that is the standard library and
`distributed`.
"""

from typing import Any


def serve(name: str, bootstrap: str, line: bytes, patience: float) -> str:
    """Start an outpost, say on which worker, and hold the task's place until it has ended.

    After that stay until all that it has said was taken, for `patience` seconds at most.
    """
    import os
    import subprocess
    import sys
    import time

    from distributed import get_worker

    worker = get_worker()
    process = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-I", "-c", bootstrap],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "DASK_WORKER_ADDRESS": worker.address},
        start_new_session=True,
        bufsize=0,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line)
    for stream in (process.stdin, process.stdout):
        os.set_blocking(stream.fileno(), False)
    outposts = worker.__dict__.setdefault("scheduled_outposts", {})
    outposts[name] = {"process": process, "begun": 0, "number": 0, "reply": (b"", True)}
    worker.log_event(name, {"worker": worker.address})
    process.wait()
    until = time.monotonic() + patience
    while name in outposts and time.monotonic() < until:
        time.sleep(0.1)
    outposts.pop(name, None)
    return str(worker.address)


async def hand_over(descriptor: int, data: bytes) -> None:
    """Write to an outpost what may be more than a pipe takes. Raises OSError."""
    import asyncio
    import os

    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            await asyncio.sleep(0.05)


async def exchange(
    name: str, number: int, data: bytes, seconds: float, dask_worker: Any = None
) -> tuple[bytes, bool]:
    """Hand bytes to an outpost, and take what it says within so many seconds.

    Return that, and whether it goes on. The same `number` again is the same exchange, whose reply
    got lost.
    """
    import asyncio
    import contextlib
    import os

    outpost = dask_worker.__dict__.get("scheduled_outposts", {}).get(name)
    if outpost is None:
        return b"", False
    process, goes_on, said = outpost["process"], True, b""
    if outpost["begun"] < number:
        outpost["begun"] = number
        with contextlib.suppress(OSError, ValueError):  # it may have ended; what it said is read
            await hand_over(process.stdin.fileno(), data)
        while goes_on and not said and seconds > 0:
            try:
                while goes_on and len(said) < 1024 * 1024:
                    more = os.read(process.stdout.fileno(), 64 * 1024)
                    said, goes_on = said + more, bool(more)
            except BlockingIOError:
                pass
            except (OSError, ValueError):
                goes_on = False
            if goes_on and not said:
                seconds -= 0.05
                await asyncio.sleep(0.05)
        outpost.update(number=number, reply=(said, goes_on))
    while outpost["number"] < number:
        await asyncio.sleep(0.05)
    reply: tuple[bytes, bool] = outpost["reply"]
    return reply


def release(name: str, dask_worker: Any = None) -> None:
    """Let go of an outpost, which ends it."""
    outpost = dask_worker.__dict__.get("scheduled_outposts", {}).pop(name, None)
    if outpost is not None:
        outpost["process"].stdin.close()


for each in (serve, hand_over, exchange, release):
    each.__module__ = "__main__"  # whose functions are pickled by value, by each who hands them on

"""Functions that run on a Dask worker: they start an outpost, and pass bytes to it and back.

They are pickled by value, so that nothing of `scheduled` need be installed on workers and
scheduler. So each imports what it needs by itself: the standard library and `distributed` alone.
"""

from typing import Any


def serve(name: str, bootstrap: str, line: bytes, patience: float) -> str:
    """Start an outpost, announce on which worker, and occupy the task's thread until it has ended.

    Then wait until all of its output has been fetched, for `patience` seconds at most.
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
    while process.poll() is None:
        # The proxy may have given up before it sent anything, and so released the task.
        outpost, task = outposts.get(name, {"begun": True}), worker.state.tasks.get(name)
        if not outpost["begun"] and (task is None or task.state == "cancelled"):
            release(name, worker)
        time.sleep(0.2)
    until = time.monotonic() + patience
    while name in outposts and time.monotonic() < until:
        time.sleep(0.1)
    outposts.pop(name, None)
    return str(worker.address)


async def hand_over(descriptor: int, data: bytes) -> None:
    """Write to an outpost, also more than its pipe holds. Raises OSError."""
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
    """Send bytes to an outpost; return what it prints within `seconds`, and whether it goes on.

    The same `number` again is the same exchange, whose reply was lost: it is returned once more.
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
        with contextlib.suppress(OSError, ValueError):  # if it has ended, its output is still read
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
    """Close the standard input of an outpost, which ends it."""
    outpost = dask_worker.__dict__.get("scheduled_outposts", {}).pop(name, None)
    if outpost is not None:
        outpost["process"].stdin.close()


for function in (serve, hand_over, exchange, release):
    function.__module__ = "__main__"  # the functions of that are pickled by value

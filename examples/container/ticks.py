"""Call `scheduled run` each minute: what cron does, for a container whose first process this is.

Unlike cron it hands on the environment of the container, needs no root, and prints what ticks
print to the output of the container. As the first process of a container it also has to

- pass on the signal that ends the container to the ticks in progress, which stop their jobs and
  record how those ended, and wait for them;
- reap the processes that others leave behind.

A tick that has long jobs to run does not hold up the next one, as under cron: both know of each
other. The first tick comes at once, and makes up for what was missed while there was no container.
"""

import os
import signal
import sys
import time

ENDING = (signal.SIGTERM, signal.SIGINT)
NOTICED = {*ENDING, signal.SIGCHLD}


def main() -> int:
    """Tick until a signal comes; return the exit code."""
    # Blocked signals wait until they are asked for: none arrives between a check and a wait.
    signal.pthread_sigmask(signal.SIG_BLOCK, NOTICED)
    ticks = {start()}
    due = next_minute()
    while True:
        found = signal.sigtimedwait(NOTICED, max(0.0, min(due - time.time(), 60.0)))
        reap(ticks)
        if found is not None and found.si_signo in ENDING:
            return end(ticks)
        if time.time() >= due:
            ticks.add(start())
            due = next_minute()


def start() -> int:
    """Start a tick; return its process id."""
    command = [os.path.join(os.path.dirname(sys.executable), "scheduled"), "run", *sys.argv[1:]]
    return os.posix_spawn(command[0], command, os.environ, setsigmask=())


def next_minute() -> float:
    """Return the time at which the next minute of the clock begins."""
    return (time.time() // 60 + 1) * 60


def reap(ticks: set[int]) -> None:
    """Take note of all processes that have ended: ticks, and what was left behind by jobs."""
    try:
        while ended := os.waitpid(-1, os.WNOHANG)[0]:
            ticks.discard(ended)
    except ChildProcessError:
        ticks.clear()


def end(ticks: set[int]) -> int:
    """Tell all ticks to stop their jobs, and wait until they have; a second signal is passed on."""
    found: signal.struct_siginfo | None = None
    while ticks:
        if found is None or found.si_signo in ENDING:
            for tick in ticks:
                os.kill(tick, signal.SIGTERM)
        found = signal.sigwaitinfo(NOTICED)
        reap(ticks)
    return 0


if __name__ == "__main__":
    sys.exit(main())

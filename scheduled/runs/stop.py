"""Ending a run before it is done, whichever tick waits for it.

The word goes on record first, so that the tick which started the run knows why it ended. Then the
run gets TERM, and after its grace KILL, with all there is of it.
"""

import signal
from datetime import datetime, timedelta

from scheduled.runs import supervisor
from scheduled.state import events
from scheduled.state.records import ActiveRun
from scheduled.state.store import Store
from scheduled.system import processes

GRACE = timedelta(seconds=supervisor.GRACE_SECONDS)
PATIENCE = 3 * GRACE
"""After that long, what does not end will not end by being asked again."""
POLL = timedelta(seconds=0.1)
"""How long to wait before the next step."""


def escalate(store: Store, job: str, opened: ActiveRun, reason: str, now: datetime) -> bool:
    """Take the next step to end a run; False if all has been tried, and it lives.

    For a caller within `store.locked`, who comes again after `POLL` until the run is over.
    """
    stop = opened.stop
    if stop is None:
        store.write(now, events.stop_requested(job, opened.run_id, reason))
        _signal(opened, signal.SIGTERM)
    elif now > stop.at + PATIENCE:
        return False
    elif now > stop.at + GRACE:
        _signal(opened, signal.SIGKILL)
    return True


def _signal(opened: ActiveRun, number: signal.Signals) -> None:
    # A record may outlive its run, by a restart of the machine even, and the process id it tells
    # of may be a stranger's by now.
    processes.signal_family(supervisor.survivor(opened), opened.run_id, number)

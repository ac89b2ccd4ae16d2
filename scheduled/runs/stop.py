"""Stop a run, whichever tick started it.

The request is recorded first, so that the tick which waits for the run knows why it ended. Then
the run and all its processes get TERM, and after a grace KILL.
"""

import signal
from datetime import datetime, timedelta

from scheduled.runs import supervisor
from scheduled.state import process_events
from scheduled.state.records import ActiveRun
from scheduled.state.store import Store

GRACE = timedelta(seconds=supervisor.GRACE_SECONDS)
PATIENCE = 3 * GRACE
"""A run that lives on after this long is not asked again."""
POLL = timedelta(seconds=0.1)
"""How long a caller waits before the next step."""


def escalate(store: Store, job: str, run: ActiveRun, reason: str, now: datetime) -> bool:
    """Take the next step to stop a run: record the request, TERM, KILL.

    Returns False once all of them are tried and the run lives on. For a caller within
    `store.locked`, who calls again after `POLL` until the run has ended.
    """
    stop = run.stop
    if stop is None:
        store.write(now, process_events.stop_requested(job, run.run_id, reason))
        supervisor.signal_run(run, signal.SIGTERM)
    elif now > stop.at + PATIENCE:
        return False
    elif now > stop.at + GRACE:
        supervisor.signal_run(run, signal.SIGKILL)
    return True

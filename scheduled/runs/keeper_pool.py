"""The keepers of a tick: one that has nothing left to wait for takes the next run.

To fork one costs more than all else that is done for a run. A keeper is used again only if nothing
that its job has started is left, so that what one job leaves behind is never taken for another's.
The first runs of a tick get a keeper each that takes no other: most ticks have no more than these.
"""

import contextlib
import os
import signal
from typing import TYPE_CHECKING

from scheduled.runs import keeper
from scheduled.runs.keeper import Kept, Order

if TYPE_CHECKING:
    import _socket

SINGLE = 4
"""How many keepers are forked for one run."""
MOST_LASTING = 32
"""How many others there are at the same time: each takes one more descriptor of the tick."""


class KeeperPool:
    """Starts runs by keepers; those that are free end when it is closed."""

    def __init__(self) -> None:
        self._single = SINGLE
        self._free: list[tuple[Kept, _socket.socket]] = []
        self._busy: dict[int, _socket.socket] = {}

    def start(self, order: Order) -> Kept:
        """Have a keeper start a run. Raises OSError; then nothing was started."""
        while self._free:
            kept, orders = self._free.pop()
            with contextlib.suppress(OSError):  # somebody has killed it
                keeper.hand_over(order, orders)
                self._busy[kept.pid] = orders
                return kept
            _end(kept, orders)
        if self._single > 0 or len(self._busy) >= MOST_LASTING:
            self._single = max(self._single - 1, 0)
            return keeper.start(order)
        try:
            kept, orders = keeper.start_lasting(order)
        except (OSError, ImportError):  # one for this run needs less
            return keeper.start(order)
        self._busy[kept.pid] = orders
        return kept

    def take_back(self, kept: Kept) -> bool:
        """Keep a keeper that says it is free for the next run; False if it takes none."""
        orders = self._busy.pop(kept.pid, None)
        if orders is None:  # forked for one run, or ended
            return False
        self._free.append((kept, orders))
        return True

    def let_go(self, pid: int) -> None:
        """Forget a keeper that has ended."""
        orders = self._busy.pop(pid, None)
        if orders is not None:
            orders.close()

    def end_free(self) -> None:
        """End those that are free: the other runs may go on for hours."""
        while self._free:
            _end(*self._free.pop())

    def close(self) -> None:
        """Have the keepers end: those that are free now, others after their run."""
        self.end_free()
        for orders in self._busy.values():
            orders.close()
        self._busy.clear()


def _end(kept: Kept, orders: "_socket.socket") -> None:
    """End a keeper that keeps nothing."""
    orders.close()
    os.close(kept.pipe)
    os.kill(kept.pid, signal.SIGKILL)  # it need not be woken for that
    os.waitpid(kept.pid, 0)

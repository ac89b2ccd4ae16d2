"""The garbage collector, which would look through what is loaded again and again meanwhile."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def paused(*, keep: bool = False) -> Iterator[None]:
    """Keep the collector from running meanwhile. For what makes many objects, and no cycles.

    With `keep`, later collections leave out all that exists by then: it stays until the process
    ends.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if keep:
            gc.freeze()
        if was_enabled:
            gc.enable()

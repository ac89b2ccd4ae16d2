"""The garbage collector rests while much is loaded, and then works as before."""

import contextlib
import gc

from scheduled.system import collector


def test_the_collector_rests_and_then_works_again() -> None:
    with contextlib.suppress(InterruptedError), collector.paused():
        with collector.paused():
            pass
        assert not gc.isenabled()
        raise InterruptedError

    assert gc.isenabled()


def test_what_is_kept_is_not_looked_through_again() -> None:
    before = gc.get_freeze_count()
    try:
        with collector.paused():
            pass
        assert gc.get_freeze_count() == before

        with collector.paused(keep=True):
            kept = [[number] for number in range(1000)]
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()

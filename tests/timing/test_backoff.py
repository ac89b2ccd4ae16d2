"""How long to wait before trying again: pure, with literals."""

import pytest

from scheduled.timing import backoff


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 60), (1, 120), (2, 240), (3, 480), (5, 1920), (6, 3600)]
)
def test_the_wait_doubles_up_to_its_limit(failures: int, seconds: float) -> None:
    assert backoff.delay(failures, base=60.0, cap=3600.0) == seconds


def test_a_first_wait_beyond_the_limit_is_the_limit() -> None:
    assert backoff.delay(0, base=7200.0, cap=3600.0) == 3600.0


def test_however_often_it_failed_there_is_an_answer() -> None:
    assert backoff.delay(10**9, base=60.0, cap=3600.0) == 3600.0
    assert backoff.delay(10**9, base=0.0, cap=3600.0) == 0.0

"""How long to wait before trying again. Pure."""


def delay(failures: int, *, base: float, cap: float) -> float:
    """Seconds to wait after `failures` earlier ones: `base`, doubling, at most `cap`."""
    return min(base * 2.0 ** min(failures, 64), cap)

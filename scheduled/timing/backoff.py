"""How long to wait before a retry (pure)."""


def delay(failures: int, *, base: float, cap: float) -> float:
    """Return the seconds to wait after so many earlier failures: `base`, doubling, up to `cap`."""
    return min(base * 2.0 ** min(failures, 64), cap)

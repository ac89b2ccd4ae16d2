"""Numbers that look random and never change: a hash of a seed (pure).

A delay that is random at each boot or tick may never end (systemd#21166: a timer whose delay was
longer than the machine stayed up). Here a seed gives the same number for ever, in any process, and
different seeds spread evenly.
"""


def stable_choice(seed: str, purpose: str, size: int) -> int:
    """Return a number of range(size); `size` is at least 1.

    The number depends on `purpose` too, so that a job with a small minute does not have a small
    hour as well.
    """
    import hashlib

    digest = hashlib.sha256(f"{seed}\0{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % size

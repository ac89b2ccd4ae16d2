"""Numbers drawn by lot, once and for all. Pure.

What is drawn anew at each boot or tick may never come round (systemd#21166: a timer whose delay
was longer than the machine stayed up). Here the same seed draws the same number for ever, in any
process, and different seeds spread evenly.
"""


def stable_choice(seed: str, purpose: str, among: int) -> int:
    """A number from 0 up to and without `among`, which is at least 1.

    `purpose` keeps apart what is drawn from one seed, so that a job whose minute is small does
    not have a small hour as well.
    """
    import hashlib

    digest = hashlib.sha256(f"{seed}\0{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % among

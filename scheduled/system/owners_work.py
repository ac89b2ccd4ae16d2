"""Work in the folders of several users, done in each as the user who decides what is there."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from scheduled.system import other_user
from scheduled.system.accounts import Accounts, OpenToAllError
from scheduled.system.other_user import OtherUserError

Work = Callable[[list[str], float], Iterable[Any]]
"""Does something in folders as the user of its process, until a time of the monotonic clock, and
yields a value for each: JSON. What there is no time for it says so of."""
ENDED = "not looked into: it took too long, or was ended by somebody"
MOST_GRACE = 30.0
"""Seconds that are left to a process after that time, at most."""


def in_each(folders: Iterable[str], work: Work, seconds: float) -> Iterator[tuple[str, Any | str]]:
    """Yield each folder with what `work` returned for it, or a text that says why it was not done.

    It takes so many seconds at most. Each user has an equal part of what is left, lest one who
    stops a process takes it from all others.
    """
    end = time.monotonic() + seconds
    groups: dict[int, list[str]] = {}
    known = Accounts()
    for folder in dict.fromkeys(folders):
        try:
            groups.setdefault(known.user_for(folder), []).append(folder)
        except OpenToAllError as error:
            yield folder, str(error)
    for number, (user, members) in enumerate(groups.items()):
        part = max(0.0, end - time.monotonic()) / (len(groups) - number)
        yield from zip(members, _as_user(user, members, work, part), strict=True)


def _as_user(user: int, folders: list[str], work: Work, seconds: float) -> list[Any]:
    until = time.monotonic() + seconds - min(MOST_GRACE, seconds / 2)
    if user == os.geteuid():
        return [*work(folders, until)]
    try:
        answers = other_user.call(user, lambda: work(folders, until), seconds)
    except OtherUserError as error:
        return [f"not looked into: {error}"] * len(folders)
    return [*answers, *[ENDED] * (len(folders) - len(answers))]

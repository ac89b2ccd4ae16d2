"""Work in the folders of several users, done in each as the user who decides what is there."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from scheduled.system import accounts, other_user
from scheduled.system.accounts import OpenToAllError
from scheduled.system.other_user import OtherUserError

Work = Callable[[list[str]], list[Any]]
"""Does something in folders as the user of its process, and returns a value for each: JSON."""


def in_each(folders: Iterable[str], work: Work, seconds: float) -> Iterator[tuple[str, Any | str]]:
    """Yield each folder with what `work` returned for it, or a text that says why it was not done.

    Another user's process has so many seconds for all of that user's folders.
    """
    groups: dict[int, list[str]] = {}
    for folder in dict.fromkeys(folders):
        try:
            groups.setdefault(accounts.user_for(folder), []).append(folder)
        except OpenToAllError as error:
            yield folder, str(error)
    for user, members in groups.items():
        yield from zip(members, _as_user(user, members, work, seconds), strict=True)


def _as_user(user: int, folders: list[str], work: Work, seconds: float) -> list[Any]:
    if user == os.geteuid():
        return work(folders)
    try:
        answers = other_user.call(user, lambda: work(folders), seconds)
    except OtherUserError as error:
        return [f"not looked into: {error}"] * len(folders)
    return list(answers)

"""Handlers that an installed package offered once: so a job can say what it lacks.

They are remembered in a cache file. If that is deleted, their jobs are merely no longer there.
"""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from scheduled.config.installed_packages import Known
from scheduled.config.parsed import Handler, Unusable
from scheduled.system.stamp_cache import StampCache

MOST = 200
"""So many are remembered, the newest."""
Found = Handler | Unusable


def update(known: Known, found: Sequence[Found], packages: Collection[str]) -> list[Unusable]:
    """Return the handlers that were offered once and are no longer; remember those of now.

    `packages` are those that still offer something.
    """
    before = {each.name: each for each in _remembered(known)}
    now = {each.name: each for each in found}
    former = {**before, **{name: each for name, each in now.items() if _counts(each, before)}}
    known.remember([_row(each) for each in [*former.values()][-MOST:]])
    return [_gone(each, packages) for name, each in before.items() if name not in now]


def forget(name: str, directory: Path) -> None:
    """Forget, in the cache in `directory`, a handler that no package offers any more."""
    unsaved: list[StampCache] = []
    known = Known(directory, unsaved)
    known.remember([_row(each) for each in _remembered(known) if each.name != name])
    for cache in unsaved:
        cache.save()


def _counts(each: Found, before: Collection[str]) -> bool:
    """Return whether a handler tells more about itself than is known: a broken one does not."""
    return isinstance(each, Handler) or each.name not in before


def _remembered(known: Known) -> list[Unusable]:
    try:
        return [
            Unusable(name, "", package, version, target, bool(is_job), is_gone=True)
            for name, package, version, target, is_job in known.former
        ]
    except (TypeError, ValueError):
        return []


def _row(each: Found) -> list[object]:
    is_job = each.is_job if isinstance(each, Unusable) else each.job is not None
    return [each.name, each.package, each.version, each.target, is_job]


def _gone(each: Unusable, packages: Collection[str]) -> Unusable:
    from shlex import join

    owner = f"{each.package} {each.version}".rstrip()
    if each.package in packages:
        what = f"was offered by {owner}, and the version that is installed now does not"
        advice = f"install {owner}"
    else:
        what = f"was offered by {owner}, which is no longer installed"
        again = join([sys.executable, "-m", "pip", "install", each.package])  # names are foreign
        advice = f"install it again: {again}"
    reason = f"{what}; {advice}"
    return Unusable(
        each.name, reason, each.package, each.version, each.target, each.is_job, is_gone=True
    )

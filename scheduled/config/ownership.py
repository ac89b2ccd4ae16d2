"""Whether this user, this root and this host may write to the state; asked before anything is.

A tick, and every command that changes something, opens the state here.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from scheduled.config import paths, state_place
from scheduled.config.load import Config
from scheduled.config.paths import Paths
from scheduled.installation.identity import real_root
from scheduled.state import owner
from scheduled.state.document import State
from scheduled.state.owner import Claimant, NotOwnerError
from scheduled.state.place import examine, refuse_unlockable
from scheduled.state.store import Store
from scheduled.system import machine, owners


def open_store(
    config: Config,
    environ: Mapping[str, str],
    arguments: Sequence[str] = ("run",),
    *,
    now: datetime | None = None,
    by_tick: bool = False,
) -> Store:
    """Return the state, ready to be written to by `scheduled ARGUMENTS`, perhaps a tick.

    Raises NotOwnerError, before anything is written; StateError as `Store.load` does.
    """
    refuse_foreign(config.places.state_dir, arguments)
    refuse_unlockable(config.places.state_dir)
    examine(config.places.state_dir)
    refuse_unnamed(config.places, environ)
    store = Store(config.places.state_dir).load()
    store.claimant = claimant(config, store, environ, by_tick=by_tick)._replace(now=now)
    owner.claim(store.state_dir, store.state, store.claimant)
    config.save_caches()
    return store


def claimant(
    config: Config, store: Store, environ: Mapping[str, str], *, by_tick: bool
) -> Claimant:
    """Return who wants to write. Raises NotOwnerError for a state of 0.1.0 that served another."""
    ours = reader(config)._replace(claims=True)
    if "owner" in store.state or not owner.has_state(store.state_dir):
        return ours
    return ours._replace(claims=_is_served(store.state_dir, ours.root, environ) or by_tick)


def reader(config: Config, now: datetime | None = None) -> Claimant:
    """Return who wants to read a state; should it write nevertheless, one of others is refused."""
    return Claimant(
        real_root(config.places.root),
        config.host or machine.host_id(),
        claims=False,
        is_machine_id=not config.host,
        now=now,
    )


def refuse_foreign(state_dir: Path, arguments: Sequence[str]) -> None:
    """Raise NotOwnerError for a state directory of another user, or one that root would make there.

    The message has the command that works: `scheduled ARGUMENTS` as that user.
    """
    place, user = _nearest(state_dir)
    ours = os.geteuid()
    if user == ours or (place != state_dir and (user == 0 or ours != 0)):
        return
    import shlex  # every tick would pay for it

    name = owners.name_of(user)
    as_user = shlex.join(["sudo", "-u", f"#{name}" if name.isdigit() else name])
    raise NotOwnerError(
        f"{state_dir}: {'belongs' if place == state_dir else f'{place} belongs'} to {name}, and you"
        f" are {machine.user()}; nothing was run or written. Type: {as_user}"
        f" {shlex.join(['scheduled', *arguments])}"
    )


def refuse_unnamed(places: Paths, environ: Mapping[str, str]) -> None:
    """Raise NotOwnerError if no root was named and only other roots have a state."""
    if sentence := unnamed(places, environ):
        raise NotOwnerError(f"{sentence}; nothing was changed. Name the root with --root")


def unnamed(places: Paths, environ: Mapping[str, str]) -> str:
    """Return a sentence if no root was named, and only other roots have a state; else ''."""
    by_default = {"root": paths.BY_HOME, "state_dir": paths.BY_DEFAULT}
    if any(places.origins.get(key) != origin for key, origin in by_default.items()):
        return ""
    if owner.has_state(places.state_dir):
        return ""
    others = [root for root in state_place.roots(environ) if os.path.isdir(root)]
    if not others:
        return ""
    return f"no root was named, and {places.root} has no state; these have: {', '.join(others)}"


def left_behind(config: Config, environ: Mapping[str, str]) -> str:
    """Return a sentence if a root begins a state while that of a root that is gone waits; or ''."""
    places = config.places
    if places.origins.get("state_dir") != paths.BY_DEFAULT or owner.has_state(places.state_dir):
        return ""
    gone = {
        root: folder
        for root, folder in state_place.roots(environ).items()
        if not os.path.isdir(root)
    }
    if not gone:
        return ""
    folder = str(*gone.values()) if len(gone) == 1 else "DIR"
    return (
        f"{places.root} begins a new state. If it was moved, from {' or '.join(gone)}, type:"
        f" scheduled --root {places.root} state adopt --from {folder}"
    )


def other_host(config: Config, state: State) -> str:
    """Return the host that a state belongs to, with its name, if it is another one; else ''."""
    return owner.other_host(state, reader(config)) if state.get("owner") else ""


def is_owner(config: Config, store: Store) -> bool:
    """Return whether the state is on record as that of this root and host, and of this user."""
    if not owner.owned(store.state, reader(config)):
        return False
    return _nearest(store.state_dir) == (store.state_dir, os.geteuid())


def is_known_owner(places: Paths, environ: Mapping[str, str]) -> bool:
    """Return whether a state is on record as that of this root and host, and of this user.

    For when the configuration cannot be read. Raises StateError, and OSError.
    """
    root = real_root(places.root)
    if not owner.has_state(places.state_dir):
        return False
    store = Store(places.state_dir).load()
    host = machine.named_host(environ) or machine.host_id()
    ours = Claimant(root, host, claims=False)
    owner.claim(places.state_dir, store.state, ours)
    is_ours = _nearest(places.state_dir) == (places.state_dir, os.geteuid())
    return is_ours and owner.owned(store.state, ours)


def _is_served(state_dir: Path, root: str, environ: Mapping[str, str]) -> bool:
    """Return whether this user's crontab and units have the root tick a state that 0.1.0 wrote.

    Raises NotOwnerError if they name another one.
    """
    from scheduled.installation import tick_lines

    served: dict[str, str] = {}
    for line in tick_lines.of_state(state_dir, environ):
        served.setdefault(line.root, line.where)
    if [*served] == [root] or not served:
        return bool(served)
    named = " and ".join(f"{other} ({where})" for other, where in served.items())
    if root in served:
        reason = f"version 0.1.0 wrote this state, and two roots are to tick it: {named}"
    else:
        reason = f"version 0.1.0 wrote this state for {named}, and this is {root}"
    raise NotOwnerError(
        f"{state_dir}: {reason}; nothing was run or written. To say whose it is:"
        f" {owner.adopting(state_dir, root)}"
    )


def _nearest(path: Path) -> tuple[Path, int]:
    """Return the directory, or the nearest one above it that exists, and its owner."""
    for place in (path, *path.parents):
        try:
            return place, os.stat(place).st_uid
        except OSError:
            continue
    return Path("/"), 0

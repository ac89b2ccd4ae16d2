"""Rotate the keys of a key ring, and re-encrypt the files that are encrypted with them.

A new primary key joins the ring first. Then every listed file is re-encrypted with it, one by one.
Old keys leave the ring once no listed file needs them and others have had time to read the ring
again. So whenever this ends, each file can be read with the ring on the disk. Until all files are
done no key leaves, and the next run goes on where this one stopped.
"""

import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from scheduled.ecosystem import encrypted_files, key_ring
from scheduled.ecosystem.encrypted_files import Rewriting, UnusableFileError
from scheduled.ecosystem.key_ring import KeyRing, KeyRingFile, KeySet
from scheduled.errors import ScheduledError, UsageError, reason_of
from scheduled.handler import Context, Incomplete, Kind, Param, Skip, values

PARAMS: dict[str, Param] = {
    "ring": Param("the key ring, a JSON file; relative to the root", Kind.TEXT, ""),
    "files": Param(
        "the files that are encrypted with the session keys; `*` and `?` stand for several",
        Kind.TEXTS,
        [],
    ),
    "databases": Param("those that are encrypted with the database keys", Kind.TEXTS, []),
    "rotate_session_keys": Param("whether the session keys are rotated", Kind.FLAG, True),
    "rotate_database_keys": Param("whether the database keys are rotated", Kind.FLAG, False),
    "overlap_days": Param("how many days an old key stays in the ring at least", Kind.AMOUNT, 7),
    "backup_old_keys": Param(
        "whether a key that leaves the ring is kept in the file beside it", Kind.FLAG, True
    ),
}
RESULTS = {"session": "session_keys_rotated", "database": "database_key_rotated"}
"""Of each purpose, the name of its result."""
LISTS = {"session": "files", "database": "databases"}
DISABLED = "skipped (disabled)"
CREATED = "created"
MOST_NAMED = 5


def run(context: Context) -> dict[str, Any]:
    """Rotate the keys that are to be rotated; return what was done."""
    settings = values(PARAMS, context.params)
    if not settings["ring"]:
        raise Skip(f"no key ring: give {context.job} params.ring, and the files encrypted with it")
    purposes = tuple(each for each in RESULTS if settings[f"rotate_{each}_keys"])
    if not purposes:
        raise Skip("rotate_session_keys and rotate_database_keys are both false")
    _refuse(settings, context.root)
    key_ring.fernet()
    path = Path(os.path.join(context.root, os.path.expanduser(settings["ring"])))
    with key_ring.held(path) as file:
        run = _Run(context, settings, file)
        try:
            return run.rotate(purposes)
        except OSError as error:  # of the ring: each of the files has been told of by itself
            reason = f"{file.path}: cannot be written: {reason_of(error)}; no key was dropped"
            raise Incomplete(reason, run.result) from error


def _refuse(settings: dict[str, Any], root: Path) -> None:
    """Raise UsageError for params that make no sense, or contradict each other."""
    if "\0" in settings["ring"]:
        raise UsageError("params.ring: expected the path of a file")
    if settings["rotate_database_keys"] and not settings["databases"]:
        raise UsageError(
            "params.rotate_database_keys: no params.databases, which lists the files that are"
            " encrypted with the database keys"
        )
    lists = (encrypted_files.listed(settings[name], root).paths for name in LISTS.values())
    twice = set.intersection(*({os.path.realpath(path) for path in paths} for paths in lists))
    if twice:
        raise UsageError(f"params.databases: {min(twice)} is one of params.files, too")


class _Run:
    """One run, with the lock of the key ring held."""

    def __init__(self, context: Context, settings: dict[str, Any], file: KeyRingFile) -> None:
        self._context = context
        self._settings = settings
        self._file = file
        self._slot = context.slot.isoformat() if context.slot else None
        self.result: dict[str, Any] = dict.fromkeys(RESULTS.values(), False)
        self.result |= {"files_reencrypted": 0, "keys_dropped": 0}

    def rotate(self, purposes: tuple[str, ...]) -> dict[str, Any]:
        """Rotate the keys of some purposes; return the result. Raises OSError for the ring."""
        for purpose in RESULTS.keys() - {*purposes}:
            self.result[RESULTS[purpose]] = DISABLED
        ring = self._file.read((*RESULTS,))
        created = [each for each in purposes if ring is None or ring.set_for(each) is None]
        self._refuse_to_create(created, ring)
        rotated = {
            purpose: keys
            for purpose in purposes
            if purpose not in created and ring and (keys := ring.set_for(purpose))
        }
        unusable = [
            problem
            for purpose, keys in rotated.items()
            for problem in encrypted_files.problems(self._files(purpose), self._root, keys)
        ]
        if unusable:
            raise ScheduledError(f"{self._told(unusable)}; nothing was changed")
        ring = ring or KeyRing.empty()
        self._create(created, ring)
        failed = [each for keys in rotated.values() for each in self._rotate(keys, ring)]
        if failed:
            raise Incomplete(
                f"{self._told(failed)}; no key was dropped, the next run goes on", self.result
            )
        return self.result

    @property
    def _root(self) -> Path:
        return self._context.root

    def _files(self, purpose: str) -> list[str]:
        names: list[str] = self._settings[LISTS[purpose]]
        return names

    def _refuse_to_create(self, purposes: Iterable[str], ring: KeyRing | None) -> None:
        """Raise KeyRingError if there were keys that are gone, or files that need some."""
        known = self._context.memory.get("rings", {}).get(str(self._file.path), [])
        for purpose in purposes:
            gone = f"no {purpose} keys" if ring else "no such file"
            if purpose in known:
                raise key_ring.KeyRingError(
                    f"{self._file.path}: {gone}, but there were; restore it from a backup, or name"
                    " another ring"
                )
            if paths := encrypted_files.listed(self._files(purpose), self._root).paths:
                raise key_ring.KeyRingError(
                    f"{self._file.path}: {gone}, and {paths[0]} is there, whose key is not known;"
                    " nothing was changed, put the ring there that has its key"
                )

    def _create(self, purposes: Iterable[str], ring: KeyRing) -> None:
        """Make the first keys of some purposes."""
        for purpose in purposes:
            ring.add_set(purpose, self._context.now)
            self._file.write(ring)
            self._remember(purpose)
            self.result[RESULTS[purpose]] = CREATED
            self._context.log(f"{self._file.path}: the first {purpose} key was made")

    def _rotate(self, keys: KeySet, ring: KeyRing) -> list[UnusableFileError]:
        """Rotate the keys of one purpose; return which files are not done. Raises OSError."""
        self._remember(keys.purpose)
        if self._is_new(keys):
            keys.begin(self._context.now, self._slot)
            self._file.write(ring)
        work = Rewriting(self._files(keys.purpose), self._root)
        work.run(keys)
        self.result["files_reencrypted"] += work.count
        about = f"{keys.purpose} key {keys.ids[0]}"
        self._context.log(f"{about}: {work.count} files re-encrypted, {len(work.failed)} failed")
        if work.failed:
            return work.failed
        if not keys.rotation.get("finished"):
            keys.finish(self._context.now)
            self._file.write(ring)
        self.result[RESULTS[keys.purpose]] = True
        self._drop(keys, ring)
        return []

    def _is_new(self, keys: KeySet) -> bool:
        """Return whether a rotation begins: the last one is finished, and was for another slot."""
        rotation = keys.rotation
        if rotation and not rotation.get("finished"):
            return False
        return self._slot is None or rotation.get("slot") != self._slot

    def _drop(self, keys: KeySet, ring: KeyRing) -> None:
        """Remove the keys from the ring that nobody should need any more. Raises OSError."""
        overlap = timedelta(days=self._settings["overlap_days"])
        expired = keys.expired(self._context.now, overlap)
        if not expired:
            return
        out = keys.taken_out(expired)
        if self._settings["backup_old_keys"]:
            kept = self._file.old_keys
            old = kept.read((keys.purpose,), has_primary=False) or KeyRing.empty()
            old.keep(keys.purpose, out, self._context.now)
            kept.write(old)
        self._file.write(ring)
        self.result["keys_dropped"] += len(out)
        for name in expired:
            self._context.log(f"{keys.purpose} key {name} left the ring")

    def _remember(self, purpose: str) -> None:
        rings: dict[str, list[str]] = self._context.memory.setdefault("rings", {})
        known = rings.setdefault(str(self._file.path), [])
        if purpose not in known:
            known.append(purpose)

    def _told(self, unusable: list[UnusableFileError]) -> str:
        """Log all problems; return a sentence with the first ones."""
        for problem in unusable:
            self._context.log(str(problem))
        named = "; ".join(map(str, unusable[:MOST_NAMED]))
        rest = len(unusable) - MOST_NAMED
        return f"{named}; and {rest} more" if rest > 0 else named

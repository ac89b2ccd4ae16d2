"""The backup that is kept before state and journal are first written in a newer format."""

import contextlib
import tarfile
from datetime import datetime
from pathlib import Path

from scheduled.errors import StateError, reason_of
from scheduled.system import private

NAME = "before-upgrade-{:%Y%m%dT%H%M%SZ}.tar.gz"


def keep_backup(state_dir: Path, names: list[str], now: datetime) -> Path:
    """Pack the files called `names`; the caller holds the journal's lock. Raises StateError.

    Unpacked in an empty state folder, it is what the earlier version left.
    """
    target = state_dir / NAME.format(now)
    try:
        with (
            private.replacing(target) as stream,
            tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.PAX_FORMAT) as archive,
        ):
            for name in names:
                _add(archive, state_dir, name)
    except OSError as error:
        raise StateError(
            f"{target}: cannot be written: {reason_of(error)}; nothing was changed: "
            "a backup is kept before this version first writes",
            trouble=f"{state_dir}: no backup: {reason_of(error)}",
        ) from error
    return target


def _add(archive: tarfile.TarFile, state_dir: Path, name: str) -> None:
    with (
        contextlib.suppress(FileNotFoundError),
        private.opened(state_dir / name, "rb") as stream,
    ):
        archive.addfile(archive.gettarinfo(arcname=name, fileobj=stream), stream)

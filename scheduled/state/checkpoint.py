"""The state file, the checkpoint of the journal: reading, checking and writing it.

Its last key is a checksum of everything before it. Other programs may write the file too and then
leave the checksum behind; whether such a file is damaged or only edited, the journal tells.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scheduled.errors import NewerFormatError, StateError, UnreadableFileError, reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.state.checksum import Seal
from scheduled.state.document import VERSION, problem
from scheduled.state.journal import Position
from scheduled.system import files, private
from scheduled.version import __version__

SEAL = Seal(b',\n  "crc": "', b'"\n}\n')


class Checkpoint(NamedTuple):
    """What a state file holds."""

    document: dict[str, Any] | None = None
    """None if there is no file, or if it cannot be used."""
    flaw: str = ""
    """What is wrong with the file, in a sentence."""
    is_sealed: bool = False
    """Whether its checksum is right, or was made right; without it others may have written it."""

    @property
    def is_old(self) -> bool:
        """Whether an earlier version of the program wrote it, which knew no checksums."""
        version = (self.document or {}).get("version", VERSION)
        return isinstance(version, int) and version < VERSION

    @property
    def number(self) -> int:
        """The number of the newest event it contains; 0 if an earlier version wrote it."""
        number = (self.document or {}).get("seq")
        return number if isinstance(number, int) else 0

    @property
    def place(self) -> Mapping[str, Any]:
        """What it says about its place in the journal."""
        place = (self.document or {}).get("journal")
        return place if isinstance(place, dict) else {}

    @property
    def position(self) -> Position | None:
        """Up to where it contains the journal; None if it does not say."""
        name, offset = self.place.get("file"), self.place.get("offset")
        if isinstance(name, str) and isinstance(offset, int) and "/" not in name:
            return Position(name, offset)
        return None


def read(path: Path) -> Checkpoint:
    """Read a state file. Raises StateError if it cannot be read or a newer version wrote it."""
    # Also False where the folder may not be searched: reading the journal will report that.
    if not os.path.exists(path):
        return Checkpoint()
    try:
        data = private.read(path)
    except OSError as error:
        reason = f"{path}: {reason_of(error)}"
        raise StateError(f"{reason}; run as the user who owns it") from error
    is_sealed, flaw = SEAL.is_sound(data), ""
    if not is_sealed and (body := SEAL.repaired(data)) is not None:
        is_sealed, data = True, SEAL.seal(body)
        flaw = f"{path}: a bit was wrong, and was corrected"
    try:
        text = files.json_text(data, path)
        del data
        document = files.parse_json_text(text, path)
    except UnreadableFileError as error:
        return Checkpoint(None, f"{error}; the journal is used instead")
    refuse_newer(path, document)
    unusable = problem(document)
    if unusable:
        return Checkpoint(None, f"{path}: {unusable}; the journal is used instead")
    return Checkpoint(document, flaw, is_sealed=is_sealed)


def write(path: Path, state: Mapping[str, Any], number: int, place: Mapping[str, Any]) -> None:
    """Replace the state file. Raises StateError; then the old file stays."""
    document = {**state, "program": __version__, "journal": dict(place), "seq": number}
    data = SEAL.seal(files.json_bytes(document)[: -len("\n}\n")])
    try:
        private.replace(path, data, "content")  # from the old one the journal leads here as well
    except OSError as error:
        reason = reason_of(error)
        raise StateError(
            f"{path}: cannot be saved: {reason}; "
            "nothing is lost: the journal has it, and the next tick tries again"
        ) from error


def refuse_newer(where: Path, state: Any) -> None:
    """Raise NewerFormatError for a state of a newer version, whose keys may mean other things."""
    version = state.get("version") if isinstance(state, dict) else None
    if not isinstance(version, int) or version <= VERSION:
        return
    program = state.get("program")
    needed = f"scheduled {program}" if isinstance(program, str) and program else "a newer scheduled"
    raise NewerFormatError(
        f"{where}: format {version}, this program knows {VERSION}; upgrade scheduled: "
        f"{needed} or later is needed, nothing was changed"
    )

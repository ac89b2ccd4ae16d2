"""A file that a person names with `--output`: where it may be, and how it is written."""

from pathlib import Path

from scheduled.cli.context import Session
from scheduled.config import paths, written_files
from scheduled.errors import UsageError, reason_of
from scheduled.ticks import named_file


def path_of(session: Session, output: str) -> Path:
    """Return the path of what `--output` names.

    Raise UsageError where there is no such directory, and for a file that the configuration or the
    state consists of.
    """
    path = Path(session.cwd, output)
    if why := paths.missing(path.parent):
        raise UsageError(f"--output {output}: {path.parent}: {why}")
    if taken := written_files.taken(session.config.places, path, session.config.stamps):
        raise UsageError(f"--output {output}: {taken}; choose another file")
    return path


def write(path: Path, text: str) -> None:
    """Write the file, whole or not at all. Raise UsageError."""
    try:
        named_file.write(path, text)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {reason_of(error)}") from error

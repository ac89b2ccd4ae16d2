"""Where libfaketime is."""

from pathlib import Path

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
"""Where Debian puts it, for each architecture; empty if it is not installed."""

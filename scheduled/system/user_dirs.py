"""The home folder and the folders of the XDG base directory specification."""

import os
from collections.abc import Mapping
from pathlib import Path


def home(environ: Mapping[str, str]) -> Path:
    """The home folder: HOME, else what the password database says. cron may not set HOME."""
    named = environ.get("HOME", "")
    if os.path.isabs(named):
        return Path(named)
    import pwd

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:  # a container's user that nobody entered into the database
        return Path("/")


def xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    """A folder of the XDG base directory specification, which has relative ones ignored."""
    named = environ.get(variable, "")
    return Path(named) if os.path.isabs(named) else home(environ) / fallback

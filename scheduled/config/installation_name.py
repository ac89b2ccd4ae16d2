"""What the block in a crontab, and the units, of an installation are called."""

import os
from collections.abc import Mapping

from scheduled.config import paths
from scheduled.config.paths import PathOptions, Paths
from scheduled.installation import identity


def of(places: Paths, environ: Mapping[str, str]) -> str:
    """Return the name of the block and the units of these paths."""
    usual = paths.find(PathOptions(root=str(places.root), environ=_unnamed(environ)))
    is_default = os.path.realpath(usual.state_dir) == os.path.realpath(places.state_dir)
    return identity.installation_id(places.root, places.state_dir, is_default=is_default)


def _unnamed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of somebody who names no state directory."""
    return {name: text for name, text in environ.items() if name != "SCHEDULED_STATE_DIR"}

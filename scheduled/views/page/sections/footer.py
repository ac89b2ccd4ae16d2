"""The foot of the page: where the numbers come from, for programs and for people."""

import os
from pathlib import Path
from urllib.parse import quote

from scheduled.quick_classes import NamedTuple
from scheduled.views.page.facts import Facts

CENTRAL = "SCHEDULED.central.json"


class Footer(NamedTuple):
    """What the foot says."""

    central: str
    """The path of the central file; empty if there is none yet."""
    link: str
    """The address of the same, as seen from the page."""
    state_dir: str


def model(facts: Facts) -> Footer:
    """Return the foot."""
    path = facts.config.places.central_dir / CENTRAL
    is_there = path.is_file()
    return Footer(
        str(path) if is_there else "",
        link(path, facts.target) if is_there else "",
        str(facts.snapshot.state_dir),
    )


def link(path: Path, target: Path | None) -> str:
    """Return the address of a file: relative to a page at `target`, so that both can be moved."""
    if target is None:
        return path.as_uri()
    relative = os.path.relpath(path, target.parent)
    return quote(relative if relative.startswith(".") else f"./{relative}")

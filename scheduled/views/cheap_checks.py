"""The checks of `doctor` that need to know nothing of the jobs, and what they are given."""

import os
import shlex
from collections.abc import Container, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.config import installation_name, paths
from scheduled.config.paths import Paths
from scheduled.installation import identity
from scheduled.installation.doctor import checks
from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding
from scheduled.installation.tick_command import Target
from scheduled.runs import retention

if TYPE_CHECKING:
    from scheduled.config.load import Config

MOST_FILES = 100_000
"""So many files of output are looked at; where there are more, the rest does not count."""


def findings(
    config: "Config", environ: Mapping[str, str], now: datetime, names: Container[str]
) -> list[Finding]:
    """Return what is wrong by these checks."""
    given = facts(config.places, environ, now, has_channels=has_channels(config))
    return checks.problems(given, names)


def has_channels(config: "Config") -> bool:
    """Return whether a channel of the configuration tells of jobs that fail."""
    wanted = (settings.get("on") or ("failure",) for settings in config.notify.values())
    return any(not {"failure", "failing", "dead_letter"}.isdisjoint(groups) for groups in wanted)


def facts(
    places: Paths,
    environ: Mapping[str, str],
    now: datetime,
    *,
    measures: bool = True,
    **known: Any,
) -> Facts:
    """Return what is known without configuration and state, and what else is `known`.

    `measures` says whether the output of runs is measured, which may take a while.
    """
    target = Target.running(())
    return Facts(
        command=_command(places),
        root=identity.real_root(places.root),
        state_dir=places.state_dir,
        config_path=os.path.realpath(places.config_path) if places.config_path else "",
        name=installation_name.of(places, environ),
        former=(),
        output=retention.sizes(places.state_dir / "runs", MOST_FILES) if measures else {},
        python=target.python,
        entry=target.entry,
        environ=environ,
        now=now,
        **known,
    )


def _command(places: Paths) -> str:
    """Return how to call the program so that it finds these places, as they were named now."""
    words = ["scheduled"]
    origins = places.origins
    if origins.get("root") not in (paths.BY_HOME, paths.BY_CONFIG):
        words += ["--root", str(places.root)]
    if origins.get("config_path") in ("--config", "SCHEDULED_CONFIG"):
        words += ["--config", str(places.config_path)]
    if origins.get("state_dir") in ("--state-dir", "SCHEDULED_STATE_DIR"):
        words += ["--state-dir", str(places.state_dir)]
    return shlex.join(words)

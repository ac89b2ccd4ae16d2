"""Is the program installed once, under its present name."""

import shlex
from collections.abc import Iterator

from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, error

NAME, FORMER = "scheduled-cron", "scheduled"


def name(facts: Facts) -> Iterator[Finding]:
    """Whether the distribution of the former name is there besides: pip mixes their files up."""
    if not _is_installed(NAME) or not _is_installed(FORMER):
        return
    pip = f"{shlex.quote(str(facts.python))} -m pip"
    yield error(
        f"{NAME} and {FORMER}, its former name, are both installed and share their files",
        f"{pip} uninstall --yes {FORMER} {NAME} && {pip} install {NAME}"
        f" && {facts.command} cron install",
    )


def _is_installed(distribution: str) -> bool:
    from importlib import metadata  # takes long to load, and status asks other checks alone

    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True

"""An overview of all branches: as the last health check published it, or looked at now."""

from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path

from scheduled.ecosystem import health_central, logs
from scheduled.ecosystem.activity import Activity
from scheduled.ecosystem.checks import Checkups, Rules
from scheduled.ecosystem.health_central import Health
from scheduled.ecosystem.issues import Checkup
from scheduled.ecosystem.opened_mail import OpenedMail
from scheduled.ecosystem.registry import Branch
from scheduled.quick_classes import dataclass, replace
from scheduled.system.stamp_cache import StampCache

FRESH = timedelta(hours=2)
"""How old HEALTH.central.json may be: it is written every hour."""


@dataclass
class Overview:
    """What there is to know of the branches that are in use."""

    root: Path
    branches: list[Branch]
    """Those in use."""
    rules: Rules
    cache: StampCache
    cache_dir: Path
    now: datetime
    zone: tzinfo

    def health(self, central_dir: Path) -> Health:
        """Return the published result of the health check, if it is fresh; else what is found."""
        published = health_central.read(central_dir, self.zone)
        if published is None or not -FRESH < self.now - published.checked_at < FRESH:
            return self._found
        if published.by_activity is not None:
            return published
        found = self._found  # an older version did not publish what the branches did
        return replace(published, red_flags=found.red_flags, by_activity=found.by_activity)

    @cached_property
    def _found(self) -> Health:
        log_times = logs.newest_by_branch(self.root, self.branches)
        opened = OpenedMail(self.cache_dir)
        checkups = Checkups(self.cache, self.rules, self.now, self.zone, opened, log_times)
        ill: list[Checkup] = []
        did: list[tuple[str, Activity]] = []
        for branch in self.branches:
            issues, activity = checkups.of(branch)
            did.append((branch.name, activity))
            if issues:
                ill.append(Checkup(branch.name, issues))
        return health_central.found(ill, did, len(self.branches) - len(ill), self.now)

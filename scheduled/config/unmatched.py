"""Filters of channels and subscribers that let nothing through, for no job is as they want it.

They may be meant for jobs to come, so they are no mistakes; but one that is misspelt is silent.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from scheduled.config import conflicts
from scheduled.config.load import Config
from scheduled.errors import did_you_mean
from scheduled.system.text import excerpt


def warnings(config: Config) -> Iterator[str]:
    """Yield a sentence for each such pattern and tag of all channels and subscribers."""
    for key, told in (("notify", config.notify), ("subscribe", config.subscribe)):
        for name in told:
            yield from of(config, key, told, name)


def of(config: Config, key: str, told: Mapping[str, Mapping[str, Any]], name: str) -> Iterator[str]:
    """Yield a sentence for each pattern of `jobs:` and each of `tags:` that no job has.

    `told` are the channels or the subscribers, by the `key` of which they stand.

    Jobs that are left out for a mistake count. Before there are own jobs, all are to come.
    """
    if not conflicts.own_jobs(config.jobs):
        return
    ids, tags = config.taken, {tag for job in config.jobs for tag in job.tags}
    settings = told[name]
    path = f"{config.origins[key]}: {key}.{excerpt(name)}"
    for pattern in settings.get("jobs") or ():
        if pattern not in ids and not any(fnmatchcase(id_, pattern) for id_ in ids):
            meant = did_you_mean(pattern, ids, "")
            yield f'{path}.jobs: no job is called "{excerpt(pattern)}"{meant}'
    for tag in settings.get("tags") or ():
        if tag not in tags:
            meant = did_you_mean(tag, tags, "")
            yield f'{path}.tags: no job has the tag "{excerpt(tag)}"{meant}'

"""The keys of the configuration, from `config/`."""

from collections.abc import Callable, Mapping

from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.key import Key, manual_rows
from scheduled.config.keys import KEYS
from scheduled.config.notify_keys import CHANNEL_KEYS, KIND_KEYS, SUBSCRIBER_KEYS
from scheduled.config.permissions import LIMIT_KEYS

TABLES: Mapping[str, Mapping[str, Key]] = {
    "the configuration": KEYS,
    "a job": JOB_KEYS,
    "every channel": CHANNEL_KEYS,
    "every subscriber": SUBSCRIBER_KEYS,
    **{f"the channel {kind}": keys for kind, keys in KIND_KEYS.items()},
}


def _keys(of: str) -> list[str]:
    return ["| key | meaning | default |", "|---|---|---|", *manual_rows(TABLES[of])]


def _limits(_: str) -> list[str]:
    return [
        "| key | meaning | `restricted` | `limited` |",
        "|---|---|---|---|",
        *manual_rows(LIMIT_KEYS),
    ]


PARTS: Mapping[str, Callable[[str], list[str]]] = {"keys": _keys, "limits": _limits}

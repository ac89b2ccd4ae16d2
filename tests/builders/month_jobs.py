"""The jobs of a month, how long each takes, and what goes wrong with it. Data, and nothing random.

Instants are UTC. The month is October 2026 in Berlin: its clocks go back on the 25th at 01:00 UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from scheduled.jobs.model import Outcome

HOSTILE = "<script>alert(1)</script>{{ 7*7 }}&amp;\"'"
"""What a name or a reason may contain; output also has control characters."""
HOSTILE_OUTPUT = f"{HOSTILE}\u202e\x1b[31m\x00\x07]]></svg></style><img src=x onerror=alert(1)>"
RIGHT_TO_LEFT = "גיבוי יומי של השרת"
CJK = "夜間バックアップと整合性の確認"
LONGEST = (
    "db-dump-with-retention-postgres-main-and-all-of-its-replicas"
    + "-in-every-region" * 2
    + "-0123456"
)


def utc(text: str) -> datetime:
    """`10-25 01:00` of the year of the month."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


@dataclass(frozen=True)
class Trouble:
    """Some of the runs of a time end in this way."""

    start: datetime
    end: datetime
    outcome: Outcome = Outcome.FAILED
    share: float = 1.0
    attempts: int = 9
    """Of a slot, the first so many attempts; after them it succeeds."""
    error: str = "exit code 1"
    exit_code: int | None = 1
    output: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Fate:
    """A job of the month, and what befalls it."""

    keys: Mapping[str, Any]
    """What the configuration says of it."""
    seconds: float = 2.0
    troubles: tuple[Trouble, ...] = ()
    slower: tuple[datetime, float] | None = None
    """From when on it takes how many times as long."""
    paused: tuple[datetime, str] | None = None
    """From when on, and why."""
    guard: float = 0.0
    """In so many of all cases a guard lets it wait."""
    refused: float = 0.0
    """In so many of all cases its `only_if` does not want the slot."""
    first_seen: datetime | None = None
    running: bool = field(default=False)
    """Whether it was started by hand ten minutes ago, and still runs."""


def _between(start: str, end: str, **more: Any) -> Trouble:
    return Trouble(utc(start), utc(end), **more)


_ALWAYS = ("10-01 00:00", "10-31 23:59")
_NO_REPOSITORY = """Fatal: unable to open config file: <config/> does not exist
Is there a repository at the following location?
sftp:nas:/srv/restic/tern
exit status 10
"""
_NO_USER = (
    f"fatal: could not read Username for 'https://git.example.org'\n{HOSTILE_OUTPUT} reversed\n"
)

NAMED: Mapping[str, Fate] = {
    "heartbeat-ping": Fate(
        {"schedule": "* * * * *"},
        0.4,
        (
            _between("10-30 18:03", "10-30 18:45", error="curl: (7) Failed to connect"),
            _between(*_ALWAYS, share=0.001, error="curl: (28) Timeout was reached"),
        ),
        first_seen=utc("10-16 07:00"),
    ),
    "mail-dispatch": Fate(
        {"schedule": "*/5 * * * *", "max_retries": 1},
        2.1,
        (
            _between("10-30 18:00", "10-30 18:50", error="exit code 75"),
            _between(*_ALWAYS, share=0.002),
        ),
    ),
    "log-watch": Fate({"schedule": "*/5 * * * *"}, 1.2, (_between(*_ALWAYS, share=0.001),)),
    "queue-drain": Fate(
        {"schedule": "*/10 * * * *", "window": "07:00-22:00"},
        8.0,
        (_between(*_ALWAYS, share=0.003),),
    ),
    "health-check": Fate({"schedule": "*/30 * * * *"}, 3.4),
    "sync-calendar": Fate(
        {"schedule": "7 * * * *", "max_retries": 2, "retry_delay": 120},
        12.0,
        (
            _between("10-31 08:00", "10-31 09:30", error="exit code 69", exit_code=69),
            _between(*_ALWAYS, share=0.03, attempts=1, error="exit code 69", exit_code=69),
        ),
    ),
    "pull-upstreams": Fate(
        {"schedule": "13 */2 * * *", "suspend_after": 20},
        15.0,
        (
            _between(
                "10-27 12:00", "10-31 00:00", error=_NO_USER.partition("\n")[0], output=_NO_USER
            ),
        ),
    ),
    "memory-prune": Fate({"schedule": "0 * * * *"}, 5.2),
    "mail-cleanup": Fate({"schedule": "20 * * * *", "catch_up": "skip"}, 2.2),
    "dashboard-refresh": Fate({"schedule": "15 * * * *", "idle_only": True}, 7.9, guard=0.04),
    "solar-readout": Fate(
        {"schedule": "12 6-20 * * *"},
        4.0,
        paused=(utc("10-26 08:12"), "inverter away for repair \u202e" + HOSTILE),
    ),
    "backup-offsite": Fate(
        {"schedule": "15 3 * * *", "max_retries": 2, "timeout": 7200, "tags": ["backup"]},
        2340.0,
        (
            _between(
                "10-23 00:00",
                "10-31 23:00",
                error="exit code 10",
                exit_code=10,
                output=_NO_REPOSITORY,
                seconds=0.8,
            ),
        ),
    ),
    "thumbnails": Fate(
        {"schedule": "0 4 * * *", "timeout": 2700, "name": CJK},
        1860.0,
        tuple(
            _between(
                f"10-{day:02} 00:00",
                f"10-{day:02} 23:00",
                outcome=Outcome.TIMED_OUT,
                error="timed out after 45 min",
                exit_code=None,
                seconds=2700.0,
                output=f"{CJK}\n{RIGHT_TO_LEFT}\n" + "x" * 400 + "\n",
            )
            for day in (8, 19, 26, 30)
        ),
    ),
    "audit-packages": Fate(
        {"schedule": "20 6 * * *", "timeout": 3600},
        260.0,
        slower=(utc("10-28 00:00"), 3.2),
    ),
    "rotate-logs": Fate({"schedule": "5 0 * * *", "description": HOSTILE}, 6.0),
    LONGEST: Fate(
        {"schedule": "50 1 * * *", "timeout": 1800},
        360.0,
        (
            _between(
                "10-11 23:00",
                "10-12 01:00",
                outcome=Outcome.INTERRUPTED,
                attempts=1,
                error="the tick that started it died",
                exit_code=None,
            ),
        ),
    ),
    "backup-home": Fate(
        {"schedule": "30 2 * * *", "timeout": 3600, "warn_after": 3000, "name": RIGHT_TO_LEFT},
        1080.0,
        (_between("10-14 00:00", "10-14 06:00"),),
    ),
    "certificate-renewal": Fate(
        {"schedule": "40 3,15 * * *", "only_if": "true"}, 21.0, refused=0.3
    ),
    "index-search": Fate({"schedule": "0 5 * * *", "timeout": 3600}, 840.0, running=True),
    "report-morning": Fate({"schedule": "30 7 * * 1-6", "max_lateness": 1800}, 9.0),
    "scrub-disk": Fate({"schedule": "0 2 * * 0", "timeout": 14400}, 8100.0),
    "weekly-digest": Fate({"schedule": "0 8 * * 1"}, 30.0),
    "invoice-run": Fate({"schedule": "0 6 1 * *"}, 60.0, first_seen=utc("10-02 00:00")),
    "restore-test": Fate({"schedule": "0 9 15 * *"}, 600.0),
    "migrate-mailboxes": Fate({"schedule": "0 23 31 10 *"}, 60.0, first_seen=utc("10-30 12:00")),
}


def fates(count: int) -> dict[str, Fate]:
    """Return that many jobs: the named ones, then ordinary ones of all cadences."""
    found = dict([*NAMED.items()][:count])
    for number in range(len(found), count):
        found[f"job-{number:03}"] = _ordinary(number)
    return found


def _ordinary(number: int) -> Fate:
    minute, hour = number * 7 % 60, number * 5 % 24
    schedules = (
        f"{minute} * * * *",
        f"{minute} {hour} * * *",
        f"{minute} {hour} * * {number % 7}",
        f"{minute} {hour} * * *",
        f"{minute % 30}-59/30 * * * *" if number % 20 == 9 else f"{minute} */6 * * *",
    )
    trouble = _between(*_ALWAYS, share=0.01 * (number % 4), attempts=1 + number % 2)
    keys = {"schedule": schedules[number % 5], "max_retries": number % 3, "timeout": 7200}
    return Fate(keys, 1.0 + number * number % 900, (trouble,))

"""The built-in jobs that look after an ecosystem of branches, as data.

Mail is cleaned up first, so that all jobs of a tick that count mail count the same.
"""

from scheduled.jobs.model import SYSTEM_ZONE, FirstRun, Job, Priority

TIMEOUT = 300.0
PROJECT_JOBS = ("project_health", "warden_scan", "stale_cache")
"""The report has a section of theirs."""
JOBS: tuple[Job, ...] = (
    Job(
        id="mail_cleanup",
        schedule="hourly",
        timezone=SYSTEM_ZONE,
        handler="mail_cleanup",
        name="Mail cleanup",
        description="Open mail nobody looked at for 48 hours, archive mail opened 7 days ago",
        priority=Priority.HIGH,
        first_run=FirstRun.NOW,
        timeout=TIMEOUT,
        max_retries=3,
        tags=("ecosystem",),
        memory_section="mail_cleanup",
        last_run_key="hourly",
    ),
    Job(
        id="memory_rollover",
        schedule="hourly",
        timezone=SYSTEM_ZONE,
        handler="memory_rollover",
        name="Memory rollover",
        description="Tell a branch once when one of its memory files is over its line limit",
        priority=Priority.HIGH,
        first_run=FirstRun.NOW,
        timeout=TIMEOUT,
        max_retries=3,
        tags=("ecosystem",),
        waits_for=("mail_cleanup",),
        memory_section="memory_rollover",
        last_run_key="hourly",
    ),
    Job(
        id="health",
        schedule="hourly",
        timezone=SYSTEM_ZONE,
        handler="health",
        name="Branch health",
        description="Check every registered branch and write HEALTH.central.json",
        first_run=FirstRun.NOW,
        timeout=TIMEOUT,
        max_retries=3,
        tags=("ecosystem",),
        waits_for=("mail_cleanup",),
        memory_section="health_check",
        last_run_key="hourly",
    ),
    Job(
        id="metrics",
        schedule="hourly",
        timezone=SYSTEM_ZONE,
        handler="metrics",
        name="System metrics",
        description="Count logs, memory files and mail, and write METRICS.central.json",
        first_run=FirstRun.NOW,
        timeout=TIMEOUT,
        max_retries=3,
        tags=("ecosystem",),
        waits_for=("mail_cleanup",),
        last_run_key="hourly",
    ),
    # Last: it reports what the sweeps before it found.
    Job(
        id="daily_report",
        schedule="0 8 * * *",
        timezone=SYSTEM_ZONE,
        handler="daily_report",
        name="Daily report",
        description="Write the summary of the day and mail it to @dev_central",
        priority=Priority.LOW,
        first_run=FirstRun.NOW,
        timeout=TIMEOUT,
        max_retries=3,
        tags=("ecosystem",),
        waits_for=("mail_cleanup", "memory_rollover", "health", "metrics", *PROJECT_JOBS),
        last_run_key="daily_report",
    ),
)

"""The keys a configuration may have: for each, what it means, what it accepts, and its default.

A key is declared here once, and one of a job in `config.job_keys`. The checker, the JSON Schema,
the order of a job file that is written, the template of `config init`, the options of `create` and
the manual's tables are all derived from it. A key that only says who is told, or what is kept,
stops no job: a mistake in it is reported, and the default counts.
"""

from collections.abc import Mapping

from scheduled.config.collection_values import (
    channel_entries,
    job_entries,
    log_rotation,
    mapping,
    retention,
    text_list,
)
from scheduled.config.converters import (
    boolean,
    duration,
    integer,
    log_level,
    optional,
    single_line,
    text,
)
from scheduled.config.day_values import calendars
from scheduled.config.executor_values import executors
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.key import Key, with_aliases
from scheduled.config.own_defaults import ENTRIES
from scheduled.config.page_values import page
from scheduled.config.parsed import JOB_DEFAULTS
from scheduled.config.permissions import PERMISSIONS
from scheduled.config.ping_values import tick_ping

_FILES = "see [files](files.md#where-things-are)"
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "max_retries": ("default_retry_count",),
    "retry_delay": ("default_retry_delay",),
}


def _for_all_jobs(name: str) -> Key:
    """Return the setting that is a key of all jobs without it."""
    return Key(
        "the same [key](job-keys.md) of all jobs without it, but for those of [AIPass](aipass.md)",
        JOB_KEYS[name].convert,
        JOB_KEYS[name].default,
        aliases=_ALIASES.get(name, ()),
    )


KEYS: Mapping[str, Key] = with_aliases(
    {
        "root": Key(
            "the working directory of your jobs (for AIPass: the directory with the registry)",
            single_line,
            _FILES,
        ),
        "state_dir": Key(
            "the directory for state, journal and locks", single_line, _FILES, example="state"
        ),
        "central_dir": Key(
            "the directory for `*.central.json` files", single_line, _FILES, example="central"
        ),
        "host": Key(
            "an id of this host; ticks of another host are refused the state (`SCHEDULED_HOST` in"
            " the environment comes before it)",
            single_line,
            "the machine's",
            example="backup-1",
        ),
        "timezone": Key(
            "[time zone](schedules.md#time-zones) of the schedules",
            text,
            "the machine's",
            example="Europe/Berlin",
        ),
        "max_concurrent": Key(
            "how many jobs of one tick run at once",
            integer(1, 1000),
            "4",
            aliases=("max_concurrent_jobs", "max_concurrent_tasks"),
            example="4",
        ),
        "default_timeout": Key(
            "how long a job without a `timeout` may run",
            duration,
            "1d",
            "; built-in jobs have 5 minutes if it is not set",
            aliases=("default_timeout_seconds", "task_timeout"),
            example="1d",
        ),
        **{name: _for_all_jobs(name) for name in JOB_DEFAULTS},
        "defaults": Key(
            "any [key of a job](job-keys.md) but what one job is, and when it runs, for all jobs"
            " that are not built in, `{timeout: 2h, env: {LANG: C}}`",
            ENTRIES,
            "none",
            "; see [defaults](#defaults)",
            example="{timeout: 2h}",
        ),
        "enabled": Key(
            "whether any job runs; with `false`, all of them are disabled", boolean, "true"
        ),
        "tick_interval": Key(
            "how often cron calls `scheduled run`",
            duration,
            "as installed",
            "; decides what counts as late. `cron install` records it, else it is a minute; set it"
            " for a crontab line of your own",
            aliases=("poll_interval_seconds",),
            example="1m",
        ),
        "catch_up_budget": Key(
            "how many runs one tick catches up on; the rest follow at the next ticks",
            integer(1, 100_000),
            "10",
            example="10",
        ),
        "max_jobs": Key(
            "how many jobs there may be besides the built-in ones",
            optional(integer(1, 1_000_000)),
            "none",
            "; of more, the last do not run. From nine tenths on, `status` and `config validate`"
            " warn of it",
            example="100",
        ),
        "max_cron_tasks": Key(
            "the same for those of them that are enabled and recur",
            optional(integer(1, 1_000_000)),
            "none",
            example="100",
        ),
        "metrics_file": Key(
            "a file for [Prometheus](../how-to/monitoring.md) that each full tick writes, and one"
            " at least every ten minutes",
            single_line,
            "none",
            "; relative to the configuration's directory. Its directory has to exist",
            stops_jobs=False,
        ),
        "page": Key(
            "a [page](../how-to/the-page.md) that each full tick writes, and one at least every ten"
            " minutes, `{path: status.html, after: tick, output: true}`",
            page,
            "none",
            ": `path` is relative to the configuration's directory, and its directory has to"
            " exist; `output: false` leaves out what runs printed. It needs"
            " `pip install 'scheduled-cron[page]'`",
            example="{path: status.html}",
            stops_jobs=False,
        ),
        "ping": Key(
            "a URL that each full tick tells that it has done its work, at least every ten"
            " minutes: a [dead man's switch](pings.md#what-is-sent)",
            tick_ping,
            "none",
            "; or a mapping with more [settings](pings.md)",
            example="https://hc-ping.com/your-uuid",
            stops_jobs=False,
        ),
        "routes": Key(
            "who is told of which event",
            mapping,
            "as shipped",
            ", such as `data_loss_risk`; see [messages](aipass.md#messages)",
            stops_jobs=False,
        ),
        "notify": Key(
            "[channels](channels.md) by name: who is told when something fails, and how",
            channel_entries,
            "none",
            "; cron then mails what no channel has taken",
            stops_jobs=False,
        ),
        "subscribe": Key(
            "[commands and webhooks](subscribers.md) by name that are told of events as they"
            " happen",
            channel_entries,
            "none",
            stops_jobs=False,
        ),
        "jobs_dirs": Key(
            "directories of [job files](job-keys.md#job-files)",
            text_list,
            "jobs",
            ", relative to the configuration's directory",
            aliases=("jobs_dir",),
            example="jobs",
        ),
        "handler_dirs": Key(
            "directories of Python files with"
            " [handlers](../how-to/handlers.md#handler-directories)",
            text_list,
            "none",
            ", relative to the configuration's directory",
            example="handlers",
        ),
        "retention": Key(
            "how long output is kept, `{age: 30d, count: 100, size: 2G}`",
            retention,
            "{age: 30d}",
            ": for how long, of how many runs of each job, how much of all jobs altogether"
            " (looked at once a day)",
            example="{age: 30d}",
            stops_jobs=False,
        ),
        "log_file": Key(
            "a [log of what ticks do](log-of-ticks.md), a line for each run and each"
            " thing that went wrong",
            single_line,
            "none",
            "; relative to the configuration's directory. Its directory is made",
            example="system_logs/scheduled.log",
            stops_jobs=False,
        ),
        "log_level": Key(
            "the least grave lines in `log_file`: `DEBUG`, `INFO`, `WARNING`, `ERROR` or"
            " `CRITICAL`",
            log_level,
            "INFO",
            example="INFO",
            stops_jobs=False,
        ),
        "log_name": Key(
            "the name in each line of `log_file`",
            single_line,
            "gaia.runtime",
            stops_jobs=False,
        ),
        "log_rotation": Key(
            "when `log_file`, and the file that cron's line appends to, are"
            " [rotated](log-of-ticks.md), `{size: 5M, age: 30d, count: 5}`",
            log_rotation,
            "{size: 5M, age: 30d, count: 5}",
            ": once larger, or begun longer ago, than that (the age is looked at once a day);"
            " `count` is how many old ones are kept. `none` leaves it to you",
            example="{size: 5M, age: 30d, count: 5}",
            stops_jobs=False,
        ),
        "permissions": Key(
            "what jobs may do by the [prefix of their id](permissions.md),"
            " `{reports.*: restricted}`, and their limits",
            PERMISSIONS,
            "see [permissions](permissions.md)",
        ),
        "calendars": Key(
            "[calendars](calendars.md) by name, for `not_on` and `only_on` of jobs: a file of days,"
            " an iCalendar file, or the holidays of a country,"
            " `{off: off.txt, team: team.ics, de: {country: DE, subdivision: BY}}`",
            calendars,
            "none",
            example="{off: off.txt}",
        ),
        "executors": Key(
            "[where jobs may run](executors.md) besides this machine, by name,"
            " `{nas: {kind: ssh, host: nas}}`",
            executors,
            "none",
            example="{nas: {kind: ssh, host: nas}}",
            stops_jobs=False,
        ),
        "trusted_owners": Key(
            "users besides you and root whose configuration files are trusted",
            text_list,
            "none",
            ", see [owners](../explanation/security.md#who-may-own-what); only in a file of yours"
            " or root's",
        ),
        "jobs": Key("jobs by id: changes to a built-in one, or your own", job_entries),
    }
)

NO_MEANING: Mapping[str, str] = {
    "scheduler_interval": "cron decides how often a tick comes, once a minute at most",
    "auto_discover": "job files are always read",
    "task_modules": "name a handler in a job instead: package.module:function",
    "batch_size": "a tick starts what is due, max_concurrent at once",
    "cache_size": "caches need no limit here",
    "resource_check_interval": "the machine is measured when a guarded job is due",
}
"""Settings of AICO's scheduler that are accepted, whatever they say, each with the reason why they
mean nothing here."""

SECTIONS_OF_AICO = ("scheduler", "tasks")
"""What its configuration has them in."""

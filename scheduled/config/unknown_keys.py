"""What other schedulers call a key, and what it is called here: for messages about unknown keys.

A proposal is a key, or a phrase where it takes more. What is called the same in another sense, or
has no counterpart, is not in here.
"""

from collections.abc import Iterable

from scheduled.errors import closest

_TOLD = "who is told is set by `notify`, at the top of scheduled.yaml"
_ALL_JOBS = "it is a setting for all jobs; it stands at the top of scheduled.yaml"
_OUTPUT = "output is kept for `scheduled logs`; for a file of its own, redirect it in `command`"
_FIELDS = 'minute, hour, day, month and weekday stand in one line: schedule: "30 2 * * mon"'
_USER = "a job runs as the user whose cron calls it; it goes into the configuration of that user"
_OFF = "write enabled: false"
_ATTEMPTS = "write max_retries, which does not count the first attempt"
_OF_JOBS = {
    "schedule": "cron crontab cronexpression cronschedule expression oncalendar scheduleinterval"
    " trigger frequency recurrence timing when",
    "command": "cmd run script exec execstart bashcommand shellcommand program entrypoint",
    "handler": "func function callable pythoncallable python module method",
    "params": "kwargs opkwargs parameters inputs with payload",
    "env": "environment envvars environ variables vars",
    "env_file": "environmentfile envfrom envfiles dotenv",
    "cwd": "workingdir workdir workingdirectory directory dir chdir pwd",
    "timezone": "tz zone",
    "timeout": "activedeadlineseconds executiontimeout timeoutstartsec runtimemaxsec maxruntime"
    " maxduration timelimit timeoutsec",
    "max_retries": "retries retry retrycount backofflimit retrylimit",
    "retry_delay": "retryinterval restartsec retrywait retrydelayseconds backoff",
    "max_retry_delay": "maxretrybackoff maxbackoff maxretryinterval",
    "max_lateness": "startingdeadlineseconds misfiregracetime",
    "catch_up": "coalesce persistent backfill misfirepolicy misfireinstruction",
    "overlap": "concurrencypolicy concurrency maxinstances maxactiveruns allowconcurrent singleton",
    "enabled": "active isactive enable",
    "after": "dependson needs requires dependencies upstream waitfor",
    "mutex": "lock locks semaphore pool group concurrencygroup concurrencykey limitgroup resource",
    "jitter": "randomizeddelaysec randomizeddelay splay randomdelay",
    "only_if": "condition if runif precondition execcondition",
    "ping": "healthcheck healthchecks healthchecksurl pingurl heartbeat heartbeaturl",
    "window": "starthoursrange timewindow allowedhours activehours",
    "retention": "successfuljobshistorylimit failedjobshistorylimit ttlsecondsafterfinished"
    " logretention",
    "priority": "prio priorityweight",
    "tags": "labels label categories",
    "description": "comment desc about",
    "name": "title",
    "nice": "niceness",
    "shell": "executable interpreter",
    _TOLD: "onfailure onsuccess onfailurecallback onsuccesscallback onerror emailonfailure"
    " emailonretry email mail mailto alert alerts alerting notification notifications recipients"
    " slack webhook webhooks callback",
    _ALL_JOBS: "notify subscribe routes maxconcurrent jobsdirs handlerdirs statedir logfile"
    " permissions root",
    _OUTPUT: "log stdout stderr output outputfile logpath standardoutput standarderror",
    _FIELDS: "minute minutes hour hours day days dayofmonth dayofweek month weekday weekdays",
    _USER: "user runas runasuser username",
    _OFF: "suspend disabled paused ispaused",
    _ATTEMPTS: "attempts maxattempts tries maxtries",
    "write timeout, a duration such as 5m": "timeoutminutes",
    "arguments are part of `command`; those of a handler are its `params`": "args arguments argv",
    "a job has one command; join several with &&, or call a script": "steps commands",
}
_OF_THE_CONFIGURATION = {
    "jobs": "crons cronjobs schedules entries",
    "max_concurrent": "maxworkers workers parallelism concurrency maxparallel threads poolsize",
    "timezone": "tz zone",
    "notify": "mailto email mail alerts alerting notifications onfailure",
    "subscribe": "webhooks hooks listeners callbacks",
    "log_file": "log logging logs",
    "jobs_dirs": "include includes jobdir jobsdirectory",
    "state_dir": "datadir statedirectory database db jobstore jobstores",
    "tick_interval": "interval pollinterval",
    "root": "workdir workingdirectory home basedir",
    "metrics_file": "metrics prometheus textfile",
    "ping": "healthcheck healthchecks pingurl heartbeat",
    "defaults": "jobdefaults default defaultargs",
    _USER: "user runas username",
}
_WHEN = ("every", "interval", "at", "time", "runat", "rundate", "when", "onunitactivesec")
"""Keys that say when a job runs, by a value that may make a schedule."""


def advice(name: str, value: str, keys: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown key: what is meant by it, if that is known."""
    from scheduled.config import own_defaults
    from scheduled.config.job_keys import JOB_KEYS

    known = [*keys]
    plain = _plain(name)
    if same := next((key for key in known if _plain(key) == plain), None):
        return f"; did you mean {same}?"
    is_job, is_configuration = "command" in known, "jobs" in known
    if is_job and plain in _WHEN and (text := _schedule(plain, value)):
        return f'; write schedule: "{text}"'
    if is_configuration and name in JOB_KEYS:
        if name in own_defaults.DEFAULT_KEYS:
            return (
                "; it is a key of a job and stands below jobs: and the id of the job, or, for all"
                " jobs that are not built in, below defaults:"
            )
        return "; it is a key of a job and stands below jobs: and the id of the job"
    table = _OF_JOBS if is_job else _OF_THE_CONFIGURATION if is_configuration else {}
    for proposal, names in table.items():
        if plain in names.split():
            return f"; did you mean {proposal}?" if proposal in known else f"; {proposal}"
    if is_job and plain in _WHEN:
        return "; did you mean schedule?"
    if key := closest(name, known):
        return f"; did you mean {key}?"
    return f"; known are {', '.join(known)}"


def _schedule(name: str, value: str) -> str:
    """Return the schedule that a key such as `every` or `at` says with its value, or ''."""
    from scheduled.errors import ScheduleError
    from scheduled.timing import expression, meant

    is_period = name in ("every", "interval", "onunitactivesec") and not value.strip().isdigit()
    text = f"every {value.strip()}" if is_period else value.strip()
    for each in (text, meant.schedule(text)):
        try:
            if each and not each.isdigit():
                expression.parse(each, "UTC")
                return each
        except ScheduleError:
            continue
    return ""


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char not in "-_ ")

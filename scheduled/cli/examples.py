"""Command lines that help shows, and the man page: a few for each command.

They are about jobs called backup and upload, and a channel called ops. A test runs them in an
installation that has these. None is wider than a narrow terminal; a comment may be.
"""

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "": (
        'scheduled create backup "30 2 * * *" --command ./backup',
        "scheduled cron install  # from now on, cron calls it",
        "scheduled status  # how things are",
        "scheduled why backup  # why it ran, or did not",
    ),
    "run": (
        "scheduled run --dry-run  # what is due, and why",
        "scheduled run --only backup",
        "scheduled run --only tag:nightly --force",
    ),
    "daily-report": (
        "scheduled daily-report --stdout --no-send  # only look",
        "scheduled daily-report",
    ),
    "trigger": (
        "scheduled trigger backup",
        "scheduled trigger backup --env LEVEL=9",
        "scheduled trigger tag:nightly --detach",
    ),
    "status": (
        "scheduled status",
        "scheduled status --check || echo needs a look",
    ),
    "list": (
        "scheduled list",
        "scheduled list --all  # also built-in jobs not in use",
        "scheduled list --at 8:00  # what would run then",
    ),
    "show": (
        "scheduled show backup",
        "scheduled show backup --json",
    ),
    "next": (
        "scheduled next",
        "scheduled next backup -n 10 --explain",
        'scheduled next "every month on the last fri at 17:00"  # what that means',
    ),
    "why": (
        "scheduled why backup",
        "scheduled why backup --at 8:00  # of that scheduled time",
    ),
    "history": (
        "scheduled history --since yesterday --outcome failed",
        "scheduled history backup --limit 5",
        "scheduled history --gaps  # when no tick came, and why",
    ),
    "logs": (
        "scheduled logs backup",
        "scheduled logs upload --failed",
        "scheduled logs backup --follow  # like tail -f",
    ),
    "stats": (
        "scheduled stats --since 7d",
        "scheduled stats backup --json",
    ),
    "branches": (
        "scheduled branches --problems",
        'scheduled branches "api*"',
    ),
    "projects": (
        "scheduled projects",
        "scheduled projects --json",
    ),
    "simulate": (
        "scheduled simulate --to 7d --only backup",
        "scheduled simulate --outage 8h..20h  # a laptop, shut",
    ),
    "page": (
        "scheduled page --output page.html",
        "scheduled page --open",
    ),
    "check": (
        "scheduled check",
        "scheduled check backup --max-age 26h",
    ),
    "metrics": (
        "scheduled metrics",
        "scheduled metrics --output scheduled.prom",
    ),
    "telemetry": (
        "scheduled telemetry status",
        "scheduled telemetry tasks --status ACTIVE --json",
        "scheduled telemetry analytics --period 1d",
    ),
    "events": (
        "scheduled events --since 2h",
        "scheduled events --event job_failed --json",
        "scheduled events --follow",
    ),
    "incidents": (
        "scheduled incidents",
        "scheduled incidents --all --json",
    ),
    "ack": (
        "scheduled ack upload",
        "scheduled ack upload --for 2d",
    ),
    "create": (
        'scheduled create backup "30 2 * * *" --command ./backup',
        'scheduled create sync "every 90m" --command ./sync',
        "scheduled create tidy daily --command ./tidy --dry-run",
        'scheduled create move --at "mon 8:00" --command ./move',
    ),
    "update": (
        'scheduled update backup --schedule "0 3 * * *"',
        "scheduled update backup --set max_age=26h --dry-run",
        "scheduled update backup --unset description",
    ),
    "edit": (
        "scheduled edit backup",
        "scheduled edit  # scheduled.yaml",
    ),
    "delete": (
        "scheduled delete backup",
        "scheduled delete backup --yes  # without a question",
    ),
    "enable": ("scheduled enable backup", "scheduled enable tag:nightly"),
    "disable": ("scheduled disable backup", "scheduled disable tag:nightly"),
    "pause": (
        "scheduled pause --for 2h  # all jobs",
        'scheduled pause tag:nightly --until "mon 8:00"',
        'scheduled pause backup --until 18:00 --reason "new disk"',
    ),
    "resume": (
        "scheduled resume  # ends the pause of all jobs",
        "scheduled resume backup",
    ),
    "skip": ("scheduled skip backup",),
    "defer": (
        "scheduled defer backup --until 2h",
        'scheduled defer backup --until "mon 9:00" --reason ill',
    ),
    "cancel": (
        'scheduled cancel backup --stop --reason "disk is full"',
        "scheduled cancel --max-hours 6 --dry-run",
    ),
    "dead-letter": (
        "scheduled dead-letter list",
        "scheduled dead-letter retry upload",
    ),
    "dead-letter list": (
        "scheduled dead-letter list",
        "scheduled dead-letter list --json",
    ),
    "dead-letter retry": ("scheduled dead-letter retry upload",),
    "dead-letter drop": ("scheduled dead-letter drop upload",),
    "config": (
        "scheduled config init",
        "scheduled config validate",
        "scheduled config import --crontab",
    ),
    "config init": (
        "scheduled config init",
        "scheduled config init --force  # keeps a copy as *.bak",
    ),
    "config validate": (
        "scheduled config validate",
        "scheduled config validate --json",
    ),
    "config show": (
        "scheduled config show",
        "scheduled config show --json",
    ),
    "config prune": (
        "scheduled config prune",
        "scheduled config prune --dry-run --json",
    ),
    "config schema": (
        "scheduled config schema > schema.json",
        "scheduled config schema --job",
    ),
    "config import": (
        "scheduled config import --crontab",
        "scheduled config import --crontab --yaml",
        "scheduled config import - --from crontab < old.crontab",
    ),
    "config export": (
        "scheduled config export --crontab",
        "scheduled config export --crontab --json",
    ),
    "cron": (
        "scheduled cron install --dry-run",
        "scheduled cron show",
    ),
    "cron install": (
        "scheduled cron install --dry-run",
        "scheduled cron install --every 5",
        "scheduled cron install --systemd --dry-run",
    ),
    "cron uninstall": (
        "scheduled cron uninstall --dry-run",
        "scheduled cron uninstall",
    ),
    "cron show": (
        "scheduled cron show",
        "scheduled cron show --json",
    ),
    "state": (
        "scheduled state check",
        "scheduled state backup before-the-move.tar.gz",
    ),
    "state check": (
        "scheduled state check",
        "scheduled state check --json",
    ),
    "state rebuild": ("scheduled state rebuild",),
    "state backup": (
        "scheduled state backup",
        "scheduled state backup before-the-move.tar.gz",
    ),
    "state gc": (
        "scheduled state gc --dry-run",
        "scheduled state gc --days 90",
    ),
    "state adopt": (
        "scheduled state adopt",
        "scheduled state adopt --from /mnt/old/state",
    ),
    "doctor": (
        "scheduled doctor",
        "scheduled doctor --as-cron",
    ),
    "executors": (
        "scheduled executors",
        "scheduled executors --json",
    ),
    "notify": ("scheduled notify test",),
    "notify test": (
        "scheduled notify test",
        "scheduled notify test ops",
    ),
    "handlers": (
        "scheduled handlers",
        "scheduled handlers new photos",
    ),
    "completion": (
        "scheduled completion bash > scheduled.bash",
        "scheduled completion zsh > _scheduled",
        "scheduled completion fish > scheduled.fish",
    ),
    "handlers new": ("scheduled handlers new photos",),
}
"""By what is typed to call the command; '' is the program itself."""

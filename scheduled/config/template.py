"""The configuration file a newcomer is given: everything in it is a comment or harmless.

A line that begins with `#` and no space is a setting to switch on; one with a space is prose.
"""

from pathlib import Path

from scheduled.jobs import builtin

_HEAD = """\
# What runs here, and when. Everything is optional.
# A line like `#timezone: ...` is a setting that is switched off: take the # away to change it.
# After every change: scheduled config validate

#timezone: Europe/Berlin      # the zone schedules are meant in; if unset, the machine's
#max_concurrent: 4            # how many jobs of one tick run at once
#default_timeout: 5m          # how long a job may run that has no timeout of its own
#tick_interval: 1m            # how often cron calls; `scheduled cron install` knows by itself
#catch_up_budget: 10          # catch-up runs one tick starts; the rest follow at the next ones
#max_jobs: 100                # how many jobs there may be besides the shipped ones

# Relative folders count from the folder of this file.
#state_dir: state             # state, journal and locks
#central_dir: central         # *.central.json
#jobs_dirs: jobs              # job files: each *.yaml in it is one job, with its id in it
#handler_dirs: handlers       # Python files with handlers of your own; nowhere unless named

jobs:
"""

_OWN = """
  # A job of your own needs a schedule and a command. It may as well be a file of its own: in
  # jobs/backup.yaml beside this file, `id: backup` and the same keys, not indented.
  #backup:
  #  schedule: "30 2 * * *"     # minute hour day month weekday; the quotes are needed
  #  command: tar czf "$HOME/backup.tar.gz" "$HOME/documents"
  #  description: Documents, packed every night
  #  timeout: 1h
  #  catch_up: latest           # slots missed while the machine was off: skip, latest or all
  #  max_lateness: 12h          # later than this, a missed slot is not worth running
  #  priority: low              # urgent, high, medium or low
"""


def text(root: Path) -> str:
    """The file for an ecosystem at `root`, or for a root without one, where its jobs are off."""
    from scheduled.config.paths import has_registry

    return _HEAD + (_shipped() if has_registry(root) else _switched_off()) + _OWN


def _shipped() -> str:
    lines = ["  # These are shipped and run as they are. What stands below one of them changes it."]
    for job in builtin.JOBS:
        lines += [f"  #{job.id}:", f'  #  schedule: "{job.schedule}"', "  #  enabled: true"]
    return "\n".join(lines) + "\n"


def _switched_off() -> str:
    lines = [
        "  # The shipped jobs look after an ecosystem of branches. There was no registry",
        "  # (*_REGISTRY.json) in the root when this was written, so they are off.",
    ]
    for job in builtin.JOBS:
        lines += [f"  {job.id}:", "    enabled: false"]
    return "\n".join(lines) + "\n"

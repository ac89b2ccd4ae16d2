"""Would anybody hear of a failure: cron's mail, or a channel of the configuration."""

import os
import shlex
from collections.abc import Iterator

from scheduled.installation.crontab_entries import Entry
from scheduled.installation.doctor import redirection
from scheduled.installation.doctor.facts import Facts, words
from scheduled.installation.doctor.finding import Finding, warning

MAILERS = ("/usr/sbin/sendmail", "/usr/lib/sendmail")
"""What the crons call to mail what a job printed."""
INSTALL = "apt install msmtp-mta"
"""On Debian; it needs a server to hand the mail to, in /etc/msmtprc."""
_NOBODY = "nobody is told when a job fails"
_CHANNEL = "a channel in `notify` of the configuration would tell somebody"


def mail(facts: Facts) -> Iterator[Finding]:
    """Whether somebody is told when a job fails."""
    if facts.has_channels:
        return
    for entry in facts.tick_entries:
        if reason := _silence(entry):
            yield warning(f"{_NOBODY}: {entry.where}: {reason}; {_CHANNEL}", entry.editing)
            return
    config = facts.config_path or f"{facts.root}/scheduled.yaml"
    if facts.unit_lines and not facts.tick_entries:
        yield warning(
            f"{_NOBODY}: what a tick of a timer prints goes to systemd's journal only; {_CHANNEL}",
            f"${{EDITOR:-vi}} {shlex.quote(config)}",
        )
    elif not has_mailer():
        yield warning(
            f"{_NOBODY}: cron mails what a tick prints, and there is no mail program"
            f" (/usr/sbin/sendmail); {_CHANNEL}",
            INSTALL,
        )


def has_mailer() -> bool:
    """Return whether there is a program by which cron can send mail."""
    return any(os.access(mailer, os.X_OK) for mailer in MAILERS)


def _silence(entry: Entry) -> str:
    if entry.variables.get("MAILTO") == "":
        return 'MAILTO="" above it turns cron\'s mail off'
    goes = redirection.of_errors(words(entry.command))
    return f"what a tick prints goes to {goes} only" if goes else ""

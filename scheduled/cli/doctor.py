"""`scheduled doctor`: does the installation work, and will it under cron."""

import json
import os
import subprocess
from collections.abc import Sequence

import click

from scheduled.cli import diagnosis
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json
from scheduled.errors import UnavailableError, reason_of
from scheduled.installation.doctor import checks
from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, Level
from scheduled.installation.tick_command import Target
from scheduled.system.text import one_line
from scheduled.views.format import counted

LONGEST_REMEDY = 10_000
"""Paths are long, and a command that is cut does something else."""
PATIENCE = 120
"""Seconds that the checks may take in cron's environment."""


@command()
@click.option(
    "--as-cron", is_flag=True, help="Check in the environment that cron gives, not in yours."
)
@json_option
@click.pass_obj
def doctor(session: Session, *, as_cron: bool, as_json: bool) -> int:
    """Check the installation: cron, mail, disk, clock and more.

    Each finding comes with a command that fixes it, or shows more. Exit codes: 0 no problems,
    1 warnings, 2 errors.
    """
    facts = diagnosis.gather(session)
    findings = _as_cron(session, facts) if as_cron else checks.examine(facts)
    if as_json:
        print_json({"version": 1, "findings": [finding.document() for finding in findings]})
    else:
        _print(session, findings)
    return checks.worst(findings).exit_code


def _print(session: Session, findings: Sequence[Finding]) -> None:
    problems = [finding for finding in findings if finding.level is not Level.OK]
    for finding in findings if session.verbose else problems:
        click.echo(f"{finding.level.value}: {finding.check}: {one_line(finding.message)}")
        if finding.remedy:
            click.echo(f"  {one_line(finding.remedy, LONGEST_REMEDY)}")
    if not problems and session.is_terminal and not session.quiet:
        click.echo(f"No problems found by {counted(len(checks.TABLE), 'check')}.")


def _as_cron(session: Session, facts: Facts) -> list[Finding]:
    """Return what the checks find in a process that was started as cron starts a tick.

    Raises UnavailableError if it does not answer.
    """
    target = Target.running(_options(session, facts))
    command = [*target.words("doctor"), "--json"]
    variables = facts.cron_variables
    try:
        answer = subprocess.run(
            command,
            env=variables,
            cwd=variables["HOME"] if os.access(variables["HOME"], os.X_OK) else "/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        rows = json.loads(answer.stdout)["findings"]
    except OSError as error:
        raise UnavailableError(f"cannot be started as cron does: {reason_of(error)}") from error
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"no answer within {PATIENCE} seconds as under cron") from error
    except (ValueError, KeyError) as error:
        words = answer.stderr.decode("utf-8", "backslashreplace").strip() or "nothing"
        raise UnavailableError(
            f"as cron, `doctor` ended with {answer.returncode} and said: {words}"
        ) from error
    return [
        Finding(Level(row["level"]), row["message"], row["remedy"], row["check"]) for row in rows
    ]


def _options(session: Session, facts: Facts) -> list[str]:
    """Return the options that lead to the same paths from cron's environment."""
    options = ["--root", facts.root, "--state-dir", str(facts.state_dir)]
    config = session.config_file or session.environ.get("SCHEDULED_CONFIG")
    return options if config is None else ["--config", str(session.cwd / config), *options]

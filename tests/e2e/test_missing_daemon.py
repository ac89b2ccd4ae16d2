"""A machine on which no cron daemon runs: `status` sees that, and what to start."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.builders import cron_machine, needs
from tests.builders.command import options
from tests.builders.installed import WITHOUT_SWEEPS, configure, tick_at

NAMESPACES = ("--mount", "--pid", "--fork", "--mount-proc", "--propagation=private")


def status_of_a_silent_root(root: Path) -> str:
    """Tick two hours ago; return the command that prints the status."""
    root.mkdir()
    configure(root, WITHOUT_SWEEPS)
    tick_at(root, datetime.now(UTC) - timedelta(hours=2))
    return f"{sys.executable} -P -m scheduled {' '.join(options(root))} status"


def test_b5_status_sees_whether_a_cron_daemon_runs(tmp_path: Path) -> None:
    """The commands see no process of this machine but their own, and the daemon no crontab."""
    needs.root()
    needs.programs("cron", "crontab", "unshare")
    status = status_of_a_silent_root(tmp_path / "home")
    script = f"{cron_machine.MOUNTS}\necho ready\n{status}\ncron\necho started\n{status}\n"

    answer = subprocess.run(
        ["unshare", *NAMESPACES, "sh", "-c", script], capture_output=True, text=True, check=False
    )

    if not answer.stdout.startswith("ready"):
        needs.mounts()
    without, _, with_it = answer.stdout.partition("started\n")
    assert answer.returncode == 0, answer.stderr
    assert "no tick for 2 h" in without
    assert "no cron daemon runs here; start it" in without
    assert "no tick for 2 h" in with_it
    assert "the daemon runs; `scheduled cron show` tells" in with_it


def test_b5_where_processes_cannot_be_seen_nothing_is_said_of_a_daemon(tmp_path: Path) -> None:
    needs.root()
    needs.programs("unshare")
    status = status_of_a_silent_root(tmp_path / "home")
    script = f"set -e\nmount -t tmpfs tmpfs /proc\necho ready\n{status}\n"

    answer = subprocess.run(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )

    if not answer.stdout.startswith("ready"):
        needs.mounts()
    assert "no tick for 2 h" in answer.stdout, answer.stderr
    assert "is cron running?" in answer.stdout
    assert "daemon" not in answer.stdout

"""A cron daemon of one's own.

The daemon and `crontab` live in a mount namespace of their own, where the spool, /run and the
system's crontabs are empty: no crontab of this machine is within reach, and a cron that runs
here already is not disturbed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.builders import needs

MOUNTS = """
set -e
crontab_group=$(stat -c %g /var/spool/cron/crontabs)
mount -t tmpfs -o "mode=1730,gid=$crontab_group" tmpfs /var/spool/cron/crontabs
mount -t tmpfs tmpfs /etc/cron.d
mount --bind /dev/null /etc/crontab
mount -t tmpfs -o mode=755 tmpfs /run
"""
"""What keeps a daemon away from all crontabs of this machine."""
_DAEMON = f"""
{MOUNTS}
echo ready
exec cron -f
"""
_SPOOL = "/var/spool/cron/crontabs/root"


class Machine:
    """What goes on in the namespace: the commands below run there, as root."""

    def __init__(self, daemon: int) -> None:
        self._enter = ["nsenter", "--mount", f"--target={daemon}", "--"]
        self._children = Path(f"/proc/{daemon}/task/{daemon}/children")

    @property
    def is_at_rest(self) -> bool:
        """Whether cron waits for nothing it has started."""
        return not self._children.read_text()

    def run(self, *command: str | Path, text: bytes = b"") -> bytes:
        answer = self.call(*command, text=text)
        assert answer.returncode == 0, answer.stderr.decode()
        return answer.stdout

    def call(self, *command: str | Path, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command that may fail."""
        return subprocess.run(
            [*self._enter, *command], input=text, capture_output=True, check=False
        )

    def scheduled(self, root: Path, *words: str) -> str:
        options = ("--root", str(root), "--state-dir", str(root.parent / "state"))
        return self.run(sys.executable, "-m", "scheduled", *options, *words).decode()

    def store(self, text: bytes) -> None:
        """Put a crontab there past `crontab`, as images of containers do: no header, no check."""
        self.run("sh", "-c", f"cat > {_SPOOL} && chmod 600 {_SPOOL}", text=text)


@contextmanager
def started() -> Iterator[Machine]:
    """Start a daemon, or skip the test."""
    needs.root()
    needs.programs("cron", "crontab", "unshare", "nsenter")
    daemon = subprocess.Popen(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", _DAEMON],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"},
    )
    with daemon:
        assert daemon.stdout is not None
        if daemon.stdout.readline() != b"ready\n":
            needs.mounts()
        # cron takes a spool that changed in the second in which it was read for an unchanged one.
        time.sleep(2)
        try:
            yield Machine(daemon.pid)
        finally:
            daemon.terminate()

"""Version 0.1.0: its code, and what it wrote into a crontab and into units, word for word."""

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

COMMIT = "1b608d0"
CHECKOUT = Path(__file__).parents[2]
PROGRAM = "/usr/bin/python3 -I -S -X utf8 /opt/scheduled/scheduled/__main__.py"


def checkout(folder: Path) -> Path:
    """The files of version 0.1.0; the test is skipped where its commit is not at hand."""
    answer = subprocess.run(
        ["git", "-C", CHECKOUT, "archive", COMMIT], capture_output=True, check=False
    )
    if answer.returncode != 0:
        pytest.skip(f"needs the commit of version 0.1.0, {COMMIT}; a shallow clone has none")
    with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as archive:
        # Python 3.11.3 and earlier have no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)
    return folder


def name_of(state_dir: Path) -> str:
    """The name that 0.1.0 gave to an installation."""
    return hashlib.sha256(bytes(state_dir)).hexdigest()[:8]


def block(
    root: Path, state_dir: Path, *, every: str = "* * * * *", program: str = PROGRAM
) -> bytes:
    """The block of a crontab, for paths that need no quotes."""
    body = (
        "# Written by `scheduled cron install`; `scheduled cron uninstall` removes it.\n"
        f"{every} {program} --root {root} --state-dir {state_dir} run\n"
    )
    digest = hashlib.sha256(body.encode()).hexdigest()
    name = name_of(state_dir)
    return (f"# BEGIN scheduled {name} v1 sha256:{digest}\n{body}# END scheduled {name}\n").encode()


def units(root: Path, state_dir: Path, folder: Path) -> tuple[Path, Path]:
    """Write the timer and the service into a folder of units."""
    name = name_of(state_dir)
    timer = f"[Unit]\nDescription=Ticks of scheduled, installation {name}\n"
    command = f"/usr/bin/setsid --fork {PROGRAM} --root {root} --state-dir {state_dir} run"
    service = f"[Unit]\nDescription=A tick\n\n[Service]\nType=oneshot\nExecStart={command}\n"
    folder.mkdir(parents=True, exist_ok=True)
    paths = (folder / f"scheduled-{name}.timer", folder / f"scheduled-{name}.service")
    for path, text in zip(paths, (timer, service), strict=True):
        digest = hashlib.sha256(text.encode()).hexdigest()
        about = "# Written by `scheduled cron install --systemd`; `scheduled cron uninstall"
        path.write_text(f"{about} --systemd`\n# removes it. v1 sha256:{digest}\n{text}")
    return paths

"""The file that cron's line appends to is rotated by the ticks that write to it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.command import BARE, options
from tests.builders.crontab import Crontab
from tests.builders.installed import WITHOUT_SWEEPS, configure

FAILING = '  bad: {schedule: "0 3 * * *", command: "exit 3"}\n'
SMALL = "log_rotation: {size: 1K, count: 2}\n"
LONG = "what earlier ticks printed\n" * 100


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    configure(tmp_path / "root", SMALL + WITHOUT_SWEEPS + FAILING)
    return tmp_path / "root"


def tick(root: Path, output: str, **environ: str) -> int:
    """A tick as cron's line starts it, with this redirection."""
    words = [sys.executable, "-P", "-m", "scheduled", *options(root), "run", "--force"]
    command = ["/bin/sh", "-c", f'exec "$@" {output}', "sh", *words]
    env = {**BARE, "HOME": str(root), **environ}
    return subprocess.run(command, env=env, cwd=root, check=False).returncode


def test_a_log_that_is_too_large_is_rotated_and_keeps_what_its_tick_prints(root: Path) -> None:
    log = root / "scheduled.log"
    log.write_text(LONG)
    log.chmod(0o640)

    assert tick(root, f">> {log} 2>&1") == 1

    old = Path(f"{log}.1").read_text()
    assert old.startswith(LONG)
    assert "bad: failed: exit code 3" in old
    assert (log.read_text(), log.stat().st_mode & 0o777) == ("", 0o640)

    assert tick(root, f">> {log} 2>&1") == 1
    assert "bad: failed" in log.read_text()
    assert Path(f"{log}.1").read_text() == old


@pytest.mark.parametrize(
    "output",
    [
        "> scheduled.log 2>&1",
        ">> other.log 2>&1",
        ">> link.log 2>&1",
        "2>> /dev/null",
        ">> fifo 2>&1",
        ">&- 2>&-",
        "2> /dev/null",
    ],
)
def test_what_is_no_log_of_ours_is_left_as_it_is(root: Path, output: str) -> None:
    for name in ("other.log", "scheduled.log"):
        (root / name).write_text(LONG)
    (root / "link.log").symlink_to("other.log")
    os.mkfifo(root / "fifo")
    reader = os.open(root / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    before = set(os.listdir(root))

    code = tick(root, output)

    os.close(reader)
    assert code == 1
    assert set(os.listdir(root)) == before
    assert (root / "other.log").read_text().startswith(LONG)


def test_a_file_with_another_name_is_rotated_if_a_line_of_the_crontab_names_it(
    root: Path, tmp_path: Path
) -> None:
    crontab = Crontab(tmp_path / "cron")
    log = root / "the ticks"
    log.write_text(LONG)
    (root / "link").symlink_to(log)
    path = f"{crontab.bin}:{os.environ['PATH']}"

    crontab.text = f"* * * * * scheduled run >> {root}/link 2>&1\n".encode()
    tick(root, f">> '{log}' 2>&1", PATH=path)
    assert not Path(f"{log}.1").exists()

    crontab.text = f"* * * * * scheduled run >> '{log}' 2>&1\n".encode()
    tick(root, f">> '{log}' 2>&1", PATH=path)
    assert Path(f"{log}.1").read_text().startswith(LONG)


def test_a_unit_names_its_log_too(root: Path) -> None:
    units = root / ".config/systemd/user"
    units.mkdir(parents=True)
    log = root / "100%"
    log.write_text(LONG)
    (units / "scheduled-root.service").write_text(
        f"[Service]\nExecStart=scheduled run\nStandardError=append:{root}/100%%\n"
    )

    tick(root, f"2>> {log}")

    assert Path(f"{log}.1").read_text().startswith(LONG)


def test_none_leaves_all_logs_alone(root: Path) -> None:
    configure(root, "log_rotation: none\n" + WITHOUT_SWEEPS + FAILING)
    (root / "scheduled.log").write_text(LONG * 10_000)

    tick(root, ">> scheduled.log 2>&1")

    assert not list(root.glob("scheduled.log.*"))


def test_ticks_at_the_same_time_rotate_it_once(root: Path) -> None:
    log = root / "scheduled.log"
    log.write_text(LONG)
    words = [sys.executable, "-P", "-m", "scheduled", *options(root), "run"]
    with log.open("a") as stream:
        ticks = [
            subprocess.Popen(words, stdout=stream, stderr=stream, env=BARE, cwd=root)
            for _ in range(4)
        ]
    for each in ticks:
        each.wait()

    found = sorted(path.name for path in root.glob("scheduled.log*"))
    assert found == ["scheduled.log", "scheduled.log.1"]
    assert re.match(LONG, Path(f"{log}.1").read_text())

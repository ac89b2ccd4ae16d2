"""Lines of a crontab, run by Debian's cron and, imported, by `scheduled`: both do the same."""

import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import cron_machine
from tests.builders.cron_machine import Machine

PROBE = """\
import json, os, sys
seen = [sys.argv[2:], sys.stdin.read(), os.environ.get("A"), os.path.basename(os.getcwd())]
open(sys.argv[1], "w").write(json.dumps(seen))
"""
TOKENS = [
    "a",
    "b c",
    "%",
    "%",
    "\\",
    "\\%",
    "\\\\",
    " ",
    "'",
    '"',
    "'x y'",
    '"$A"',
    "$HOME",
    "#",
    "END",
]
LINES = [
    "one%two%three%",
    "%",
    "%%",
    "x%%y",
    "\\% 'a b'%\\%",
    "a \\\\ b",
    "'\\\\'",
    "a%\\",
    "a%%\\",
    "a%x\\",
    "a\\%b",
    "a\\\\%b",
    "a\\\\\\%b",
    "a%END%$(touch x)%`touch x`",
    "a%  x %y ",
    "a\\ ",
    "'a%b'",
    "é%ü",
]
COUNT = 60


@pytest.fixture
def machine() -> Iterator[Machine]:
    with cron_machine.started() as machine:
        yield machine


def lines() -> list[str]:
    """Return the ends of command lines: some that matter, and random ones, always the same."""
    choice = random.Random(1)
    some = ("".join(choice.choices(TOKENS, k=choice.randint(1, 8))) for _ in range(COUNT))
    return [*LINES, *some]


def crontab(home: Path, probe: Path) -> str:
    head = f"HOME={home}\nA=b 'c\n"
    command = f"{sys.executable} -S {probe}"
    numbered = enumerate(lines())
    return head + "".join(f"* * * * * {command} {number} {end}\n" for number, end in numbered)


def results(home: Path) -> dict[str, object]:
    texts = {path.name: path.read_text() for path in home.iterdir()}
    return {name: json.loads(text.replace(str(home), "/home")) for name, text in texts.items()}


@pytest.mark.slow
def test_d1_lines_do_under_scheduled_what_they_do_under_cron(
    machine: Machine, tmp_path: Path
) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text(PROBE)
    homes = [tmp_path / name for name in ("cron/home", "scheduled/home", "root")]
    for home in homes:
        home.mkdir(parents=True)
    by_cron, by_us, root = homes
    (tmp_path / "tab").write_text(crontab(by_us, probe))
    machine.store(crontab(by_cron, probe).encode())

    machine.scheduled(root, "config", "import", str(tmp_path / "tab"), "--yes")
    machine.scheduled(root, "config", "validate")
    # Some of the random lines are not complete: the shell refuses them, here and under cron.
    tick = '"$@" || [ $? = 1 ]'
    options = ("--root", str(root), "--state-dir", str(tmp_path / "state"))
    machine.run(
        "sh", "-c", tick, "sh", sys.executable, "-m", "scheduled", *options, "run", "--force"
    )
    _wait_for_cron(machine, by_cron)

    assert len(results(by_cron)) > len(LINES)
    assert results(by_us) == results(by_cron)


def _wait_for_cron(machine: Machine, home: Path) -> None:
    deadline = time.monotonic() + 600  # cron starts them within a minute, on a machine at rest
    while not (any(home.iterdir()) and machine.is_at_rest):
        assert time.monotonic() < deadline, "cron ran none of the lines"
        time.sleep(0.2)
    machine.store(b"")

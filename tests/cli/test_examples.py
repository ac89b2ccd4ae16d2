"""The examples in the help of each command are command lines that work."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.cli.examples import EXAMPLES
from tests.builders.crontab import Crontab
from tests.cli.test_groups import commands

CONFIGURATION = """\
handler_dirs: handlers
notify:
  ops: {kind: command, command: cat > /dev/null}
jobs:
  upload: {schedule: hourly, command: 'echo no route; exit 1', first_run: now, alert_after: 1}
"""
OPTIONS = "--command ./backup --tag nightly --description 'of the home'"
IN_AN_EMPTY_ROOT = {"scheduled config init", EXAMPLES["create"][0], EXAMPLES[""][0]}
NOT_RUN = {
    "scheduled logs backup --follow  # like tail -f": "it waits for the next run",
    'scheduled branches "api*"': "there is no ecosystem here",
    "scheduled page --open": "there is no browser",
    "scheduled edit backup": "there is no terminal",
    "scheduled edit  # scheduled.yaml": "there is no terminal",
    "scheduled events --follow": "it goes on until it is interrupted",
    "scheduled state adopt --from /mnt/old/state": "there is no such state here",
}
FINDINGS = {
    "check": {2},  # upload fails
    "check backup --max-age 26h": {0},
    "doctor": {0, 1, 2},
    "doctor --as-cron": {0, 1, 2},
    "dead-letter retry upload": {1},  # it fails again
    "delete backup": {2},  # no terminal to ask on
}
"""What some exit with here, by what stands after the name of the program; others with 0."""
BEFORE = {
    "resume": "scheduled pause",
    "resume backup": "scheduled pause backup",
    "branches --problems": "echo '{\"branches\": []}' > AIPASS_REGISTRY.json",
}
"""What is typed first."""
LINES = [line for lines in EXAMPLES.values() for line in lines]


class Root:
    """A root, and a shell that finds the command and a crontab of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "root"
        self.folder.mkdir(parents=True)
        self.bin = Crontab(home / "cron").bin
        program = self.bin / "scheduled"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m scheduled "$@"\n')
        program.chmod(0o755)

    def sh(self, line: str) -> subprocess.CompletedProcess[str]:
        environ = {"HOME": str(self.home), "PATH": f"{self.bin}:/usr/bin:/bin", "TZ": "UTC"}
        return subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=environ | {"SCHEDULED_ROOT": str(self.folder)},
            input="y\n",
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[Root, Path]:
    """A root with the jobs of the examples, runs, a failure and an old crontab; and a copy."""
    folder = tmp_path_factory.mktemp("examples")
    root = Root(folder / "home")
    (root.folder / "scheduled.yaml").write_text(CONFIGURATION)
    (root.folder / "handlers").mkdir()
    (root.folder / "old.crontab").write_text("0 4 * * * /bin/true\n")
    (root.folder / "backup").write_text("#!/bin/sh\necho saved\n")
    (root.folder / "backup").chmod(0o755)
    done = [
        root.sh(f"scheduled create backup '30 2 * * *' {OPTIONS}"),
        root.sh("scheduled trigger backup"),
        root.sh("scheduled run"),
        root.sh("crontab - < old.crontab"),
    ]
    assert [each.returncode for each in done] == [0, 0, 1, 0], done
    return root, Path(shutil.copytree(root.home, folder / "copy", symlinks=True))


@pytest.fixture
def root(lived_in: tuple[Root, Path]) -> Root:
    """The root as it was at first."""
    root, copy = lived_in
    shutil.rmtree(root.home)
    shutil.copytree(copy, root.home, symlinks=True)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("line", sorted({*LINES} - {*NOT_RUN}))
def test_an_example_works(line: str, root: Root, tmp_path: Path) -> None:
    place = Root(tmp_path / "home") if line in IN_AN_EMPTY_ROOT else root

    words = line.partition("  #")[0].removeprefix("scheduled ")
    assert place.sh(BEFORE.get(words, ":")).returncode == 0

    done = place.sh(line)

    expected = FINDINGS.get(words, {0})
    assert done.returncode in expected, (done.stdout, done.stderr)
    assert "bug in scheduled" not in done.stderr


def test_every_command_has_examples_of_its_own() -> None:
    typed = [" ".join(words) for words in commands()]

    assert {*EXAMPLES} == {"", *typed}
    for name, lines in EXAMPLES.items():
        assert 1 <= len(lines) <= 4, name
        assert all(line.startswith(f"scheduled {name}".rstrip()) for line in lines), name


def test_what_is_not_run_is_an_example() -> None:
    assert {*NOT_RUN} | IN_AN_EMPTY_ROOT <= {*LINES}

"""The line that cron gets, in surroundings as bare as they come."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ecosystem
from tests.builders.command import BARE, Said, scheduled, state_dir
from tests.builders.crontab import Crontab
from tests.builders.installed import central
from tests.builders.jobs import RARELY

CRONS = {"PATH": "/usr/bin:/bin"}
NAME = "Ünïcode → 👩"


@dataclass(frozen=True)
class Line:
    """A crontab line's command, called as cron calls it: by /bin/sh, with next to nothing."""

    command: str

    def __call__(
        self, env: Mapping[str, str] = CRONS, before: str = "cd /", after: str = "", **more: Any
    ) -> Said:
        script = f"{before}; {self.command} {after}"
        answer = subprocess.run(
            ["/bin/sh", "-c", script], env=dict(env), capture_output=True, check=False, **more
        )
        return Said(answer.returncode, answer.stdout.decode(), answer.stderr.decode())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in a folder with a difficult name; a branch and a job that are not ASCII."""
    entries = [ecosystem.entry("DRONE"), ecosystem.entry(NAME, "drone 2", email="@drone2")]
    (tmp_path / "ä home, 100% mine").mkdir()
    root = ecosystem.home(
        tmp_path / "ä home, 100% mine", {"branches": entries}, now=datetime.now(UTC)
    )
    ecosystem.add_memory(root / "drone 2", f"{NAME}.local.json", 650)
    (root / "scheduled.yaml").write_text(
        f"jobs:\n  echo: {{schedule: '{RARELY}', first_run: now, command: 'echo grüße → 👩'}}\n",
        encoding="utf-8",
    )
    (root / "scheduled.yaml").chmod(0o644)
    os.utime(root / "scheduled.yaml", (1e9, 1e9))  # what changed just now keeps a tick awake
    return root


@pytest.fixture
def line(home: Path, tmp_path: Path) -> Line:
    """What `cron show` says it would install, with cron's own escape taken out as cron does."""
    path = f"{Crontab(tmp_path / 'crontab').bin}:{BARE['PATH']}"
    said = scheduled(home, "cron", "show", "--json", env={**BARE, "PATH": path})
    block = json.loads(said.out)["would_install"]
    (ours,) = [text for text in block.splitlines() if not text.startswith("#")]
    return Line(ours.split(None, 5)[5].replace("\\%", "%"))


@pytest.mark.parametrize(
    "env",
    [
        CRONS,
        {},
        {**CRONS, "HOME": "/nonexistent", "LOGNAME": "nobody"},
        {**CRONS, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {**CRONS, "LANG": "de_DE.ISO-8859-1", "TERM": "xterm"},
        {**CRONS, "PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": "x"},
    ],
    ids=["cron's", "none at all", "no home", "ASCII", "Latin-1", "hostile to Python"],
)
def test_the_tick_works_and_content_stays_intact(
    home: Path, line: Line, env: dict[str, str]
) -> None:
    said = line(env)

    assert said == Said(0, "", "")
    (warning,) = central(home, "HEALTH")["warnings"]
    assert warning["branch"] == NAME
    printed = scheduled(home, "logs", "echo", env={**BARE, "PYTHONIOENCODING": "utf-8"})
    assert "grüße → 👩" in printed.out
    (letter,) = json.loads((home / "drone 2/ai_mail.local/inbox.json").read_text())["messages"]
    assert f"{NAME}.local.json exceeds 600 lines" in letter["subject"]


def test_a_working_directory_that_is_gone_does_not_matter(
    home: Path, line: Line, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()

    said = line(before=f"cd '{gone}'; rmdir '{gone}'")

    assert said == Said(0, "", "")
    assert central(home, "HEALTH")["branches"] == 2


@pytest.mark.parametrize("after", ["<&-", "<&- >&- 2>&-", "< /dev/full"])
def test_streams_that_are_not_there_do_not_matter(home: Path, line: Line, after: str) -> None:
    said = line(after=after)

    assert said == Said(0, "", "")
    assert central(home, "HEALTH")["branches"] == 2


@pytest.mark.parametrize("umask", [0o077, 0o027, 0o000])
def test_the_umask_decides_nothing_that_matters(home: Path, line: Line, umask: int) -> None:
    inbox = home / "drone 2/ai_mail.local/inbox.json"
    inbox.chmod(0o664)

    said = line(umask=umask)

    assert said == Said(0, "", "")
    assert inbox.stat().st_mode & 0o777 == 0o664
    state = state_dir(home)
    private = [state / "scheduled_state.json", *(state / "journal").iterdir()]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


def test_an_idle_tick_is_one_in_bare_surroundings_too(home: Path, line: Line) -> None:
    line()
    before = {path: path.read_bytes() for path in home.rglob("*.central.json")}

    said = [line() for _ in range(3)]

    assert said == [Said(0, "", "")] * 3
    assert {path: path.read_bytes() for path in home.rglob("*.central.json")} == before


def test_with_no_place_named_and_no_home_the_password_database_decides(tmp_path: Path) -> None:
    said = scheduled(tmp_path, "config", "show", "--json", env=CRONS, cwd="/")

    assert said.code == 0
    assert os.path.isabs(json.loads(said.out)["settings"]["root"]["value"])

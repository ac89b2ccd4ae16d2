"""What holds for every example: listed, valid wherever it lies, with a README that works."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.builders import needs
from tests.builders.crontab import Crontab
from tests.builders.examples import FOLDER, NAMES, Example
from tests.builders.manual import CHECKOUT, Page
from tests.builders.people import MALLORY

INDEX = Page(FOLDER / "README.md")
each_example = pytest.mark.parametrize("name", NAMES)
ORDINARY = ["--reuid", str(MALLORY), "--regid", str(MALLORY), "--clear-groups"]
READS_ALL = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
"""An interpreter in root's home is out of reach for others. Who owns what counts as ever."""


def test_the_index_names_every_example() -> None:
    named = {link.split("/")[0] for link in INDEX.links() if link.endswith("/README.md")}

    assert named == {*NAMES}
    assert "graft examples" in (CHECKOUT / "MANIFEST.in").read_text().splitlines()


@each_example
def test_a_copy_has_no_mistake_and_nothing_to_warn_of_wherever_it_lies(
    name: str, tmp_path: Path
) -> None:
    example = Example(name, tmp_path / 'ein "Örtchen"')

    config = example.config()

    assert (config.problems, config.warnings) == ((), ())
    assert [job for job in config.jobs if ".yaml" in job.source] != []


@each_example
def test_every_script_is_executable_and_a_shell_understands_it(name: str) -> None:
    scripts = [path for path in (FOLDER / name).rglob("*.sh") if not is_library(path)]

    for path in scripts:
        assert os.access(path, os.X_OK), path
        subprocess.run(["sh", "-n", path], check=True)


def is_library(path: Path) -> bool:
    return not path.read_text().startswith("#!")


@pytest.fixture
def place_of_another() -> Iterator[Path]:
    """A folder of another user, if root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="scheduled-examples-"))
    if os.geteuid() == 0:
        os.chown(folder, MALLORY, MALLORY)
    yield folder
    shutil.rmtree(folder)


def as_another(*words: object, cwd: Path, codes: Sequence[int] = (0,)) -> str:
    """What a command prints that another user runs, if root runs the tests."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        needs.programs("setpriv")
        prefix = ["setpriv", *ORDINARY, *READS_ALL, "--"]
    done = subprocess.run(
        [*prefix, *map(str, words)],
        cwd=cwd,
        umask=0o002,
        env={"HOME": str(cwd), "PATH": os.environ["PATH"], "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout


@each_example
def test_an_ordinary_user_can_copy_it_with_a_group_of_their_own_and_tick(
    name: str, place_of_another: Path
) -> None:
    """With a umask of 002, as Debian has it, the copy is writable for the group."""
    as_another("cp", "-r", FOLDER / name, place_of_another, cwd=place_of_another)
    for secret in SECRETS.get(name, ()):
        line = f"umask 077; echo {URL} >{name}/{secret}"
        as_another("sh", "-c", line, cwd=place_of_another)
    scheduled = [sys.executable, "-P", "-m", "scheduled", "--root", place_of_another / name]

    validated = as_another(*scheduled, "config", "validate", cwd=place_of_another)
    ticked = as_another(
        *scheduled, "run", "--json", cwd=place_of_another, codes=FIRST.get(name, (0,))
    )

    assert re.fullmatch(r"ok: \d+ jobs?\n(  .*\n)*", validated), validated
    assert "tick" in json.loads(ticked)


# ---------------------------------------------------------------- the README


FIRST = {"container": (1,), "aipass-home": (0, 1)}
"""How a first tick ends where the directories or the ecosystem are missing that it is about."""
URL = "http://127.0.0.1:9/"
"""Where nobody listens."""


def repository(example: Path) -> None:
    settings = (example / "backup.env").read_text()
    changed = settings.replace("/media/backup/laptop", str(example.parent / "repository"))
    (example / "backup.env").write_text(changed)


def secrets(example: Path) -> None:
    for name in SECRETS[example.name]:
        (example / name).write_text(URL)
        (example / name).chmod(0o600)


SECRETS = {
    "database-dump": ["webhook.url"],
    "gaia-projects": ["phone.url"],
    "team-server": ["smtp.password", "chat.url", "oncall.url", "tick.ping"],
}
"""The files that the READMEs have somebody make."""
CHANGED: dict[str, Callable[[Path], object]] = {
    "laptop-backup": repository,
    "team-server": secrets,
}
"""What the README says to fill in after its first command."""
NEEDED = {"laptop-backup": ["restic"], "certificates": ["openssl"]}
PLACES = {"aipass-home": "aipass", "gaia-projects": "gaia"}
"""Where the README has it copied to, if not to a directory of its own."""
ELSEWHERE = {"container"}
"""It ticks where there is no cron."""


@pytest.mark.slow
@each_example
def test_its_readme_can_be_followed_to_the_letter(name: str, tmp_path: Path) -> None:
    needs.programs(*NEEDED.get(name, ()))
    crontab, home = Crontab(tmp_path / "cron"), tmp_path / "home"
    home.mkdir()
    page = Page(FOLDER / name / "README.md")
    typed = re.findall(r"^\$ (.+)$", "".join(page.blocks("console")), re.MULTILINE)
    first, rest = typed[0], typed[1:]
    checkout, copy = built_checkout(tmp_path), home / PLACES.get(name, name)
    if name in PLACES:
        copy.mkdir()
    docker = crontab.bin / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/docker"\n')
    docker.chmod(0o755)

    shell(first, checkout, home, crontab)
    if name in CHANGED:
        CHANGED[name](copy)
    for line in rest:
        shell(line, copy, home, crontab)

    assert len(typed) <= 3
    shell("scheduled --root . config validate", copy, home, crontab)
    if name in ELSEWHERE:
        assert (tmp_path / "docker").read_text() == "compose up --build --detach\n"
        assert [*copy.glob("*.whl")] != []
    else:
        assert b"# BEGIN scheduled" in crontab.text
        shell("scheduled --root . list", copy, home, crontab)


def built_checkout(folder: Path) -> Path:
    """A checkout in which `make wheel` was called, of which nothing but the name counts here."""
    checkout = folder / "checkout"
    (checkout / "dist").mkdir(parents=True)
    (checkout / "dist/scheduled_cron-0.2-py3-none-any.whl").touch()
    (checkout / "examples").symlink_to(FOLDER)
    return checkout


def shell(line: str, cwd: Path, home: Path, crontab: Crontab) -> None:
    """Have a shell run a line as somebody types it who has installed the program."""
    programs = Path(sys.executable).parent
    path = f"{crontab.bin}:{programs}:{os.environ['PATH']}"
    environ = {"HOME": str(home), "PATH": path, "TZ": "UTC", "SHELL": "/bin/sh"}
    done = subprocess.run(
        ["sh", "-ec", line],
        cwd=cwd,
        env=environ,
        input=URL,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"

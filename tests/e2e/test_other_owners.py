"""Root's tick in places that belong to somebody else: nothing of theirs is executed.

Mallory is another user of the machine. Whatever is theirs is refused by name, in what `run` prints
and in what `config validate` does, and jobs that have nothing to do with it run.
"""

import os
from pathlib import Path

import pytest

from tests.builders import needs
from tests.builders.command import BARE, Said, call, scheduled
from tests.builders.configuration import job_file, written
from tests.builders.people import MALLORY, give

pytestmark = pytest.mark.slow

JOB = 'id: {name}\nschedule: "0 3 1 1 *"\nfirst_run: now\ncommand: echo {name} >> {root}/out\n'
HANDLER = "def run(context):\n    open('{root}/out', 'a').write('evil\\n')\n"
WAYS = {
    "job file": ("jobs/evil.yaml", JOB, ""),
    "jobs_dirs": ("more/evil.yaml", JOB, "jobs_dirs: [jobs, more]\n"),
    "handler file": ("handlers/evil.py", HANDLER, "handler_dirs: handlers\n"),
    "handler_dirs": ("lib/evil.py", HANDLER, "handler_dirs: lib\n"),
}
OWNED = {"job file": "jobs/evil.yaml", "handler file": "handlers/evil.py"}
OWNED |= {"jobs_dirs": "more", "handler_dirs": "lib"}


@pytest.fixture(autouse=True)
def _as_root() -> None:
    needs.root()


@pytest.fixture
def good(root: Path) -> Path:
    """A root directory with a job of root's."""
    job_file(root, "good.yaml", JOB.format(name="good", root=root))
    return root


def ran(root: Path) -> list[str]:
    """The jobs that ran."""
    return (root / "out").read_text().split() if (root / "out").exists() else []


def refused(root: Path, path: Path) -> Said:
    """What `run` says, which must name the path, and so must `config validate`."""
    sentence = f"{path}: neither yours nor root's, but {MALLORY}'s; type: sudo -u {MALLORY}"
    validated = scheduled(root, "config", "validate")
    said = scheduled(root, "run")

    assert sentence in said.err
    assert sentence in validated.out + validated.err
    assert validated.code != 0
    assert said.is_plain_speech
    return said


@pytest.mark.parametrize("way", WAYS)
def test_g1_what_belongs_to_somebody_else_is_not_executed(good: Path, way: str) -> None:
    name, content, settings = WAYS[way]
    job = "  evil: {schedule: '@hourly', handler: evil, first_run: now}\n"
    written(good, settings + (f"jobs:\n{job}" if name.endswith(".py") else ""))
    (good / name).parent.mkdir(exist_ok=True)
    (good / name).write_text(content.format(name="evil", root=good))
    (good / name).chmod(0o644)
    give(good / OWNED[way])

    said = refused(good, good / OWNED[way])

    assert (said.code, ran(good)) == (2, ["good"])


@pytest.mark.parametrize("name", ["evil.py", "evil/__init__.py", "space/evil.py"])
def test_g1_a_module_of_somebody_else_is_not_imported(
    good: Path, tmp_path: Path, name: str
) -> None:
    lib = tmp_path / "lib"
    (lib / name).parent.mkdir(parents=True)
    (lib / name).write_text(HANDLER.format(root=good))
    handler = name.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    job = f"{{schedule: '@hourly', handler: '{handler}:run', first_run: now}}"
    written(good, f"jobs:\n  evil: {job}\n").chmod(0o644)
    environ = {**BARE, "PYTHONPATH": str(lib)}
    give(lib / name)

    said = scheduled(good, "run", "--verbose", env=environ)

    assert (said.code, ran(good)) == (1, ["good"])
    sentence = f"handler {lib}/{name}: neither yours nor root's, but {MALLORY}'s"
    assert sentence in said.err
    validated = scheduled(good, "config", "validate", env=environ)
    assert sentence in validated.out + validated.err
    give(lib / name, 0)
    scheduled(good, "trigger", "evil", env=environ)
    assert ran(good) == ["good", "evil"]


def test_g1_an_env_file_of_somebody_else_fails_its_job_alone(good: Path) -> None:
    (good / "evil.env").write_text("PATH=/tmp/evil\n")
    give(good / "evil.env")
    job_file(good, "evil.yaml", JOB.format(name="evil", root=good) + "env_file: evil.env\n")
    written(good, "")

    said = refused(good, good / "evil.env")

    assert (said.code, ran(good)) == (1, ["good"])


@pytest.mark.parametrize("has_config", [True, False])
def test_g1_nothing_runs_in_a_root_of_somebody_else(good: Path, has_config: bool) -> None:
    if has_config:
        written(good, "")
    give(good)

    said = refused(good, good)

    assert (said.code, ran(good)) == (2, [])


def test_g1_the_same_holds_for_a_folder_above_the_root(good: Path, tmp_path: Path) -> None:
    os.chown(tmp_path, MALLORY, MALLORY)

    said = refused(good, tmp_path)

    assert (said.code, ran(good)) == (2, [])


def test_g1_owners_that_roots_own_configuration_trusts_may_own_all_of_it(
    good: Path, tmp_path: Path
) -> None:
    (tmp_path / "etc").mkdir()
    config = written(tmp_path / "etc", f"root: {good}\ntrusted_owners: ['{MALLORY}']\n")
    give(good)
    words = ["--config", str(config), "--state-dir", str(tmp_path / "state")]

    assert call([*words, "config", "validate"]).code == 0
    assert call([*words, "run"]) == Said(0, "", "")
    assert ran(good) == ["good"]


def test_g1_a_file_cannot_make_its_own_owner_trusted(good: Path) -> None:
    give(written(good, f"trusted_owners: ['{MALLORY}']\n"))

    said = refused(good, good / "scheduled.yaml")

    assert (said.code, ran(good)) == (2, [])


def test_g1_an_unknown_trusted_owner_is_named(good: Path) -> None:
    written(good, "trusted_owners: alcie\n")

    said = scheduled(good, "run")

    assert said.code == 2
    assert "scheduled.yaml:1: trusted_owners: no user called alcie" in said.err


def test_g1_programs_and_working_directories_may_be_anybodys(good: Path, tmp_path: Path) -> None:
    (tmp_path / "bob").mkdir()
    program = tmp_path / "bob" / "backup.sh"
    program.write_text(f"#!/bin/sh\npwd >> {good}/out\n")
    program.chmod(0o755)
    give(tmp_path / "bob")
    text = JOB.format(name="bobs", root=good).replace("echo bobs", str(program))
    job_file(good, "bobs.yaml", f"{text}cwd: {tmp_path}/bob\n")

    assert scheduled(good, "run") == Said(0, "", "")
    assert sorted(ran(good)) == [str(tmp_path / "bob"), "good"]

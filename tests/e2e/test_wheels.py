"""Wheels in a fresh environment: ours, for pytest as well, and those of others with handlers."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.builders.command import BARE, Said, options
from tests.builders.packages import DECORATED
from tests.e2e.test_distribution import MADE, build, pip

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]
PROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "NAME"
version = "1.2"

[project.entry-points."scheduled.handlers"]
JOB = "PACKAGE.jobs:thumbnails"

[tool.setuptools]
packages = ["PACKAGE"]
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Our own wheel, one with a handler, and one whose handler cannot be imported."""
    folder = tmp_path_factory.mktemp("wheels")
    shutil.copytree(CHECKOUT, folder / "ours", ignore=MADE, symlinks=True)
    project(folder / "photos-jobs", "thumbnails", DECORATED)
    project(folder / "broken-jobs", "broken", "import not_installed\n" + DECORATED)
    for name in ("ours", "photos-jobs", "broken-jobs"):
        build(folder / name, folder / f"{name}-built", "--wheel")
    return {path.parent.name.removesuffix("-built"): path for path in folder.glob("*-built/*.whl")}


def project(folder: Path, job: str, text: str) -> None:
    """Write a project that offers the handler `job`."""
    package = folder.name.replace("-", "_")
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").touch()
    (folder / package / "jobs.py").write_text(text)
    document = PROJECT.replace("NAME", folder.name).replace("PACKAGE", package)
    (folder / "pyproject.toml").write_text(document.replace("JOB", job))


@pytest.fixture
def environment(tmp_path: Path, wheels: dict[str, Path]) -> Path:
    """A fresh environment with our wheel; what that depends on is that of the tests."""
    folder = tmp_path / "venv"
    venv.EnvBuilder(symlinks=True).create(folder)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    dependencies = folder / "lib" / version / "site-packages" / "dependencies.pth"
    dependencies.write_text(f"{sysconfig.get_paths()['purelib']}\n")
    pip(folder, "install", wheels["ours"])
    return folder


def test_a_third_party_wheel_is_found_validated_and_run_and_a_broken_one_does_no_harm(
    environment: Path, wheels: dict[str, Path], root: Path
) -> None:
    assert called(environment, root, "run").code == 0
    pip(environment, "install", wheels["photos-jobs"])
    pip(environment, "install", wheels["broken-jobs"])

    validated = called(environment, root, "config", "validate")
    listed = called(environment, root, "handlers", "--json")
    ran = called(environment, root, "trigger", "thumbnails", "--json")
    ticked = called(environment, root, "run")

    assert validated.code == 2
    (problem,) = validated.out.splitlines()
    assert problem.startswith("broken-jobs 1.2: broken_jobs/jobs.py:8: broken: handler: ")
    assert problem.endswith("no module called not_installed")
    rows = {row["name"]: row for row in document(listed)["handlers"]}
    thumbnails, broken = rows["thumbnails"], rows["broken"]
    assert (thumbnails["package"], thumbnails["version"]) == ("photos-jobs", "1.2")
    assert (thumbnails["jobs"], thumbnails["error"]) == (["thumbnails"], None)
    assert "no module called not_installed" in broken["error"]
    assert document(ran)["runs"][0]["result"] == {"size": 64}
    assert (ticked.code, ticked.err) == (0, "")


def test_the_job_of_a_wheel_that_is_removed_says_what_is_missing_and_what_to_do(
    environment: Path, wheels: dict[str, Path], root: Path
) -> None:
    pip(environment, "install", wheels["photos-jobs"])
    validated = called(environment, root, "config", "validate")
    before = called(environment, root, "run")
    pip(environment, "uninstall", "--yes", "photos-jobs")

    words = (["run"], ["why", "thumbnails"], ["status"], ["config", "validate"])
    answers = [called(environment, root, *each) for each in words]

    assert (validated.code, before.code) == (0, 0)
    for answer in answers:
        assert "offered by photos-jobs 1.2, which is no longer installed" in answer.out + answer.err
        assert "-m pip install photos-jobs" in answer.out + answer.err
        assert "Traceback" not in answer.err
    pip(environment, "install", wheels["photos-jobs"])
    assert called(environment, root, "config", "validate").code == 0


# The fixture for tests of handlers


@pytest.mark.parametrize("conftest", ["", 'pytest_plugins = ["scheduled.testing"]\n'])
def test_the_fixture_is_there_without_pytest_plugins_and_with_it(
    environment: Path, tmp_path: Path, conftest: str
) -> None:
    (tmp_path / "conftest.py").write_text(conftest)
    text = """\
from scheduled.testing import Trial
def ok(context): return {"at": context.local_timestamp}
def test_it(trial: Trial) -> None:
    assert trial.run(f"{__file__}:ok").result == {"at": "2026-11-21T12:00:00"}
"""

    assert by_pytest(environment, tmp_path, text, "-p", "no:cacheprovider").code == 0


def test_tests_that_do_not_use_the_fixture_import_next_to_nothing(
    environment: Path, tmp_path: Path
) -> None:
    text = """\
import sys
def test_it():
    ours = {name for name in sys.modules if name.partition(".")[0] == "scheduled"}
    assert ours == {"scheduled", "scheduled.testing", "scheduled.quick_classes"}
"""

    assert by_pytest(environment, tmp_path, text).code == 0


def test_pytest_may_be_called_by_what_has_imported_us(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(trial): ...\n")
    code = (
        "import sys, scheduled, pytest;"
        f"sys.exit(pytest.main(['-W', 'error', '-p', 'no:cacheprovider', {str(tmp_path)!r}]))"
    )
    python = str(environment / "bin/python")

    done = subprocess.run([python, "-c", code], capture_output=True, check=False, cwd=tmp_path)

    assert done.returncode == 0, done.stdout


def test_a_project_may_have_a_fixture_of_that_name(environment: Path, tmp_path: Path) -> None:
    conftest = "import pytest\n@pytest.fixture\ndef trial(): return 3\n"
    (tmp_path / "conftest.py").write_text(conftest)

    assert by_pytest(environment, tmp_path, "def test_it(trial): assert trial == 3\n").code == 0


def by_pytest(environment: Path, folder: Path, text: str, *words: str) -> Said:
    """What pytest says in an environment about a file with tests."""
    (folder / "test_it.py").write_text(text)
    command = [str(environment / "bin/python"), "-m", "pytest", "-W", "error", *words, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return Said(done.returncode, done.stdout, done.stderr)


def called(environment: Path, root: Path, *words: str) -> Said:
    """`scheduled WORDS` as it is installed in an environment."""
    command = [str(environment / "bin/scheduled"), *options(root), *words]
    env = {**BARE, "PATH": os.environ["PATH"]}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


def document(said: Said) -> Any:
    """What a command printed as JSON."""
    return json.loads(said.out)

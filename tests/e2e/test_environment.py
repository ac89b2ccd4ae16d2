"""The environment that `make demo` sets up."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.usefixtures("package_index")
def test_packages_that_the_python_has_are_installed_all_the_same(tmp_path: Path) -> None:
    checkout, environment = tmp_path / "checkout", tmp_path / "environment"
    shutil.copytree(CHECKOUT, checkout, ignore=shutil.ignore_patterns(".git", ".venv*", "tests"))
    imports = "import click, croniter, filelock, rich, scheduled, tzdata, yaml"

    # The Python of the tests has all of them, in these very versions.
    command = ["env", f"PYTHON={sys.executable}", ".ci/environment", str(environment), "runtime"]
    made = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    imported = subprocess.run([environment / "bin/python", "-I", "-c", imports], check=False)

    assert made.returncode == 0, made.stderr
    assert imported.returncode == 0

"""Handlers of installed packages, by the real command in an environment that has them."""

import json
import os
from pathlib import Path

import pytest

from tests.builders import needs
from tests.builders.configuration import written
from tests.builders.idle import full_ticks
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.packages import DECORATED, Environment

pytestmark = pytest.mark.slow

GONE = "was offered by photos-jobs 1.2, which is no longer installed; install it again: "
THIEF = """\
import os


def run(context):
    try:
        (context.root / "taken").write_text("taken")
        written = True
    except OSError:
        written = False
    return {"secret": os.environ.get("SECRET_OF_ALL"), "written": written}
"""
PLAIN = 'def tidy(context):\n    """Tidy up."""\n    return {"tidy": True}\n'


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """An environment with this program and nothing else."""
    return Environment(tmp_path / "venv")


# What a package offers


def test_a_decorated_function_of_a_package_is_a_handler_and_a_job(
    env: Environment, root: Path
) -> None:
    env.install()

    assert (env.rows(root), env.problems(root)) == (
        {
            "thumbnails": {
                "name": "thumbnails",
                "description": "Make the thumbnails that are missing.",
                "source": "photos-jobs 1.2: photos/jobs.py:7",
                "jobs": ["thumbnails"],
                "origin": "package",
                "package": "photos-jobs",
                "version": "1.2",
                "params": {
                    "size": {
                        "about": "how wide, in pixels",
                        "kind": "a whole number above 0",
                        "default": 128,
                    }
                },
                "error": None,
            }
        },
        [],
    )
    assert env.result(root, "thumbnails") == {"size": 64}
    table = env.run(root, "handlers").out
    assert "photos-jobs 1.2" in table
    assert "size" in table


def test_a_job_of_a_package_has_the_limits_of_its_id(env: Environment, open_folder: Path) -> None:
    needs.root()
    needs.no_faketime()  # confined runs share no memory with others
    root = open_folder / "root"
    root.mkdir()
    env.install(entries="user.thief = thief:run", files={"thief.py": THIEF})
    written(root, "jobs:\n  user.thief: {schedule: daily, handler: user.thief}\n")

    result = env.result(root, "user.thief", SECRET_OF_ALL="hunter2")

    assert result == {"secret": None, "written": False}
    assert not (root / "taken").exists()
    assert "restricted: environment reduced" in env.run(root, "why", "user.thief").out


def test_the_configuration_changes_and_disables_what_a_package_brings(
    env: Environment, root: Path
) -> None:
    env.install()
    written(root, "jobs:\n  thumbnails: {schedule: daily, params: {size: 3}, enabled: false}\n")

    (job,) = [
        job
        for job in json.loads(env.run(root, "config", "show", "--json").out)["jobs"]
        if job["id"] == "thumbnails"
    ]

    assert (job["schedule"], job["params"], job["enabled"]) == ("daily", {"size": 3}, False)
    assert job["source"] == "photos-jobs 1.2: photos/jobs.py:7, scheduled.yaml:2"


def test_the_job_of_a_package_is_disabled_or_uninstalled_not_deleted(
    env: Environment, root: Path
) -> None:
    env.install()

    said = env.run(root, "delete", "thumbnails", "--yes")

    assert (said.code, env.jobs(root)) == (2, ["thumbnails"])
    assert "comes with photos-jobs 1.2; `scheduled disable thumbnails` disables it" in said.err


def test_params_of_a_package_are_checked_against_its_table(env: Environment, root: Path) -> None:
    env.install()
    written(root, "jobs:\n  thumbnails: {params: {size: 0}}\n")

    (sentence,) = env.problems(root)

    assert "thumbnails: params.size: 0: expected a whole number above 0" in sentence


def test_a_function_without_a_decorator_is_a_handler_for_jobs_and_no_job(
    env: Environment, root: Path
) -> None:
    env.install(entries="tidy = tidying:tidy", files={"tidying.py": PLAIN})
    written(root, "jobs:\n  weekly: {schedule: weekly, handler: tidy}\n")

    assert env.jobs(root) == ["weekly"]
    assert env.rows(root)["tidy"]["jobs"] == ["weekly"]
    assert env.result(root, "weekly") == {"tidy": True}


def test_a_function_may_be_imported_from_where_the_package_defines_it(
    env: Environment, root: Path
) -> None:
    files = {
        "photos/__init__.py": "from .inner import make as thumbnails\n",
        "photos/inner/__init__.py": "from photos.inner.jobs import thumbnails as make\n",
        "photos/inner/jobs.py": DECORATED,
    }
    env.install(entries="thumbnails = photos:thumbnails", files=files)

    assert env.rows(root)["thumbnails"]["source"] == "photos-jobs 1.2: photos/inner/jobs.py:7"
    assert env.result(root, "thumbnails") == {"size": 64}


def test_a_tick_runs_no_code_of_a_package_but_that_of_a_due_job(
    env: Environment, root: Path
) -> None:
    trap = f"open({str(root / 'imported')!r}, 'w')\n"
    env.install(files={"photos/__init__.py": trap, "photos/jobs.py": trap + DECORATED})

    codes = {env.run(root, *words).code for words in (["run"], ["list"], ["config", "show"])}

    assert (codes, (root / "imported").exists()) == ({0}, False)
    assert env.jobs(root) == ["thumbnails"]


# When something is installed


def test_an_installation_is_noticed_by_the_next_tick_and_read_once(
    env: Environment, root: Path
) -> None:
    written(root, WITHOUT_SWEEPS)
    os.utime(root / "scheduled.yaml", (1_700_000_000, 1_700_000_000))
    before = [env.tick(root), env.tick(root), full_ticks(root)]
    late = DECORATED.replace('schedule="hourly"', 'schedule="0 3 1 1 *", first_run="now"')
    env.install(files={"photos/jobs.py": late})
    os.utime(env.site / "photos/jobs.py", (1_700_000_000, 1_700_000_000))

    after = [env.tick(root), env.tick(root), full_ticks(root)]

    assert (before, after) == ([0, 0, 1], [0, 0, 2])
    history = json.loads(env.run(root, "history", "--json").out)["runs"]
    assert [(row["job"], row["result"]) for row in history] == [("thumbnails", {"size": 64})]


def test_packages_are_looked_at_again_only_after_a_change(env: Environment, root: Path) -> None:
    names = ("installed_packages", "entry_points", "handler_packages", "handler_source")
    code = (
        "import sys; from scheduled.config import load; from scheduled.config.paths import"
        f" PathOptions; load.load(PathOptions({str(root)!r}, state_dir={str(root / 's')!r},"
        f" environ={{}})).save_caches(); print(*(name for name in {names}"
        " if f'scheduled.config.{name}' in sys.modules))"
    )

    without = [env.python_says(code) for _ in range(2)]
    env.install()
    first, second = (env.python_says(code) for _ in range(2))

    assert without == ["installed_packages entry_points", "installed_packages"]
    assert first == " ".join(names)
    assert second == "installed_packages handler_packages"


def test_a_package_of_which_half_is_installed_is_looked_at_again(
    env: Environment, root: Path
) -> None:
    about = env.install(age=1)
    text = (about / "entry_points.txt").read_text()
    (about / "entry_points.txt").unlink()
    assert (env.run(root, "run").code, env.jobs(root)) == (0, [])
    stamp = env.site.stat()

    (about / "entry_points.txt").write_text(text)
    os.utime(env.site, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    assert env.jobs(root) == ["thumbnails"]


def test_an_edited_file_of_a_package_takes_effect(env: Environment, root: Path) -> None:
    env.install()
    env.run(root, "run")
    (env.site / "photos/jobs.py").write_text(DECORATED.replace("64", "65"))

    assert env.result(root, "thumbnails") == {"size": 65}


def test_a_module_that_is_missing_is_looked_for_until_it_is_there(
    env: Environment, root: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "checkout"
    elsewhere.mkdir()
    (env.site / "checkout.pth").write_text(f"{elsewhere}\n")
    env.install(files={})
    (sentence,) = env.problems(root)
    assert "no source of a module photos.jobs can be found" in sentence
    assert env.run(root, "run").code == 2

    (elsewhere / "photos").mkdir()
    (elsewhere / "photos/jobs.py").write_text(DECORATED)

    assert (env.problems(root), env.result(root, "thumbnails")) == ([], {"size": 64})


def test_what_python_warns_of_in_a_package_is_not_for_crons_mail(
    env: Environment, root: Path
) -> None:
    text = "from photos.jobs import thumbnails\nIS_TRUE = 1if thumbnails else 0\n"
    env.install(files={"photos/__init__.py": text, "photos/jobs.py": DECORATED})
    env.install("other", "1", "also = photos:thumbnails", {})

    said = env.run(root, "run", PYTHONWARNINGS="always")

    assert (said.code, said.err) == (0, "")

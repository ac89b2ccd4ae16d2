"""What is built from this checkout: the source distribution, and the wheel made from it."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scheduled.version import __version__
from tests.builders import earlier_version

CHECKOUT = Path(__file__).parents[2]
MADE = shutil.ignore_patterns(
    *(".git", ".venv*", ".*_cache", ".hypothesis", ".coverage", "__pycache__", "build", "dist"),
    "*.egg-info",
)
"""What the tools of the Makefile leave in a checkout (as .gitignore has it)."""
OTHERS = re.compile(
    r"""(pip3? install|pipx (install|run)|uv tool (install|run)|uv add|uvx)"""
    r"""( -\S+)* ['"]?scheduled(?![-./\w])"""
)
"""A line that installs `scheduled` from a package index, where it is somebody else's."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both files, built from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(CHECKOUT, folder / "checkout", ignore=MADE, symlinks=True)
    build(folder / "checkout", folder)
    return folder


@pytest.mark.slow
def test_the_source_distribution_holds_all_that_the_checkout_holds(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {member.name for member in archive.getmembers() if member.isfile()}

    assert {name.partition("/")[2] for name in names if not is_generated(name)} == {
        str(path.relative_to(built / "checkout"))
        for path in (built / "checkout").rglob("*")
        if path.is_file() and not is_generated(str(path.relative_to(built)))
    }


@pytest.mark.slow
def test_the_wheel_holds_every_module_and_nothing_beside_the_package(built: Path) -> None:
    with wheel(built) as archive:
        names = set(archive.namelist())

    modules = {str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob("scheduled/**/*.py")}
    handlers = {
        f"scheduled/{path.relative_to(CHECKOUT)}" for path in CHECKOUT.glob("handlers/**/*.py")
    }
    about = {name for name in names if ".dist-info/" in name}
    (script,) = (name for name in names if name.endswith(".data/scripts/scheduled-tick"))
    (man_page,) = (name for name in names if name.endswith("/share/man/man1/scheduled.1"))
    templates = {
        str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob("scheduled/**/templates/*")
    }
    others = {"scheduled/py.typed", script, man_page}
    assert names - about == modules | handlers | templates | others
    assert len(templates) > 10
    assert len(handlers) > 5


@pytest.mark.slow
def test_g5_the_distribution_is_scheduled_cron_and_its_version_that_of_the_program(
    built: Path,
) -> None:
    about = metadata(built)

    assert (about["Name"], about["Version"]) == ("scheduled-cron", __version__)


@pytest.mark.slow
def test_the_unpacked_wheel_finds_its_handlers_in_itself(built: Path, tmp_path: Path) -> None:
    with wheel(built) as archive:
        archive.extractall(tmp_path)

    answer = subprocess.run(
        [sys.executable, "-c", "import scheduled.handlers.health as it; print(it.__file__)"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.stdout.strip() == str(tmp_path / "scheduled/handlers/health.py"), answer.stderr


@pytest.mark.slow
@pytest.mark.parametrize("is_right", [True, False], ids=["as the manual says", "the wrong order"])
def test_g5_the_renamed_distribution_takes_the_place_of_0_1_0(
    built: Path, tmp_path: Path, is_right: bool
) -> None:
    earlier = earlier_version.checkout(tmp_path / "0.1.0")
    build(earlier, tmp_path, "--wheel")
    (old,), (new,) = tmp_path.glob("*.whl"), built.glob("*.whl")
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)

    pip(venv, "install", old)
    before = imported(venv)
    steps: list[tuple[str | Path, ...]] = [("uninstall", "--yes", "scheduled"), ("install", new)]
    for step in steps if is_right else reversed(steps):
        pip(venv, *step)
    after = imported(venv)
    pip(venv, "install", "--force-reinstall", new)

    assert before == "0.1.0"
    assert after == (__version__ if is_right else "")  # pip has deleted the new one's files
    assert imported(venv) == __version__


@pytest.mark.parametrize("name", ["runtime", "development", "release"])
def test_a_lock_file_has_an_allowed_version_and_hashes_for_each_requirement(name: str) -> None:
    text = (CHECKOUT / "locks" / f"{name}.txt").read_text("utf-8")
    entries = re.findall(
        r"^([\w.-]+)==(\S+).*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", text, re.MULTILINE
    )

    locked = {canonicalize_name(package): version for package, version in entries}

    assert len(entries) == len(re.findall(r"^\w", text, re.MULTILINE))
    for requirement in requirements(name):
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.parametrize("path", [*(CHECKOUT / "locks").iterdir()], ids=lambda path: path.name)
def test_a_lock_file_names_no_place_to_get_packages_from(path: Path) -> None:
    assert not re.search(r"https?://|index-url|find-links", path.read_text("utf-8"))


def test_the_links_of_the_readme_work_on_a_page_of_a_package_index() -> None:
    text = (CHECKOUT / "README.md").read_text("utf-8")
    targets = re.findall(
        r"\]\(([^)\s]+)|^\[[^]]+\]: (\S+)|(?:src|href)=\"([^\"]+)", text, re.MULTILINE
    )

    links = {next(filter(None, target)) for target in targets}

    assert {link for link in links if not link.startswith(("https://", "#"))} == set()
    assert len(links) > 1


def test_g5_nobody_is_told_to_install_the_distribution_of_that_name_that_is_not_ours() -> None:
    texts = [
        *CHECKOUT.glob("*.md"),
        *CHECKOUT.glob("*.sh"),
        *CHECKOUT.glob("docs/**/*.md"),
        *CHECKOUT.glob("scheduled/**/*.py"),
        *CHECKOUT.glob("handlers/*.py"),
    ]

    wrong = {
        f"{path.relative_to(CHECKOUT)}: {line}"
        for path in texts
        for line in path.read_text("utf-8").splitlines()
        if OTHERS.search(line)
    }

    assert wrong == set()


@pytest.mark.parametrize(
    "line",
    [
        "pip install scheduled",
        "pip3 install --user 'scheduled[guards]'",
        "pipx install scheduled==0.2",
        "uv tool install scheduled",
        "uvx scheduled status",
    ],
)
def test_such_a_line_would_be_found(line: str) -> None:
    assert OTHERS.search(line)


def build(checkout: Path, folder: Path, *options: str) -> None:
    """Build distributions into a folder."""
    answer = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", folder, checkout],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def pip(venv: Path, *words: str | Path) -> None:
    """Install or uninstall in an environment, without an index."""
    verb, *rest = words
    options = ("--no-index", "--no-deps") if verb == "install" else ()
    command = [sys.executable, "-m", "pip", "--python", venv / "bin/python", verb, *options, *rest]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def imported(venv: Path) -> str:
    """The version that an environment imports whole, as far as it needs no other package."""
    code = (
        "import importlib.metadata as m, scheduled.idle, scheduled.errors, scheduled.handlers;"
        "print(*(m.version(name) for name in ('scheduled-cron', 'scheduled')"
        " if any(d.name == name for d in m.distributions())))"
    )
    answer = subprocess.run(
        [venv / "bin/python", "-I", "-c", code], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() if answer.returncode == 0 else ""


def requirements(name: str) -> list[Requirement]:
    """Return what pyproject.toml asks for and a lock file has to hold."""
    document = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    project, groups = document["project"], document["dependency-groups"]
    texts = {
        "runtime": [*project["dependencies"], *document["build-system"]["requires"]],
        "development": [*project["dependencies"], *project["optional-dependencies"]["dev"]],
        "release": groups["release"],
    }
    return [Requirement(text) for text in texts[name]]


def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def metadata(built: Path) -> Message:
    with wheel(built) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(archive.read(name))


def is_generated(name: str) -> bool:
    """Whether a name is that of a file which only the build writes; the first folder is any."""
    _, _, inside = name.partition("/")
    return inside in {"PKG-INFO", "setup.cfg"} or ".egg-info" in inside or "__pycache__" in inside

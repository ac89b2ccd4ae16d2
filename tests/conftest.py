"""Places that tests work in, and the surroundings they work in.

Nothing here reaches the real home folder, and nothing of the shell the tests were started from
reaches them.
"""

import collections
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.builders import isolation, soak

if TYPE_CHECKING:
    from tests.builders.looks import Home

# The same examples on every machine and every day, however slow it is. `make soak` looks for new
# ones, as does pytest with the option --hypothesis-profile=search.
hypothesis.settings.register_profile(
    "anywhere",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("search" if soak.SOAK else "anywhere")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the captures of views anew."""
    parser.addoption("--golden", action="store_true", help="write the captures of views anew")


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Isolate the tests once pytest itself has looked at its surroundings."""
    isolation.isolate()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was skipped and how to get it, a line for each reason."""
    reasons = collections.Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
    )
    if reasons:
        terminalreporter.section("skipped tests")
    for reason, count in sorted(reasons.items()):
        terminalreporter.line(f"{count:4}  {reason}")


@pytest.fixture(autouse=True)
def _no_real_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Let whoever forgets to name a place fail, instead of writing into somebody's home."""
    home = tmp_path_factory.getbasetemp() / "home-of-nobody"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    """Undo what a command does that a test calls in this process: it takes it to be its own.

    Hypothesis asks the garbage collector what refers to an object, and frozen ones are not found.
    """
    yield
    gc.unfreeze()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter and only its owner may write to."""
    folder = Path(tempfile.mkdtemp(prefix="scheduled-test-"))
    folder.chmod(0o755 if os.geteuid() == 0 else 0o555)
    try:
        yield folder
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder that only its owner may write to, for an ecosystem or a configuration."""
    path = tmp_path / "root"
    path.mkdir(mode=0o755)
    return path


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> "Home":
    """A home with a month of 25 jobs, to be looked at and left as it is."""
    from tests.builders.month import grown

    return grown(tmp_path_factory.mktemp("month"))


@pytest.fixture(scope="session")
def large_month(tmp_path_factory: pytest.TempPathFactory) -> "Home":
    """The same with 100 jobs."""
    from tests.builders.month import grown

    return grown(tmp_path_factory.mktemp("large-month"), 100)

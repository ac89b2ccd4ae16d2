"""Places that tests work in. Nothing here reaches the real home folder."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["scheduled.testing"]

_OURS = ("SCHEDULED_ROOT", "SCHEDULED_CONFIG", "SCHEDULED_STATE_DIR", "AIPASS_HOME", "TZ")


@pytest.fixture(autouse=True)
def _no_real_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whoever forgets to name a place fails, instead of writing into somebody's home."""
    for name in (*_OURS, "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.getbasetemp() / "home-of-nobody"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))


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

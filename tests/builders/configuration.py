"""Configuration files as tests write them, and what is made of them."""

from pathlib import Path

import pytest

from scheduled.config import load
from scheduled.config.load import Config
from scheduled.config.paths import PathOptions
from scheduled.errors import ConfigError
from scheduled.jobs.model import Job


def options(root: Path, **environ: str) -> PathOptions:
    environ = {"HOME": str(root), "TZ": "Europe/Berlin", **environ}
    return PathOptions(root=str(root), state_dir=str(root / "state"), environ=environ)


def written(root: Path, text: str) -> Path:
    path = root / "scheduled.yaml"
    path.write_text(text)
    path.chmod(0o644)
    return path


def loaded(root: Path, text: str) -> Config:
    written(root, text)
    return load.load(options(root))


def the_job(root: Path, text: str) -> Job:
    """The job `one`, whose keys are `text`."""
    found = loaded(root, f"jobs:\n  one: {text}\n")
    assert found.problems == ()
    return next(job for job in found.jobs if job.id == "one")


def refusal(root: Path, text: str) -> str:
    """What is said about a file that is refused as a whole."""
    with pytest.raises(ConfigError) as caught:
        loaded(root, text)
    return str(caught.value)


def complaint(root: Path, keys: str) -> str:
    """What is said about the job `one`, whose keys are `keys`, without the place."""
    found = loaded(root, f"jobs:\n  one: {keys}\n")
    assert "one" not in {job.id for job in found.jobs}
    return "; ".join(found.problems).replace("scheduled.yaml:2: jobs.", "")


def job_file(root: Path, name: str, text: str | bytes) -> Path:
    """The file `name` in the folder `jobs`, which only its owner may write to."""
    path = root / "jobs" / name
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o644)
    return path

"""`scheduled cron` with a crontab command of its own."""

from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from scheduled.cli.main import group
from scheduled.errors import ScheduledError


@dataclass(frozen=True)
class Place:
    root: Path
    state_dir: Path
    config_path: Path | None = None


def invoke(place: Place, *words: str) -> Result:
    options = ["--root", str(place.root), "--state-dir", str(place.state_dir)]
    if place.config_path is not None:
        options = ["--config", str(place.config_path), *options]
    return CliRunner().invoke(group, [*options, "cron", *words], standalone_mode=False)


def said(place: Place, *words: str) -> str:
    result = invoke(place, *words)
    assert result.exception is None, result.exception
    return result.stdout


def refused(place: Place, *words: str) -> ScheduledError:
    error = invoke(place, *words).exception
    assert isinstance(error, ScheduledError), error
    return error

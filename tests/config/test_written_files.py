"""`log_file`, `metrics_file`, `page`: a name of ours is a mistake: the file would be damaged."""

from pathlib import Path

import pytest

from tests.builders.jobs import at
from tests.builders.looks import Home

JOB = 'jobs: {once: {schedule: "* * * * *", command: "true", first_run: now}}\n'
OURS = {
    "scheduled.yaml": "is part of the configuration",
    "x/../scheduled.yaml": "is part of the configuration",
    "link/scheduled.yaml": "is part of the configuration",
    "jobs/a.yaml": "is part of the configuration",
    "handlers/photos.py": "is part of the configuration",
    "state/scheduled_state.json": "is part of the state",
    "state/heartbeat": "is part of the state",
    "state/journal/2026-11-21.jsonl": "is part of the state",
    "state/locks/once.lock": "is part of the state",
    "state/runs/once/x.log": "is part of the state",
    "link/state/cache/x": "is part of the state",
    "state/failed-pings.json": "has a name that files of the state",
    "state/central/SCHEDULED.central.json": "has a name that files of the state",
}
"""Names below the root, and what they are."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Home:
    """A home whose state is below its root, with a link that leads back to that."""
    home = Home(tmp_path)
    (home.folder / "x").mkdir()
    (home.folder / "link").symlink_to(".")
    for name in ("jobs/a.yaml", "handlers/photos.py"):
        path = home.folder / name
        path.parent.mkdir()
        path.write_text("")
    return home


def settings(key: str, name: str) -> str:
    value = f"{{path: {name}}}" if key == "page" else name
    return f"jobs_dir: jobs\nhandler_dirs: handlers\nstate_dir: state\n{key}: {value}\n{JOB}"


@pytest.mark.parametrize("key", ["log_file", "metrics_file", "page"])
@pytest.mark.parametrize("name", OURS)
def test_a_file_of_ours_is_refused_and_stays_as_it_is(elsewhere: Home, key: str, name: str) -> None:
    home, text = elsewhere, settings(key, name)
    home.configure(text)

    config = home.session(at("12:00")).config

    (problem,) = [sentence for sentence in config.problems if key in sentence]
    assert problem.startswith(f"scheduled.yaml:4: {key}: {home.folder}/{name}: {OURS[name]}")
    assert (config.log_path, config.metrics_path, config.page_path) == (None, None, None)
    assert config.origins[key] == "default"
    assert "once" in [job.id for job in config.jobs]


@pytest.mark.parametrize("name", ["ticks.log", "state/ticks.log", "state/logs/a", "jobs/log.txt"])
def test_any_other_file_may_be_named(elsewhere: Home, name: str) -> None:
    elsewhere.configure(settings("log_file", name))

    config = elsewhere.session(at("12:00")).config

    assert not [sentence for sentence in config.problems if "log_file" in sentence]
    assert config.log_path == elsewhere.folder / Path(name)


def test_two_settings_never_name_the_same_file(elsewhere: Home) -> None:
    elsewhere.configure(settings("metrics_file", "out.txt") + "page: {path: link/out.txt}\n")

    config = elsewhere.session(at("12:00")).config

    (problem,) = [sentence for sentence in config.problems if "out.txt" in sentence]
    assert problem.startswith("scheduled.yaml:6: page:")
    assert problem.endswith("is the file of metrics_file already; choose another file")
    assert (config.metrics_path, config.page_path) == (elsewhere.folder / "out.txt", None)

"""`log_file`: what ticks do, a line each."""

import logging
import os
import re
from pathlib import Path

import pytest

from scheduled.ecosystem import logs
from scheduled.jobs.model import Job
from tests.builders import needs, people
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

FORMAT = "%(asctime)s [%(name)s] %(levelname)s: %(message)s"
"""GAIA's."""


@pytest.fixture
def good() -> Job:
    return job("good", schedule="0 * * * *", command="true")


@pytest.fixture
def bad() -> Job:
    return job("bad", schedule="0 * * * *", command="echo 'one\ntwo'; exit 3")


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_a25_each_line_has_the_form_of_pythons_logging(tmp_path: Path, good: Job, bad: Job) -> None:
    engine = Engine(tmp_path, [good, bad], log_file="logs/scheduler.log")
    engine.run_at("10:30")
    engine.run_at("11:00")

    said = lines(tmp_path / "logs/scheduler.log")
    record = logging.LogRecord("gaia.runtime", logging.ERROR, "", 0, "x", None, None)
    shape = re.escape(logging.Formatter(FORMAT).format(record))
    shape = re.sub(r"\d+", r"\\d+", shape).replace("ERROR:\\ x", r"[A-Z]+:\ .+")
    assert all(re.fullmatch(shape, line) for line in said)
    assert said[0].startswith("2026-11-21 11:00:00,")
    told = [line.partition("[gaia.runtime] ")[2] for line in said]
    assert any(re.fullmatch(r"INFO: good: succeeded after \d\.\d\d s", line) for line in told)
    assert any(line.startswith("ERROR: bad: failed after") for line in told)
    assert told[-1] == "INFO: the tick ended: 2 due, 2 ran, 1 failed, 0 skipped, exit code 1"


@pytest.mark.parametrize(
    ("level", "found"),
    [("DEBUG", {"DEBUG", "INFO", "ERROR"}), ("INFO", {"INFO", "ERROR"}), ("ERROR", {"ERROR"})],
)
def test_a_level_leaves_out_what_is_less_grave(
    tmp_path: Path, good: Job, bad: Job, level: str, found: set[str]
) -> None:
    engine = Engine(tmp_path, [good, bad], log_file="log", log_level=level, log_name="mine")
    engine.run_at("10:30")
    engine.run_at("11:00")

    levels = {re.search(r"\[mine\] ([A-Z]+):", line)[1] for line in lines(tmp_path / "log")}  # type: ignore[index]
    assert levels == found


def test_a_scheduled_time_without_a_run_and_a_lost_state_are_in_it(tmp_path: Path) -> None:
    late = job("late", schedule="0 * * * *", command="true", max_lateness=60.0)
    engine = Engine(tmp_path, [late], log_file="log")
    engine.run_at("10:30")
    engine.run_at("11:30")
    (engine.state_dir / "scheduled_state.json").write_text("{")
    engine.run_at("11:31")

    text = (tmp_path / "log").read_text()
    assert "] WARNING: late: skipped (2026-11-21T11:00:00Z): " in text
    assert "] CRITICAL: " in text


def test_without_the_setting_there_is_no_log(tmp_path: Path, bad: Job) -> None:
    engine = Engine(tmp_path, [bad])
    engine.run_at("10:30")
    engine.run_at("11:00")

    assert {path.name for path in tmp_path.iterdir()} == {"state", "central"}


def test_its_errors_are_not_those_of_the_ecosystem(tmp_path: Path, bad: Job) -> None:
    engine = Engine(tmp_path, [bad], log_file="system_logs/flow_jobs.log")
    engine.run_at("10:30")
    engine.run_at("11:00")
    now = at("11:30")

    assert "ERROR: bad" in (tmp_path / "system_logs/flow_jobs.log").read_text()
    scan = logs.scan(tmp_path, [], now, now.tzinfo, tmp_path / "cache")  # type: ignore[arg-type]
    assert scan is not None
    assert (scan.file_count, scan.recent_errors) == (1, 0)


def test_it_is_rotated_by_size_and_by_age(tmp_path: Path, bad: Job) -> None:
    rotation = {"size": 100_000, "age": 3 * 86_400.0, "count": 5}
    engine = Engine(tmp_path, [bad], log_file="log", log_rotation=rotation)
    days = ("21", "22", "23", "24", "25")
    names = []
    for day in days:
        engine.run_at(f"2026-11-{day} 11:00")
        names.append(sorted(path.name for path in tmp_path.glob("log*")))

    assert names == [[], *[["log"]] * 3, ["log", "log.1"]]

    engine.settings["log_rotation"] = {**rotation, "size": 10}
    engine.run_at("2026-11-25 12:00")
    assert sorted(path.name for path in tmp_path.glob("log*")) == ["log", "log.1", "log.2"]


@pytest.mark.parametrize("kind", ["directory", "fifo", "link of others", "theirs", "hard link"])
def test_what_is_no_log_of_ours_is_named_and_jobs_run(tmp_path: Path, good: Job, kind: str) -> None:
    needs.root()
    folder, victim = tmp_path / "logs", tmp_path / "victim"
    folder.mkdir()
    victim.write_text("")
    log = folder / "log"
    match kind:
        case "directory":
            log.mkdir()
        case "fifo":
            os.mkfifo(log)
        case "link of others":
            log.symlink_to(victim)
            people.give(folder)
        case "theirs":
            log.write_text("")
            people.give(log)
        case _:
            os.link(victim, log)
    engine = Engine(tmp_path, [good], log_file="logs/log")
    engine.run_at("10:30")

    report = engine.run_at("11:00")

    assert [row["outcome"] for row in report.ran] == ["succeeded"]
    assert [text for text in report.warnings if text.startswith(f"log_file: {log}: cannot be")]
    assert victim.read_text() == ""

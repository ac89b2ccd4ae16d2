"""examples/container: its first process as a first process, its jobs, and what its files promise.

No image is built here, as tests have no registry to take a base from: `ticks.py` runs as process 1
of a namespace of its own, and the lines of the Dockerfile are read.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.builders import needs
from tests.builders.examples import FOLDER, Example
from tests.builders.message_servers import Server
from tests.builders.people import wait_for

DOCKERFILE = (FOLDER / "container/Dockerfile").read_text().replace("\\\n", " ")


def instructions(name: str) -> list[str]:
    return [line[len(name) :].strip() for line in DOCKERFILE.splitlines() if line.startswith(name)]


@pytest.fixture
def example(tmp_path: Path, web: Server) -> Example:
    example = Example("container", tmp_path)
    example.environ |= {"ALERT_URL": f"http://127.0.0.1:{web.port}/alert"}
    (example.home / "exports").mkdir()
    path = example.root / "scheduled.yaml"
    path.write_text(path.read_text().replace("/srv/exports", f'"{example.home}/exports"'))
    return example


# ---------------------------------------------------------------- the first process


JOB = """\
jobs:
  long:
    schedule: "* * * * *"
    first_run: now
    command: trap 'echo stopped >> ended; exit 1' TERM; echo $$ >> began; sleep 1000 & wait
    report: always
  orphans:
    schedule: "* * * * *"
    first_run: now
    command: sh -c '(sleep 0.3 & echo $! >> orphans) ; exit 0'
"""


@contextmanager
def first_process(example: Example) -> Iterator[subprocess.Popen[str]]:
    """Run the entry point as process 1 of a namespace; the real one has its own mounts, too."""
    needs.root()
    needs.programs("unshare")
    isolated = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
    entry = [sys.executable, "-I", str(example.root / "ticks.py")]
    places = {"SCHEDULED_ROOT": str(example.root), "SCHEDULED_STATE_DIR": str(example.state)}
    process = subprocess.Popen(
        [*isolated, *entry],
        env=example.environ | places,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def inside(process: subprocess.Popen[str]) -> int:
    """The process that is number 1 inside."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_for(lambda: path.read_text() != "", 30)
    return int(path.read_text().split()[0])


def zombies(first: int) -> list[str]:
    found = []
    for path in Path(f"/proc/{first}/task/{first}/children").read_text().split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it is reaped
            status = Path(f"/proc/{path}/stat").read_text()
            found += [status] if status.rpartition(")")[2].split()[0] == "Z" else []
    return found


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.mark.slow
def test_the_first_process_ticks_reaps_and_stops_jobs_when_the_container_is_stopped(
    example: Example,
) -> None:
    (example.root / "scheduled.yaml").write_text(JOB)
    with first_process(example) as process:
        first = inside(process)
        assert wait_for(lambda: lines(example.root / "began") == 1, 30)
        # The tick with the long job goes on; the next one comes on the minute all the same.
        assert wait_for(lambda: lines(example.root / "orphans") == 2, 90)
        assert wait_for(lambda: len(example.rows("orphans")) >= 2, 30)
        assert wait_for(lambda: zombies(first) == [], 30)
        os.kill(first, signal.SIGTERM)
        printed, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert (example.root / "ended").read_text() == "stopped\n"
    assert [row["outcome"] for row in example.rows("long")][:1] == ["interrupted"]
    assert "Traceback" not in printed
    with first_process(example) as process:
        assert wait_for(lambda: lines(example.root / "began") == 2, 30)


@pytest.mark.slow
def test_it_ends_at_once_where_nothing_runs(example: Example) -> None:
    with first_process(example) as process:
        first = inside(process)
        assert wait_for(lambda: example.outcomes("summary") == ["succeeded"], 30)
        os.kill(first, signal.SIGTERM)
        printed, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "summary: succeeded" in printed  # in the log of the container


# ---------------------------------------------------------------- the jobs


def test_a_new_container_runs_a_job_at_once_and_one_after_a_gap_makes_up_for_it(
    example: Example,
) -> None:
    (example.home / "exports/a b").write_text("x")

    first = example.tick("2026-11-20 12:10")["summary"]
    late = example.tick("2026-11-20 18:10")["summary"]

    assert first["result"]["files"] == 1
    assert (late["outcome"], late["missed"]) == ("succeeded", 5)


def test_old_exports_are_deleted_at_night_and_not_at_noon(example: Example) -> None:
    for name, days in (("new one", 6), ("old one", 8)):
        path = example.home / "exports" / name
        path.touch()
        moment = time.time() - days * 86400
        os.utime(path, (moment, moment))
    example.tick("2026-11-20 12:00")

    at_noon = example.tick("2026-11-21 12:00")
    at_night = example.tick("2026-11-22 03:30")

    assert "cleanup" not in at_noon
    assert at_night["cleanup"]["outcome"] == "succeeded"
    assert [path.name for path in (example.home / "exports").iterdir()] == ["new one"]


def test_a_volume_that_is_not_mounted_is_told_once(example: Example, web: Server) -> None:
    example.tick("2026-11-20 12:00")
    (example.home / "exports").rename(example.home / "away")
    for hour in (13, 14, 15):
        example.tick(f"2026-11-20 {hour}:00")
    told = [json.loads(message["body"])["text"] for message in web.accepted]
    (example.home / "away").rename(example.home / "exports")

    example.tick("2026-11-20 16:00")

    assert len(told) == 1
    assert told[0].startswith("summary: failing")
    assert len(web.accepted) == 2


# ---------------------------------------------------------------- the image


def test_what_the_dockerfile_copies_is_there_and_not_ignored() -> None:
    kept = {line[1:] for line in (FOLDER / "container/.dockerignore").read_text().splitlines()[1:]}

    copied = [line.split()[0].rstrip("/") for line in instructions("COPY")]

    assert {*copied} == kept
    for name in copied:
        assert name.endswith(".whl") or (FOLDER / "container" / name).exists()


def test_jobs_run_as_an_ordinary_user_who_cannot_change_them() -> None:
    assert instructions("USER") == ["scheduled"]
    after = DOCKERFILE.partition("\nUSER")[2]
    assert "COPY" not in after
    assert "chown" not in DOCKERFILE
    (entry,) = map(json.loads, instructions("ENTRYPOINT"))
    assert f"COPY ticks.py {entry[-1]}\n" in DOCKERFILE


def health(example: Example) -> int:
    """The exit code of the health check, as Docker runs it."""
    command = json.loads(re.findall(r"CMD (\[.*\])", instructions("HEALTHCHECK")[0])[0])
    places = {"SCHEDULED_ROOT": str(example.root), "SCHEDULED_STATE_DIR": str(example.state)}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = example.environ | places | {"PATH": path}
    return subprocess.run(command, env=environ, check=False, capture_output=True).returncode


def test_the_health_check_is_about_ticks_and_not_about_a_single_job(example: Example) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    never = Example("container", example.home)
    (never.root / "scheduled.yaml").write_text("jobs: [\n")
    example.tick(now)
    healthy = health(example)
    (example.home / "exports").rename(example.home / "away")
    example.tick(now, "summary")
    with_a_failure = health(example)
    late = Example("container", example.home / "late")
    late.environ |= {"ALERT_URL": "http://127.0.0.1:9/"}
    late.tick("2026-11-20 12:00")

    assert (healthy, with_a_failure) == (0, 0)
    assert (health(late), health(never)) == (1, 1)

"""The idle tick: taken when nothing can be due, and never when something may be."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import scheduled
from scheduled import idle
from scheduled.config.load import load
from scheduled.config.paths import PathOptions
from scheduled.state import heartbeat
from scheduled.state.records import job_memory
from scheduled.state.store import Store
from scheduled.ticks import idle_hint
from scheduled.ticks.idle_hint import IdleHint
from tests.builders.beside import PATIENCE, wait_for
from tests.builders.idle import is_idle
from tests.builders.jobs import RARELY

pytestmark = pytest.mark.slow

ENTRY = Path(scheduled.__file__).parent / "__main__.py"
RARE = f'jobs:\n  backup: {{command: "true", schedule: "{RARELY}"}}\n'
OFF = "".join(
    f"  {name}: {{enabled: false}}\n"
    for name in ("health", "memory_rollover", "mail_cleanup", "metrics", "daily_report")
)
NEEDED_BY_OTHERS = {
    *("rich", "yaml", "psutil", "statistics", "difflib", "filelock", "click"),
    *("scheduled.config.validate", "scheduled.runs.handler_params", "scheduled.config.importers"),
    *("scheduled.notify.mailbox", "scheduled.views.progress"),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a job that is not due, ticked once, and the hint of that tick."""
    configure(tmp_path, RARE + OFF)
    assert tick(tmp_path).returncode == 0
    assert (tmp_path / "state" / idle.HINT).exists()
    return tmp_path


def test_a_tick_with_nothing_to_do_leaves_only_its_heartbeat(home: Path) -> None:
    before = files(home / "state")

    assert tick(home).returncode == 0

    after = files(home / "state")
    assert {name for name in after if after[name] != before[name]} == {"heartbeat"}


def test_an_idle_tick_imports_nothing_from_outside_the_interpreter(home: Path) -> None:
    done = tick(home, "-X", "importtime")

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "scheduled.idle" in imported
    assert imported.isdisjoint({"os", "json", "click", "datetime", "site", "scheduled.cli.main"})


def test_a_full_tick_imports_neither_rich_nor_yaml_while_nothing_changed(home: Path) -> None:
    (home / "state" / idle.HINT).unlink()

    done = tick(home, "-X", "importtime")

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "scheduled.ticks.tick" in imported
    assert imported.isdisjoint({"rich", "yaml", "psutil"})


def test_a_tick_that_runs_a_command_imports_nothing_that_only_other_jobs_need(home: Path) -> None:
    years_ago = "2020-06-01T00:00:00Z"
    store = Store(home / "state").load()
    store.record(datetime.now(UTC), {"event": "clamped", "job": "backup", "watermark": years_ago})
    (home / "state" / idle.HINT).unlink()

    done = tick(home, "-X", "importtime")

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert Store(home / "state").load().state["jobs"]["backup"]["counts"] == {"succeeded": 1}
    assert imported.isdisjoint(NEEDED_BY_OTHERS)


def test_once_a_day_a_tick_looks_at_everything_whatever_is_due(home: Path) -> None:
    written, now = (home / "state" / idle.HINT).stat().st_mtime, 24 * 3600

    due = float((home / "state" / idle.HINT).read_text().split("\n")[2])

    assert abs(due - (written + now)) < 60


def test_the_command_and_crons_line_share_the_hint(home: Path) -> None:
    before = files(home / "state")

    command = [sys.executable, "-m", "scheduled", *places(home), "run"]
    subprocess.run(command, check=True, cwd=home)

    assert files(home / "state")["scheduled_state.json"] == before["scheduled_state.json"]


def test_an_edited_configuration_is_noticed(home: Path) -> None:
    configure(
        home,
        f'jobs:\n  now: {{command: "echo x >> out", schedule: "{RARELY}", first_run: now}}\n' + OFF,
    )

    tick(home)

    assert (home / "out").read_text() == "x\n"


def test_a_configuration_taken_away_is_noticed(home: Path) -> None:
    (home / "scheduled.yaml").unlink()
    (home / "AI_CENTRAL").mkdir()

    tick(home)

    assert set(Store(home / "state").load().state["jobs"]) >= {"health", "metrics"}


def test_what_another_command_recorded_is_noticed(home: Path) -> None:
    before = files(home / "state")["scheduled_state.json"]
    command = [sys.executable, "-m", "scheduled", *places(home), "disable", "backup"]
    subprocess.run(command, check=True, capture_output=True)

    tick(home)

    state = Store(home / "state").load().state
    assert state["ticks"]["count"] == 2
    assert files(home / "state")["scheduled_state.json"] != before


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (0, "scheduled hint 0"),
        (1, "called in another way"),
        (2, "1000.0"),
        (2, "soon"),
        (3, "0.0"),
        (4, "none"),
        (5, "/no/such/file\0001 2 3"),
    ],
)
def test_a_hint_that_does_not_hold_makes_a_full_tick(home: Path, line: int, value: str) -> None:
    hint = home / "state" / idle.HINT
    lines = hint.read_text().split("\n")
    lines[line] = value
    hint.write_text("\n".join(lines))

    tick(home)

    assert Store(home / "state").load().state["ticks"]["count"] == 2


@pytest.mark.parametrize("content", ["", "\0", idle.VERSION, "x" * 100_000, "\udcff"])
def test_a_broken_hint_is_as_good_as_none(home: Path, content: str) -> None:
    (home / "state" / idle.HINT).write_bytes(content.encode("utf-8", "surrogateescape"))

    assert tick(home).returncode == 0

    assert Store(home / "state").load().state["ticks"]["count"] == 2


def test_a_hint_that_is_cut_off_is_as_good_as_none(home: Path) -> None:
    path = home / "state" / idle.HINT
    hint = path.read_bytes()

    accepted = []
    for size in range(len(hint)):
        path.write_bytes(hint[:size])
        accepted += [size] if is_idle([*places(home), "run"]) else []

    assert accepted == []
    path.write_bytes(hint)
    assert is_idle([*places(home), "run"])


@pytest.mark.parametrize(
    "name",
    [
        *("SCHEDULED_ROOT", "SCHEDULED_CONFIG", "SCHEDULED_STATE_DIR", "SCHEDULED_HOST"),
        *("AIPASS_HOME", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TZ"),
    ],
)
def test_a_hint_holds_for_one_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert is_idle([*places(home), "run"])

    monkeypatch.setenv(name, "/Asia/Kathmandu")

    assert not is_idle([*places(home), "run"])


@pytest.mark.parametrize(("seconds", "expected"), [(-0.001, True), (0.0, False)])
def test_a_tick_is_idle_until_the_instant_something_is_due(
    home: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, expected: bool
) -> None:
    due = float((home / "state" / idle.HINT).read_text().split("\n")[2])
    clocks = (home / "state" / idle.HEARTBEAT).read_text().split()
    (home / "state" / idle.HEARTBEAT).write_text(" ".join([f"{due - 60:.3f}", *clocks[1:]]) + "\n")
    monkeypatch.setattr(time, "time", lambda: due + seconds)

    assert is_idle([*places(home), "run"]) is expected


def test_after_a_silence_the_tick_is_a_full_one_and_explains_it(home: Path) -> None:
    beat = (home / "state" / "heartbeat").read_text().split()
    earlier = [f"{float(beat[0]) - 4000:.3f}", f"{float(beat[1]) - 4000:.3f}"]
    earlier += [f"{float(beat[2]) - 4000:.3f}", beat[3]]
    (home / "state" / "heartbeat").write_text(" ".join(earlier) + "\n")

    tick(home)

    (gap,) = Store(home / "state").load().state["gaps"]
    assert gap["cause"] == "cron silent"


@pytest.mark.parametrize(
    ("field", "value"), [(3, "of-another-boot"), (0, "9999999999.000"), (0, "never")]
)
def test_after_a_boot_and_under_a_clock_set_back_the_tick_is_a_full_one(
    home: Path, field: int, value: str
) -> None:
    path = home / "state" / "heartbeat"
    beat = path.read_text().split()
    beat[field] = value
    path.write_text(" ".join(beat) + "\n")

    tick(home)

    assert Store(home / "state").load().state["ticks"]["count"] == 2


def test_a_heartbeat_that_is_gone_makes_a_full_tick(home: Path) -> None:
    (home / "state" / "heartbeat").unlink()

    tick(home)

    assert Store(home / "state").load().state["ticks"]["count"] == 2
    assert (home / "state" / "heartbeat").exists()


def test_an_idle_tick_writes_its_heartbeat_as_a_full_one_would(home: Path) -> None:
    (home / "state" / "heartbeat").write_text(
        (home / "state" / "heartbeat").read_text().rstrip() + " " * 100 + "\n"
    )
    before = heartbeat.load(home / "state")

    tick(home)

    after = heartbeat.load(home / "state")
    assert before is not None
    assert after is not None
    assert before.wall < after.wall
    assert before.boottime < after.boottime
    assert before.boot_id == after.boot_id
    assert len((home / "state" / "heartbeat").read_text()) < 100


def test_a_tick_right_after_an_idle_one_is_idle(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time()) + 5 + 0.0007
    monkeypatch.setattr(time, "time", lambda: now)

    assert is_idle([*places(home), "run"])
    assert is_idle([*places(home), "run"])


def test_global_options_may_stand_after_run(home: Path) -> None:
    assert is_idle(["run", *places(home)])
    assert is_idle([*places(home)[:2], "run", "-q", *places(home)[2:]])
    assert is_idle(["--quiet", *places(home)[2:], *places(home)[:2], "run"])


def test_a_folder_called_run_is_not_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures = set()
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        for root in ("run", "-q", "/srv"):
            signatures.add(idle.signature(["--root", root, "run"]))

    assert len(signatures) == 5  # only the absolute path means the same in both folders


def test_a_folder_called_run_has_a_hint_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEDULED_STATE_DIR", str(tmp_path / "state"))
    command = [sys.executable, "-m", "scheduled", "--root", "run", "run"]
    found = {}
    for name in ("here", "there"):
        home = tmp_path / name / "run"
        home.mkdir(parents=True)
        configure(home, RARE + OFF)
        monkeypatch.chdir(home.parent)
        before = is_idle(["--root", "run", "run"])
        code = subprocess.run(command, check=False).returncode
        found[name] = (before, code, is_idle(["--root", "run", "run"]))

    # The state belongs to the first; a tick of the second is refused, and never idle.
    assert found == {"here": (False, 0, True), "there": (False, 2, False)}


@pytest.mark.parametrize(
    "words", [["--help"], ["run", "run"], [], ["run", "--json"], ["status"], ["run", "extra"]]
)
def test_only_a_bare_run_can_be_idle(home: Path, words: list[str]) -> None:
    assert not is_idle([*places(home), *words])


@pytest.mark.parametrize(("seconds", "expected"), [(-5, False), (1, False), (3, True)])
def test_a_configuration_written_this_second_leaves_no_hint(
    home: Path, seconds: int, expected: bool
) -> None:
    config = load(PathOptions(root=str(home), state_dir=str(home / "state")))
    written = max(stamp[1] for stamp in config.stamps.values() if stamp) / 1e9
    now = datetime.fromtimestamp(written + seconds, UTC)

    hint = IdleHint(["run"], None, timedelta(minutes=5), timedelta(minutes=1))
    idle_hint.write(config, hint, now, {})

    assert (home / "state" / idle.HINT).exists() is expected


BESIDE = """\
  long:
    {schedule: "0 3 1 1 *", first_run: now, overlap: allow,
     command: "touch begun; while [ ! -e go ]; do sleep 0.05; done"}
"""


def test_the_hint_of_a_long_tick_knows_what_a_command_recorded_meanwhile(home: Path) -> None:
    with long_tick(home):
        command = [sys.executable, "-m", "scheduled", *places(home), "defer", "backup"]
        subprocess.run([*command, "--until", "2h"], check=True, capture_output=True)
    deferral = job_memory(Store(home / "state").load().state, "backup").deferral
    assert deferral is not None

    due = float((home / "state" / idle.HINT).read_text().splitlines()[2])

    assert due == deferral.until.timestamp()


def test_no_tick_is_idle_while_a_run_goes_on_whose_tick_may_die(home: Path) -> None:
    with long_tick(home):
        tick(home)

        assert not (home / "state" / idle.HINT).exists()


@contextmanager
def long_tick(home: Path) -> Iterator[None]:
    """A tick whose job goes on until the block ends."""
    configure(home, RARE + BESIDE + OFF)
    command = [sys.executable, "-m", "scheduled", *places(home), "run"]
    with subprocess.Popen(command) as process:
        wait_for((home / "begun").exists)
        yield
        (home / "go").touch()
        process.wait(PATIENCE)


def configure(home: Path, text: str) -> None:
    path = home / "scheduled.yaml"
    path.write_text(text)
    path.chmod(0o644)
    os.utime(path, (1_700_000_000, 1_700_000_000 + len(text)))


def places(home: Path) -> list[str]:
    return ["--root", str(home), "--state-dir", str(home / "state")]


def tick(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """One tick, called as cron calls it."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", *options, str(ENTRY)]
    return subprocess.run(
        [*command, *places(home), "run"], capture_output=True, text=True, check=False
    )


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

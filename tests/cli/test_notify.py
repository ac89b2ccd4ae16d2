"""`scheduled notify test` sends one message by each channel and says what became of it."""

import json
from pathlib import Path

import pytest

from scheduled.cli.main import main

CHANNELS = """
notify:
  good: {kind: command, command: 'cat > good', on: [report]}
  bad: {kind: command, command: 'echo "no such host"; exit 1'}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "scheduled.yaml").write_text(CHANNELS)
    return tmp_path


def call(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["--root", str(root), "--state-dir", str(root / "state"), "notify", *words])
    return (code, *capsys.readouterr())


def test_each_channel_gets_a_message_whatever_its_filters_are(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(root, capsys, "test")

    assert code == 1
    assert out == "good (command): delivered\nbad (command): failed: exit code 1: no such host\n"
    assert "This channel works." in (root / "good").read_text()
    assert not (root / "state").exists()


def test_one_channel_can_be_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(root, capsys, "test", "good", "--json")

    assert code == 0
    assert json.loads(out) == {
        "version": 1,
        "channels": [
            {"name": "good", "kind": "command", "delivered": True, "problem": None, "notes": []}
        ],
    }


def test_an_unknown_channel_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(root, capsys, "test", "goods")

    assert (code, out) == (2, "")
    assert err == "scheduled: no channel is called goods; did you mean good?\n"
    assert call(root, capsys, "test", "a\nb\x1b[2J")[2] == (
        "scheduled: no channel is called a b\\x1b[2J\n"
    )


def test_without_channels_it_says_where_they_belong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scheduled.yaml").write_text("jobs: {}\n")

    code, _, err = call(tmp_path, capsys, "test")

    assert code == 2
    assert "add some below notify:" in err


@pytest.mark.parametrize("words", [(), ("broken",)])
def test_a_channel_that_is_left_out_is_named(
    root: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    (root / "scheduled.yaml").write_text(
        f"{CHANNELS}  broken: {{kind: webhook}}\njobs:\n  one: {{schedule: never}}\n"
    )

    code, _, err = call(root, capsys, "test", *words)

    assert code == 2
    assert "notify.broken: no url or url_file or url_env" in err
    assert "jobs.one" not in err


def test_a_filter_that_lets_no_job_through_is_named(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = "jobs:\n  mine: {schedule: daily, command: 'true'}\n"
    channels = "notify:\n  good: {kind: command, command: 'true', jobs: yours}\n"
    (root / "scheduled.yaml").write_text(channels + jobs)

    code, out, _ = call(root, capsys, "test")

    assert code == 0
    delivered, note = out.splitlines()
    assert delivered == "good (command): delivered"
    assert note == '  scheduled.yaml:1: notify.good.jobs: no job is called "yours"'

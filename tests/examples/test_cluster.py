"""The example `cluster`: with its own cluster, jobs run on workers, and wait for each other."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.demo import cluster
from tests.builders.examples import Example

pytestmark = pytest.mark.slow
pytest.importorskip("distributed", reason="needs distributed, which is in the extra `dask`")


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return Example("cluster", tmp_path / "cluster")


def test_it_runs_on_workers_after_what_it_waits_for(example: Example, dask_cluster: str) -> None:
    example.change("scheduled.yaml", address=dask_cluster)
    rows = example.tick("2026-11-21 22:00", "prepare", "train", "check")

    assert {job: row["outcome"] for job, row in rows.items()} == dict.fromkeys(rows, "succeeded")
    assert rows["prepare"]["where"] is None
    assert (rows["train"]["where"] or {})["worker"].startswith("tcp://127.0.0.1:")
    (output,) = (example.state / "runs/train").glob("*.log")
    assert output.read_text().splitlines()[-1] == "epoch 3"


def test_the_cluster_says_where_it_is_and_ends_when_told() -> None:
    words = [sys.executable, "-m", "scheduled.demo.cluster", "--port", "0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(4)]
    process.terminate()
    process.stdout.close()

    assert process.wait(30) == 0
    assert said[0].startswith("A scheduler at tcp://127.0.0.1:")
    assert "kind: dask" in said[2]


def test_a_cluster_that_cannot_start_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    assert cluster.main([]) == 1
    assert capsys.readouterr().err == f"scheduled.demo.cluster: {cluster.MISSING}\n"

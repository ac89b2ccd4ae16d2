"""Which runs a tick prints, as `report` of a job says, and how much output `retention` keeps."""

from pathlib import Path

import pytest

from scheduled.config import yaml_document
from scheduled.config.collection_values import retention
from scheduled.config.conversion import InvalidValue
from scheduled.config.load import load
from scheduled.config.paths import PathOptions
from tests.builders.command import Said, scheduled, state_dir
from tests.builders.installed import WITHOUT_SWEEPS, configure

JOBS = """\
  loud: {{command: "echo fine", schedule: "0 3 1 1 *", first_run: now, report: {report}}}
  mute: {{command: "true", schedule: "0 3 1 1 *", first_run: now, report: {report}}}
  bad: {{command: "echo oops; exit 3", schedule: "0 3 1 1 *", first_run: now, report: {report}}}
"""


def tick(root: Path, report: str, *options: str) -> Said:
    configure(root, WITHOUT_SWEEPS + JOBS.format(report=report))
    return scheduled(root, "run", *options)


@pytest.mark.parametrize(
    ("report", "printed"),
    [
        ("failure", ["bad"]),
        ("output", ["bad", "loud"]),
        ("always", ["bad", "loud", "mute"]),
        ("never", []),
    ],
)
def test_e7_a_tick_prints_the_runs_that_report_names(
    root: Path, report: str, printed: list[str]
) -> None:
    said = tick(root, report)

    heads = [line.partition(":")[0] for line in said.err.splitlines() if line[:1] != " "]
    assert sorted(heads) == printed
    assert said.code == 1
    assert said.out == ""
    assert said.is_plain_speech


def test_e7_the_block_of_a_success_has_its_output_and_its_next_run(root: Path) -> None:
    said = tick(root, "output")

    block = said.err.partition("loud: ")[2]
    assert block.startswith("succeeded\n")
    assert "  | fine\n" in block
    assert "next run: 20" in block
    assert f"  log: {state_dir(root)}/runs/loud/" in block


@pytest.mark.slow
def test_where_a_person_asks_each_failure_is_printed_and_no_success(root: Path) -> None:
    assert "bad: failed: exit code 3" in tick(root, "never", "--verbose").err
    triggered = scheduled(root, "trigger", "bad")
    assert "bad: failed: exit code 3" in triggered.err

    configure(root, WITHOUT_SWEEPS + JOBS.format(report="always"))
    assert scheduled(root, "trigger", "loud").err == ""


@pytest.mark.slow
def test_e9_after_each_run_no_more_output_is_kept_than_count_says(root: Path) -> None:
    job = '  loud: {command: "echo fine", schedule: "0 3 1 1 *", retention: {count: 2}}\n'
    configure(root, WITHOUT_SWEEPS + job)

    for _ in range(4):
        assert scheduled(root, "trigger", "loud").code == 0

    assert len(list((state_dir(root) / "runs/loud").glob("*.log"))) == 2


def test_the_limits_of_a_job_survive_the_cache(root: Path) -> None:
    job = '  loud: {command: "echo", schedule: daily, retention: {age: 2d, count: 3, size: 5K}}\n'
    configure(root, f"retention: {{size: 1G}}\n{WITHOUT_SWEEPS}{job}")
    asked = PathOptions(root=str(root), state_dir=str(state_dir(root)), environ={"TZ": "UTC"})

    first = load(asked)
    first.save_caches()
    second = load(asked)

    for config in (first, second):
        assert config.retention == {"size": 1024**3}
        assert config.jobs[-1].retention == {"age": 2 * 86_400.0, "count": 3, "size": 5 * 1024}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("30d", "expected limits like"),
        ("{agee: 30d}", "did you mean age?"),
        ("{age: soon}", "age: "),
        ("{count: 0}", "count: "),
        ("{size: 5 apples}", "size: "),
        ("{age: 1d, age: 2d}", "duplicate key"),
    ],
)
def test_limits_that_mean_nothing_are_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason.replace("?", r"\?")):
        retention(yaml_document.parse(text.encode(), "retention"))

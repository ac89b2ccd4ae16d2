"""Keys and values of other schedulers in the configuration, and what is said about them."""

from pathlib import Path

import pytest

from scheduled.config import load, unknown_keys, unknown_values
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.keys import KEYS
from scheduled.config.paths import PathOptions
from scheduled.errors import ConfigError
from scheduled.jobs import model

JOB = {
    "on_failure: x": "who is told is set by `notify`, at the top of scheduled.yaml",
    "cron: 0 2 * * *": "did you mean schedule?",
    "OnCalendar: daily": "did you mean schedule?",
    "every: 5 minutes": 'write schedule: "every 5m"',
    "every: 1h": 'write schedule: "every 1h"',
    "at: 2am": 'write schedule: "0 2 * * *"',
    "interval: 300": "did you mean schedule?",
    "retries: 3": "did you mean max_retries?",
    "backoffLimit: 3": "did you mean max_retries?",
    "maxRetries: 3": "did you mean max_retries?",
    "max_attempts: 3": "write max_retries, which does not count the first attempt",
    "concurrencyPolicy: Forbid": "did you mean overlap?",
    "startingDeadlineSeconds: 3": "did you mean max_lateness?",
    "timeout-minutes: 5": "write timeout, a duration such as 5m",
    "timeZone: UTC": "did you mean timezone?",
    "misfire_grace_time: 3": "did you mean max_lateness?",
    "coalesce: true": "did you mean catch_up?",
    "depends_on: x": "did you mean after?",
    "needs: x": "did you mean after?",
    "python_callable: x": "did you mean handler?",
    "ExecStart: x": "did you mean command?",
    "WorkingDirectory: /": "did you mean cwd?",
    "RandomizedDelaySec: 5m": "did you mean jitter?",
    "suspend: true": "write enabled: false",
    "notify: x": "it is a setting for all jobs; it stands at the top of scheduled.yaml",
    "day_of_week: mon": "minute, hour, day, month and weekday stand in one line",
    "comand: x": "did you mean command?",
    "catch_up: once": "did you mean latest?",
    "catch_up: skipp": "did you mean skip?",
    "overlap: Forbid": "did you mean skip?",
    "priority: critical": "did you mean urgent?",
    "report: on_failure": "did you mean failure?",
    "timeout: 5 min": "write 5m",
    "max_age: never": "write none to disable it",
    "idle_only: 'on'": "did you mean true?",
}
TOP = {
    "mailto: x": "did you mean notify?",
    "max_workers: 3": "did you mean max_concurrent?",
    "tz: UTC": "did you mean timezone?",
    "command: x": "it is a key of a job and stands below jobs: and the id of the job",
    "job_defaults: {}": "did you mean defaults?",
    "max_lateness: 6h": "it is a key of a job and stands below jobs: and the id of the job, or,"
    " for all jobs that are not built in, below defaults:",
    "default_timeout: 1 hour": "write 1h",
}


def problems(text: str, root: Path) -> list[str]:
    """What is wrong with a configuration, a sentence each."""
    (root / "scheduled.yaml").write_text(text)
    options = PathOptions(str(root), None, str(root / "state"), {}, root)
    try:
        config = load.load(options)
    except ConfigError as error:
        return list(error.problems)
    return [*config.problems, *config.warnings]


@pytest.mark.parametrize(("line", "advice"), JOB.items())
def test_a_key_or_value_of_a_job_is_answered_with_the_one_that_is_meant(
    line: str, advice: str, tmp_path: Path
) -> None:
    found = problems(
        f"jobs:\n  own.a:\n    command: x\n    schedule: daily\n    {line}\n", tmp_path
    )

    key = line.partition(":")[0]
    (about,) = [sentence for sentence in found if f"own.a.{key}:" in sentence]
    assert f"; {advice}" in about


@pytest.mark.parametrize(("line", "advice"), TOP.items())
def test_a_setting_is_answered_with_the_one_that_is_meant(
    line: str, advice: str, tmp_path: Path
) -> None:
    (about,) = problems(f"{line}\n", tmp_path)

    assert about.endswith(f"; {advice}")


def test_no_key_or_word_that_exists_is_taken_for_another() -> None:
    def plain(name: str) -> str:
        return name.replace("_", "")

    for table, keys in (
        (unknown_keys._OF_JOBS, JOB_KEYS),
        (unknown_keys._OF_THE_CONFIGURATION, KEYS),
    ):
        names = [name for names in table.values() for name in names.split()]
        assert len(names) == len({*names})
        assert not {*names} & {plain(key) for key in keys}
        assert {proposal for proposal in table if " " not in proposal} <= {*keys}
    for policy, words in unknown_values.WORDS.items():
        values = {str(value) for value in getattr(model, policy)}
        assert {*words.values()} <= values
        assert not {*words} & values


def test_what_is_said_to_be_a_setting_is_one() -> None:
    settings = {key.replace("_", "") for key in KEYS}

    assert {*unknown_keys._OF_JOBS[unknown_keys._ALL_JOBS].split()} <= settings

"""Handlers of others: their params, checked when they run and by `config validate`."""

import os
from pathlib import Path

import pytest

from scheduled.runs import handler_params
from scheduled.system.trusted import Trust
from tests.builders.engine import Engine, first_run
from tests.builders.jobs import job

THEIRS = """\
from scheduled.handler import Kind, Param

PARAMS = {"keep": Param("how many copies are kept", Kind.COUNT, 7)}
print("imported")


def run(context):
    return {"keep": context.params.get("keep", 7)}
"""


def theirs(folder: Path, text: str = THEIRS, **params: object) -> list[str]:
    """What is said about params of the handler `theirs.copies`, which is written for it."""
    package = folder / "theirs"
    package.mkdir(exist_ok=True)
    (package / "copies.py").write_text(text)
    the_job = job(
        handler="theirs.copies",
        params=params,
        source="scheduled.yaml:3",
        env={"PYTHONPATH": str(folder)},
    )
    return list(handler_params.problems([the_job], os.environ, folder, Trust()))


def test_params_that_fit_are_not_mentioned(tmp_path: Path) -> None:
    assert theirs(tmp_path, keep=3) == []


def test_params_that_do_not_fit_are_named_with_the_place_of_their_job(tmp_path: Path) -> None:
    assert theirs(tmp_path, kep=3, keep="3") == [
        "scheduled.yaml:3: backup: params.kep: unknown param; did you mean keep?",
        'scheduled.yaml:3: backup: params.keep: "3": expected a whole number above 0',
    ]


def test_a_handler_that_declares_nothing_accepts_anything(tmp_path: Path) -> None:
    assert theirs(tmp_path, "def run(context): ...\n", whatever=1) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import os\nos._exit(3)\n", "no error message"),
        ("raise RuntimeError('no key')\n", "RuntimeError: no key"),
        ("def run(context:\n", "SyntaxError"),
        ("PARAMS = {'keep': 7}\n", "PARAMS in theirs.copies is no table"),
    ],
)
def test_a_module_that_cannot_be_imported_is_reported_and_does_no_harm(
    tmp_path: Path, text: str, why: str
) -> None:
    (sentence,) = theirs(tmp_path, text, keep=1)

    assert sentence.startswith("scheduled.yaml:3: backup: handler: theirs.copies: cannot be")
    assert why in sentence


def test_an_environment_that_cannot_be_made_is_a_problem_of_its_job(tmp_path: Path) -> None:
    lacking = job(handler="theirs.copies", params={"keep": 3}, env_file="absent.env")

    (sentence,) = handler_params.problems([lacking], os.environ, tmp_path, Trust())

    assert "backup: env_file: " in sentence
    assert "absent.env" in sentence


def test_a_job_without_params_and_one_of_a_shipped_handler_run_nothing(tmp_path: Path) -> None:
    jobs = [job(handler="not.there"), job(handler="health", params={"unchecked": 1})]

    assert list(handler_params.problems(jobs, os.environ, tmp_path, Trust())) == []


def test_a_run_with_params_its_handler_does_not_know_fails_for_good_and_says_why(
    tmp_path: Path,
) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/copies.py").write_text(THEIRS)

    row = first_run(tmp_path, job(handler="theirs.copies", params={"kep": 3}, max_retries=3))

    assert (row["outcome"], row["retry_at"]) == ("failed", None)
    assert row["error"] == "params.kep: unknown param; did you mean keep?"


def test_a_run_with_params_that_fit_gets_them(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/copies.py").write_text(THEIRS)
    engine = Engine(tmp_path, [job(handler="theirs.copies", params={"keep": 3})])
    engine.run_at("11:30")

    (row,) = engine.run_at("12:00").ran

    assert row["result"] == {"keep": 3}

"""What the end of a command means: its exit code, and the last thing it said."""

import json
from pathlib import Path

import pytest

from tests.builders.engine import Engine, first_run
from tests.builders.jobs import job

# The shell


def test_a_string_may_use_all_that_the_shell_knows(tmp_path: Path) -> None:
    words = 'printf "b\\na\\n" | sort > "$(echo ou)t" && echo "$((6 * 7)) ${HOME:+home}" >> out'

    first_run(tmp_path, job(command=words))

    assert (tmp_path / "out").read_text() == "a\nb\n42 home\n"


def test_a_list_means_every_word_as_it_stands(tmp_path: Path) -> None:
    first_run(tmp_path, job(command=("touch", "$HOME | *")))

    assert (tmp_path / "$HOME | *").exists()


# Exit codes


def test_a_code_among_the_success_codes_is_success(tmp_path: Path) -> None:
    row = first_run(tmp_path, job(command="exit 2", success_codes=(0, 2)))

    assert (row["outcome"], row["error"]) == ("succeeded", None)


def test_a_code_that_is_not_among_them_is_a_failure_that_names_them(tmp_path: Path) -> None:
    row = first_run(tmp_path, job(command="exit 3", success_codes=(0, 2)))

    assert row["error"] == "exit code 3 (not in success_codes 0, 2)"


def test_zero_is_a_failure_where_it_is_not_a_success(tmp_path: Path) -> None:
    row = first_run(tmp_path, job(command="true", success_codes=(1,)))

    assert row["error"] == "exit code 0 (not in success_codes 1)"


def test_a_command_may_say_not_now_with_codes_of_its_own(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="test -f ready || exit 9", defer_codes=(9,))])
    engine.run_at("11:30")

    assert engine.run_at("12:00").exit_code == 0
    assert "exit code 9" in str(engine.rows[-1]["reason"])
    (tmp_path / "ready").touch()
    assert [row["outcome"] for row in engine.run_at("12:01").ran] == ["succeeded"]


def test_75_is_an_ordinary_failure_for_a_job_that_never_defers(tmp_path: Path) -> None:
    row = first_run(tmp_path, job(command="exit 75", defer_codes=()))

    assert row["error"] == "exit code 75"


def test_success_counts_before_deferral(tmp_path: Path) -> None:
    row = first_run(tmp_path, job(command="exit 75", success_codes=(0, 75)))

    assert row["outcome"] == "succeeded"


# The result


def test_a_json_object_as_the_last_line_is_the_result_in_report_and_history(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo working; echo '{\"rows\": 3}'; echo")])
    engine.run_at("11:30")

    (row,) = engine.run_at("12:00").ran

    assert row["result"] == {"rows": 3}
    assert engine.rows[-1]["result"] == {"rows": 3}


def test_a_run_that_fails_has_a_result_as_well(tmp_path: Path) -> None:
    row = first_run(tmp_path, job(command="echo '{\"done\": 1}'; exit 1"))

    assert (row["outcome"], row["result"]) == ("failed", {"done": 1})


@pytest.mark.parametrize(
    "last",
    [
        "[1, 2]",
        '"text"',
        "3",
        "{broken}",
        '{"a": NaN}',
        '{"a": 1e999}',
        "{" + '"a":{' * 3000 + "}" * 3001,
        '{"a": 1} and more',
    ],
)
def test_anything_else_is_output_and_no_result(tmp_path: Path, last: str) -> None:
    (tmp_path / "last").write_text(last)

    row = first_run(tmp_path, job(command="cat last"))

    assert (row["outcome"], row["result"]) == ("succeeded", None)
    assert (tmp_path / "state" / "runs" / "backup" / f"{row['run_id']}.log").read_text() == last


def test_a_json_object_that_is_not_the_last_line_is_no_result(tmp_path: Path) -> None:
    row = first_run(tmp_path, job(command="echo '{\"a\": 1}'; echo done"))

    assert row["result"] is None


def nested(depth: int) -> str:
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


@pytest.mark.parametrize("depth", [101, 3000])
def test_a_json_object_nested_too_deep_is_refused_with_a_warning(
    tmp_path: Path, depth: int
) -> None:
    (tmp_path / "last").write_text(nested(depth))
    engine = Engine(tmp_path, [job(command="cat last")])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert (report.ran[0]["outcome"], report.ran[0]["result"]) == ("succeeded", None)
    refused = "the JSON object in its last line is not kept: nested more than 100 deep"
    assert report.warnings == [f"backup: {refused}"]


def test_a_result_nested_100_deep_is_kept(tmp_path: Path) -> None:
    (tmp_path / "last").write_text(nested(100))

    row = first_run(tmp_path, job(command="cat last"))

    assert row["result"] == json.loads(nested(100))


@pytest.mark.parametrize(("size", "kept"), [(64 * 1024, True), (64 * 1024 + 1, False)])
def test_a_result_has_64_kib_at_most(tmp_path: Path, size: int, kept: bool) -> None:
    text = json.dumps({"a": "x" * (size - 9)})
    assert len(text) == size
    (tmp_path / "last").write_text(f"before\n{text}\n")

    row = first_run(tmp_path, job(command="cat last"))

    assert (row["result"] is not None) == kept

"""What is said of a command line that cannot be understood: one sentence, what to type, code 2."""

import click
import pytest

from scheduled.cli import wrong_call
from scheduled.cli.main import group, main
from tests.cli.test_groups import commands

CASES = {
    "run --froce": "run: no option is called '--froce'; did you mean --force?",
    "run --zzz": "run: no option is called '--zzz'; scheduled run --help lists them",
    "--rot x status": "no option is called '--rot'; did you mean --root?",
    "status --vebrose": "status: no option is called '--vebrose'; did you mean --verbose?",
    "run -x": "run: no option is called '-x'; scheduled run --help lists them",
    "run extra": "run: 'extra' is one word too many",
    "run \x1b[31mred": "run: 'red' is one word too many",
    "show": "show: JOB is missing; write `scheduled show JOB`",
    "create a": (
        "create: SCHEDULE is missing; write `scheduled create ID SCHEDULE`, or `scheduled create ID"
        " --at WHEN` for a single run"
    ),
    "create a 0 2 * * *": (
        "create: '2' is one word too many; a schedule of several words needs quotes: \"0 2 * * *\""
    ),
    "create a --schedule daily": (
        "create: no option is called '--schedule'; the schedule is an argument:"
        " `scheduled create ID [SCHEDULE]`"
    ),
    "defer a": (
        "defer: --until WHEN is missing; write `scheduled defer JOB|tag:TAG... --until WHEN`"
    ),
    "defer a --until": "defer: --until needs a value: --until WHEN",
    "--root": "--root needs a value: --root DIR",
    "run --json=yes": "run: --json takes no value",
    "next -n 0": "next: -n '0': expected a whole number, from 1 to 10000",
    "next -n many": "next: -n 'many': expected a whole number, from 1 to 10000",
    "history --limit -1": "history: --limit '-1': expected a whole number, 0 or more",
    "history -n 5": "history: no option is called '-n'; did you mean --limit?",
    "cancel --max-hours nan": "cancel: --max-hours 'nan': expected a number, 0 or more",
    "history --outcome fail": (
        "history: --outcome 'fail': expected succeeded, failed, timed_out, interrupted, skipped or"
        " missed; did you mean failed?"
    ),
    "telemetry metric": (
        "telemetry: WHAT 'metric': expected status, tasks, list, analytics, cron, performance,"
        " capabilities, statistics, metrics or graph; did you mean metrics?"
    ),
    "validate": "no command is called 'validate'; did you mean config validate?",
    "add": "no command is called 'add'; did you mean create?",
    "help": "no command is called 'help'; did you mean --help?",
    "cron intsall": "cron: no command is called 'intsall'; did you mean install?",
}


@pytest.mark.parametrize(("line", "sentence"), CASES.items())
def test_a_wrong_call_is_one_sentence(
    line: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split(" ")) == 2

    assert capsys.readouterr() == ("", f"scheduled: {sentence}\n")


def test_a_group_alone_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cron"]) == 2

    out, err = capsys.readouterr()
    assert (out, err.startswith("Usage: scheduled cron ")) == ("", True)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_no_mistake_is_told_in_the_words_of_the_library(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every option: misspelt, without its value, with one that it does not take."""
    for option in options(words):
        name = option.opts[-1]
        wrong = [f"{name}q"] if name.startswith("--") else []
        wrong += [f"{name}=x"] if option.is_flag and name.startswith("--") else []
        may_stand_alone = option.is_flag or (option.metavar or "").startswith("[")
        wrong += [] if may_stand_alone else [name]
        for word in wrong:
            code = main([*words, word])

            out, err = capsys.readouterr()
            assert code == (3 if words == ["check"] else 2)
            assert f"{out}{err}".count("\n") == 1
            assert "Error" not in err
            assert name in out + err


def options(words: list[str]) -> list[click.Option]:
    ctx = group.make_context("scheduled", [], resilient_parsing=True)
    command: click.Command = group
    for word in words:
        assert isinstance(command, click.Group)
        child = command.get_command(ctx, word)
        assert child is not None
        command = child
    return [param for param in command.params if isinstance(param, click.Option)]


def test_what_is_proposed_for_words_of_other_programs_exists() -> None:
    program = group.make_context("scheduled", [], resilient_parsing=True)
    names = {" ".join(words) for words in commands()} | {
        name for param in group.get_params(program) for name in param.opts
    }
    every = {name for words in commands() for option in options(words) for name in option.opts}

    assert {*wrong_call.COMMANDS_ELSEWHERE.values()} <= names
    assert not {*wrong_call.COMMANDS_ELSEWHERE} & names
    for word, meant in wrong_call.OPTIONS_ELSEWHERE.items():
        assert {*meant} <= every, word

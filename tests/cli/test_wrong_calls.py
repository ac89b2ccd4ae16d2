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
    "run backup": (
        "run: 'backup' is one word too many; `scheduled trigger backup` runs a job now,"
        " `scheduled run --only backup` if it is due"
    ),
    "run \x1b[31mred": (
        "run: 'red' is one word too many; scheduled run --help shows what it takes"
    ),
    "run tag:night": "run: 'tag:night' is one word too many; did you mean --only tag:night?",
    "run only=backup": "run: 'only=backup' is one word too many; did you mean --only backup?",
    "run dry-run": "run: 'dry-run' is one word too many; did you mean --dry-run?",
    "list help": "list: 'help' is one word too many; did you mean --help?",
    "list nightly": ("list: 'nightly' is one word too many; `scheduled show nightly` shows a job"),
    "status nightly": (
        "status: 'nightly' is one word too many; `scheduled show nightly` shows a job"
    ),
    "incidents a": "incidents: 'a' is one word too many; `scheduled why a` tells of a job",
    "cron install x": (
        "cron install: 'x' is one word too many; scheduled cron install --help shows what it takes"
    ),
    "update a schedule=daily": (
        "update: 'schedule=daily' is one word too many; did you mean --schedule daily?"
    ),
    "update a schedule=$(id)": (
        "update: 'schedule=$(id)' is one word too many; did you mean --schedule '$(id)'?"
    ),
    "update a umask=077": "update: 'umask=077' is one word too many; did you mean --set umask=077?",
    "update a disabled=true": (
        "update: 'disabled=true' is one word too many; did you mean --disabled?"
    ),
    "update a daily": (
        "update: 'daily' is one word too many; to change when it runs, write --schedule SCHEDULE"
    ),
    "create a daily ./dump": (
        "create: './dump' is one word too many; did you mean --command ./dump?"
    ),
    "next --limt": "next: no option is called '--limt'; did you mean -n?",
    "run --dryy": "run: no option is called '--dryy'; did you mean --dry-run?",
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
    "history --outcome sucess": (
        "history: --outcome 'sucess': expected succeeded, failed, timed_out, interrupted, skipped"
        " or missed; did you mean succeeded?"
    ),
    "history --outcome zzz": (
        "history: --outcome 'zzz': expected succeeded, failed, timed_out, interrupted, skipped or"
        " missed"
    ),
    "telemetry metric": (
        "telemetry: WHAT 'metric': expected status, tasks, list, analytics, cron, performance,"
        " capabilities, statistics, metrics or graph; did you mean metrics?"
    ),
    "validate": "no command is called 'validate'; did you mean config validate?",
    "add": "no command is called 'add'; did you mean create?",
    "help": "no command is called 'help'; did you mean --help?",
    "help zzz": "no command is called 'help'; did you mean --help?",
    "help list": "no command is called 'help'; did you mean `scheduled list --help`?",
    "man cron instal": "no command is called 'man'; did you mean `scheduled cron install --help`?",
    "cron help": "cron: no command is called 'help'; did you mean --help?",
    "config help validate": (
        "config: no command is called 'help'; did you mean `scheduled config validate --help`?"
    ),
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


def arguments(words: list[str]) -> list[click.Argument]:
    return [param for param in called(words).params if isinstance(param, click.Argument)]


def options(words: list[str]) -> list[click.Option]:
    return [param for param in called(words).params if isinstance(param, click.Option)]


def called(words: list[str]) -> click.Command:
    ctx = group.make_context("scheduled", [], resilient_parsing=True)
    command: click.Command = group
    for word in words:
        assert isinstance(command, click.Group)
        child = command.get_command(ctx, word)
        assert child is not None
        command = child
    return command


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


def takes_so_many(words: list[str]) -> bool:
    """Whether a number of words is the most that a command takes, and no other command follows."""
    is_group = isinstance(called(words), click.Group)
    return not is_group and all(param.nargs > 0 for param in arguments(words))


SO_MANY = [words for words in commands() if takes_so_many(words)]


@pytest.mark.parametrize("words", SO_MANY, ids=" ".join)
def test_a_word_that_is_too_many_is_answered_with_what_to_type(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    allowed = [(getattr(param.type, "choices", None) or ["a"])[0] for param in arguments(words)]
    wanted = [word for each in options(words) if each.required for word in (each.opts[0], "1h")]

    main([*words, *wanted, *allowed, "b\nc"])

    out, err = capsys.readouterr()
    assert "'b c' is one word too many; " in out + err
    assert f"{out}{err}".count("\n") == 1

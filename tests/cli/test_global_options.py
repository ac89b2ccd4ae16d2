"""The options of the whole program, before and after the command."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from scheduled.cli import global_options
from scheduled.cli.main import COMMANDS, group, main
from scheduled.state.store import Store
from tests.builders.jobs import at
from tests.builders.looks import BACKUP_AND_POLL, Home

GLOBAL = {name for option in global_options.create() for name in option.opts}


def everything() -> Iterator[tuple[str, click.Command]]:
    """Every command by what is typed, groups included."""
    context = group.make_context("scheduled", [], resilient_parsing=True)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {child}", each) for child, each in command.commands.items())


def names(command: click.Command) -> list[str]:
    return [
        name for param in command.params if param.param_type_name == "option" for name in param.opts
    ]


def test_every_command_accepts_each_global_option_exactly_once() -> None:
    for typed, command in everything():
        found = [name for name in names(command) if name in GLOBAL]
        assert sorted(found) == sorted(GLOBAL), typed


def test_the_help_of_a_command_mentions_the_global_options_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["cron", "install", "--help"])
    main(["status", "--help"])

    printed = capsys.readouterr().out
    assert printed.count("global options") == 2
    assert "--state-dir" not in printed
    assert "--root DIR" not in printed


@pytest.mark.parametrize(
    "words",
    [["list"], ["next", "backup"], ["dead-letter", "list"], ["run", "--dry-run"]],
    ids=" ".join,
)
def test_places_mean_the_same_before_and_after_a_command(
    home: Home, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config = home.folder / "other.yaml"
    config.write_text(BACKUP_AND_POLL.replace("poll", "other"))
    config.chmod(0o644)
    places = ["--root", str(home.folder), "--state-dir", str(home.state_dir)]
    places += ["--config", str(config)]

    before = main([*places, *words, "--json"]), capsys.readouterr().out
    after = main([*words, "--json", *places]), capsys.readouterr().out
    between = main([*places[:2], *words, *places[2:], "--json"]), capsys.readouterr().out

    assert before[0] == 0
    assert keys_and_jobs(before[1]) == keys_and_jobs(after[1]) == keys_and_jobs(between[1])


def keys_and_jobs(printed: str) -> list[object]:
    """What does not change from one second to the next."""
    document = json.loads(printed)
    rows = [row for value in document.values() if isinstance(value, list) for row in value]
    return [[*document], [(row.get("id"), row.get("job")) for row in rows]]


def test_given_before_and_after_the_later_one_counts(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state_dir = ["--state-dir", str(home.state_dir)]
    (tmp_path / "empty").mkdir()
    elsewhere, here = ["--root", str(tmp_path / "empty")], ["--root", str(home.folder)]

    main([*elsewhere, *state_dir, "show", "backup", *here])
    assert "backup" in capsys.readouterr().out

    assert main([*here, *state_dir, "show", "backup", *elsewhere]) == 2
    assert "no job is called 'backup'" in capsys.readouterr().err


def test_quiet_and_verbose_are_heard_after_the_command(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--root", str(home.folder), "--state-dir", str(home.state_dir)]

    main([*places, "disable", "backup", "-q"])
    assert capsys.readouterr().out == ""

    main([*places, "run", "--only", "backup", "--verbose"])
    assert "Nothing was due." in capsys.readouterr().out


def test_an_unknown_option_beside_a_global_one_runs_nothing(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--root", str(home.folder), "--state-dir", str(home.state_dir)]

    assert main(["disable", "backup", *places, "--rot", "x"]) == 2

    assert "--root" in capsys.readouterr().err
    assert home.session(at("12:00")).store.state["jobs"]["backup"].get("enabled") is not False


def test_completion_offers_the_global_options_after_a_command() -> None:
    completion = BashComplete(group, {}, "scheduled", "_SCHEDULED_COMPLETE")

    after = {item.value for item in completion.get_completions(["status", "--root", "/x"], "--")}
    commands = {item.value for item in completion.get_completions(["--root", "/x"], "sta")}

    assert {"--json", "--state-dir", "--quiet"} <= after
    assert commands == {"status", "state", "stats"}


def test_a_tick_records_the_same_places_either_way(home: Home) -> None:
    places = ["--root", str(home.folder), "--state-dir", str(home.state_dir)]

    assert main(["run", *places]) in (0, 1)

    assert Store(home.state_dir).load().state["ticks"]["count"] == 1

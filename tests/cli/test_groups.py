"""A mistyped name of a command, in the program and in its groups."""

import click
import pytest

from scheduled.cli.main import COMMANDS, group, main


def commands() -> list[list[str]]:
    """What is typed for every command, those of groups included."""
    typed = [[name] for name in group.list_commands(click.Context(group))]
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            typed += [[name, child] for child in command.commands]
    return typed


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_mistyped_command_is_guessed(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    *above, name = words
    mistyped = f"{name}q"

    assert main([*above, mistyped, "--help"]) == 2

    assert capsys.readouterr().err.endswith(
        f"no command is called {mistyped!r}; did you mean {name}?\n"
    )


@pytest.mark.parametrize("above", [[], ["cron"], ["config"], ["state"], ["dead-letter"]])
def test_a_word_that_resembles_no_command_gets_the_way_to_all_of_them(
    above: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*above, "xyzzy"]) == 2

    listing = " ".join(["scheduled", *above, "--help lists them"])
    assert capsys.readouterr().err.endswith(f"no command is called 'xyzzy'; {listing}\n")

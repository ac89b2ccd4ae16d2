"""The help of every command: nothing is cut, no word is split, and it fits the terminal."""

import re
from collections.abc import Mapping

import click
import pytest

from scheduled.cli import help_text
from scheduled.cli.main import COMMANDS, SECTIONS, group, main
from tests.cli.test_groups import commands

EVERY: list[list[str]] = [[], *commands()]


def helped(words: list[str], columns: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """The help of a command in a terminal of so many columns."""
    monkeypatch.setenv("COLUMNS", str(columns))
    ctx = click.Context(group, info_name="scheduled")
    for word in words:
        assert isinstance(ctx.command, click.Group)
        child = ctx.command.get_command(ctx, word)
        assert child is not None
        ctx = click.Context(child, info_name=word, parent=ctx)
    return ctx.get_help()


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_help_fits_and_splits_no_word(
    words: list[str], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = helped(words, columns, monkeypatch)

    assert [line for line in text.splitlines() if len(line) >= columns] == []
    assert "..." not in re.sub(r"(?:\]|[A-Z])\.\.\.", "", text)  # but for what is repeated
    widest = helped(words, 1000, monkeypatch)
    assert sorted(re.sub(r"  # ", " ", text).split()) == sorted(
        re.sub(r"  # ", " ", widest).split()
    )


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_stays_readable_in_a_tiny_terminal(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, widest = helped(words, 20, monkeypatch), helped(words, 1000, monkeypatch)

    assert {*widest.split()} == {*text.split()}


def sections() -> Mapping[str, list[str]]:
    """The names below each heading of the program's help."""
    found: dict[str, list[str]] = {}
    for heading, block in re.findall(
        r"^(\w[\w ]*):\n((?:  .*\n?)+)", help_text.page(click.Context(group)), re.MULTILINE
    ):
        found[heading] = re.findall(r"^  (\S+)", block, re.MULTILINE)
    return found


def test_the_program_lists_every_command_once_below_what_it_is_for() -> None:
    found = sections()

    assert [*found] == [*SECTIONS, "Options", "Examples"]
    names = [name for heading in SECTIONS for name in found[heading]]
    assert sorted(names) == sorted({*COMMANDS} - {"ls"})


@pytest.mark.parametrize("above", [[], ["config"], ["cron"], ["state"], ["dead-letter"]], ids=str)
def test_a_summary_of_a_command_is_one_line_at_eighty_columns(
    above: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = helped(above, 80, monkeypatch)
    listed = text.partition("Options:")[0].split(":\n", 1)[1]

    assert re.findall(r"^   .*", listed, re.MULTILINE) == []


def test_what_others_call_by_an_option_is_not_on_the_first_page_and_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = helped([], 80, monkeypatch)

    assert re.findall(r"--(?:once|list)\b", text) == []
    params = {name for param in group.params for name in param.opts}
    assert {"--once", "--list"} <= params


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_help_is_printed_for_every_command(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0

    out, err = capsys.readouterr()
    assert out.startswith(f"Usage: scheduled {' '.join(words)} ")
    assert "\nExamples:\n  scheduled " in out
    assert err == ""

"""The man page: it says what the program declares, and every reader of man pages accepts it."""

import subprocess

import pytest

from docs.declared.commands import context_of
from docs.man import page
from scheduled.cli import help_text
from scheduled.cli.main import group
from scheduled.config import paths
from scheduled.ticks.report import Exit
from tests.builders import needs
from tests.cli.test_groups import commands


def test_the_file_says_what_the_program_declares() -> None:
    assert page.FILE.read_text() == page.text(), "make man writes it anew"


@pytest.fixture
def shown() -> str:
    """The page as a terminal shows it."""
    needs.programs("mandoc")
    done = subprocess.run(
        ["mandoc", "-Tascii", "-Owidth=200", str(page.FILE)],
        capture_output=True,
        text=True,
        check=True,
    )
    bold = iter(done.stdout.split("\b"))
    text = next(bold) + "".join(part[1:] for part in bold)  # x, backspace, x is a bold x
    return " ".join(text.split())


def test_commands_options_codes_files_and_variables_are_all_there(shown: str) -> None:
    for words in commands():
        context = context_of(" ".join(words))
        assert f"scheduled {' '.join(words)}" in shown
        for names, meaning in help_text.options(context):
            assert "--help" in names or f"{names} {' '.join(meaning.split())}"[:60] in shown
    for code in Exit:
        assert f" {code.value} " in shown.partition("EXIT STATUS")[2]
    files = shown.partition("FILES")[2]
    assert paths.CONFIG_NAME in files
    assert "SCHEDULED_STATE_DIR" in shown.partition("ENVIRONMENT")[2]
    assert help_text.summary(group).rstrip(".") in shown


def test_nothing_in_it_is_unclear_to_a_reader_of_man_pages() -> None:
    needs.programs("mandoc", "man")
    lint = subprocess.run(
        ["mandoc", "-Tlint", "-Wstyle", str(page.FILE)], capture_output=True, text=True, check=False
    )
    groff = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page.FILE)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (lint.stdout, lint.stderr, groff.stderr) == ("", "", "")


def test_no_text_is_taken_for_a_request() -> None:
    assert page.roff(".TH x") == "\\&.TH x"
    assert page.roff("'so x") == "\\(aqso x"
    assert page.roff("a\\nb --x") == "a\\enb \\-\\-x"

"""Every command line of the manual is run, page by page, and prints what the page shows."""

from pathlib import Path

import pytest

from tests.builders.manual import CHECKOUT, Page, pages
from tests.manual import script, session
from tests.manual.script import NotRun, Step

NOT_RUN = (CHECKOUT / "tests/manual/not-run.txt").read_text("utf-8").splitlines()
"""The commands that are only shown, with the reason."""


def name_of(page: Page) -> str:
    return str(page.path.relative_to(CHECKOUT))


WITH_COMMANDS = [page for page in pages() if script.steps(page)]


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name_of)
def test_the_commands_of_a_page_work_and_print_what_it_shows(page: Page, tmp_path: Path) -> None:
    steps = [step for step in script.steps(page) if isinstance(step, Step)]

    done = session.run(steps, tmp_path)

    wrong = [f"$ {each.step.shell}\n{each.problem}:\n{each.out}" for each in done if each.problem]
    assert not wrong, "\n".join([*wrong, f"refresh: python -m tests.manual {name_of(page)}"])


def test_the_commands_that_are_not_run_are_these() -> None:
    found = [
        f"{name_of(page)}: {step.shell.split(' #')[0].strip()} ({step.why})"
        for page in WITH_COMMANDS
        for step in script.steps(page)
        if isinstance(step, NotRun)
    ]

    assert found == NOT_RUN

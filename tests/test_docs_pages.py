"""The documents among themselves: they are whole, their links lead somewhere, their code runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.cli.main import main
from tests.builders import manual
from tests.builders.crontab import Crontab
from tests.builders.manual import CHECKOUT, ONLINE, Page, each_page

CONTRIBUTING, README = Page(CHECKOUT / "CONTRIBUTING.md"), Page(CHECKOUT / "README.md")
INDEX, MIGRATION = manual.page("index"), manual.page("how-to/crontab")


def test_the_readme_can_be_read_in_one_go() -> None:
    read = re.sub(r"<!--.*?-->\n\n", "", README.text, flags=re.DOTALL)

    assert len(read.splitlines()) <= 200


def test_the_index_of_the_manual_names_every_page() -> None:
    folder = CHECKOUT / "docs"
    pages = {str(path.relative_to(folder)) for path in folder.glob("**/*.md")}

    assert pages - {"index.md"} <= {*INDEX.links()}


def test_the_readme_leads_to_the_manual() -> None:
    assert f"{ONLINE}docs/index.md" in README.links()


@each_page
def test_every_link_leads_somewhere(page: Page) -> None:
    assert [link for link in page.links() if not leads_somewhere(page, link)] == []


def test_the_glossary_has_six_lines() -> None:
    assert (
        len(
            re.findall(
                r"^- \*\*\w", manual.page("reference/glossary").section("Glossary"), re.MULTILINE
            )
        )
        == 6
    )


def test_every_target_of_the_makefile_is_documented() -> None:
    cells = (row[0] for row in manual.rows(CONTRIBUTING.section("Set up")))

    assert {code for cell in cells for code in manual.code(cell)} == {
        f"make {target}" for target in manual.make_targets()
    }


def leads_somewhere(page: Page, link: str) -> bool:
    """Return whether a link names a file of the checkout, and in it a heading that is there."""
    is_ours = link.startswith(ONLINE)
    if "://" in link and not is_ours:
        return True
    name, _, anchor = link.removeprefix(ONLINE).partition("#")
    base = CHECKOUT if is_ours else page.path.parent
    target = base / name if name else page.path
    return target.exists() and (not anchor or anchor in Page(target).anchors())


@each_page
def test_every_python_block_compiles(page: Page) -> None:
    for block in page.blocks("python"):
        compile(block, str(page.path), "exec")


@pytest.mark.slow
def test_the_examples_for_writers_of_handlers_work(tmp_path: Path) -> None:
    tests = manual.page("how-to/handlers").blocks("python")[4]
    chores, program, questions, *_ = manual.page("how-to/python").blocks("python")
    (tmp_path / "chores.py").write_text(chores)
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "questions.py").write_text(questions)
    (tmp_path / "test_chores.py").write_text(tests)

    passed = python(tmp_path, "-m", "pytest", "-q", "test_chores.py")
    printed = python(tmp_path, "program.py")

    assert python(tmp_path, "questions.py") == ""
    assert "2 passed" in passed
    assert printed.startswith("count True ")
    assert "('count', 'succeeded', {'files': " in printed


def test_the_import_of_a_crontab_prints_what_the_migration_page_shows(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    crontab = Crontab(root / "cron")
    crontab.text = MIGRATION.session("crontab -l").encode()
    monkeypatch.setenv("PATH", str(crontab.bin), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(root))

    main(["config", "import", "--crontab", "--yes", "--yaml"])

    printed = capsys.readouterr().out.replace(str(root), "/home/ann")
    assert printed == MIGRATION.session("scheduled config import --crontab --yes --yaml")


def python(folder: Path, *words: str) -> str:
    """Return what Python prints that runs in a folder and finds this checkout."""
    answer = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout

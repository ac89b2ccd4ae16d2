"""What runs the commands of the manual notices what a page says wrongly."""

from pathlib import Path

import pytest

from tests.builders.manual import Page
from tests.manual import session
from tests.manual.script import NotRun, Step, steps

PAGE = """\
<!-- meanwhile: echo 5 >count -->

```console
$ cat count     # a file
5
$ cd / && pwd
/
```

<!-- exit: 1 -->

```console
$ false
```

<!-- not run: needs root -->

```console
$ reboot
```
"""


def written(folder: Path, text: str) -> Page:
    path = folder / "page.md"
    path.write_text(text)
    return Page(path)


def problems(folder: Path, text: str) -> list[str]:
    found = [step for step in steps(written(folder, text)) if isinstance(step, Step)]
    return [done.problem for done in session.run(found, folder) if done.problem]


def test_a_page_whose_commands_do_what_it_shows_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, PAGE) == []
    assert [step for step in steps(Page(tmp_path / "page.md")) if isinstance(step, NotRun)] == [
        NotRun("reboot", "needs root")
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("# a file\n5", "# a file\n6", "it prints something else"),
        ("# a file\n5", "# a file\n5\n5", "it prints something else"),
        ("$ false", "$ true", "exit code 0"),
        ("$ cd / &&", "$ cd /nowhere &&", "exit code 1"),
    ],
)
def test_a_page_that_shows_something_else_has_one(
    right: str, wrong: str, problem: str, tmp_path: Path
) -> None:
    assert right in PAGE
    assert problems(tmp_path, PAGE.replace(right, wrong)) == [problem]


@pytest.mark.parametrize(
    ("shown", "printed", "agrees"),
    [
        ("a  b\n", "a b\n", True),
        ("next 2026-11-21 08:15+01:00 (in 2 min)", "next 2031-01-01 00:00Z (in 3 h 5 min)", True),
        ("3 runs", "4 runs", False),
        ("a\n...\nd", "a\nb\nc\nd", True),
        ("a\n...\nd", "a\nd\ne", False),
        ("a", "a\nb", False),
        ("a (b)", "a  [b]", False),
    ],
)
def test_what_is_shown_agrees_with_what_is_printed_but_for_times(
    shown: str, printed: str, agrees: bool
) -> None:
    assert session.agrees(shown, printed) is agrees


@pytest.mark.parametrize(
    "text",
    ["```bash\necho\n```\n", "```console\nout\n$ echo\n```\n", "<!-- exit: 1 -->\n```yaml\n```"],
)
def test_a_page_that_cannot_be_run_as_it_is_written_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        steps(written(tmp_path, text))

"""Runs the pages of the manual, and has them show what their commands print now.

`python -m tests.manual [--anew] [PAGE]...`: what a page shows is replaced where it is not what is
printed; with --anew, also where only times differ.
"""

import sys
import tempfile
from pathlib import Path

from tests.builders.manual import CHECKOUT, Page, pages
from tests.manual import script, session
from tests.manual.script import Step


def refreshed(page: Page, folder: Path, *, anew: bool) -> tuple[str, list[str]]:
    """Return the text of a page with what its commands print now, and what is wrong besides."""
    steps = [step for step in script.steps(page) if isinstance(step, Step)]
    done = session.run(steps, folder) if steps else []
    text, wrong = page.text, []
    for each in reversed(done):
        if each.code not in each.step.codes:
            wrong.append(f"{page.path.name}: {each.step.shell}: {each.problem}\n{each.out}")
        elif each.problem or (anew and each.step.printed and "\n...\n" not in each.step.printed):
            start, end = each.step.span
            text = text[:start] + each.out + text[end:]
    return text, wrong[::-1]


def main(names: list[str]) -> int:
    """Refresh the pages of these names, or all; the exit code is 1 if a command failed."""
    anew, failed = "--anew" in names, False
    names = [name for name in names if name != "--anew"]
    for page in pages():
        if names and not any(name in str(page.path.relative_to(CHECKOUT)) for name in names):
            continue
        with tempfile.TemporaryDirectory() as folder:
            text, wrong = refreshed(page, Path(folder), anew=anew)
        if text != page.text:
            page.path.write_text(text, "utf-8")
            print(f"{page.path.relative_to(CHECKOUT)}: refreshed")
        for sentence in wrong:
            failed = True
            print(sentence)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

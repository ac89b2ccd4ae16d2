"""Mail and the report of a day in a browser, as mail programs show them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scheduled.views.page import mail
from tests.builders import ecosystem, page_rules, sent
from tests.builders.browser import LOOKS, Visit, visit
from tests.builders.looks import Home

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

HOSTILE = "<img src=http://192.0.2.1/x onerror=alert(1)><script>alert(2)</script>"
FAILURE = f"""backup-offsite: failing
  exit code 10
  since 2026-10-23 03:25:00+02:00, 9 times
  its file ~/.config/restic/repo is another one since 22 Oct 18:40
  incident 895873a4; `scheduled ack 895873a4` stops the reminders

backup-offsite: failed: exit code 10
  run 20261023T012500-f81e4c on tern, attempt 3, scheduled for 2026-10-23 03:15:00+02:00
  started 2026-10-23 03:25:00+02:00, took 0.8 s, next run: 2026-10-24 03:15+02:00
  | Fatal: unable to open config file: <config/> does not exist
  |   {HOSTILE} {"x" * 300}
  log: /home/ida/jobs/state/runs/backup-offsite/20261023T012500-f81e4c.log

`scheduled why backup-offsite` and `scheduled logs backup-offsite` show more.
This is /home/ida/jobs on tern."""


def failure(_folder: Path) -> str:
    return mail.html(sent.message(subject="backup-offsite: failing", body=FAILURE))


def mailed_report(folder: Path) -> str:
    return mail.html(
        sent.message(subject="Report", body=report(folder, "--stdout"), group="report")
    )


def report(folder: Path, form: str = "--html") -> str:
    """The report of an ecosystem with a sick branch and a hostile one."""
    names = ("DEV_CENTRAL", "FLOW", "SEED")
    home = Home(ecosystem.home(folder, {"branches": [*map(ecosystem.entry, names)]}))
    (home.folder / "flow/README.md").unlink()
    for job in ("health", "metrics"):
        home.call("trigger", job)
    said = home.call("daily-report", form, "--no-send")
    assert (said.code, said.err) == (0, "")
    return said.out


@pytest.fixture(scope="module", params=[failure, mailed_report, report])
def path(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path_factory.mktemp("mail")
    path = folder / f"{request.param.__name__.replace('_', '-')}.html"
    root = folder / "root"
    root.mkdir(mode=0o755)
    path.write_text(request.param(root))
    return path


@pytest.fixture(scope="module", params=LOOKS, ids=str)
def seen(browser: "Browser", path: Path, request: pytest.FixtureRequest) -> Iterator[Visit]:
    with visit(browser, path, request.param) as opened:
        yield opened


def test_it_fits_harms_nobody_and_shuts_nobody_out(seen: Visit, path: Path) -> None:
    seen.picture(path.stem)

    assert (seen.console, seen.requests, seen.dialogs) == ([], [], [])
    assert page_rules.self_containment(seen) == []
    assert page_rules.execution(seen) == []
    assert page_rules.sideways(seen) == []
    assert page_rules.movement(seen) == []
    assert page_rules.order(seen) == []
    assert page_rules.accessibility(seen) == []
    assert seen.ask("document.images.length") == 0

"""Commands for which no root is named, typed by somebody who has another root with a state."""

from pathlib import Path

import pytest

from scheduled.cli.main import main
from tests.builders.command import tree
from tests.builders.crontab import Crontab
from tests.builders.installed import WITHOUT_SWEEPS, configure
from tests.cli.test_foreign_state import CHANGING, READING


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    crontab = Crontab(tmp_path / "cron")
    monkeypatch.setenv("PATH", f"{crontab.bin}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.with_name("notes")))
    monkeypatch.chdir("/")
    (tmp_path / "one").mkdir(mode=0o755)
    (tmp_path / "crontab").write_text("0 4 * * * true\n")
    configure(tmp_path / "one", WITHOUT_SWEEPS)
    assert main(["--root", str(tmp_path / "one"), "run"]) == 0
    return tmp_path


@pytest.mark.parametrize("command", sorted(READING.keys() - {"config schema"}))
def test_a1_a_command_that_reads_says_so_in_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    main([*command.split(), *READING[command]])

    said = capsys.readouterr().err
    line = f"no root was named, and {home} has no state; these have: {home}/one; --root names one"
    assert said.count(f"scheduled: {line}\n") == 1


@pytest.mark.parametrize("command", [*CHANGING, "config init"])
def test_a1_a_command_that_changes_something_asks_for_the_root(
    home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    before = tree(home)
    words = [word.format(home=home) for word in CHANGING.get(command, [])]
    capsys.readouterr()

    code = main([*command.split(), *words])

    assert code == 2
    assert tree(home) == before
    if command not in ("run", "daily-report"):  # these say it once an hour
        assert "Name the root with --root" in capsys.readouterr().err

"""`scheduled state adopt`: after a root was moved, a host replaced, a state restored."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from scheduled.cli.main import group, main
from scheduled.errors import ScheduledError, UsageError
from scheduled.installation import identity
from scheduled.state.store import Store
from tests.builders.crontab import Crontab
from tests.builders.installed import WITHOUT_SWEEPS, configure


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user with the roots `one` and `other`; `one` has been ticked."""
    crontab = Crontab(tmp_path / "cron")
    monkeypatch.setenv("PATH", f"{crontab.bin}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SCHEDULED_HOST", "first")
    for name in ("one", "other"):
        (tmp_path / name).mkdir(mode=0o755)
        configure(tmp_path / name, WITHOUT_SWEEPS)
    said(tmp_path / "one", "run")
    return tmp_path


def said(root: Path, *words: str) -> str:
    result = CliRunner().invoke(group, ["--root", str(root), *words], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def places(home: Path) -> Path:
    return home / ".local/state/scheduled"


def state_of(folder: Path) -> dict[str, object]:
    return dict(Store(folder).load().state)


def ticks(root: Path) -> object:
    """How many ticks the state of a root knows of, by `config show`."""
    import json

    shown = json.loads(said(root, "config", "show", "--json"))
    return Store(Path(shown["settings"]["state_dir"]["value"])).load().state["ticks"]["count"]


def test_a1_a_root_that_was_moved_goes_on_with_its_state(home: Path) -> None:
    (home / "one").rename(home / "moved")
    before = ticks(home / "moved")

    output = said(home / "moved", "state", "adopt")
    said(home / "moved", "run")

    assert before == 0
    assert f"belongs to the root {home}/moved and the host first now; before, to {home}/one" in (
        output
    )
    assert ticks(home / "moved") == 2
    assert [path.name for path in places(home).iterdir()] == [identity.name_of(home / "one")]


def test_a1_a_root_that_begins_anew_is_told_once_of_a_state_left_behind(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "one").rename(home / "moved")
    codes = [main(["--root", str(home / "moved"), "run"]) for _ in range(2)]

    said_once = capsys.readouterr().err
    assert codes == [0, 0]
    assert said_once.count(f"moved begins a new state. If it was moved, from {home}/one, type") == 1


def test_a1_of_several_roots_that_are_gone_the_one_to_adopt_has_to_be_named(home: Path) -> None:
    said(home / "other", "run")
    (home / "one").rename(home / "moved")
    (home / "other").rename(home / "elsewhere")
    folder = places(home) / identity.name_of(home / "other")

    with pytest.raises(UsageError) as refused:
        said(home / "moved", "state", "adopt")
    said(home / "elsewhere", "state", "adopt", "--from", str(folder))

    assert f"of {home}/one in " in str(refused.value)
    assert f"of {home}/other in {folder}" in str(refused.value)
    assert ticks(home / "elsewhere") == 1


def test_a1_a_state_that_has_begun_already_is_set_aside(home: Path) -> None:
    (home / "one").rename(home / "moved")
    said(home / "moved", "run")
    said(home / "moved", "run")
    folder = places(home) / identity.name_of(home / "one")

    output = said(home / "moved", "state", "adopt", "--from", str(folder))
    said(home / "moved", "run")

    assert "is kept in" in output
    assert ticks(home / "moved") == 2
    assert len([*places(home).glob("moved-*.replaced-*/journal.replaced")]) == 1


def test_a1_another_host_takes_over_and_the_first_is_refused_from_then_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEDULED_HOST", "second")
    with pytest.raises(ScheduledError, match="belongs to the host first"):
        said(home / "one", "run")

    output = said(home / "one", "state", "adopt")
    said(home / "one", "run")

    assert "the host second now; before, to the host first" in output
    monkeypatch.setenv("SCHEDULED_HOST", "first")
    with pytest.raises(ScheduledError, match="belongs to the host second"):
        said(home / "one", "pause")


def test_a1_a_named_state_of_another_root_is_adopted(home: Path) -> None:
    named = ("--state-dir", str(places(home) / identity.name_of(home / "one")))

    said(home / "other", *named, "state", "adopt")

    said(home / "other", *named, "run")
    with pytest.raises(ScheduledError, match=f"belongs to the root {home}/other"):
        said(home / "one", "run")


def test_a1_what_there_is_not_to_adopt_is_said(home: Path) -> None:
    assert said(home / "one", "state", "adopt").startswith("Nothing to do: ")
    with pytest.raises(UsageError, match="no root has gone away; name the state with --from"):
        said(home / "other", "state", "adopt")
    with pytest.raises(UsageError, match="there is no state in it"):
        said(home / "other", "state", "adopt", "--from", str(home))


def test_a1_a_name_that_is_not_utf_8_is_recorded_and_found_again(home: Path) -> None:
    root = Path(os.fsdecode(bytes(home) + b"/caf\xe9"))
    root.mkdir(mode=0o755)
    configure(root, WITHOUT_SWEEPS)

    said(root, "run")
    said(root, "run")

    folder = places(home) / identity.name_of(root)
    assert folder.name.startswith("caf_-")
    assert state_of(folder)["owner"] == {"root": str(root), "host": "first"}
    assert ticks(root) == 2


def test_a1_a_root_that_was_deleted_and_made_again_has_its_state_again(home: Path) -> None:
    (home / "one/scheduled.yaml").unlink()
    (home / "one").rmdir()
    (home / "one").mkdir(mode=0o755)

    said(home / "one", "run")

    assert ticks(home / "one") == 2

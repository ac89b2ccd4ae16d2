"""`scheduled cron` where one user has several roots, or a block that version 0.1.0 wrote."""

import json
from pathlib import Path

import pytest

from scheduled.errors import UsageError
from scheduled.installation import identity
from scheduled.installation.crontab_block import blocks
from scheduled.state.store import Store
from tests.builders import earlier_version
from tests.builders.cron_command import Place, invoke, refused, said
from tests.builders.crontab import Crontab
from tests.builders.jobs import at

FOREIGN = b"MAILTO=me@example.org\n0 5 * * * backup caf\xe9\n"


@pytest.fixture
def one(tmp_path: Path) -> Place:
    (tmp_path / "one").mkdir()
    return Place(tmp_path / "one", tmp_path / "state")


@pytest.fixture
def other(tmp_path: Path) -> Place:
    """Another root with the same state directory."""
    (tmp_path / "other").mkdir()
    return Place(tmp_path / "other", tmp_path / "state")


@pytest.fixture(autouse=True)
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    made = Crontab(tmp_path / "cron")
    made.text = FOREIGN
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    return made


def said_by_default(root: Path, *words: str) -> str:
    """`scheduled cron WORDS` for a root with the default state directory."""
    from click.testing import CliRunner

    from scheduled.cli.main import group

    result = CliRunner().invoke(group, ["--root", str(root), "cron", *words], standalone_mode=False)
    assert result.exception is None, result.exception
    return result.stdout


def test_a1_two_roots_have_a_block_each_named_as_their_state_directories(
    one: Place, other: Place, command: Crontab
) -> None:
    said_by_default(one.root, "install")
    said_by_default(other.root, "install")
    both = command.text
    shown = [json.loads(said_by_default(root, "show", "--json")) for root in (one.root, other.root)]
    said_by_default(one.root, "uninstall")

    names = [identity.name_of(place.root) for place in (one, other)]
    assert [report["id"] for report in shown] == names
    assert [report["status"] for report in shown] == ["intact", "intact"]
    for name in names:
        (block,) = blocks(both, name)
        assert f"--state-dir {Path.home()}/.local/state/scheduled/{name} run".encode() in block.body
    assert blocks(command.text, names[0]) == []
    assert len(blocks(command.text, names[1])) == 1


def test_a1_one_root_with_two_state_directories_has_two_blocks(
    one: Place, tmp_path: Path, command: Crontab
) -> None:
    second = Place(one.root, tmp_path / "second")
    said(one, "install")
    said(second, "install")
    said(one, "uninstall")

    assert f"--state-dir {tmp_path}/second run".encode() in command.text
    assert f"--state-dir {tmp_path}/state run".encode() not in command.text


def test_a1_installing_that_would_stop_another_root_is_refused_and_names_what_would_stop(
    one: Place, other: Place, command: Crontab
) -> None:
    said(one, "install")
    before = command.text

    error = refused(other, "install")

    assert isinstance(error, UsageError)
    assert error.exit_code == 2
    assert "would stop the ticks of another root with this state" in str(error)
    assert f"those of {one.root}, crontab line 5; this is {other.root}" in str(error)
    assert "--force" in str(error)
    assert command.text == before
    assert Store(one.state_dir).load().state["owner"]["root"] == str(one.root)


def test_a1_with_force_the_state_is_taken_over_and_the_other_block_replaced(
    one: Place, other: Place, command: Crontab
) -> None:
    said(one, "install")

    output = said(other, "install", "--force")

    assert f"belongs to the root {other.root} now" in output
    assert "-* * * * * " in output
    assert command.text.count(b"# BEGIN scheduled") == 1
    assert f"--root {other.root} ".encode() in command.text
    assert Store(one.state_dir).load().state["owner"]["root"] == str(other.root)
    assert f"those of {other.root}, crontab line 5; this is {one.root}" in str(
        refused(one, "install")
    )


def test_a1_a_dry_run_with_force_takes_nothing_over(
    one: Place, other: Place, command: Crontab
) -> None:
    said(one, "install")
    before = command.text

    said(other, "install", "--force", "--dry-run")

    assert command.text == before
    assert Store(one.state_dir).load().state["owner"]["root"] == str(one.root)


def test_a1_a_state_of_another_root_that_nobody_ticks_is_refused_as_well(
    one: Place, other: Place, command: Crontab
) -> None:
    said(one, "install")
    command.text = FOREIGN

    error = refused(other, "install")

    assert f"those of {one.root}, whose state this is" in str(error)
    assert command.text == FOREIGN


def test_a1_who_lost_the_state_to_another_root_may_still_take_the_block_away(
    one: Place, other: Place, command: Crontab
) -> None:
    said(one, "install")
    block = command.text
    said(other, "install", "--force")
    command.text = block

    said(one, "uninstall")

    assert command.text == FOREIGN
    assert list((Path.home() / ".cache/scheduled").glob("crontab.backup-*"))


# A block of version 0.1.0


def test_a1_a_block_of_0_1_0_is_shown_and_replaced_in_its_place(
    one: Place, command: Crontab
) -> None:
    block = earlier_version.block(one.root, one.state_dir, every="*/5 * * * *")
    command.text = FOREIGN + block + b"0 6 * * * later\n"
    before = json.loads(said(one, "show", "--json"))

    said(one, "install", "--every", "5")

    after = json.loads(said(one, "show", "--json"))
    assert (before["status"], before["id"]) == (
        "intact",
        earlier_version.name_of(one.state_dir),
    )
    assert (after["status"], after["lines"]) == ("intact", before["lines"])
    assert after["id"] == identity.installation_id(one.root, one.state_dir, is_default=False)
    assert command.text.endswith(b"0 6 * * * later\n")
    assert command.text.count(b"# BEGIN") == 1


def test_a1_a_block_of_0_1_0_is_removed(one: Place, command: Crontab) -> None:
    command.text = FOREIGN + earlier_version.block(one.root, one.state_dir)

    said(one, "uninstall")

    assert command.text == FOREIGN


def test_a1_a_block_of_0_1_0_that_ticks_another_root_is_left_alone(
    one: Place, other: Place, command: Crontab
) -> None:
    command.text = FOREIGN + earlier_version.block(one.root, one.state_dir)
    before = command.text

    shown = json.loads(said(other, "show", "--json"))
    error = refused(other, "install")
    invoke(other, "uninstall")

    assert shown["status"] == "absent"
    assert f"those of {one.root}, crontab line 5" in str(error)
    assert command.text == before


def test_a1_with_force_a_block_of_0_1_0_of_another_root_is_replaced(
    one: Place, other: Place, command: Crontab
) -> None:
    Store(one.state_dir).record(at("08:00"), {"event": "tick", "ran": 0})
    command.text = FOREIGN + earlier_version.block(one.root, one.state_dir)

    said(other, "install", "--force")

    assert command.text.count(b"# BEGIN") == 1
    assert f"--root {other.root} ".encode() in command.text
    assert Store(one.state_dir).load().state["owner"]["root"] == str(other.root)


@pytest.mark.parametrize("root", ["one", "link"])
def test_a1_units_of_0_1_0_are_shown_replaced_and_removed(
    one: Place, tmp_path: Path, root: str
) -> None:
    (tmp_path / "link").symlink_to(one.root)
    folder = tmp_path / ".config/systemd/user"
    former = earlier_version.units(tmp_path / root, one.state_dir, folder)

    shown = json.loads(said(one, "show", "--systemd", "--json"))
    invoke(one, "install", "--systemd")  # systemd itself cannot be reached from here

    name = identity.installation_id(one.root, one.state_dir, is_default=False)
    assert (shown["id"], shown["status"]) == (earlier_version.name_of(one.state_dir), "intact")
    assert [path.exists() for path in former] == [False, False]
    assert sorted(path.name for path in folder.iterdir()) == [
        f"scheduled-{name}.service",
        f"scheduled-{name}.timer",
    ]

    earlier_version.units(tmp_path / root, one.state_dir, folder)
    invoke(one, "uninstall", "--systemd")
    invoke(one, "uninstall", "--systemd")
    assert list(folder.iterdir()) == []

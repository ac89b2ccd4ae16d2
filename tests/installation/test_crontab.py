"""The block in a crontab: added, renewed and taken away without touching anything else."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from scheduled.errors import StateError, UnavailableError
from scheduled.installation import crontab, program
from scheduled.installation.crontab_block import (
    CrontabError,
    block_text,
    blocks,
    with_block,
    without_block,
)
from tests.builders.crontab import REFUSE, REFUSE_OPEN_LINE, Crontab

NAME = "1a2b3c4d"
LINES = [b"* * * * * /venv/bin/python /lib/scheduled/__main__.py run\n"]
OTHER_LINES = [b"*/5 * * * * /venv/bin/python /lib/scheduled/__main__.py run\n"]
BLOCK = block_text(NAME, LINES)
FOREIGN = b"MAILTO=me@example.org\n0 5 * * * /usr/bin/backup --to '50\\%'\n"
NOW = datetime(2026, 11, 21, 2, 41, tzinfo=UTC)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    made = Crontab(tmp_path / "cron")
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    return made


def edited(text: bytes) -> bytes:
    return text.replace(b"* * * * * /venv", b"1 * * * * /venv")


# ------------------------------------------------------------------ text in, text out


def test_a_block_is_our_lines_between_two_markers_that_name_the_installation() -> None:
    opening, about, line, closing = BLOCK.splitlines()

    assert opening.startswith(b"# BEGIN scheduled 1a2b3c4d v1 sha256:")
    assert about.startswith(b"#")
    assert line + b"\n" == LINES[0]
    assert closing == b"# END scheduled 1a2b3c4d"


@pytest.mark.parametrize("text", [b"", FOREIGN, b"# only a comment\n\n\n", b"0 5 * * * x\r\n"])
def test_the_block_comes_after_what_is_there(text: bytes) -> None:
    assert with_block(text, NAME, LINES) == text + BLOCK


def test_a_last_line_without_a_newline_is_ended_before_the_block_begins() -> None:
    installed = with_block(b"0 5 * * * backup", NAME, LINES)

    assert installed.startswith(b"0 5 * * * backup\n# BEGIN scheduled")
    assert without_block(installed, NAME) == b"0 5 * * * backup"


@pytest.mark.parametrize("text", [b"", FOREIGN, b"0 5 * * * backup", b"caf\xe9 \xff\n"])
def test_installing_twice_changes_nothing(text: bytes) -> None:
    once = with_block(text, NAME, LINES)

    assert with_block(once, NAME, LINES) == once


@given(
    st.binary()
    | st.lists(st.sampled_from([FOREIGN, b"\r\n", b"\r", b"x", b"\n", b"#"])).map(b"".join)
)
@example(b"0 5 * * * caf\xe9")
@example(b"a\r# BEGIN scheduled\n\0")
def test_uninstalling_restores_any_text_to_the_byte(text: bytes) -> None:
    assume(b"scheduled 1a2b3c4d" not in text)
    renewed = with_block(with_block(text, NAME, LINES), NAME, OTHER_LINES)

    assert without_block(renewed, NAME) == text


def test_a_block_with_other_lines_is_renewed_in_its_place() -> None:
    below = b"0 6 * * * below\n"

    renewed = with_block(FOREIGN + BLOCK + below, NAME, OTHER_LINES)

    assert renewed == FOREIGN + block_text(NAME, OTHER_LINES) + below


def test_a_block_of_an_older_version_is_renewed() -> None:
    older = BLOCK.replace(b" v1 ", b" v0 ")

    assert with_block(FOREIGN + older, NAME, LINES) == FOREIGN + BLOCK


def test_a_block_of_a_newer_version_is_left_alone_unless_forced() -> None:
    newer = FOREIGN + BLOCK.replace(b" v1 ", b" v2 ")

    with pytest.raises(CrontabError, match="lines 3 to 6: written by a newer version"):
        with_block(newer, NAME, LINES)
    assert with_block(newer, NAME, LINES, force=True) == FOREIGN + BLOCK


@pytest.mark.parametrize(
    "edit",
    [
        edited,
        lambda text: text.replace(b"# Written", b"# written"),
        lambda text: text.replace(b"# END", b"0 1 * * * mine\n# END"),
        lambda text: text.replace(b"sha256:", b"sha256:0"),
        lambda text: text.replace(b" v1 ", b" "),
        lambda text: text.replace(b"\n", b"\r\n"),
    ],
)
def test_a_block_edited_by_hand_is_left_alone_unless_forced(
    edit: Callable[[bytes], bytes],
) -> None:
    text = FOREIGN + edit(BLOCK)

    for change in (
        with_block(text, NAME, LINES, force=True),
        without_block(text, NAME, force=True),
    ):
        assert change.startswith(FOREIGN)
    with pytest.raises(CrontabError, match=r"lines 3 to \d: edited by hand"):
        with_block(text, NAME, LINES)
    with pytest.raises(CrontabError, match=r"lines 3 to \d: edited by hand"):
        without_block(text, NAME)


def test_a_block_that_stands_there_twice_is_left_alone_unless_forced() -> None:
    doubled = BLOCK + FOREIGN + BLOCK

    with pytest.raises(CrontabError, match="lines 1 to 4 and lines 7 to 10: the same block twice"):
        with_block(doubled, NAME, LINES)
    assert with_block(doubled, NAME, LINES, force=True) == BLOCK + FOREIGN
    assert with_block(doubled + FOREIGN + BLOCK, NAME, LINES, force=True) == BLOCK + FOREIGN * 2
    assert without_block(doubled, NAME, force=True) == FOREIGN


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (FOREIGN + BLOCK.removesuffix(b"# END scheduled 1a2b3c4d\n"), 3),
        (FOREIGN + b"# END scheduled 1a2b3c4d\n", 3),
        (BLOCK + b"# END scheduled 1a2b3c4d\n", 5),
        (b"# BEGIN scheduled 1a2b3c4d\n" + BLOCK, 1),
    ],
)
def test_a_marker_without_its_partner_is_never_touched_even_if_forced(
    text: bytes, line: int
) -> None:
    for force in (False, True):
        with pytest.raises(CrontabError, match=f"line {line}: .* without its"):
            with_block(text, NAME, LINES, force=force)
        with pytest.raises(CrontabError, match=f"line {line}: .* without its"):
            without_block(text, NAME, force=force)


def test_two_installations_live_side_by_side() -> None:
    name = "aipass-0a1b2c3d"
    other = "srv-4e5f6a7b"

    both = with_block(with_block(FOREIGN, name, LINES), other, OTHER_LINES)

    assert name != other
    assert without_block(both, name) == with_block(FOREIGN, other, OTHER_LINES)
    assert without_block(both, other) == with_block(FOREIGN, name, LINES)


def test_a_line_outside_the_block_that_calls_us_is_refused_by_its_number() -> None:
    text = FOREIGN + b"* * * * * scheduled run\n" + BLOCK

    with pytest.raises(CrontabError, match=r"line 3 calls scheduled already: \* \* \* \* \* sched"):
        with_block(text, NAME, OTHER_LINES, force=True)
    assert without_block(text, NAME) == FOREIGN + b"* * * * * scheduled run\n"


def test_lines_added_below_the_block_keep_the_newline_that_separates_them() -> None:
    text = with_block(b"0 5 * * * backup", NAME, LINES) + b"0 6 * * * added later\n"

    assert without_block(text, NAME) == b"0 5 * * * backup\n0 6 * * * added later\n"


def test_a_block_whose_last_marker_lost_its_newline_is_still_ours() -> None:
    (block,) = blocks(FOREIGN + BLOCK[:-1], NAME)

    assert block.intact
    assert without_block(FOREIGN + BLOCK[:-1], NAME) == FOREIGN


def test_without_a_block_there_is_nothing_to_take_away() -> None:
    assert without_block(FOREIGN, NAME) == FOREIGN


# ------------------------------------------------------------------ the crontab itself


def test_no_crontab_is_none_and_an_empty_one_is_empty(command: Crontab) -> None:
    absent = crontab.read()
    command.text = b""

    assert absent is None
    assert crontab.read() == b""


def test_the_lines_crontab_itself_puts_on_top_are_not_the_users(command: Crontab) -> None:
    header = (
        b"# DO NOT EDIT THIS FILE - edit the master and reinstall.\n"
        b"# (- installed on Sat Nov 21 02:48:19 2026)\n"
        b"# (Cron version -- $Id: crontab.c,v 2.13 1994/01/17 03:20:37 vixie Exp $)\n"
    )
    command.text = header + b"# mine\n"

    assert crontab.read() == b"# mine\n"


@pytest.mark.parametrize(
    "failure",
    [
        'echo "You (tester) are not allowed to use this program (crontab)" >&2; exit 1',
        'echo "no crontab for tester" >&2; exit 2',
        "exit 1",
        "kill -9 $$",
    ],
)
def test_an_answer_that_is_not_understood_is_never_taken_for_no_crontab(
    command: Crontab, failure: str
) -> None:
    command.text = FOREIGN
    command.behave(on_list=failure)

    with pytest.raises(UnavailableError, match="nothing was changed"):
        crontab.read()


def test_a_machine_without_crontab_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UnavailableError, match="apt install cron"):
        crontab.read()


def test_a_crontab_that_cannot_be_started_or_hangs_is_said_in_a_sentence(
    command: Crontab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.behave(on_list="exec sleep 60")
    monkeypatch.setattr(program, "PATIENCE", 0.2)
    with pytest.raises(UnavailableError, match=r"^`crontab -l` has not ended within 0\.2 seconds$"):
        crontab.read()

    (tmp_path / "crontab").touch(mode=0o600)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"^`crontab -l` cannot be run: permission denied$"):
        crontab.read()


def test_the_old_text_is_backed_up_for_its_owner_only(command: Crontab, tmp_path: Path) -> None:
    command.text = FOREIGN + b"caf\xe9\n"

    replaced = crontab.replace(command.text, BLOCK, tmp_path / "state", NOW)

    assert command.text == replaced.text == BLOCK
    assert replaced.backup == tmp_path / "state" / "crontab.backup-20261121T024100Z"
    assert replaced.backup.read_bytes() == FOREIGN + b"caf\xe9\n"
    assert stat.S_IMODE(replaced.backup.stat().st_mode) == 0o600


def test_two_backups_of_one_second_are_both_kept(command: Crontab, tmp_path: Path) -> None:
    command.text = b"# first\n"
    crontab.replace(b"# first\n", b"# second\n", tmp_path, NOW)
    crontab.replace(b"# second\n", b"# third\n", tmp_path, NOW)

    kept = [path.read_bytes() for path in sorted(tmp_path.glob("crontab.backup-*"))]

    assert kept == [b"# first\n", b"# second\n"]


def test_without_an_old_text_there_is_no_backup(command: Crontab, tmp_path: Path) -> None:
    replaced = crontab.replace(None, BLOCK, tmp_path, NOW)

    assert replaced.backup is None
    assert list(tmp_path.glob("crontab.backup-*")) == []


def test_a_crontab_that_cannot_be_backed_up_is_not_changed(
    command: Crontab, tmp_path: Path
) -> None:
    command.text = FOREIGN
    (tmp_path / "state").write_text("a file where the folder should be")

    with pytest.raises(StateError, match="cannot be backed up"):
        crontab.replace(FOREIGN, BLOCK, tmp_path / "state", NOW)
    assert command.text == FOREIGN


def test_a_crontab_changed_by_somebody_meanwhile_is_not_overwritten(
    command: Crontab, tmp_path: Path
) -> None:
    command.text = FOREIGN + b"# new\n"

    with pytest.raises(CrontabError, match="meanwhile"):
        crontab.replace(FOREIGN, BLOCK, tmp_path, NOW)
    assert command.text == FOREIGN + b"# new\n"


def test_a_text_that_crontab_refuses_leaves_the_old_one(command: Crontab, tmp_path: Path) -> None:
    command.text = FOREIGN
    command.behave(on_replace=REFUSE)

    with pytest.raises(UnavailableError, match=r"errors in crontab file.*the crontab is as it was"):
        crontab.replace(FOREIGN, BLOCK, tmp_path, NOW)
    assert command.text == FOREIGN


def test_a_text_that_reads_back_differently_is_put_back(command: Crontab, tmp_path: Path) -> None:
    command.text = FOREIGN
    command.behave(on_replace='grep -q BEGIN "$store.new" && : > "$store.new"')

    with pytest.raises(UnavailableError, match=r"did not read back .*the crontab is as it was"):
        crontab.replace(FOREIGN, FOREIGN + BLOCK, tmp_path, NOW)
    assert command.text == FOREIGN


def test_where_even_putting_back_fails_the_message_says_where_the_text_is(
    command: Crontab, tmp_path: Path
) -> None:
    command.text = FOREIGN
    command.behave(on_replace=': > "$store.new"')

    with pytest.raises(UnavailableError, match=r"could not be put back.*crontab.backup-") as raised:
        crontab.replace(FOREIGN, FOREIGN + BLOCK, tmp_path, NOW)
    (backup,) = tmp_path.glob("crontab.backup-*")
    assert str(backup) in str(raised.value)
    assert backup.read_bytes() == FOREIGN


def test_a_crontab_that_insists_on_a_last_newline_gets_one(
    command: Crontab, tmp_path: Path
) -> None:
    command.text = FOREIGN
    command.behave(on_replace=REFUSE_OPEN_LINE)

    replaced = crontab.replace(FOREIGN, b"0 5 * * * backup", tmp_path, NOW)

    assert command.text == replaced.text == b"0 5 * * * backup\n"

from pathlib import Path
from typing import Any

import pytest

from scheduled.ecosystem import archive
from scheduled.errors import UnreadableFileError
from tests.builders.mail import NOW, ZONE, letter, mailbox_in, read_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return mailbox_in(tmp_path / "seed")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_closed_message_keeps_everything_and_says_when(folder: Path) -> None:
    path = archive.close(folder, letter(subject="Hi there", metadata={"a": 1}), NOW, ZONE)

    assert path == folder / "deleted" / "20260307_120000_Hi_there.json"
    assert read_json(path) == {
        **letter(subject="Hi there", metadata={"a": 1}),
        "status": "closed",
        "read": True,
        "archived_at": "2026-03-07 12:00:00",
    }


def test_two_messages_of_one_subject_and_second_have_two_files(folder: Path) -> None:
    for number in (1, 2, 3):
        archive.close(folder, letter(number, subject="Same"), NOW, ZONE)

    stem = "20260307_120000_Same"
    assert names(folder / "deleted") == [f"{stem}.json", f"{stem}_2.json", f"{stem}_3.json"]


def test_a_message_archived_before_a_crash_is_not_archived_again(folder: Path) -> None:
    first = archive.close(folder, letter(), NOW, ZONE)

    assert archive.close(folder, letter(), NOW, ZONE) == first
    assert len(names(folder / "deleted")) == 1


def test_another_message_with_the_same_id_is_archived(folder: Path) -> None:
    archive.close(folder, letter(), NOW, ZONE)
    archive.close(folder, letter(message="something else"), NOW, ZONE)

    assert len(names(folder / "deleted")) == 2


def test_messages_without_an_id_are_all_archived(folder: Path) -> None:
    archive.close(folder, letter(id=None), NOW, ZONE)
    archive.close(folder, letter(id=None), NOW, ZONE)

    assert len(names(folder / "deleted")) == 2


@pytest.mark.parametrize(
    "subject",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "a\0b\nc",
        "x" * 5000,
        "\ud800",
        "日本" * 400,
        "",
        None,
        7,
    ],
)
def test_no_subject_leads_out_of_the_archive(folder: Path, subject: Any) -> None:
    path = archive.close(folder, {**letter(), "subject": subject}, NOW, ZONE)

    assert names(folder) == ["deleted", "inbox.json"]
    assert names(folder / "deleted") == [path.name]
    assert len(path.stem) <= len("20260307_120000_") + 50


def test_an_archive_that_is_a_link_out_of_the_branch_is_refused(tmp_path: Path) -> None:
    folder = mailbox_in(tmp_path / "seed")
    (tmp_path / "elsewhere").mkdir()
    (folder / "deleted").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UnreadableFileError, match="outside the branch"):
        archive.close(folder, letter(), NOW, ZONE)
    assert names(tmp_path / "elsewhere") == []


def test_a_sent_message_names_its_recipient(folder: Path) -> None:
    path = archive.keep_sent(folder, letter(), "@flow", NOW, ZONE)

    assert path.parent == folder / "sent"
    assert read_json(path) == {**letter(), "to": "@flow", "status": "sent"}

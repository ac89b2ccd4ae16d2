import contextlib
import fcntl
import json
import os
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scheduled.ecosystem import mailbox
from scheduled.errors import LockedError, UnreadableFileError
from tests.builders import needs
from tests.builders.locks import HOLDER, held_by_another
from tests.builders.mail import NOW, ZONE, ago, inbox_of, letter, mailbox_in, read_json, write_json


def shape(folder: Path, document: Any) -> Path:
    write_json(folder / "inbox.json", document)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return mailbox_in(tmp_path / "seed")


@pytest.mark.parametrize(
    "document",
    [
        inbox_of(letter(1), letter(2)),
        {"messages": [letter(1), letter(2)]},
        {"inbox": [letter(1), letter(2)]},
        [letter(1), letter(2)],
    ],
    ids=["v2", "no counts", "v1", "list"],
)
def test_every_shape_of_an_inbox_is_read(folder: Path, document: Any) -> None:
    box = mailbox.read(shape(folder, document))

    assert [message["id"] for message in box.messages] == ["00000001", "00000002"]


def test_h9_an_inbox_that_was_emptied_to_be_written_again_is_waited_for(folder: Path) -> None:
    (folder / "inbox.json").write_bytes(b"")
    writer = threading.Timer(0.1, write_json, (folder / "inbox.json", inbox_of(letter(1))))
    writer.start()

    with mailbox.editing(folder) as box:
        box.insert(letter(2))
    writer.join()

    ids = [message["id"] for message in mailbox.read(folder).messages]
    assert ids == ["00000002", "00000001"]


def test_h9_an_inbox_that_stays_empty_is_empty(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "SETTLED", 0.05)
    (folder / "inbox.json").write_bytes(b"")

    with mailbox.editing(folder) as box:
        box.insert(letter(2))

    assert [message["id"] for message in mailbox.read(folder).messages] == ["00000002"]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[]"])
def test_an_absent_or_empty_inbox_has_no_messages(folder: Path, content: bytes | None) -> None:
    path = folder / "inbox.json"
    path.unlink() if content is None else path.write_bytes(content)

    assert mailbox.read(folder).messages == []


@pytest.mark.parametrize(
    "content",
    [b'{"messages": [', b"null", b'"text"', b"\xff\xfe", b'{"mesages": []}', b'{"messages": {}}'],
)
def test_an_inbox_that_cannot_be_understood_is_refused_and_left(
    folder: Path, content: bytes
) -> None:
    path = folder / "inbox.json"
    path.write_bytes(content)

    with pytest.raises(UnreadableFileError, match=r"inbox\.json"), mailbox.editing(folder) as box:
        box.insert(letter())
    assert path.read_bytes() == content


def test_a_missing_mailbox_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such file or directory"):
        mailbox.read(tmp_path / "ai_mail.local")


def test_an_inbox_that_is_a_pipe_does_not_hang_us(folder: Path) -> None:
    (folder / "inbox.json").unlink()
    os.mkfifo(folder / "inbox.json")

    with pytest.raises(UnreadableFileError, match="not a regular file"):
        mailbox.read(folder)


@pytest.mark.parametrize("link", ["ai_mail.local", "ai_mail.local/inbox.json"])
def test_a_link_out_of_the_branch_is_not_followed(tmp_path: Path, link: str) -> None:
    elsewhere = mailbox_in(tmp_path / "elsewhere", letter())
    folder = tmp_path / "seed" / "ai_mail.local"
    target = elsewhere if link == "ai_mail.local" else elsewhere / "inbox.json"
    (tmp_path / "seed" / link).parent.mkdir(parents=True)
    (tmp_path / "seed" / link).symlink_to(target)

    with pytest.raises(UnreadableFileError, match="leads outside the branch"):
        mailbox.read(folder)
    with pytest.raises(UnreadableFileError), mailbox.editing(folder) as box:
        box.insert(letter(2))
    assert read_json(elsewhere / "inbox.json")["total_messages"] == 1


def test_a_link_inside_the_branch_stays_a_link(folder: Path) -> None:
    (folder / "inbox.json").rename(folder / "real.json")
    (folder / "inbox.json").symlink_to("real.json")

    with mailbox.editing(folder) as box:
        box.insert(letter())

    assert (folder / "inbox.json").is_symlink()
    assert read_json(folder / "real.json")["total_messages"] == 1


def test_unknown_keys_entries_and_order_survive_a_rewrite(folder: Path) -> None:
    document = {
        "zebra": 1,
        "messages": [letter(1, metadata={"b": 1, "a": [2]}), "not a message", letter(2)],
        "unread_count": 77,
        "aardvark": None,
    }
    shape(folder, document)

    with mailbox.editing(folder) as box:
        box.update(box.messages[0], status="opened")

    written = read_json(folder / "inbox.json")
    assert list(written) == ["zebra", "messages", "unread_count", "aardvark", "total_messages"]
    assert list(written["messages"][0]) == list(letter(1, metadata={}))
    assert written["messages"][1] == "not a message"
    assert (written["total_messages"], written["unread_count"]) == (2, 1)


def test_a_bare_list_stays_a_bare_list(folder: Path) -> None:
    shape(folder, [letter(1)])

    with mailbox.editing(folder) as box:
        box.insert(letter(2))

    assert [each["id"] for each in read_json(folder / "inbox.json")] == ["00000002", "00000001"]


def test_without_a_change_nothing_is_written(folder: Path) -> None:
    (folder / "inbox.json").write_text('{"messages":[]}')

    with mailbox.editing(folder):
        pass

    assert (folder / "inbox.json").read_text() == '{"messages":[]}'


def test_an_exception_leaves_the_inbox_as_it_was(folder: Path) -> None:
    before = (folder / "inbox.json").read_bytes()

    with contextlib.suppress(KeyError), mailbox.editing(folder) as box:
        box.insert(letter())
        raise KeyError

    assert (folder / "inbox.json").read_bytes() == before


def test_only_the_very_message_is_removed_not_its_twin(folder: Path) -> None:
    shape(folder, inbox_of(letter(1), letter(1)))

    with mailbox.editing(folder) as box:
        box.remove([box.messages[0]])

    assert read_json(folder / "inbox.json")["messages"] == [letter(1)]


def test_mode_is_kept(folder: Path) -> None:
    (folder / "inbox.json").chmod(0o640)

    with mailbox.editing(folder) as box:
        box.insert(letter())

    assert (folder / "inbox.json").stat().st_mode & 0o777 == 0o640


def test_what_root_creates_belongs_to_the_owner_of_the_mailbox(folder: Path) -> None:
    needs.root()
    os.chown(folder, 1234, 1234)

    with mailbox.editing(folder):
        pass

    assert (folder / ".inbox.lock").stat().st_uid == 1234


def test_a_held_mailbox_is_waited_for_and_then_given_up(folder: Path) -> None:
    with (
        held_by_another(folder / ".inbox.lock"),
        pytest.raises(LockedError, match="held by another program"),
        mailbox.editing(folder, wait=0.05),
    ):
        pass


@pytest.mark.parametrize("torn", ["", '{"messages": ['])
def test_an_inbox_caught_half_written_is_read_when_its_writer_is_done(
    folder: Path, torn: str
) -> None:
    whole = json.dumps(inbox_of(letter()))
    code = f"{HOLDER} p = sys.argv[2]; open(p, 'w').write({torn!r}); print(2, flush=True);"
    code += f"import time; time.sleep(0.3); open(p, 'w').write({whole!r})"
    paths = [str(folder / ".inbox.lock"), str(folder / "inbox.json")]
    writer = subprocess.Popen([sys.executable, "-c", code, *paths], stdout=subprocess.PIPE)
    assert writer.stdout
    assert [writer.stdout.readline(), writer.stdout.readline()] == [b"1\n", b"2\n"]

    assert len(mailbox.read(folder).messages) == 1
    assert writer.wait() == 0
    writer.stdout.close()


def test_while_we_edit_others_cannot_take_the_lock(folder: Path) -> None:
    with (
        mailbox.editing(folder),
        (folder / ".inbox.lock").open("r+") as lock,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_mail_that_came_past_the_lock_is_not_overwritten(folder: Path) -> None:
    def write_while_somebody_else_does() -> None:
        with mailbox.editing(folder) as box:
            box.insert(letter(1))
            shape(folder, inbox_of(letter(2), letter(3)))

    with pytest.raises(LockedError, match="did not take"):
        write_while_somebody_else_does()
    assert read_json(folder / "inbox.json") == inbox_of(letter(2), letter(3))


@pytest.mark.parametrize(
    ("fields", "unread"),
    [
        ({"status": "new"}, True),
        ({"status": "opened"}, False),
        ({"status": "closed"}, False),
        ({"status": None}, True),
        ({"status": None, "read": False}, True),
        ({"status": None, "read": True}, False),
        ({"status": "new", "read": True}, True),
    ],
)
def test_unread_is_new_or_an_old_message_not_marked_read(
    fields: dict[str, Any], unread: bool
) -> None:
    assert mailbox.is_unread(letter(**fields)) is unread


def just_now(_: Any) -> datetime:
    return NOW


def test_exactly_the_limit_is_not_yet_stale(folder: Path) -> None:
    shape(
        folder,
        inbox_of(
            letter(1, timestamp=ago(hours=48)),
            letter(2, timestamp=ago(hours=48, seconds=1)),
            letter(3, status="opened", opened_at=ago(hours=24)),
            letter(4, status="opened", opened_at=ago(hours=24, seconds=1)),
            letter(5, status="closed", timestamp=ago(days=30)),
            letter(6, timestamp="when I have time"),
        ),
    )

    stale = mailbox.stale(mailbox.read(folder), NOW, ZONE, opened_by=just_now)

    unreadable = ("message 00000006: not a timestamp: 'when I have time'",)
    assert stale == mailbox.Stale(new=1, opened=1, unreadable=unreadable)


@pytest.mark.parametrize("key", ["opened_at", "auto_opened_at"])
def test_an_opened_message_is_as_old_as_its_opening(folder: Path, key: str) -> None:
    old = letter(status="opened", timestamp=ago(days=30)) | {key: ago(hours=1)}

    box = mailbox.read(shape(folder, [old]))
    assert mailbox.stale(box, NOW, ZONE, opened_by=just_now).opened == 0


def test_the_real_inboxes_are_read(tmp_path: Path) -> None:
    samples = needs.real_data("aipass-home/samples")
    counts = {}
    for name in ("inbox-one-message", "inbox-empty-v2"):
        folder = tmp_path / name / "ai_mail.local"
        shape(folder, json.loads((samples / f"{name}.json").read_text()))
        box = mailbox.read(folder)
        counts[name] = (len(box.messages), box.unread)

    assert counts == {"inbox-one-message": (1, 1), "inbox-empty-v2": (0, 0)}

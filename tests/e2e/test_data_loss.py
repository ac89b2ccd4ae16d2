"""The event `data_loss_risk`, from what goes wrong to the mailbox of who has to know, once."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ecosystem
from tests.builders.command import scheduled, state_dir
from tests.builders.disks import Disk, mounted
from tests.builders.installed import WITHOUT_SWEEPS, configure, state
from tests.builders.jobs import RARELY

QUICK = f'  quick: {{schedule: "{RARELY}", first_run: now, command: "true"}}\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An ecosystem whose @dev_central reads messages, with one quick job in place of the sweeps."""
    entries = [ecosystem.entry("DEV_CENTRAL"), ecosystem.entry("DRONE")]
    home = ecosystem.home(tmp_path / "home", {"branches": entries})
    configure(home, WITHOUT_SWEEPS + QUICK)
    return home


@pytest.fixture
def state_disk(home: Path) -> Iterator[Disk]:
    yield from mounted(state_dir(home))


@pytest.fixture
def central_disk(home: Path) -> Iterator[Disk]:
    yield from mounted(home / "aipass_os/AI_CENTRAL")


def damaged(home: Path, damage: Any) -> None:
    """Damage the state, and have the next tick look at it: an idle one would not."""
    damage(home)
    (state_dir(home) / "next-due").unlink(missing_ok=True)


def fill(home: Path, disk: Disk) -> None:
    """Leave no room, not even that of the hint, which a tick removes."""
    (state_dir(home) / "next-due").unlink(missing_ok=True)
    disk.fill()


def told(home: Path) -> list[dict[str, Any]]:
    """The messages to @dev_central about data, oldest first."""
    inbox = json.loads((home / "dev_central/ai_mail.local/inbox.json").read_text())
    return [message for message in reversed(inbox["messages"]) if message["priority"] == "critical"]


def damage_state(home: Path) -> None:
    (state_dir(home) / "scheduled_state.json").write_text('{"version": 1, "jobs": {"qu')


def empty_journal(home: Path) -> None:
    (journal,) = (state_dir(home) / "journal").iterdir()
    journal.write_bytes(b"")


@pytest.mark.parametrize("damage", [damage_state, empty_journal])
@pytest.mark.parametrize("mended_by", [("run",), ("pause", "quick")], ids=["tick", "command"])
def test_a8_a_damaged_state_is_told_once(home: Path, damage: Any, mended_by: tuple[str]) -> None:
    scheduled(home, "run")
    damaged(home, damage)

    mended = scheduled(home, *mended_by)
    scheduled(home, "run")
    after = scheduled(home, "run")

    (message,) = told(home)
    assert (mended.code, after.code) == (4, 0)
    assert message["subject"] == f"[SCHEDULED] The state in {state_dir(home)} was damaged"
    said = [line.removeprefix("scheduled: ") for line in mended.err.splitlines()]
    assert [
        line for line in said if line not in message["message"] and "`scheduled ack " not in line
    ] == []
    assert state(home)["outbox"] == []


def test_a8_a_sound_state_is_nothing_to_tell(home: Path) -> None:
    for _ in range(2):
        scheduled(home, "run", "--force")

    assert told(home) == []
    assert state(home)["incidents"] == {}


def test_a8_a_full_state_directory_is_told_at_once_and_once(home: Path, state_disk: Disk) -> None:
    scheduled(home, "run")
    fill(home, state_disk)

    full = [scheduled(home, "run", "--force") for _ in range(2)]
    while_full = told(home)
    state_disk.free()
    freed = [scheduled(home, "run", "--force") for _ in range(2)]

    assert [said.code for said in full] == [4, 4]
    subject = f"[SCHEDULED] No space left: {state_dir(home)}"
    assert [message["subject"] for message in while_full] == [subject]
    (message,) = told(home)
    assert message["id"] == while_full[0]["id"]
    assert re.search(r"Since 20\d\d-\d\d-\d\d \d\d:\d\d\+00:00 nothing", message["message"])
    assert "There is room again" in message["message"]
    assert [said.code for said in freed][1] == 0
    assert not (state_dir(home) / "cache/no-space").exists()


def test_a_full_state_directory_is_told_by_a_channel_at_once_and_once(
    home: Path, state_disk: Disk
) -> None:
    command = """'test -e works && echo "$SCHEDULED_KIND $SCHEDULED_SUBJECT" >> told'"""
    channel = f"notify:\n  ops: {{kind: command, command: {command}}}\n"
    configure(home, channel + WITHOUT_SWEEPS + QUICK)
    (home / "dev_central").rename(home / "away")
    scheduled(home, "run")
    fill(home, state_disk)

    scheduled(home, "run", "--force")
    (home / "works").touch()
    for _ in range(3):
        assert scheduled(home, "run", "--force").code == 4
    (told,) = (home / "told").read_text().splitlines()
    state_disk.free()
    for _ in range(2):
        scheduled(home, "run", "--force")

    assert told.startswith("disk no space or resource left")
    assert len((home / "told").read_text().splitlines()) == 2


def test_a8_a_disk_that_holds_state_and_mail_is_told_when_there_is_room_again(
    tmp_path: Path,
) -> None:
    for disk in mounted(tmp_path / "disk"):
        entries = [ecosystem.entry("DEV_CENTRAL")]
        home = ecosystem.home(tmp_path / "disk/home", {"branches": entries})
        configure(home, WITHOUT_SWEEPS + QUICK)
        scheduled(home, "run")
        fill(home, disk)

        scheduled(home, "run", "--force")
        while_full = told(home)
        disk.free()
        for _ in range(2):
            scheduled(home, "run", "--force")

        assert while_full == []
        subjects = [message["subject"] for message in told(home)]
        assert f"[SCHEDULED] No space left: {state_dir(home)}" in subjects
        assert len(subjects) == len(set(subjects))


@pytest.mark.parametrize("sweep", ["health", "none"])
def test_a8_a_full_central_directory_is_told_once_as_long_as_it_lasts(
    home: Path, central_disk: Disk, sweep: str
) -> None:
    configure(home, (WITHOUT_SWEEPS + QUICK).replace(f"  {sweep}: {{enabled: false}}\n", ""))
    scheduled(home, "run")
    central_disk.fill()

    for _ in range(3):
        scheduled(home, "run", "--force")
    while_full = told(home)
    central_disk.free()
    scheduled(home, "run", "--force")
    known = state(home)["incidents"]
    central_disk.fill()
    scheduled(home, "run", "--force")

    place = str(home / "aipass_os/AI_CENTRAL")
    subjects = [message["subject"] for message in while_full]
    assert f"[SCHEDULED] No space left: {place}" in subjects
    assert ("[SCHEDULED] No space left: job health" in subjects) == (sweep == "health")
    assert len(subjects) == len(set(subjects))
    assert known == {}
    assert "no space: central" in state(home)["incidents"]


def test_a8_output_that_finds_no_room_is_told(home: Path) -> None:
    configure(home, WITHOUT_SWEEPS + QUICK.replace('"true"', '"head -c 1M /dev/zero; true"'))
    for _ in mounted(state_dir(home) / "runs"):
        for _ in range(2):
            scheduled(home, "run", "--force")

        (message,) = told(home)
        assert message["subject"] == f"[SCHEDULED] No space left: {state_dir(home)}/runs"
    scheduled(home, "run", "--force")


def test_a8_an_inbox_that_does_not_parse_is_told_once_until_it_is_mended(home: Path) -> None:
    text = WITHOUT_SWEEPS.replace("  mail_cleanup: {enabled: false}\n", "")
    configure(home, text)
    inbox = home / "drone/ai_mail.local/inbox.json"
    sound = inbox.read_text()
    inbox.write_text(sound[:-10])

    for _ in range(2):
        scheduled(home, "run", "--force")
    (message,) = told(home)
    inbox.write_text(sound)
    scheduled(home, "run", "--force")
    inbox.write_text("[}")
    scheduled(home, "run", "--force")

    assert message["subject"] == "[SCHEDULED] 1 inbox unreadable"
    assert f"DRONE: {inbox}: not JSON" in message["message"]
    assert len(told(home)) == 2


def test_a8_a_muted_route_tells_nobody(home: Path) -> None:
    configure(home, "routes: {data_loss_risk: null}\n" + WITHOUT_SWEEPS + QUICK)
    scheduled(home, "run")
    damaged(home, damage_state)

    assert scheduled(home, "run").code == 4
    assert told(home) == []


def test_a8_without_an_ecosystem_nothing_waits_for_mailboxes(tmp_path: Path) -> None:
    home = tmp_path / "plain"
    home.mkdir()
    configure(home, "jobs:\n" + QUICK)
    scheduled(home, "run")
    damaged(home, damage_state)

    assert scheduled(home, "run").code == 4
    assert state(home)["outbox"] == []

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scheduled.ecosystem import mail_central, registry
from scheduled.ecosystem.mail_central import Count
from scheduled.ecosystem.registry import Branch
from scheduled.errors import UnreadableFileError
from tests.builders.mail import read_json, write_json

TODAY = date(2026, 3, 7)


def branch(name: str, folder: str | None = None) -> Branch:
    return Branch(name, f"/home/{folder or name}", f"@{name.lower()}")


def updated(folder: Path, counts: dict[str, Count], *registered: str, today: date = TODAY) -> Any:
    branches = {name: branch(name) for name in (*counts, *registered)}
    by_branch = {branches[name]: count for name, count in counts.items()}
    mail_central.update(folder, by_branch, branches.values(), today)
    return read_json(folder / "AI_MAIL.central.json")


def test_a_new_file_has_the_shape_of_the_real_one(tmp_path: Path) -> None:
    assert updated(tmp_path / "AI_CENTRAL", {"SPAWN": Count(4, 5), "FLOW": Count(0, 3)}) == {
        "service": "ai_mail",
        "last_updated": "2026-03-07",
        "branch_stats": {"SPAWN": {"unread": 4, "total": 5}, "FLOW": {"unread": 0, "total": 3}},
        "system_totals": {"total_unread": 4, "total_messages": 8},
    }


def test_unknown_keys_and_the_order_of_branches_stay(tmp_path: Path) -> None:
    before = {
        "theirs": 1,
        "branch_stats": {"B": {"unread": 1, "total": 1, "note": "x"}, "A": {}},
        "system_totals": {"theirs": 2},
    }
    write_json(tmp_path / "AI_MAIL.central.json", before)

    after = updated(tmp_path, {"A": Count(1, 2), "B": Count(0, 1), "C": Count(0, 0)})

    assert (after["theirs"], after["system_totals"]["theirs"]) == (1, 2)
    assert list(after["branch_stats"]) == ["B", "A", "C"]
    assert after["branch_stats"]["B"] == {"unread": 0, "total": 1, "note": "x"}


def test_a_branch_that_could_not_be_read_keeps_its_count_and_an_unknown_one_goes(
    tmp_path: Path,
) -> None:
    updated(tmp_path, {"A": Count(1, 2), "B": Count(3, 4), "C": Count(5, 6)})

    after = updated(tmp_path, {"A": Count(0, 2)}, "B")

    assert after["branch_stats"] == {
        "A": {"unread": 0, "total": 2},
        "B": {"unread": 3, "total": 4},
    }
    assert after["system_totals"] == {"total_unread": 3, "total_messages": 6}


def test_the_same_counts_of_the_same_day_are_not_written_again(tmp_path: Path) -> None:
    updated(tmp_path, {"A": Count(1, 2)})
    before = (tmp_path / "AI_MAIL.central.json").stat()

    updated(tmp_path, {"A": Count(1, 2)})

    after = (tmp_path / "AI_MAIL.central.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_what_cannot_be_understood_is_left(tmp_path: Path, content: str) -> None:
    path = tmp_path / "AI_MAIL.central.json"
    path.write_text(content)

    with pytest.raises(UnreadableFileError):
        updated(tmp_path, {"A": Count(1, 2)})
    assert path.read_text() == content


@pytest.mark.parametrize("document", [{}, {"system_totals": 7}, {"system_totals": {}}, None])
def test_totals_nobody_stated_are_zero(document: Any) -> None:
    assert mail_central.totals(document) == Count(0, 0)


@pytest.mark.parametrize(
    "of", [branch("drone"), branch("Drone", "DRONE"), branch("AIPASS.other", "some/place/Drone")]
)
def test_f1_a_branch_is_called_by_its_folder_in_upper_case(tmp_path: Path, of: Branch) -> None:
    before = {"branch_stats": {"DRONE": {"unread": 7, "total": 7}, of.name: {"total": 1}}}
    write_json(tmp_path / "AI_MAIL.central.json", before)

    mail_central.update(tmp_path, {of: Count(1, 2)}, [of], TODAY)

    after = read_json(tmp_path / "AI_MAIL.central.json")
    assert after["branch_stats"] == {"DRONE": {"unread": 1, "total": 2}}
    assert after["system_totals"] == {"total_unread": 1, "total_messages": 2}


def test_f1_branches_whose_folders_share_a_name_share_an_entry(tmp_path: Path) -> None:
    one, other = branch("one", "one/api"), branch("other", "other/API")

    mail_central.update(tmp_path, {one: Count(1, 2), other: Count(3, 4)}, [one, other], TODAY)
    mail_central.update(tmp_path, {one: Count(0, 0)}, [one, other], TODAY)

    after = read_json(tmp_path / "AI_MAIL.central.json")
    assert after["branch_stats"] == {"API": {"unread": 4, "total": 6}}


@pytest.mark.parametrize("folder", ["drone/.", "drone/", "drone/inside/.."])
def test_f1_the_name_is_that_of_the_folder_however_its_path_is_written(
    tmp_path: Path, folder: str
) -> None:
    (tmp_path / "drone" / "inside").mkdir(parents=True)
    entry = {"name": "other", "path": folder}
    write_json(tmp_path / "AIPASS_REGISTRY.json", {"branches": [entry]})

    (loaded,) = registry.load(tmp_path)

    assert loaded.central_name == "DRONE"

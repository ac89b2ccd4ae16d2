import json
import os
from pathlib import Path
from typing import Any

import pytest

from scheduled.ecosystem import registry
from scheduled.ecosystem.registry import RegistryError
from scheduled.notify.message import Message
from tests.builders import ecosystem, needs
from tests.builders.ecosystem import NOW, entry
from tests.builders.people import MALLORY, give


def written(folder: Path, *entries: Any, **metadata: Any) -> Path:
    document = {"metadata": metadata, "branches": list(entries)}
    (folder / "BRANCH_REGISTRY.json").write_text(json.dumps(document))
    return folder


def test_relative_paths_count_from_the_registry_and_not_from_where_we_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = written(tmp_path, entry("FLOW", "src/flow"))
    monkeypatch.chdir("/")

    assert [branch.path for branch in registry.load(root)] == [tmp_path / "src/flow"]


@pytest.mark.parametrize("spelling", ["src//flow", "./src/./flow", "src/flow/", "src/flow/."])
def test_one_folder_is_spelt_in_one_way(tmp_path: Path, spelling: str) -> None:
    root = written(tmp_path, entry("FLOW", spelling))

    assert registry.load(root).branches[0].folder == f"{tmp_path}/src/flow"


@pytest.mark.parametrize(
    ("name", "email"),
    [
        (".VSCODE", "@vscode"),
        ("The Commons", "@the"),
        ("AIPASS-Flow", "@flow"),
        ("MEMORY-BANK", "@memory"),
        ("DRONE", "@drone"),
        ("...", "@..."),
    ],
)
def test_an_address_that_is_not_registered_is_derived_as_ai_mail_does(
    tmp_path: Path, name: str, email: str
) -> None:
    root = written(tmp_path, entry(name, "here", email=""))

    assert registry.load(root).branches[0].email == email


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("FLOW", "not an object"),
        ({"path": "x"}, "no name"),
        ({"name": "  ", "path": "x"}, "no name"),
        ({"name": "FLOW"}, "no usable path"),
        ({"name": "FLOW", "path": "a\0b"}, "no usable path"),
        ({"name": "FLOW", "path": "\ud800"}, "no usable path"),
    ],
)
def test_an_entry_that_cannot_be_used_is_left_out_and_named(
    tmp_path: Path, bad: Any, words: str
) -> None:
    root = written(tmp_path, bad, entry("DRONE"))

    found = registry.load(root)

    assert [branch.name for branch in found] == ["DRONE"]
    assert "branch 1: " in found.problems[0]
    assert words in found.problems[0]


def test_an_address_that_two_branches_share_goes_to_the_first_and_is_reported(
    tmp_path: Path,
) -> None:
    root = written(tmp_path, entry("A", email="@x"), entry("B", email="@X"))

    found = registry.load(root)

    assert found.by_email("@X") is found.branches[0]
    assert found.problems == ("BRANCH_REGISTRY.json: @x belongs to A, B; its mail goes to A",)


def test_a_total_that_disagrees_with_the_list_is_reported(tmp_path: Path) -> None:
    root = written(tmp_path, entry("A"), total_branches=31)

    assert registry.load(root).problems == (
        "BRANCH_REGISTRY.json: total_branches is 31, the list has 1",
    )


def test_an_empty_list_of_branches_is_a_registry_all_the_same(tmp_path: Path) -> None:
    assert len(registry.load(written(tmp_path))) == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"branches": 3}', "\xff", "[" * 100_000])
def test_a_registry_that_cannot_be_used_is_an_error_that_names_the_file(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "BRANCH_REGISTRY.json"
    path.write_text(content, encoding="latin-1")

    with pytest.raises(RegistryError, match=r"BRANCH_REGISTRY\.json: "):
        registry.load(tmp_path)

    assert path.read_text(encoding="latin-1") == content


def test_a_folder_without_a_registry_says_how_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="--root"):
        registry.load(tmp_path)


def test_a_registry_under_another_name_is_found_if_it_is_the_only_one(tmp_path: Path) -> None:
    written(tmp_path, entry("A")).joinpath("BRANCH_REGISTRY.json").rename(
        tmp_path / "LAB_REGISTRY.json"
    )
    assert len(registry.load(tmp_path)) == 1

    (tmp_path / "OTHER_REGISTRY.json").write_text("{}")
    with pytest.raises(RegistryError, match=r"LAB_REGISTRY\.json, OTHER_REGISTRY\.json"):
        registry.load(tmp_path)


def test_of_two_registries_the_homes_counts_and_the_other_is_named(tmp_path: Path) -> None:
    written(tmp_path, entry("OLD")).joinpath("BRANCH_REGISTRY.json").rename(
        tmp_path / "AIPASS_REGISTRY.json"
    )
    written(tmp_path, entry("NEW"))
    (tmp_path / "PLUGIN_REGISTRY.json").write_text('{"plugins": []}')

    found = registry.load(tmp_path)

    assert [branch.name for branch in found] == ["NEW"]
    assert found.problems == (
        "BRANCH_REGISTRY.json: AIPASS_REGISTRY.json beside it is not read; keep one of them here",
    )


@pytest.mark.parametrize("name", ["DR\x1bONE\x9b2", "D" * 300, "X" * 198 + "\x07Y", "\x07"])
def test_a_branch_with_a_strange_address_gets_its_mail_and_is_named(
    tmp_path: Path, name: str
) -> None:
    root = written(tmp_path, entry(name, "here", email=""))

    found = registry.load(root)

    message = Message(found.branches[0].email, "x", "x", "normal", None, "1", NOW)
    assert found.by_email(message.to) is found.branches[0]
    assert len(found.problems) == 1
    assert found.problems[0].isprintable()
    assert "no line of 200 characters; it counts as @" in found.problems[0]


def test_the_mailbox_is_that_of_the_layout_on_disk(tmp_path: Path) -> None:
    home = ecosystem.home(tmp_path / "home")
    repository = ecosystem.repository(tmp_path / "repository")

    assert registry.load(home).branches[0].mailbox.name == "ai_mail.local"
    assert registry.load(repository).branches[0].mailbox.name == ".ai_mail.local"


def test_the_real_home_registry_has_31_branches_and_nothing_wrong() -> None:
    found = registry.load(needs.real_data("aipass-home"))

    assert (len(found), found.problems) == (31, ())
    assert found.branches[0].email == "@.vscode"
    assert all(branch.active for branch in found)


def test_the_real_repository_registry_leads_to_folders_below_it() -> None:
    found = registry.load(needs.real_data("aipass-repo"))

    assert len(found) == 10
    assert sum(branch.path.is_dir() for branch in found) == 8


MAPPING = {
    "drone": {"path": "src/drone", "status": "active"},
    "FLOW": {"name": "FLOW", "path": "src/flow", "email": "@f"},
    "AIPASS-Api": {"name": " ", "path": "src/api"},
}


def test_f3_branches_may_be_a_mapping_by_name(tmp_path: Path) -> None:
    document = {"metadata": {"total_branches": 3}, "branches": MAPPING}
    (tmp_path / "AIPASS_REGISTRY.json").write_text(json.dumps(document))

    loaded = registry.load(tmp_path)

    assert [(branch.name, branch.email) for branch in loaded] == [
        ("drone", "@drone"),
        ("FLOW", "@f"),
        ("AIPASS-Api", "@api"),
    ]
    assert [branch.folder for branch in loaded] == [
        f"{tmp_path}/src/drone",
        f"{tmp_path}/src/flow",
        f"{tmp_path}/src/api",
    ]
    assert loaded.problems == ()


def test_f3_an_unusable_entry_of_a_mapping_is_named(tmp_path: Path) -> None:
    branches = {"drone": {"path": "drone"}, "flow": "src/flow", "api": {}, "": {"path": "x"}}
    document = {"metadata": {"total_branches": 4}, "branches": branches}
    (tmp_path / "AIPASS_REGISTRY.json").write_text(json.dumps(document))

    loaded = registry.load(tmp_path)

    assert [branch.name for branch in loaded] == ["drone"]
    assert loaded.problems == (
        "AIPASS_REGISTRY.json: branch flow: not an object",
        "AIPASS_REGISTRY.json: branch api: api: no usable path",
        'AIPASS_REGISTRY.json: branch "": no name',
    )


def test_f3_a_mapping_beside_the_registry_in_use_is_a_registry(tmp_path: Path) -> None:
    root = written(tmp_path, entry("DRONE"))
    (tmp_path / "OLD_REGISTRY.json").write_text(json.dumps({"branches": MAPPING}))

    (problem,) = registry.load(root).problems

    assert "OLD_REGISTRY.json beside it is not read" in problem


@pytest.mark.parametrize(
    ("name", "sources", "found", "expected"),
    [
        ("BRANCH_REGISTRY.json", False, [], "ai_mail.local"),
        ("BRANCH_REGISTRY.json", True, [], "ai_mail.local"),
        ("BRANCH_REGISTRY.json", False, [".trinity"], ".ai_mail.local"),
        ("AIPASS_REGISTRY.json", False, [], ".ai_mail.local"),
        ("AIPASS_REGISTRY.json", False, ["DASHBOARD.local.json"], ".ai_mail.local"),
        ("AIPASS_REGISTRY.json", False, ["FLOW.id.json"], "ai_mail.local"),
        ("AIPASS_REGISTRY.json", False, ["ai_mail.local"], "ai_mail.local"),
        ("OTHER_REGISTRY.json", False, [], "ai_mail.local"),
        ("OTHER_REGISTRY.json", True, [], ".ai_mail.local"),
        ("OTHER_REGISTRY.json", True, ["FLOW.observations.json"], "ai_mail.local"),
    ],
)
def test_f7_the_mailbox_that_a_branch_lacks_is_that_of_its_layout(
    tmp_path: Path, name: str, sources: bool, found: list[str], expected: str
) -> None:
    (tmp_path / name).write_text(json.dumps({"branches": [entry("FLOW")]}))
    for inside in [*(["src/aipass"] if sources else []), *(f"flow/{each}" for each in found)]:
        (tmp_path / inside).mkdir(parents=True)

    (branch,) = registry.load(tmp_path)

    assert branch.mailbox == tmp_path / "flow" / expected


def test_g2_a_registry_of_somebody_else_is_refused_by_name(tmp_path: Path) -> None:
    needs.root()
    path = written(tmp_path, entry("FLOW", "flow")) / "BRANCH_REGISTRY.json"
    give(path)

    with pytest.raises(RegistryError, match=f"{path}: belongs to {MALLORY}; remove it"):
        registry.load(tmp_path)

    give(path, 0).chmod(0o666)
    with pytest.raises(RegistryError, match=f"{path}: others can write to it; type: chmod go-w"):
        registry.load(tmp_path)


def test_g2_the_registry_of_the_owner_of_its_directory_is_read(tmp_path: Path) -> None:
    needs.root()
    (tmp_path / "theirs").mkdir()
    theirs = give(written(tmp_path / "theirs", entry("FLOW", "flow")))

    assert len(registry.load(theirs)) == 1


@pytest.mark.parametrize("name", ["BRANCH_REGISTRY.json", "MY_REGISTRY.json"])
def test_g2_a_registry_behind_a_link_of_others_is_not_read(tmp_path: Path, name: str) -> None:
    needs.root()
    secret = written(tmp_path, entry("secret", "secret")) / "BRANCH_REGISTRY.json"
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / name).symlink_to(secret)
    give(theirs)
    with pytest.raises(RegistryError, match="a link, which is not followed") as refused:
        registry.load(theirs)
    assert "secret" not in str(refused.value)

    (theirs / name).unlink()
    (theirs / name).hardlink_to(secret)
    with pytest.raises(RegistryError, match="a hard link, which is not read"):
        registry.load(theirs)


def test_g2_a_pipe_in_the_place_of_a_registry_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "BRANCH_REGISTRY.json")

    with pytest.raises(RegistryError, match="not a regular file"):
        registry.load(tmp_path)


def test_a_long_registry_is_remembered_as_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_LONG", 1)
    entries = [entry("FLOW", "src/flow"), entry("X", "./x//", email="a b"), {"name": "BAD"}]
    root = written(tmp_path, *entries, entry("Y", "y", status="archived"), total_branches=7)
    cache, file = tmp_path / "cache", tmp_path / "BRANCH_REGISTRY.json"
    os.utime(file, (1, 1))
    expected = registry.load(root)
    assert registry.load(root, cache) == expected

    with monkeypatch.context() as patched:
        patched.setattr(registry, "_understood", None)
        assert registry.load(root, cache) == expected

    (tmp_path / "AIPASS_REGISTRY.json").write_text('{"branches": []}')
    assert registry.load(root, cache) == registry.load(root) != expected
    written(tmp_path, entry("NEW", "new"))
    assert [branch.name for branch in registry.load(root, cache)] == ["NEW"]


def test_a_long_registry_without_a_usable_branch_stays_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_LONG", 1)
    root = written(tmp_path, "FLOW")
    os.utime(tmp_path / "BRANCH_REGISTRY.json", (1, 1))

    for _ in range(2):
        assert registry.load(root, tmp_path / "cache") == registry.load(root)


def test_a_registry_that_was_given_away_is_refused_although_it_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.root()
    monkeypatch.setattr(registry, "_LONG", 1)
    root = written(tmp_path, entry("FLOW", "flow"))
    os.utime(tmp_path / "BRANCH_REGISTRY.json", (1, 1))
    registry.load(root, tmp_path / "cache")

    give(tmp_path / "BRANCH_REGISTRY.json")

    with pytest.raises(RegistryError, match="belongs to"):
        registry.load(root, tmp_path / "cache")

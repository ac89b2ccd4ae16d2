import os
import pwd
from pathlib import Path

import pytest

from scheduled.config import paths
from scheduled.config.paths import PathOptions
from scheduled.errors import UsageError
from scheduled.installation import identity
from scheduled.system import user_dirs


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return folder(tmp_path / "home")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return folder(tmp_path / "elsewhere")


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def touched(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def options(
    home: Path,
    *,
    root: str | None = None,
    config: str | None = None,
    state_dir: str | None = None,
    cwd: Path | None = None,
    **environ: str,
) -> PathOptions:
    return PathOptions(root, config, state_dir, {"HOME": str(home), **environ}, cwd or Path("/"))


def test_by_default_the_root_is_the_home_folder(home: Path) -> None:
    found = paths.find(options(home))

    assert found.root == home
    assert found.config_path is None


def test_the_home_folder_of_a_bare_cron_comes_from_the_password_database() -> None:
    found = user_dirs.home({})

    assert found == Path(pwd.getpwuid(os.getuid()).pw_dir)


@pytest.mark.parametrize("name", ["AIPASS_REGISTRY.json", "scheduled.yaml"])
def test_a_folder_with_a_registry_or_a_configuration_is_the_root_of_who_stands_in_it(
    home: Path, elsewhere: Path, name: str
) -> None:
    touched(elsewhere / name)

    assert paths.find(options(home, cwd=elsewhere)).root == elsewhere


def test_the_option_comes_before_the_environment_and_that_before_the_current_folder(
    home: Path, tmp_path: Path
) -> None:
    for name in ("option", "first", "second"):
        folder(tmp_path / name)
    touched(tmp_path / "X_REGISTRY.json")
    environ = {"SCHEDULED_ROOT": str(tmp_path / "first"), "AIPASS_HOME": str(tmp_path / "second")}

    by_option = paths.find(options(home, root="option", cwd=tmp_path, **environ))
    by_ours = paths.find(options(home, cwd=tmp_path, **environ))
    by_theirs = paths.find(options(home, cwd=tmp_path, AIPASS_HOME=str(tmp_path / "second")))

    assert [paths.root.name for paths in (by_option, by_ours, by_theirs)] == [
        "option",
        "first",
        "second",
    ]
    assert by_ours.origins["root"] == "SCHEDULED_ROOT"


def test_an_empty_variable_is_ignored(home: Path) -> None:
    assert paths.find(options(home, SCHEDULED_ROOT="", AIPASS_HOME="")).root == home


def test_an_empty_option_is_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="--state-dir: an empty path"):
        paths.find(options(home, state_dir=""))


def test_a_root_that_is_not_a_folder_is_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="--root: /nowhere/at/all: no such directory"):
        paths.find(options(home, root="/nowhere/at/all"))


def test_a_configuration_file_that_was_named_has_to_exist(home: Path) -> None:
    with pytest.raises(UsageError, match=r"SCHEDULED_CONFIG: .*typo.yaml: no such file"):
        paths.find(options(home, SCHEDULED_CONFIG="/nowhere/typo.yaml"))


def test_the_configuration_in_the_root_comes_before_the_one_in_the_xdg_folder(home: Path) -> None:
    general = touched(home / ".config/scheduled/scheduled.yaml")
    first = paths.find_early(options(home))
    special = touched(home / "scheduled.yaml")
    second = paths.find_early(options(home))

    assert first.config_path == general
    assert first.candidates == (special, general)
    assert second.config_path == special
    assert second.candidates == (special,)


def test_a_configuration_that_is_a_broken_link_is_not_ignored(home: Path) -> None:
    (home / "scheduled.yaml").symlink_to("/mnt/not-mounted/scheduled.yaml")

    assert paths.find(options(home)).config_path == home / "scheduled.yaml"


@pytest.mark.parametrize(
    "inside", ["aipass_core/trigger/trigger_json", "src/aipass/trigger/trigger_json"]
)
def test_the_state_is_in_the_triggers_folder_if_there_is_one(home: Path, inside: str) -> None:
    before = paths.find(options(home)).state_dir
    folder(home / inside)
    after = paths.find(options(home)).state_dir

    assert before == home / ".local/state/scheduled" / identity.name_of(home)
    assert after == home / inside


def test_xdg_folders_are_used_if_they_are_absolute(home: Path) -> None:
    absolute = paths.find(options(home, XDG_STATE_HOME="/srv/state"))
    relative = paths.find(options(home, XDG_STATE_HOME="srv/state"))

    assert absolute.state_dir == Path("/srv/state/scheduled", identity.name_of(home))
    assert relative.state_dir == home / ".local/state/scheduled" / identity.name_of(home)


def test_a1_two_roots_of_one_user_have_a_state_directory_each(home: Path, elsewhere: Path) -> None:
    one = paths.find(options(home, root=str(home))).state_dir
    other = paths.find(options(home, root=str(elsewhere))).state_dir

    assert one.parent == other.parent == home / ".local/state/scheduled"
    assert one != other


def test_options_are_relative_to_the_current_folder_and_a_tilde_is_expanded(
    home: Path, elsewhere: Path
) -> None:
    relative = paths.find(options(home, state_dir="../state", cwd=elsewhere))
    tilde = paths.find(options(home, state_dir="~/state", cwd=elsewhere))

    assert relative.state_dir == elsewhere.parent / "state"
    assert tilde.state_dir == home / "state"


def test_a_tilde_with_an_unknown_user_is_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="no user of that name"):
        paths.find(options(home, state_dir="~no-such-user-here/state"))


def test_the_central_folder_is_the_first_of_the_known_ones_that_exists(home: Path) -> None:
    found = []
    for inside in (".aicentral", ".ai_central", "AI_CENTRAL", "aipass_os/AI_CENTRAL"):
        folder(home / inside)
        found.append(paths.find(options(home)).central_dir == home / inside)

    assert found == [True] * 4


def test_without_a_central_folder_a_registry_decides_where_it_will_be(home: Path) -> None:
    before = paths.find(options(home))
    touched(home / "BRANCH_REGISTRY.json")
    after = paths.find(options(home))

    assert before.central_dir == before.state_dir / "central"
    assert after.central_dir == home / "aipass_os/AI_CENTRAL"


@pytest.mark.parametrize("registry", ["AIPASS_REGISTRY.json", "OTHER_REGISTRY.json"])
def test_f2_the_central_folder_of_a_repository_is_the_one_aipass_reads(
    home: Path, registry: str
) -> None:
    touched(home / registry)
    folder(home / "src" / "aipass")
    assert paths.find(options(home)).central_dir == home / ".ai_central"

    found = []
    for inside in ("AI_CENTRAL", "aipass_os/AI_CENTRAL", ".aicentral", ".ai_central"):
        folder(home / inside)
        found.append(paths.find(options(home)).central_dir == home / inside)

    assert found == [True] * 4


def test_f2_a_home_keeps_its_central_folder_beside_a_repository_within_it(home: Path) -> None:
    touched(home / "BRANCH_REGISTRY.json")
    touched(home / "AIPASS_REGISTRY.json")
    folder(home / ".ai_central")
    folder(home / "aipass_os/AI_CENTRAL")

    assert paths.find(options(home)).central_dir == home / "aipass_os/AI_CENTRAL"


def test_the_configuration_sets_the_root_and_what_depends_on_it_unless_an_option_does(
    home: Path, elsewhere: Path
) -> None:
    folder(elsewhere / "AI_CENTRAL")
    unasked, named = options(home), options(home, root=str(home))

    moved = paths.resolve(unasked, paths.find_early(unasked), {"root": elsewhere})
    stayed = paths.resolve(named, paths.find_early(named), {"root": elsewhere})

    assert (moved.root, moved.central_dir) == (elsewhere, elsewhere / "AI_CENTRAL")
    assert stayed.root == home


def test_a_state_folder_that_is_named_comes_before_the_configured_one(home: Path) -> None:
    ask = options(home, state_dir="/srv/asked")
    configured = {"state_dir": Path("/srv/configured")}

    assert paths.resolve(ask, paths.find_early(ask), configured).state_dir == Path("/srv/asked")


def test_a_new_configuration_is_written_to_the_named_path_or_else_the_root(home: Path) -> None:
    named = paths.config_to_write(options(home, SCHEDULED_CONFIG="/srv/new.yaml"))
    unnamed = paths.config_to_write(options(home))

    assert (named, unnamed) == (Path("/srv/new.yaml"), home / "scheduled.yaml")

"""A state belongs to one root and one host; what another one wants to write is refused."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.config import load, ownership
from scheduled.config.load import Config
from scheduled.config.paths import PathOptions
from scheduled.state.owner import Claimant, NotOwnerError
from scheduled.state.store import Store
from scheduled.system import machine
from scheduled.ticks import tick
from tests.builders.command import tree
from tests.builders.installed import WITHOUT_SWEEPS, configure
from tests.builders.jobs import at

EACH_MINUTE = '  {id}: {{schedule: "* * * * *", first_run: now, command: "echo {id} >> out"}}\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a user with two roots."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir(mode=0o755)
        configure(tmp_path / name, WITHOUT_SWEEPS + EACH_MINUTE.format(id="backup"))
    return tmp_path


def config_of(home: Path, root: str, state_dir: Path | None = None, **environ: str) -> Config:
    environ = {"HOME": str(home), "TZ": "UTC", "PATH": os.environ["PATH"], **environ}
    named = None if state_dir is None else str(state_dir)
    return load.load(PathOptions(root=str(home / root), state_dir=named, environ=environ))


def tick_at(when: str, config: Config) -> list[str]:
    """Return the jobs that a tick ran."""
    environ = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}
    return [row["job"] for row in tick.run(config, at(when), environ=environ).ran]


@pytest.mark.slow
@pytest.mark.parametrize("id_", ["backup", "another"])
def test_a1_two_roots_ticked_each_minute_of_an_hour_run_all_their_jobs(
    home: Path, id_: str
) -> None:
    configure(home / "other", WITHOUT_SWEEPS + EACH_MINUTE.format(id=id_))

    for minute in range(60):
        now = at("08:00") + timedelta(minutes=minute)
        for root in ("one", "other"):
            config = config_of(home, root)
            report = tick.run(config, now, environ={"PATH": os.environ["PATH"]})
            assert report.exit_code == 0

    assert (home / "one/out").read_text() == "backup\n" * 60
    assert (home / "other/out").read_text() == f"{id_}\n" * 60


def test_a1_a_state_names_its_root_and_its_host(home: Path) -> None:
    (home / "link").symlink_to(home / "one")
    config = config_of(home, "link/", SCHEDULED_HOST="backup-1")

    tick_at("08:00", config)

    state = Store(config.places.state_dir).load().state
    assert state["owner"] == {"root": str(home / "one"), "host": "backup-1"}


def test_a1_a_tick_of_another_root_is_refused_with_both_names(home: Path) -> None:
    tick_at("08:00", config_of(home, "one", home / "state"))
    before = tree(home)

    with pytest.raises(NotOwnerError) as refused:
        tick_at("08:01", config_of(home, "other", home / "state"))

    assert refused.value.exit_code == 2
    assert f"belongs to the root {home}/one, and this is {home}/other" in str(refused.value)
    assert f"--root {home}/other --state-dir {home}/state state adopt" in str(refused.value)
    assert tree(home) == before


def test_a1_a_root_by_any_of_its_names_is_the_same(home: Path) -> None:
    (home / "link").symlink_to(home / "one")

    ran = [
        tick_at(f"08:0{minute}", config_of(home, root, home / "state"))
        for minute, root in enumerate(["one", "link", "one/", "other/../one", "./link/"])
    ]

    assert ran == [["backup"]] * 5


def test_a1_of_two_roots_that_begin_a_state_at_once_the_second_is_refused(home: Path) -> None:
    stores = [Store(home / "state").load() for _ in range(2)]
    for store, name in zip(stores, ("one", "other"), strict=True):
        store.claimant = Claimant(str(home / name), "")
    stores[0].record(at("08:00"), {"event": "tick", "ran": 0})

    with pytest.raises(NotOwnerError):
        stores[1].record(at("08:00"), {"event": "tick", "ran": 0})


def test_a1_a_tick_of_another_host_is_refused_with_the_name_of_the_owner(home: Path) -> None:
    tick_at("08:00", config_of(home, "one", SCHEDULED_HOST="first"))
    before = tree(home)

    with pytest.raises(NotOwnerError, match="belongs to the host first, and this is second"):
        tick_at("08:01", config_of(home, "one", SCHEDULED_HOST="second"))

    assert tree(home) == before


def test_a1_the_environment_names_the_host_before_the_configuration_and_that_before_the_machine(
    home: Path,
) -> None:
    unnamed = config_of(home, "one").host
    configure(home / "one", "host: by-file\n")
    configured = config_of(home, "one")
    in_environment = config_of(home, "one", SCHEDULED_HOST="by-variable")

    assert [unnamed, configured.host, in_environment.host] == [None, "by-file", "by-variable"]
    assert configured.origins["host"] == "scheduled.yaml:1"
    assert in_environment.origins["host"] == "SCHEDULED_HOST"


@pytest.mark.parametrize(
    ("value", "host"), [(" \t", "by-file"), (" a  b\n", "a b"), ("", "by-file")]
)
def test_a1_a_blank_variable_names_no_host(home: Path, value: str, host: str) -> None:
    configure(home / "one", "host: by-file\n")

    assert config_of(home, "one", SCHEDULED_HOST=value).host == host


@pytest.mark.parametrize("content", [None, "", "uninitialized\n"])
def test_a1_where_no_host_has_an_id_none_is_checked_until_one_has(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.setattr(machine, "ID_FILE", tmp_path / "machine-id")
    if content is not None:
        (tmp_path / "machine-id").write_text(content)
    tick_at("08:00", config_of(home, "one"))
    tick_at("08:01", config_of(home, "one", SCHEDULED_HOST="named"))
    tick_at("08:02", config_of(home, "one"))

    owner = Store(config_of(home, "one").places.state_dir).load().state["owner"]
    assert owner == {"root": str(home / "one"), "host": "named"}


def test_a1_the_id_of_a_machine_is_not_exposed_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "ID_FILE", tmp_path / "machine-id")
    (tmp_path / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")

    assert machine.host_id() == machine.host_id() != ""
    assert machine.host_id() not in "0123456789abcdef0123456789abcdef"


def test_a1_a_default_root_without_a_state_is_not_meant_while_another_root_has_one(
    home: Path,
) -> None:
    tick_at("08:00", config_of(home, "one"))
    environ = {"HOME": str(home), "TZ": "UTC"}
    unnamed = load.load(PathOptions(environ=environ))
    named = load.load(PathOptions(root=str(home), environ=environ))

    sentence = ownership.unnamed(unnamed.places, environ)

    assert sentence == f"no root was named, and {home} has no state; these have: {home}/one"
    assert ownership.unnamed(named.places, environ) == ""
    with pytest.raises(NotOwnerError, match="Name the root with --root"):
        ownership.open_store(unnamed, environ)


def test_a1_a_default_root_that_has_a_state_is_meant(home: Path) -> None:
    environ = {"HOME": str(home), "TZ": "UTC"}
    config = load.load(PathOptions(environ=environ))
    tick_at("08:00", config)
    tick_at("08:00", config_of(home, "one"))

    assert ownership.unnamed(config.places, environ) == ""

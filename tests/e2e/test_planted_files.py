"""Whatever is planted in root's state directory: a link, a pipe, a second name of another file.

Each file and directory that ticks make is replaced in turn. Nothing outside is written, cut, read
or removed, nothing runs, nothing hangs, and what was planted is named.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import needs, soak
from tests.builders.command import BARE, Said, call
from tests.builders.configuration import job_file, written
from tests.builders.installed import WITHOUT_SWEEPS, configure
from tests.builders.people import give

pytestmark = pytest.mark.slow

SECRET = "a secret of root's\n"
JOB = """\
id: {name}
schedule: "* * * * *"
first_run: now
{action}
"""


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root directory with a state in which there is everything that ticks make."""
    root: Path = tmp_path_factory.mktemp("planted") / "root"
    root.mkdir(mode=0o755)
    written(root, "handler_dirs: handlers\n")
    (root / "handlers").mkdir()
    (root / "handlers" / "own.py").write_text(
        "def run(context):\n    print('own')\n    (context.cache_dir).mkdir(exist_ok=True)\n"
    )
    job_file(root, "a.yaml", JOB.format(name="a", action=f"command: echo a; echo a >> {root}/out"))
    job_file(root, "own.yaml", JOB.format(name="own", action="handler: own"))
    for _ in range(2):
        assert tick(root, root.parent / "state").code == 0
    return root


def tick(root: Path, state: Path, *words: str) -> Said:
    """A tick, or a command, that has to end soon, started as cron starts it."""
    places = ["--root", str(root), "--state-dir", str(state)]
    try:
        return call([*places, *(words or ("run",))], timeout=60, env=BARE)
    except subprocess.TimeoutExpired:
        pytest.fail("the tick hangs")


def link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def hard_link(path: Path, victim: Path) -> None:
    os.link(victim, path)


def pipe(path: Path, victim: Path) -> None:
    os.mkfifo(path, 0o600)


WAYS: tuple[Callable[[Path, Path], None], ...] = (link, hard_link, pipe)


def everything(state: Path) -> list[str]:
    names = [str(path.relative_to(state)) for path in sorted(state.rglob("*"))]
    return [name for name in names if not name.startswith("central")]


def copied(lived_in: Path, folder: Path) -> Path:
    """A copy of the state, in a folder."""
    return Path(shutil.copytree(lived_in.parent / "state", folder / "state"))


def removed(path: Path) -> Path:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    return path


def unharmed(victim: Path) -> bool:
    status = victim.stat()
    return victim.read_text() == SECRET and (status.st_uid, status.st_mode & 0o777) == (0, 0o640)


def test_g3_each_file_that_is_a_link_or_a_pipe_is_refused_by_name(
    lived_in: Path, tmp_path: Path
) -> None:
    needs.root()
    names = everything(lived_in.parent / "state")
    assert len(names) > 12

    for number, name in enumerate(names):
        for way in WAYS if soak.SOAK else WAYS[number % 3 :][:1]:
            place = tmp_path / f"{number}-{way.__name__}"
            place.mkdir()
            victim = place / "victim"
            victim.write_text(SECRET)
            victim.chmod(0o640)
            state = copied(lived_in, place)
            path = removed(state / name)
            ran = (lived_in / "out").read_text()
            way(path, victim)

            said = tick(lived_in, state)

            assert unharmed(victim), (name, way)
            assert said.is_plain_speech
            assert SECRET.strip() not in said.out + said.err
            if str(path) in said.err:
                assert said.code in (1, 4, 75), said
                # One job fails, stays due, or is locked; else nothing runs.
                others_run = said.code in (1, 75) or name == "locks/own.lock"
                assert others_run or (lived_in / "out").read_text() == ran
            else:  # what the tick has no business with
                assert name.startswith(("runs/", "locks/")), (name, way, said)
                check = tick(lived_in, state, "state", "check")
                assert str(path) in check.out + check.err, (name, way, check)
            assert os.path.lexists(path)
            shutil.rmtree(place)


def test_g3_each_directory_that_is_a_link_is_refused_by_name(
    lived_in: Path, tmp_path: Path
) -> None:
    folders = [path for path in (lived_in.parent / "state").iterdir() if path.is_dir()]
    for folder in folders:
        if folder.name == "central":
            continue
        place = tmp_path / folder.name
        place.mkdir()
        state = copied(lived_in, place)
        path = removed(state / folder.name)
        (place / "elsewhere").mkdir()
        path.symlink_to(place / "elsewhere")

        said = tick(lived_in, state)

        assert (said.code, os.listdir(place / "elsewhere")) == (4, []), folder
        assert f"{path}: a link" in said.err


def test_g3_root_does_not_tick_in_a_state_directory_of_somebody_else(
    lived_in: Path, tmp_path: Path
) -> None:
    needs.root()
    state = copied(lived_in, tmp_path)
    give(state)
    before = owners_and_times(state)

    said = tick(lived_in, state)

    assert said.code == 2
    assert f"{tmp_path}/state" in said.err
    assert "sudo -u" in said.err
    assert owners_and_times(state) == before


def test_g3_a_state_directory_that_others_may_write_to_is_refused(
    lived_in: Path, tmp_path: Path
) -> None:
    state = copied(lived_in, tmp_path)
    (state).chmod(0o777)

    said = tick(lived_in, state)

    assert said.code == 2
    assert f"{tmp_path}/state: others can write to it; type: chmod go-w" in said.err


def test_g3_directories_that_were_open_to_others_are_closed(lived_in: Path, tmp_path: Path) -> None:
    state = copied(lived_in, tmp_path)
    for name in ("cache", "runs", "locks", "journal"):
        (state / name).chmod(0o777)

    assert tick(lived_in, state).code == 0

    modes = {(state / name).stat().st_mode & 0o777 for name in ("cache", "runs")}
    assert modes == {0o700}


def owners_and_times(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.lstat().st_uid, path.lstat().st_mtime_ns) for path in folder.rglob("*")
    }


def test_c4_whatever_the_umask_nothing_is_open_to_others(root: Path, tmp_path: Path) -> None:
    job_file(root, "a.yaml", JOB.format(name="a", action="command: echo a"))
    before = set(tmp_path.rglob("*"))
    state = tmp_path / "made" / "state"
    places = ["--root", str(root), "--state-dir", str(state)]

    for words in (["run"], ["create", "b", "daily", "--command", "true"], ["state", "backup"]):
        assert (
            call([*places, *words], umask=0, cwd=state if words[0] == "state" else root).code == 0
        )

    made = [path for path in tmp_path.rglob("*") if path not in before]
    modes = {path: path.stat().st_mode & 0o7777 for path in made}
    assert [path for path, mode in modes.items() if mode & 0o022] == []
    ours = {path: mode for path, mode in modes.items() if state in path.parents}
    central = state / "central"
    private = {mode for path, mode in ours.items() if central not in (path, path.parent)}
    assert private <= {0o700, 0o600}
    assert modes[central / "SCHEDULED.central.json"] == 0o644


def test_g3_the_unusable_lock_of_one_job_stops_no_other(tmp_path: Path) -> None:
    needs.root()
    root, state, victim = tmp_path / "root", tmp_path / "state", tmp_path / "victim"
    root.mkdir(mode=0o755)
    note = '{schedule: "* * * * *", first_run: now, command: "echo $SCHEDULED_JOB >> out"}'
    jobs = "\n".join(f"  {name}: {note}" for name in ("alpha", "own", "zeta"))
    configure(root, f"{WITHOUT_SWEEPS}{jobs}\n")
    (state / "locks").mkdir(parents=True, mode=0o700)
    state.chmod(0o700)
    victim.write_text(SECRET)
    (state / "locks" / "own.lock").hardlink_to(victim)

    said = tick(root, state)

    assert said.code == 4
    assert said.err.count(f"{state}/locks/own.lock: a hard link") == 1
    assert sorted((root / "out").read_text().split()) == ["alpha", "zeta"]
    assert victim.read_text() == SECRET

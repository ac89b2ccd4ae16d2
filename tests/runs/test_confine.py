"""A job whose id permits it little: what its runs are kept from, whoever starts them."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduled.runs import confine, keeper_pool
from scheduled.system import landlock
from tests.builders import needs
from tests.builders.confined import ORDINARY, ROOT, SECRET, Confined, installation
from tests.builders.jobs import job
from tests.builders.people import MALLORY

pytestmark = pytest.mark.skipif(
    landlock.version() < landlock.NEEDED, reason="needs Landlock, of Linux 6.2 or newer"
)


@pytest.fixture(params=[ROOT, ORDINARY])
def home(request: pytest.FixtureRequest) -> Iterator[Confined]:
    with installation(request.param) as folder:
        yield Confined(folder, request.param)


# Environment


def test_no_secret_of_the_environment_reaches_a_run_by_any_way(home: Confined) -> None:
    row = home.run(
        "env; tr '\\0' '\\n' < /proc/$PPID/environ; cat /proc/[0-9]*/environ", env={"OWN": "1"}
    )

    assert SECRET not in row["output"]
    assert "PATH=" in row["output"]
    assert "OWN=1" in row["output"]
    assert "SCHEDULED_JOB=user.x" in row["output"]
    assert "PYTHONPATH" not in row["output"]


def test_of_the_variables_it_gets_those_that_everybody_needs() -> None:
    kept = {"HOME": "/h", "LANG": "C", "LC_ALL": "C", "TZ": "UTC", "SCHEDULED_ROOT": "/"}
    given = {**kept, "A": "1", "SCHEDULED_API_TOKEN": "2", "LC_PASSWORD": "3", "LD_PRELOAD": "4"}
    limits = confine.effective_limits(job(id="user.x", level="restricted"), None)

    assert confine.inherited(limits, None, given) == kept


def test_a_limited_run_has_the_whole_environment_and_may_write_anywhere(home: Confined) -> None:
    row = home.run("echo $PYTHONPATH > out; ulimit -v", id="agency.x")

    assert home.lines() == [str(home.folder)]
    assert row["output"] == f"{8 * 1024**2}\n"


# Limits


def test_a_run_cannot_have_more_memory_than_its_limit(home: Confined) -> None:
    home.settings["permissions"] = {"restricted": {"memory": 64 * 1024**2}}

    row = home.run("ulimit -v unlimited; head -c 200M /dev/zero | tail -c 200M | wc -c")

    assert "209715200" not in row["output"]


def test_a_run_cannot_write_a_file_beyond_its_limit(home: Confined) -> None:
    home.settings["permissions"] = {"restricted": {"file_size": 1024**2}}

    row = home.run('ulimit -f unlimited; exec head -c 3M /dev/zero > "$TMPDIR/x"')

    assert row["outcome"] == "failed"
    assert row["error"] == "killed by SIGXFSZ: it reached its file_size"


def test_a_run_cannot_use_the_processor_for_longer_than_its_limit(home: Confined) -> None:
    home.settings["permissions"] = {"restricted": {"cpu_time": 1.0}}

    row = home.run("ulimit -t unlimited; while :; do :; done")

    assert row["error"] == "killed by SIGXCPU: it reached its cpu_time"
    assert home.run("trap '' XCPU; while :; do :; done")["error"] == "killed by SIGKILL"


def test_a_run_cannot_have_more_processes_than_its_limit(home: Confined) -> None:
    home.settings["permissions"] = {"restricted": {"processes": 50}}

    row = home.run("ulimit -p unlimited; for n in $(seq 400); do sleep 1 & echo one; done 2>&1")

    # Others may run as the same user meanwhile, and count as well.
    assert 1 <= row["output"].count("one") <= 300
    assert "fork" in row["output"].lower()


def test_a_run_leaves_no_process_behind_however_it_is_detached(home: Confined) -> None:
    row = home.run("(setsid sh -c 'trap : TERM; sleep 297 & wait' & echo $!) ; sleep 299 & echo $!")

    assert row["outcome"] == "succeeded"
    assert not [pid for pid in row["output"].split() if Path(f"/proc/{pid}").exists()]


def test_a_limited_run_may_leave_something_behind(home: Confined) -> None:
    row = home.run("sleep 5 > /dev/null 2>&1 & echo $!", id="agency.x")

    assert Path(f"/proc/{row['output'].strip()}").exists()
    os.kill(int(row["output"]), signal.SIGKILL)


def test_no_program_gives_a_run_more_rights(home: Confined) -> None:
    row = home.run("grep -E 'NoNewPrivs|CapPrm|CapEff|CapAmb' /proc/self/status; id -u")

    *capabilities, no_more, user = row["output"].splitlines()
    assert {line.split()[1] for line in capabilities} == {"0" * 16}
    assert no_more.split() == ["NoNewPrivs:", "1"]
    assert user != "0"


# Files


def test_a_run_writes_to_its_temporary_directory_which_goes_with_it(home: Confined) -> None:
    row = home.run(
        'mkdir "$TMPDIR/a" && touch "$TMPDIR/a/b" && chmod 0 "$TMPDIR/a" && echo $TMPDIR'
    )

    folder = Path(row["output"].strip())
    assert row["outcome"] == "succeeded"
    assert folder.parent == Path("/tmp")
    assert not folder.exists()


def test_what_a_run_puts_in_place_of_its_temporary_directory_changes_nothing(
    home: Confined,
) -> None:
    home.by_user((home.folder / "victim").mkdir)
    home.by_user((home.folder / "victim" / "inside").mkdir)
    for folder in ("victim", "victim/inside"):
        (home.folder / folder).chmod(0o755)
    level = {"level": "limited"} if home.who == ORDINARY else {}
    home.settings["permissions"] = {"user.*": {"write": "anywhere", **level}}

    row = home.run('echo $TMPDIR; rm -r $TMPDIR; ln -s "$PWD/victim" $TMPDIR')

    assert row["outcome"] == "succeeded"
    assert not os.path.lexists(row["output"].strip())
    for folder in ("victim", "victim/inside"):
        assert (home.folder / folder).stat().st_mode & 0o777 == 0o755


@pytest.mark.slow
def test_a_temporary_directory_goes_however_deep_it_is(home: Confined) -> None:
    deep = "i=0; while [ $i -lt 1200 ]; do mkdir o && cd -P o; i=$((i+1)); done"

    row = home.run(f"echo $TMPDIR; cd $TMPDIR; {deep}")

    assert not os.path.lexists(row["output"].splitlines()[0])


WAYS = (
    "echo x > state/scheduled_state.json",
    "echo x >> state/journal/2026-11-21.jsonl",
    "echo x > state/runs/other/new.log",
    "truncate -s 0 state/runs/other/*.log",
    "rm -rf state/locks",
    "mv state elsewhere",
    "mkdir jobs",
    "echo 'jobs: {}' > scheduled.yaml",
    "ln -s / link",
    "ln state/scheduled_state.json $TMPDIR/hard",
    "touch /tmp/of-a-confined-run",
    "touch /dev/shm/of-a-confined-run",
    "mkfifo fifo",
    "echo x > /proc/$PPID/oom_score_adj",
    "exec 3<>state/locks/other.lock",
)


def test_a_run_can_change_nothing_outside(home: Confined) -> None:
    other = job(id="other", command="echo of another")
    (before,) = home.run_all(other)
    script = "\n".join(f"if ( {way} ) 2> /dev/null; then echo CHANGED; fi" for way in WAYS)

    _, row = home.run_all(other, job(id="user.x", command=script))

    assert (row["outcome"], row["output"]) == ("succeeded", "")
    assert home.output_of(before) == "of another\n"
    assert not Path("/tmp/of-a-confined-run").exists()


def test_a_run_writes_where_it_may_and_nowhere_beside(home: Confined) -> None:
    home.settings["permissions"] = {"user.*": {"write": ["data"]}}
    home.by_user((home.folder / "data").mkdir)
    (home.folder / "data").chmod(0o777)

    row = home.run("echo a > data/a; ln -s ../state data/state; echo x > data/state/x; echo b > b")

    assert (home.folder / "data/a").read_text() == "a\n"
    assert row["outcome"] == "failed"
    assert not (home.folder / "b").exists()
    assert not (home.state_dir / "x").exists()


def test_a_run_reads_nothing_of_the_state_and_locks_nothing_of_it(home: Confined) -> None:
    needs.programs("flock")
    home.run_all(job(id="other"))
    assert [*home.state_dir.glob("locks/other*")]
    ways = ("cat state/*.json", "cat state/journal/*", "flock -n state/locks/other* true")

    _, row = home.run_all(
        job(id="other"), job(id="user.x", command="; ".join(f"{way} && echo DONE" for way in ways))
    )

    assert "DONE" not in row["output"]
    assert row["output"].lower().count("permission denied") >= len(ways)


def test_a_run_reads_no_file_that_is_named_for_its_secrets(home: Confined) -> None:
    for name in ("other.env", "password", "plain"):
        home.by_user(lambda name=name: (home.folder / name).write_text(f"A={SECRET}\n"))
        (home.folder / name).chmod(0o600 if name == "other.env" else 0o644)
    channel = {"kind": "smtp", "password_file": "password", "on": ("report",)}
    home.settings["notify"] = {"ops": channel}
    other = job(id="other", env_file="other.env")

    _, row = home.run_all(other, job(id="user.x", command="cat other.env password; cat plain"))

    assert row["output"].count(f"A={SECRET}") == 1
    assert row["output"].lower().count("permission denied") == 2


def test_a_run_may_print_to_its_own_output_by_name(home: Confined) -> None:
    if home.who == ROOT:
        pytest.skip("another user may not open a file of root's by its name")

    assert home.run("echo one; echo two >> /dev/stdout")["output"] == "one\ntwo\n"


# Others


@pytest.mark.skipif(landlock.version() < landlock.SCOPES, reason="needs Linux 6.12 or newer")
def test_a_run_sends_no_signal_to_its_keeper_or_to_any_other(home: Confined) -> None:
    row = home.run("kill -9 $PPID; kill -STOP $PPID; kill -9 -1; echo on")

    assert (row["outcome"], row["output"].splitlines()[-1]) == ("succeeded", "on")


def test_a_run_holds_no_file_of_others(home: Confined) -> None:
    row = home.run("for file in /proc/self/fd/*; do readlink $file; done")

    assert {Path(name).name for name in row["output"].split()} == {"null", f"{row['run_id']}.log"}


def test_what_runs_by_the_same_keeper_afterwards_has_no_limits(
    home: Confined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_pool, "SINGLE", 0)
    home.settings |= {"max_concurrent": 1}
    command = "ulimit -v; grep NoNew /proc/self/status; touch free-$SCHEDULED_JOB; echo $PPID"

    confined, free = home.run_all(job(id="user.x", command=command), job(id="z", command=command))

    memory, no_more, keeper = free["output"].splitlines()
    assert (memory, no_more) == ("unlimited", "NoNewPrivs:\t0")
    assert confined["output"].splitlines()[-1] == keeper
    assert [path.name for path in home.folder.glob("free-*")] == ["free-z"]


def test_a_condition_is_held_to_the_limits_of_its_job(home: Confined) -> None:
    condition = 'test -z "$A_SECRET" && ! touch touched && ! cat state/scheduled_state.json'

    row = home.run("true", only_if=condition)

    assert row["outcome"] == "succeeded"
    assert not (home.folder / "touched").exists()


# Refusals


REFUSED = [
    ({"user.*": {"write": ["."]}}, "it could change what is run"),
    ({"user.*": {"write": ["/"]}}, "it could change what is run"),
    ({"user.*": {"write": ["state/runs"]}}, "it could change what is run"),
    ({"user.*": {"write": ["missing"]}}, "is not a directory"),
    ({"restricted": {"user": "no-such-user"}}, "does not exist"),
    ({"restricted": {"user": "root"}}, "root cannot be restricted"),
]


@pytest.mark.parametrize(("permissions", "reason"), REFUSED)
def test_a_run_that_cannot_be_held_to_its_limits_is_not_started(
    home: Confined, permissions: dict[str, object], reason: str
) -> None:
    home.settings["permissions"] = permissions

    row = home.run("echo started", max_retries=3)

    assert row["outcome"] == "failed"
    assert row["error"].startswith("refused: its id makes it restricted, and ")
    assert reason in row["error"]
    assert (row["output"], row["retry_at"]) == ("", None)
    events = [event for event in home.events if event["event"] == "permission"]
    assert [(each["verdict"], each["run_id"]) for each in events] == [("refused", row["run_id"])]


def test_without_landlock_a_run_is_refused_unless_it_does_what_the_refusal_says(
    home: Confined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 2)
    is_root = home.who == ROOT

    error = home.run("true")["error"]
    assert "has version 2 of it" in error
    assert error.endswith("set write: anywhere" if is_root else "set its level to limited")

    given = {"write": "anywhere"} if is_root else {"level": "limited"}
    home.settings["permissions"] = {"user.*": given}
    assert home.run("true", id="user.y")["outcome"] == "succeeded"


def test_root_alone_runs_jobs_as_others(home: Confined) -> None:
    home.settings["permissions"] = {"agency.*": {"user": "daemon"}}

    row = home.run("id -un", id="agency.x")

    if home.who == ROOT:
        assert row["output"] == "daemon\n"
    else:
        assert "only root can run it as daemon" in row["error"]


def test_processes_of_root_are_not_said_to_be_limited() -> None:
    if os.geteuid() != 0:
        pytest.skip("is about root")
    limited = job(id="agency.x", level="limited")

    assert confine.effective_limits(limited, None).processes is None
    assert confine.effective_limits(limited, {"limited": {"user": "nobody"}}).processes == 512


def test_a_run_as_somebody_who_cannot_be_where_it_works_is_refused(home: Confined) -> None:
    needs.root()
    (home.folder / "closed").mkdir(mode=0o700)

    row = home.run("true", cwd="closed")

    if home.who == ROOT:
        assert f"nobody, as whom it runs, cannot enter {home.folder}/closed" in row["error"]
    else:
        assert row["error"].endswith("closed: permission denied")


def test_a_directory_behind_a_link_is_not_written_to(home: Confined) -> None:
    for name in ("data", "other"):
        home.by_user((home.folder / name).mkdir)
    home.by_user(lambda: (home.folder / "data/sub").symlink_to(home.folder / "other"))
    home.settings["permissions"] = {"user.*": {"write": ["data", "data/sub"]}}

    assert f"leads by a link to {home.folder}/other" in home.run("true")["error"]


def test_a_run_changes_neither_limits_nor_priority_of_its_keeper(home: Confined) -> None:
    needs.programs("prlimit", "renice", "taskset", "chrt", "ionice")
    ways = (
        "prlimit --nofile=5:5 --pid",
        "renice -n 5 -p",
        "taskset -p 1",
        "chrt -b -p 0",
        "ionice -c 3 -p",
    )
    tries = "; ".join(f"{way} $PPID && echo DONE" for way in ways)

    row = home.run(
        f"{tries}; nice -n 3 nice; prlimit --nofile=9:9 true && ulimit -n 100 && echo own"
    )

    assert "DONE" not in row["output"]
    assert row["output"].splitlines()[-2:] == [str(os.nice(0) + 3), "own"]


def test_a_run_has_a_temporary_directory_that_its_user_can_reach(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    other = ("mallory", MALLORY, MALLORY)

    def parent(given: str, user: tuple[str, int, int] | None) -> str:
        return os.path.dirname(confine.temporary_name({"TMPDIR": given}, user))

    assert parent(str(tmp_path), None) == os.path.realpath(tmp_path)
    assert parent(str(tmp_path), other) == "/tmp"
    assert parent("relative", None) == "/tmp"
    assert confine.temporary_name({}, None) != confine.temporary_name({}, None)

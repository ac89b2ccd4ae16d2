"""Jobs that run on another machine, by each kind of executor: how they start, end, are stopped."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.builders.dask_cluster import wait_until
from tests.builders.elsewhere import Home, job
from tests.builders.process_space import all_processes

pytestmark = pytest.mark.slow


def test_it_runs_there_with_its_own_variables_and_none_of_the_ticks(home: Home) -> None:
    script = "echo $A $SCHEDULED_JOB; pwd; umask; env | grep -c OF_THE_TICK; exit 3"
    home.configure(job(script, env={"A": "1 2"}, cwd="/usr", umask="027", success_codes=[3]))
    home.variables = {"OF_THE_TICK": "1"}

    assert home.call("trigger", "far").returncode == 0
    assert home.output("far").splitlines() == ["1 2 far", "/usr", "0027", "0"]
    row = home.last()
    assert row["outcome"] == "succeeded"
    assert row["where"]["executor"] == "nas"
    assert row["where"]["host"] == os.uname().nodename


def test_an_order_may_be_larger_than_a_pipe(home: Home) -> None:
    env = {f"LARGE_{number}": "x" * 50_000 for number in range(6)}
    home.configure(job("echo ${#LARGE_0} ${#LARGE_5}", env=env))

    assert home.call("trigger", "far").returncode == 0
    assert home.output() == "50000 50000\n"


@pytest.mark.parametrize(
    ("command", "more", "error"),
    [
        ("exit 7", {}, "exit code 7"),
        ("kill -9 $$", {}, "killed by SIGKILL"),
        (["/no/such"], {}, "/no/such: cannot be started: no such file or directory"),
        ("true", {"cwd": "/no/such"}, "cwd: /no/such: no such directory"),
    ],
)
def test_what_fails_there_fails_as_here(
    home: Home, command: Any, more: dict[str, Any], error: str
) -> None:
    home.configure(job(command, **more))

    told = home.call("trigger", "far")
    assert told.returncode == 1
    assert (home.last()["outcome"], home.last()["error"]) == ("failed", error)
    host = os.uname().nodename
    assert f" on nas (root@{host}" in told.stderr
    assert f"sent by {host}, attempt 1" in told.stderr


def test_a_command_that_says_not_now_has_run_there_all_the_same(home: Home) -> None:
    home.configure(job("echo busy; exit 75"))

    assert home.call("trigger", "far").returncode == 75
    assert (home.last()["outcome"], home.last()["reason"]) == (None, "not now: exit code 75")
    assert home.last()["where"]["host"] == os.uname().nodename
    assert f"on nas (root@{os.uname().nodename}" in home.call("history").stdout


def test_large_output_and_a_result_come_back(home: Home) -> None:
    script = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo '{\"files\": 3}'"
    home.configure(job(script, max_output="1M"))
    home.call("trigger", "far")

    assert home.last()["result"] == {"files": 3}
    (log,) = (home.folder / "state/runs/far").glob("*.log")
    assert 500_000 < log.stat().st_size <= 1_100_000


def test_a_timeout_ends_all_of_it_there(home: Home) -> None:
    mark = f"sleep {90000 + os.getpid()}"
    home.configure(job(f"{mark} & setsid {mark} & {mark}", timeout="2s"))

    assert home.call("trigger", "far").returncode == 1
    assert home.last()["outcome"] == "timed_out"
    assert all_processes(mark) == []


def test_a_run_that_is_cancelled_may_tidy_up_there(home: Home) -> None:
    home.configure(job("trap 'echo tidied; exit 5' TERM; echo begun; sleep 1000 & wait"))
    running = home.start("trigger", "far")
    wait_until("it has begun", lambda: "begun" in home.output("far"))

    home.call("cancel", "far", "--stop")
    running.wait(timeout=60)
    assert home.output("far").splitlines() == ["begun", "tidied"]
    assert (home.last()["outcome"], home.last()["reason"]) == ("interrupted", "stopped by hand")


def test_a_killed_proxy_costs_the_lease_and_never_two_at_once(home: Home) -> None:
    mark = f"sleep {91000 + os.getpid()}"
    home.configure(job(f"echo begun; {mark}", first_run="now"))
    running = home.start("run")
    wait_until("it has begun", lambda: all_processes(mark))

    assert home.space.kill("executors.proxy") > 0
    home.space.kill("ssh ", "-T")  # which its end would end as well
    while running.poll() is None:
        alive = bool(all_processes(mark))
        beside = home.call("status", "--json")
        is_running = json.loads(beside.stdout)["running"]
        assert is_running or not alive or running.poll() is not None
        time.sleep(0.5)
    assert all_processes(mark) == []
    row = home.last()
    assert row["outcome"] == "interrupted"
    assert "was killed" in row["reason"]


def test_a_killed_tick_leaves_it_to_the_next_one(home: Home, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    home.configure(job(f"while [ ! -e {gone} ]; do sleep 0.1; done", first_run="now"))
    running = home.start("run")
    wait_until("it has begun", lambda: all_processes(str(gone)))
    home.space.kill("-m scheduled", "--root")
    running.wait(30)

    assert home.call("run").returncode == 0
    gone.touch()
    wait_until("its keeper has ended", lambda: not home.space.processes("executors.proxy"))
    home.call("run")
    ended = [row["outcome"] for row in home.rows() if row["outcome"]]
    assert ended[-1] == "succeeded"
    assert "interrupted" not in ended


def test_who_kills_all_of_this_machine_waits_for_the_other(home: Home) -> None:
    mark = f"sleep {93000 + os.getpid()}"
    home.configure(job(mark, first_run="now", on_interrupted="skip"))
    running = home.start("run")
    wait_until("it has begun", lambda: all_processes(mark))
    holder = home.space.holder
    for pid in home.space.processes():
        if pid != holder:
            os.kill(pid, signal.SIGKILL)
    running.wait(30)

    wait_until("it is recorded", lambda: _settled(home, mark))
    assert home.last()["outcome"] == "interrupted"


def _settled(home: Home, mark: str) -> bool:
    """Return whether the slot is settled; then nothing of it lives."""
    home.call("run")
    rows = [row for row in home.rows() if row["outcome"] == "interrupted"]
    assert not rows or not all_processes(mark)
    return bool(rows)


def test_a_handler_of_a_package_runs_there_with_params_memory_and_events(home: Home) -> None:
    folder = home.folder / "packages"
    folder.mkdir()
    (folder / "far_handlers.py").write_text(
        "def count(context):\n"
        "    times = context.memory.get('times', 0) + 1\n"
        "    context.memory['times'] = times\n"
        "    context.fire('counted', times=times)\n"
        "    (context.cache_dir / 'x').write_text('')\n"
        "    if context.params.get('fail'):\n"
        "        raise RuntimeError('as asked')\n"
        "    return {'times': times, 'root': str(context.root), 'job': context.job}\n"
    )
    # The same for the tick, which looks whether there is such a module, and for the other side.
    env = {"PYTHONPATH": str(folder)}
    keys: dict[str, Any] = {"handler": "far_handlers:count", "env": env, "cwd": "/usr"}
    home.variables = env
    home.configure(job(**keys) + job(name="bad", **keys, params={"fail": True}))

    for times in (1, 2):
        assert home.call("trigger", "far").returncode == 0
        assert home.last()["result"] == {"times": times, "root": "/usr", "job": "far"}
    assert home.call("trigger", "bad").returncode == 1
    assert home.last()["error"] == "RuntimeError: as asked"
    assert "Traceback" in home.output("bad")


def test_the_page_says_where_it_runs_and_where_it_failed(home: Home) -> None:
    gone = home.folder / "gone"
    failing = job("exit 7", "failed", first_run="now")
    home.configure(failing)
    home.call("run")
    home.configure(failing + job(f"while [ ! -e {gone} ]; do sleep 0.1; done", first_run="now"))
    running = home.start("run")
    wait_until("it has begun", lambda: all_processes(str(gone)))
    place = f"on nas (root@{os.uname().nodename}"

    page = home.call("page", "--output", "-").stdout
    gone.touch()
    running.wait(timeout=60)
    now, failures = page.index('id="now-and-next"'), page.index('id="failures"')
    assert place in page[now:failures]
    assert f"exit code 7, {place}" in page[failures:]
    assert f"<dt>Ran</dt><dd>{place}" in page[:now]

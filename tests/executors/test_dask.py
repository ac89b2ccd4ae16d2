"""What only an executor of Dask has: workers and a scheduler that die, resources, certificates."""

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scheduled.errors import install_extra
from scheduled.runs.executors.dask import DaskTransport
from scheduled.runs.executors.transport import UnreachableError
from tests.builders import cable, dask_cluster, needs, soak
from tests.builders.certificates import Authority
from tests.builders.dask_cluster import DaskCluster, wait_until
from tests.builders.elsewhere import Home, job
from tests.builders.process_space import ProcessSpace, all_processes

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    with dask_cluster.running(tmp_path / "cluster", "one", "two") as cluster:
        yield cluster


@pytest.fixture
def home(tmp_path: Path, space: ProcessSpace, cluster: DaskCluster) -> Iterator[Home]:
    home = Home(tmp_path / "home", space, cluster.executor(connect_timeout="15s"))
    yield home
    home.close()


def begun(home: Home, mark: str) -> None:
    """Start a run that sleeps, and notes each start in a file."""
    script = f"echo start >>{home.folder}/starts; echo begun; {mark}"
    home.configure(job(script, first_run="now", on_interrupted="skip"))
    home.start("run")
    wait_until("it has begun", lambda: all_processes(mark))


def starts(home: Home) -> int:
    return (home.folder / "starts").read_text().count("start")


def settled(home: Home) -> bool:
    """Return whether the run is over, by a tick that looks."""
    home.call("run")
    return bool(home.last()["outcome"])


def check_interrupted_once(home: Home, mark: str) -> None:
    """Wait for the end of the run that sleeps, and look at what became of it."""
    wait_until("it is settled", lambda: settled(home))
    assert all_processes(mark) == []
    assert starts(home) == 1
    assert home.last()["outcome"] == "interrupted"


@pytest.mark.parametrize("who", soak.some("worker", "scheduler", "both"))
def test_who_dies_ends_the_run_and_nobody_starts_it_again(
    home: Home, cluster: DaskCluster, who: str
) -> None:
    mark = f"sleep {94000 + os.getpid()}"
    begun(home, mark)
    worker = _worker_of(home, cluster)
    if who != "scheduler":
        cluster.kill(worker)
    if who != "worker":
        cluster.kill("scheduler")

    check_interrupted_once(home, mark)
    time.sleep(2)  # in which another worker might have started it
    assert starts(home) == 1


def _worker_of(home: Home, cluster: DaskCluster) -> str:
    (running,) = json.loads(home.call("status", "--json").stdout)["running"]
    address = running["where"]["worker"].encode()
    logs = {name: (cluster.folder / f"{name}.log").read_bytes() for name in ("one", "two")}
    return next(name for name, log in logs.items() if address in log)


@pytest.mark.parametrize("who", soak.some("scheduler", "proxy", "worker"))
def test_who_stops_for_longer_than_the_lease_costs_one_run_and_never_two(
    home: Home, cluster: DaskCluster, who: str
) -> None:
    mark = f"sleep {95000 + os.getpid()}"
    begun(home, mark)
    worker = _worker_of(home, cluster)
    _signal(home, cluster, worker if who == "worker" else who, signal.SIGSTOP)
    time.sleep(20)
    _signal(home, cluster, worker if who == "worker" else who, signal.SIGCONT)

    check_interrupted_once(home, mark)


def _signal(home: Home, cluster: DaskCluster, who: str, number: int) -> None:
    if who == "proxy":
        assert home.space.kill("executors.proxy", number=number)
    else:
        cluster.signal(who, number)


def test_a_worker_that_is_told_to_stop_ends_the_run(home: Home, cluster: DaskCluster) -> None:
    mark = f"sleep {96000 + os.getpid()}"
    begun(home, mark)
    cluster.signal(_worker_of(home, cluster), signal.SIGTERM)

    check_interrupted_once(home, mark)


def test_a_network_that_comes_back_within_the_lease_costs_nothing(
    home: Home, cluster: DaskCluster
) -> None:
    """Dask itself gives up after `connect_timeout`."""
    mark = f"sleep 0.{97000 + os.getpid()}"
    ready = home.folder / "ready"
    with cable.to(int(cluster.address.rpartition(":")[2])) as line:
        home.executor = cluster.executor(
            address=f"tcp://127.0.0.1:{line.port}", connect_timeout="3s", lease="40s"
        )
        begun(home, f"while [ ! -e {ready} ]; do {mark}; done; echo all of it")
        line.pull()
        time.sleep(8)
        line.plug()
        ready.touch()
        wait_until("it has ended", lambda: home.last()["outcome"])

    assert home.last()["outcome"] == "succeeded"
    assert home.output() == "begun\nall of it\n"
    assert starts(home) == 1


def test_a_network_that_stays_away_is_named_as_the_reason(home: Home, cluster: DaskCluster) -> None:
    mark = f"sleep {98000 + os.getpid()}"
    with cable.to(int(cluster.address.rpartition(":")[2])) as line:
        address = f"tcp://127.0.0.1:{line.port}"
        home.executor = cluster.executor(address=address, connect_timeout="3s", lease="10s")
        begun(home, mark)
        wait_until("its output is here", lambda: home.output() == "begun\n")
        line.pull()
        check_interrupted_once(home, mark)

    reason = "the connection was lost, and its end is not known: "
    assert home.last()["reason"].startswith(f"{reason}{address}: ")
    assert home.output() == "begun\n"


def test_a_run_takes_the_resources_that_it_names(home: Home, cluster: DaskCluster) -> None:
    home.configure(job("true", resources={"two": 1}) + job("true", "no", resources={"fpga": 1}))
    for _ in range(3):  # the place is free again each time
        assert home.call("trigger", "far").returncode == 0
        where = home.last()["where"]["worker"]
        assert where.encode() in (cluster.folder / "two.log").read_bytes()

    home.configure(job("true", resources={"fpga": 1}), cluster.executor(connect_timeout="3s"))
    assert home.call("trigger", "far").returncode == 75
    assert home.last()["reason"] == "not now: no worker of the cluster has fpga: 1"

    mark = f"sleep {99000 + os.getpid()}"
    two = {"two": 1}
    home.configure(
        job(mark, "holds", resources=two) + job("true", resources=two),
        cluster.executor(connect_timeout="3s"),
    )
    holds = home.start("trigger", "holds")
    wait_until("it has begun", lambda: all_processes(mark))
    assert home.call("trigger", "far").returncode == 75
    assert home.call("cancel", "holds", "--stop").returncode == 0
    holds.wait(60)
    reasons = [row["reason"] for row in home.rows() if row["job"] == "far"]
    assert reasons[0] == "not now: no worker was free in time with two: 1"


def test_a_cluster_without_workers_and_no_cluster_leave_the_slot_due(
    home: Home, cluster: DaskCluster
) -> None:
    for name in ("one", "two"):
        cluster.kill(name)
    few_seconds = cluster.executor(connect_timeout="3s")
    home.configure(job("true"), few_seconds)
    assert home.call("trigger", "far").returncode == 75

    cluster.kill("scheduler")
    assert home.call("trigger", "far").returncode == 75
    assert {row["outcome"] for row in home.rows()} == {None}


@pytest.mark.parametrize("who", ["right", "strange", "none"])
def test_only_who_has_the_right_certificate_runs_anything(
    tmp_path: Path, space: ProcessSpace, who: str
) -> None:
    pytest.importorskip("distributed", reason="needs distributed, which is in the extra `dask`")
    needs.root()
    ours, strange = Authority(tmp_path / "ours"), Authority(tmp_path / "strange")
    server, mine = ours.sign("server"), (ours if who == "right" else strange).sign("mine")
    words = [f"--tls-ca-file={ours.ca}", f"--tls-cert={server[0]}", f"--tls-key={server[1]}"]
    cluster = DaskCluster(tmp_path / "cluster", words, "tls")
    try:
        cluster.start()
        cluster.add_worker("one")
        files = {"tls_ca": str(ours.ca), "tls_cert": str(mine[0]), "tls_key": str(mine[1])}
        if who == "none":
            address = cluster.address.replace("tls://", "tcp://")
            said = cluster.executor(connect_timeout="5s") | {"address": address}
        else:
            said = cluster.executor(connect_timeout="5s") | files
        home = Home(tmp_path / "home", space, said)
        home.configure(job(f"touch {tmp_path}/ran"))
        ended = home.call("trigger", "far").returncode
    finally:
        cluster.close()

    assert ended == (0 if who == "right" else 75)
    assert (tmp_path / "ran").exists() == (who == "right")


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("raise ImportError('no dask')", f"needs Dask; {install_extra('dask')}"),
        (
            "import os; os.no_such",
            "Dask cannot be imported: module 'os' has no attribute 'no_such'",
        ),
    ],
)
def test_a_dask_that_is_missing_or_broken_here_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, reason: str
) -> None:
    (tmp_path / "distributed.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "distributed", raising=False)
    transport = DaskTransport({"address": "tcp://127.0.0.1:1", "connect_timeout": 1.0})

    with pytest.raises(UnreachableError) as refused:
        transport.connect()

    assert str(refused.value) == reason
    transport.close()


@pytest.mark.parametrize(
    ("wrong", "content", "reason"),
    [
        ("tls_ca", b"nothing of the kind", "no certificate"),
        ("tls_ca", b"", "no certificate"),
        ("tls_cert", b"\xff\xfe", "no certificate"),
        ("tls_key", b"", "no key of {tls_cert}"),
        ("tls_key", "another's", "no key of {tls_cert}"),
        ("tls_key", "locked", "it needs a passphrase; nobody is there to type it"),
        ("tls_cert", None, "no such file or directory"),
    ],
)
def test_a_file_for_tls_that_cannot_be_used_is_named(
    tmp_path: Path, wrong: str, content: bytes | str | None, reason: str
) -> None:
    pytest.importorskip("distributed", reason="needs distributed, which is in the extra `dask`")
    ours = Authority(tmp_path / "ours")
    mine, other = ours.sign("mine"), ours.sign("other")
    files = {"tls_ca": ours.ca, "tls_cert": mine[0], "tls_key": mine[1]}
    if content == "another's":
        content = other[1].read_bytes()
    elif content == "locked":
        words = ["openssl", "pkey", "-aes128", "-passout", "pass:secret", "-in", str(mine[1])]
        content = subprocess.run(words, capture_output=True, check=True).stdout
    if isinstance(content, bytes):
        files[wrong].write_bytes(content)
    else:
        files[wrong].unlink()
    said = {key: str(path) for key, path in files.items()}
    transport = DaskTransport({"address": "tls://127.0.0.1:1", "connect_timeout": 1.0, **said})
    with pytest.raises(UnreachableError) as refused:
        transport.connect()
    transport.close()

    assert str(refused.value) == f"{wrong}: {said[wrong]}: {reason.format(**said)}"


@pytest.mark.parametrize(("there", "is_same"), [("3.99.1.final.0", False), (None, True)])
def test_a_cluster_of_another_python_is_refused_by_name(there: str | None, is_same: bool) -> None:
    said = {
        "host": {"python": there or platform.python_version() + ".final.0"},
        "packages": {"distributed": "2024.8.0"},
    }

    class Client:  # that of another Python would need another Python with Dask
        scheduler = SimpleNamespace(versions=None)

        def sync(self, function: object, **options: object) -> object:
            return said

    transport = DaskTransport({"address": "tcp://127.0.0.1:1"})
    transport._client = Client()
    with contextlib.nullcontext() if is_same else pytest.raises(UnreachableError) as refused:
        transport._compare_versions("2026.8.0")

    if refused is not None:
        assert "the cluster has Python 3.99" in str(refused.value)
    else:
        assert transport.remarks(0.0) == ("the cluster has Dask 2024.8.0, and this is 2026.8.0",)
        transport._compare_versions("2024.8.0")


def test_a_worker_that_cannot_start_it_is_told_and_not_waited_for(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As one whose Python is another one; here, one that is sent what fails."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util, sys\n"
        "if 'scheduled.runs.executors.proxy' in sys.orig_argv:\n"
        "    from scheduled.runs.executors import dask_worker\n"
        "    dask_worker.serve = eval('lambda *_: 1 / 0')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    home.configure(job("true"))

    assert home.call("trigger", "far").returncode == 75
    assert "a worker could not start it" in home.last()["reason"]
    assert "division by zero" in home.last()["reason"]


def test_whoever_cancels_meanwhile_keeps_nobody_from_the_cluster(cluster: DaskCluster) -> None:
    """All clients are told what one has cancelled, also one that is just joining."""
    cancels = (
        "import sys, time; from distributed import Client; client = Client(sys.argv[1])\n"
        "while True: client.submit(int, pure=False).cancel(); time.sleep(0.005)\n"
    )
    settings = {"address": cluster.address, "connect_timeout": 30.0, "lease": 10.0}
    with subprocess.Popen([sys.executable, "-c", cancels, cluster.address]) as other:
        try:
            for _ in range(15):
                transport = DaskTransport(settings)
                transport.connect()
                transport.close()
        finally:
            other.kill()


def test_a_proxy_that_gave_up_just_then_occupies_no_worker(cluster: DaskCluster) -> None:
    settings = {"address": cluster.address, "connect_timeout": 30.0, "lease": 10.0}
    started, asking = DaskTransport(settings), DaskTransport(settings)
    started.connect()
    worker = started._worker
    started._client.close()  # as it does that gives up before it has seen the announcement

    asking.connect()
    until = time.monotonic() + dask_cluster.WAIT_SECONDS / 2  # which is less than its patience
    while (held := _outposts(asking, worker)) > (worker == asking._worker):
        assert time.monotonic() < until, held
        time.sleep(0.1)
    asking.close()


def _outposts(transport: DaskTransport, worker: str) -> int:
    def count(dask_worker: Any) -> int:
        return len(dask_worker.__dict__.get("scheduled_outposts", {}))

    found: dict[str, int] = transport._client.run(count, workers=[worker])
    return found[worker]

"""`executors` and the keys that need one: what is read, and what is refused with a reason."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from scheduled.errors import install_extra
from tests.builders.configuration import loaded
from tests.builders.installed import WITHOUT_SWEEPS

NAS = "executors: {nas: {kind: ssh, host: nas}}\n"
SSH = "{kind: ssh, host: nas}"
FARM = 'executors: {farm: {kind: dask, address: "tcp://127.0.0.1:8786"}}\n'


def configured(root: Path, executors: str, more: str = "executor: nas") -> Any:
    job = f'  far: {{schedule: daily, command: "true", {more}}}\n'
    return loaded(
        root, f'{executors}{WITHOUT_SWEEPS}{job}  near: {{schedule: daily, command: "x"}}\n'
    )


def ids(found: Any) -> set[str]:
    return {job.id for job in found.jobs} & {"far", "near"}


def test_what_is_not_said_has_a_default(root: Path) -> None:
    found = configured(root, NAS)

    assert found.problems == ()
    assert found.executors["nas"] == {
        "kind": "ssh",
        "host": "nas",
        "lease": 30.0,
        "connect_timeout": 10.0,
        "max_concurrent": 20,
    }
    assert next(job for job in found.jobs if job.id == "far").executor == "nas"


def test_local_is_this_machine(root: Path) -> None:
    found = configured(root, NAS, "executor: local")

    assert next(job for job in found.jobs if job.id == "far").executor == ""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("nas: ssh", "nas: expected settings like {kind: ssh, host: nas}"),
        ("nas: {host: nas}", "nas: kind is missing; there are ssh, dask"),
        ("nas: {kind: slurm}", 'nas: "slurm": no such kind; there are ssh, dask'),
        ("nas: {kind: [ssh], host: nas}", "nas: kind: expected text, found a list"),
        ("nas: {kind: , host: nas}", "nas: kind is missing; there are ssh, dask"),
        ("nas: {kind: ssh}", "nas: host is missing"),
        (f"nas: {SSH}, nas: {SSH}", "nas: duplicate name, again in line 1"),
        ("nas: {kind: ssh, host: -oProxyCommand=id}", "host: "),
        ("nas: {kind: ssh, host: 'a b'}", "host: "),
        ("nas: {kind: ssh, host: '@nas'}", "expected HOST or USER@HOST"),
        ("nas: {kind: ssh, host: me@-oProxyCommand=id}", "expected HOST or USER@HOST"),
        ("nas: {kind: ssh, host: me@$(id)}", "expected HOST or USER@HOST"),
        ("nas: {kind: ssh, host: '$(id)@nas'}", "expected HOST or USER@HOST"),
        ("nas: {kind: ssh, host: '`id`@nas'}", "expected HOST or USER@HOST"),
        ("nas: {kind: ssh, host: 'ssh://a;b@nas:22'}", "expected ssh://USER@HOST:PORT"),
        ("nas: {kind: ssh, host: 'ssh://nas:abc'}", "expected ssh://USER@HOST:PORT"),
        ("nas: {kind: ssh, host: 'a;id'}", "expected HOST or USER@HOST"),
        ("nas: {kind: ssh, host: 'ssh://'}", "expected ssh://USER@HOST:PORT"),
        ("nas: {kind: ssh, host: 'ssh://nas:99999'}", "a port is a number from 1 to 65535"),
        ("nas: {kind: ssh, host: nas, port: 22}", 'nas: "port": no such key of ssh'),
        ("nas: {kind: ssh, host: nas, lease: 1s}", "lease: "),
        ("nas: {kind: ssh, host: nas, max_concurrent: 0}", "max_concurrent: "),
        ("local: {kind: ssh, host: nas}", '"local": is this machine'),
        ("'../x': {kind: ssh, host: nas}", "a name has letters"),
        (
            "nas: {kind: dask, address: 'tcp://10.0.0.5:8786'}",
            "use tls://, or say `insecure: true`",
        ),
        ("nas: {kind: dask, address: 'scheduler:8786'}", "expected tls://HOST:PORT"),
        ("nas: {kind: dask, address: 'tcp://[::1]:8786/status'}", "expected tls://HOST:PORT"),
        ("nas: {kind: dask, address: 'tcp://me@localhost:8786'}", "expected tls://HOST:PORT"),
        ("nas: {kind: dask, address: 'tcp://localhost:8786?x'}", "expected tls://HOST:PORT"),
        ("nas: {kind: dask, address: 'tls://s:8786', tls_ca: ca.pem}", "tls_cert is missing"),
        (
            "nas: {kind: dask, address: 'tcp://[::1]:8786', tls_ca: ca.pem}",
            "tls_ca is for tls://, and tcp://[::1]:8786 is not encrypted",
        ),
    ],
)
def test_a_wrong_executor_stops_only_the_jobs_that_need_it(
    root: Path, said: str, reason: str
) -> None:
    found = configured(root, f"executors: {{{said}}}\n")

    assert any(reason in problem for problem in found.problems), found.problems
    assert ids(found) == {"near"}

    beside = configured(root, f"executors: {{good: {{kind: ssh, host: a}}, {said}}}\n")
    assert [*beside.executors] == ["good"]
    beside = configured(
        root, f"executors: {{{said}, good: {{kind: ssh, host: a}}}}\n", "executor: good"
    )
    assert ids(beside) == {"far", "near"}


@pytest.mark.parametrize(
    "host",
    ["nas", "me@nas.example", "DOM\\me@nas", "fe80::1%eth0", "ssh://me@[::1]:22", "ssh://nas", "7"],
)
def test_what_ssh_takes_for_a_host_is_one(root: Path, host: str) -> None:
    found = configured(root, f"executors: {{nas: {{kind: ssh, host: '{host}'}}}}\n")

    assert found.executors["nas"]["host"] == host


def test_of_two_wrong_executors_each_is_named_and_not_taken_for_missing(root: Path) -> None:
    wrong = "executors: {nas: {kind: shh, host: a}, b: {kind: ssh}, c: {kind: ssh, host: c}}\n"
    for name in ("nas", "b"):
        problems = configured(root, wrong, f"executor: {name}").problems

        (said,) = [each for each in problems if "shh" in each]
        assert said.endswith('nas: "shh": no such kind; there are ssh, dask; b: host is missing')
        (of_job,) = [each for each in problems if "far" in each]
        assert of_job.endswith(f"far: executor: {name} cannot be used as `executors` declares it")


def test_a_name_in_what_is_said_of_another_executor_is_missing(root: Path) -> None:
    wrong = "executors: {nas: {kind: ssh, host: 'a; gone: b'}}\n"
    problems = configured(root, wrong, "executor: gone").problems

    (of_job,) = [each for each in problems if "far" in each]
    assert 'executor: no executor is called "gone"' in of_job


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("executor: gone", 'no executor is called "gone"; declare it in `executors`'),
        ("executor: nass", 'no executor is called "nass"; did you mean nas?'),
        ("executor: nas, max_cpu_percent: 50", "max_cpu_percent is about this machine"),
        ("executor: nas, idle_only: true", "idle_only is about this machine"),
        ("executor: nas, min_free_disk: 1G", "min_free_disk is about this machine"),
        ("executor: nas, overlap: allow", "`overlap: allow` is for jobs of this machine"),
        ("executor: nas, cwd: data", "cwd: data: is relative"),
        ("executor: nas, resources: {gpu: 1}", "resources are for Dask"),
        ("resources: {gpu: 1}", "resources are for Dask"),
    ],
)
def test_a_job_that_cannot_run_there_is_left_out_alone(root: Path, more: str, reason: str) -> None:
    found = configured(root, NAS, more)

    assert len(found.problems) == 1
    assert f"far: executor: {reason}" in found.problems[0]
    assert ids(found) == {"near"}


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ("health", "its handler is a built-in one"),
        ("mine", "its handler is a file of this machine"),
    ],
)
def test_only_a_handler_of_a_package_can_run_there(root: Path, handler: str, reason: str) -> None:
    (root / "own").mkdir(mode=0o755)
    (root / "own/mine.py").write_text("def run(context): ...\n")
    (root / "own/mine.py").chmod(0o644)
    job = f"  far: {{schedule: daily, handler: {handler}, executor: nas}}\n"
    found = loaded(root, f"{NAS}handler_dirs: own\n{WITHOUT_SWEEPS}{job}")

    assert f"far: executor: {reason}" in found.problems[0]


def test_who_is_confined_here_cannot_leave(root: Path) -> None:
    job = '  user.far: {schedule: daily, command: "true", executor: nas}\n'
    found = loaded(root, f"{NAS}{WITHOUT_SWEEPS}{job}")

    assert any("held to on this machine alone" in problem for problem in found.problems)
    assert "user.far" not in {job.id for job in found.jobs}


def test_without_dask_its_jobs_say_what_to_install(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(name: str) -> None:
        assert name == "distributed"

    monkeypatch.setattr(importlib.util, "find_spec", nothing)
    found = configured(root, FARM, "executor: farm")

    (problem,) = found.problems
    assert problem.endswith(f": far: executor: farm needs Dask; {install_extra('dask')}")
    assert ids(found) == {"near"}


@pytest.mark.parametrize(
    ("count", "others"),
    [
        (1, "b0 needs"),
        (5, "b0, b1, b2, b3, b4 need"),
        (7, "b0, b1, b2, b3, b4 and 2 more need"),
    ],
)
def test_without_dask_one_sentence_is_said_of_all_its_jobs(
    root: Path, monkeypatch: pytest.MonkeyPatch, count: int, others: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    executors = {"far": "farm", **{f"b{number}": "farm" for number in range(count)}, "c": "none"}
    jobs = "".join(
        f"  {name}: {{schedule: daily, command: x, executor: {executor}}}\n"
        for name, executor in executors.items()
    )
    found = loaded(root, f"{FARM}{WITHOUT_SWEEPS}{jobs}")

    lacking, unknown = found.problems
    assert lacking.endswith(f": farm needs Dask; {install_extra('dask')}; {others} it as well")
    assert ': c: executor: no executor is called "none"' in unknown
    assert not [job for job in found.jobs if job.executor]


def test_resources_are_amounts(root: Path) -> None:
    pytest.importorskip("distributed", reason="needs distributed, which is in the extra `dask`")
    found = configured(root, FARM, "executor: farm, resources: {gpu: 1, mem: 2.5}")
    assert found.problems == ()
    assert next(job for job in found.jobs if job.id == "far").resources == {"gpu": 1.0, "mem": 2.5}

    for wrong in (
        "[gpu]",
        "{gpu: 1, gpu: 2}",
        "{'': 1}",
        "{gpu: many}",
        "{gpu: 0}",
        "{gpu: .inf}",
        "{gpu: true}",
    ):
        assert configured(root, FARM, f"executor: farm, resources: {wrong}").problems

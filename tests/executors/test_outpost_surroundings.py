"""The outpost on machines that lack something: a home, a locale, room, /proc."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.runs.executors import bundle
from scheduled.runs.executors.outpost import wire
from tests.builders import needs
from tests.builders.outposts import LocalTransport, Talk, ended, order, script
from tests.builders.process_space import all_processes


@pytest.mark.parametrize("home", ["/no/such", "relative"])
def test_without_a_home_directory_it_says_so_or_starts_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    (tmp_path / "relative").mkdir()
    monkeypatch.chdir(tmp_path)
    variables = {"HOME": home, "XDG_CACHE_HOME": "cache"}
    told = ended(LocalTransport(tmp_path, variables=variables), script("pwd", cwd=None))[0]
    said = "the home directory there cannot be used: {}: no such directory; name a `cwd`"
    assert told == {"failure": said.format(home)}

    there = LocalTransport(tmp_path, variables=variables)
    assert ended(there, script("pwd", cwd="/usr"), known=False)[1] == b"/usr\n"
    nobody = "~no-such-user/x"
    told = ended(LocalTransport(tmp_path, variables=variables), script("pwd", cwd=nobody))[0]
    assert told == {"failure": f"cwd: {nobody}: no such directory"}
    assert [path.name for path in tmp_path.rglob("*")] == ["relative"]


def test_a_handler_without_a_temporary_directory_says_so(tmp_path: Path) -> None:
    package = {"PYTHONPATH": str(Path(bundle.__file__).parents[3])}
    transport = LocalTransport(tmp_path, variables=package)
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        assert transport.process is not None
        resource.prlimit(transport.process.pid, resource.RLIMIT_FSIZE, (0, 0))
        transport.send(json.dumps(order([], handler={})).encode() + b"\n")
        failure = json.loads(talk.next(wire.ENDED))["failure"]
        transport.send(wire.KNOWN)

    assert failure.startswith(
        "a temporary directory for its handler cannot be made: no usable temporary directory found"
    )


@pytest.mark.parametrize("set_there", [{}, {"LC_CTYPE": "C.UTF-8"}, {"LC_CTYPE": "de_DE.UTF-8"}])
def test_what_python_does_to_the_locale_is_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, set_there: dict[str, str]
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "PYTHONCOERCECLOCALE"):
        monkeypatch.delenv(name, raising=False)

    told = ended(LocalTransport(tmp_path, variables=set_there), script("echo ${LC_CTYPE-none}"))

    assert told[1].decode().strip() == set_there.get("LC_CTYPE", "none")


WITHOUT_PROC = """\
import os, subprocess, sys, time
from scheduled.runs.executors.outpost import family
family.PROC = "/no/proc"
mark, path = sys.argv[1:]
text = f"trap '' TERM; setsid {mark} & {mark} & {mark}"
command = subprocess.Popen(["sh", "-c", text], start_new_session=True)
while sum(mark in line for line in os.popen("ps -A -o args=")) < 5:  # this, the shell, its three
    time.sleep(0.05)
os.environ["PATH"] = path
found = family.Family(command.pid)
found.signal(15)
command.kill()
command.wait()
found.kill()
"""


@pytest.mark.parametrize(("path", "left"), [(os.environ["PATH"], 0), ("/no/ps", 1)])
def test_without_proc_ps_finds_all_and_without_ps_the_process_group_ends(
    path: str, left: int
) -> None:
    needs.programs("ps")
    mark = f"sleep {960000 + os.getpid()}"
    environ = {**os.environ, "PYTHONPATH": str(Path(bundle.__file__).parents[3])}
    words = [sys.executable, "-c", WITHOUT_PROC, mark, path]
    subprocess.run(words, env=environ, check=True, timeout=60)

    escaped = all_processes(mark)
    for pid in escaped:
        os.kill(pid, signal.SIGKILL)
    assert len(escaped) == left

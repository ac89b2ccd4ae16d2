"""What stands between ssh and the outpost: keys, a banner, the login shell and what that prints."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduled.runs.executors import bundle, replies
from scheduled.runs.executors.last_words import LastWords
from scheduled.runs.executors.ssh import SshTransport
from scheduled.runs.executors.transport import BrokenError
from tests.builders import needs, ssh_server
from tests.builders.elsewhere import Home, job
from tests.builders.process_space import ProcessSpace
from tests.builders.ssh_server import SshServer

BANNER = "Authorized use only.\nAll that you do is recorded.\n"
FISH = """\
Authenticated to nas.
fish: Unknown command: py
fish:
exec py -X utf8 -I -c 'x'
     ^~~^
Transferred: sent 3, received 3 bytes, in 0.1 seconds
Bytes per second: sent 30.0, received 30.0
"""
OLD_PYTHON = """\
Unknown option: -I
usage: python [option] ... [-c cmd | -m mod | file | -] [arg] ...
Try `python -h' for more information.
"""
SHELLS = ("sh", "bash", "dash", "zsh", "fish", "tcsh")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """A server with a banner, whose login shell is named by LOGIN and prints a greeting."""
    folder = tmp_path_factory.mktemp("login")
    (folder / "banner").write_text(BANNER)
    login = folder / "login"
    login.write_text(
        '#!/bin/sh\necho you have mail; [ -n "$QUIET" ] || echo no calendar here >&2\n'
        f"export HOME={folder}\n"
        'exec ${LOGIN:-sh -c} "$SSH_ORIGINAL_COMMAND"\n'
    )
    login.chmod(0o755)
    more = f"Banner {folder}/banner\nForceCommand {login}\n"
    with ssh_server.running(folder / "server", more) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, space: ProcessSpace, server: SshServer) -> Iterator[Home]:
    home = Home(tmp_path / "home", space, server.executor())
    yield home
    home.close()


def with_options(home: Home, server: SshServer, *options: str) -> dict[str, object]:
    """What `executors` says if these options of ssh_config(5) come first."""
    config = home.folder / "config"
    config.write_text("\n".join([*options, f"Match all\n  Include {server.config}\n"]))
    config.chmod(0o600)
    return {**home.executor, "ssh_config": str(config)}


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_any_login_shell_starts_it_and_says_why_not(
    home: Home, server: SshServer, shell: str
) -> None:
    needs.programs(shell)
    executor = with_options(home, server, f'SetEnv LOGIN="{shell} -c"')
    home.configure(job("echo it is $((1 + 1))"), executor)
    assert home.call("trigger", "far").returncode == 0
    assert home.output() == "it is 2\n"

    for python in ("nopython3", "/no/such/python"):
        home.configure(job("true"), {**executor, "python": python})
        assert home.call("trigger", "far").returncode == 75
        reason = home.last()["reason"]
        assert python in reason
        assert re.search("not found|unknown command|no such file", reason, re.IGNORECASE)
        assert BANNER.splitlines()[-1][:-1] not in reason
        assert "no calendar" not in reason


@pytest.mark.slow
@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("echo only git here; : -c", "the connection ended; it said: only git here"),
        ("false", "the connection ended; it said: you have mail"),
        ("rbash -c", "rbash: line 1: exec: restricted"),
    ],
)
def test_a_login_that_starts_nothing_is_no_banner(
    home: Home, server: SshServer, tmp_path: Path, login: str, reason: str
) -> None:
    needs.programs("rbash")
    script = tmp_path / "script"
    script.write_text(f'#!/bin/sh\n{login} "$1"\n')
    script.chmod(0o755)
    home.configure(job("true"), with_options(home, server, f'SetEnv LOGIN="{script}" QUIET=1'))

    assert home.call("trigger", "far").returncode == 75
    assert reason in home.last()["reason"]
    assert "recorded" not in home.last()["reason"]


@pytest.mark.slow
def test_what_the_login_printed_is_no_reason_why_a_connection_was_lost(server: SshServer) -> None:
    transport = SshTransport({**server.executor(), "connect_timeout": 10})
    try:
        replies.greeted(transport, replies.Frames(), 10)
        transport.send(b"{}\n")  # no order: the outpost ends
        with pytest.raises(BrokenError, match=r"^the connection ended$"):
            transport.receive(10)
    finally:
        transport.close()


@pytest.mark.slow
def test_a_key_that_ssh_does_not_use_is_named(home: Home, server: SshServer) -> None:
    key = server.folder / "mine"
    home.configure(job("true"))
    key.chmod(0o644)
    try:
        home.call("trigger", "far")
        asked = home.call("executors").stdout
    finally:
        key.chmod(0o600)

    for told in (home.last()["reason"], asked):
        assert "Permission denied (publickey" in told
        assert f'Load key "{key}": bad permissions' in " ".join(told.split())


@pytest.mark.slow
def test_a_host_key_that_has_changed_is_told_apart_from_an_unknown_one(
    home: Home, server: SshServer, tmp_path: Path
) -> None:
    name = f"[127.0.0.1]:{server.port}"
    known = tmp_path / "known"
    known.write_text(f"{name} {(server.folder / 'mine.pub').read_text()}")
    home.configure(job("true"), with_options(home, server, f"UserKnownHostsFile {known}"))
    home.call("trigger", "far")

    assert home.last()["reason"].startswith(
        f"not now: Host key verification failed; Host key for {name} has changed"
    )


@pytest.mark.slow
def test_the_locale_of_who_ticks_is_not_sent_along(home: Home, server: SshServer) -> None:
    executor = with_options(home, server, "SendEnv LANG LANGUAGE LC_*")
    home.variables = {"LANG": "C.UTF-8", "LANGUAGE": "de", "LC_TIME": "POSIX"}
    home.configure(job("env | grep -E '^(LANG|LC_)' || echo none of it"), executor)

    assert home.call("trigger", "far").returncode == 0
    assert home.output() == "none of it\n"


OTHER_SSH = """\
#!/bin/sh
[ "$1" != -V ] || { echo "VERSION, OpenSSL 1.1.1k" >&2; exit; }
case "$*" in
*StdinNull*|*SessionType*|*ForkAfterAuthentication*) [ OLD = 0 ] || {
    echo "command-line: line 0: Bad configuration option: stdinnull" >&2; exit 255; } ;;
*) [ OLD = 1 ] || { echo "SessionType of the configuration is kept" >&2; exit 255; } ;;
esac
exec REAL "$@"
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "is_old"),
    [("OpenSSH_8.0p1", 1), ("OpenSSH_8.6", 1), ("OpenSSH_for_Windows_9.5p1", 0), ("Sun_SSH", 0)],
)
def test_an_older_ssh_is_not_told_options_that_it_does_not_know(
    home: Home, tmp_path: Path, version: str, is_old: int
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    text = OTHER_SSH.replace("VERSION", version).replace("OLD", str(is_old))
    (folder / "ssh").write_text(text.replace("REAL", str(needs.path_of("ssh"))))
    (folder / "ssh").chmod(0o755)
    home.variables = {"PATH": f"{folder}:{os.environ['PATH']}"}
    home.configure(job("echo hi"))

    assert home.call("trigger", "far").returncode == 0, home.last()
    assert home.output() == "hi\n"


def test_a_signal_does_not_cut_an_order_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, got = tmp_path / "reads", tmp_path / "got"
    os.mkfifo(reads)
    (tmp_path / "ssh").write_text(f"#!/bin/sh\n[ $1 = -V ] && exit\n: <{reads}\ncat >{got}\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    transport = SshTransport({"host": "nas", "connect_timeout": 10})

    def interrupted(*_: object) -> None:
        if not came:
            came.append(reads.write_text(""))

    came: list[int] = []
    before = signal.signal(signal.SIGALRM, interrupted)
    try:
        transport.connect()
        signal.setitimer(signal.ITIMER_REAL, 0.3)  # by then the pipe is full
        transport.send(b"x" * 3_000_000)
    finally:
        signal.signal(signal.SIGALRM, before)
        transport.close()

    assert got.stat().st_size == len(bundle.line()) + 3_000_000


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", ""),
        (BANNER, "All that you do is recorded"),
        (f"{BANNER}Authenticated to nas (via proxy) using 'publickey'.\n", ""),
        (FISH, "fish: Unknown command: py"),
        (OLD_PYTHON, "Unknown option: -I"),
        ("Authenticated to a.\nlost\nAuthenticated to b.\nbash: line 1: x\r\n", "bash: line 1: x"),
        ("@@@@\n", "@@@@"),
        (
            "no such identity: /k: No such file\nssh: connect: timed out\n",
            "ssh: connect: timed out",
        ),
    ],
)
def test_the_reason_is_the_line_that_says_it(said: str, reason: str) -> None:
    words = LastWords()
    for byte in said.encode():
        words.hear(bytes([byte]))

    assert words.reason() == reason


def test_what_is_kept_is_bounded_and_can_be_forgotten() -> None:
    words = LastWords()
    words.hear(b"x" * 1_000_000 + b"\nlast\n")
    assert words.reason() == "last"

    words.forget()
    assert words.reason() == ""

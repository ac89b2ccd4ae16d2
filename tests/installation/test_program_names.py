"""Which programs a command certainly calls."""

import pytest

from scheduled.installation.doctor import program_names
from scheduled.installation.doctor.program_names import Kind

VARIABLES = {"HOME": "/home/ann", "TOOLS": "/opt/tools"}


def names(command: str | list[str]) -> tuple[str, ...]:
    """The programs that a command executes."""
    calls = program_names.of(command, VARIABLES)
    return tuple(call.name for call in calls if call.kind is Kind.PROGRAM)


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("~/bin/backup --all", ("/home/ann/bin/backup",)),
        ("$HOME/bin/backup | ${HOME}/bin/sort", ("/home/ann/bin/backup", "/home/ann/bin/sort")),
        ("~bob/bin/backup", ()),
        ("bash --", ("bash",)),
        ("bash -c", ("bash",)),
        ([], ()),
        ("cd /srv && ~/bin/backup", ("/home/ann/bin/backup",)),
        (["sh", "-c", "~/bin/backup"], ("sh", "/home/ann/bin/backup")),
        (["~/bin/backup"], ("~/bin/backup",)),  # no shell, so nothing expands it
    ],
)
def test_programs_in_the_home_directory(
    command: str | list[str], programs: tuple[str, ...]
) -> None:
    assert names(command) == programs


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("[ -x /opt/tool ] && /opt/tool", ()),
        ("test -x /opt/tool && /opt/tool", ()),
        ("command -v tool >/dev/null && tool", ()),
        ("which tool >/dev/null && tool", ("which",)),
        ("if [ -d /opt ]; then tool; fi", ()),
        ("if check; then tool; else other; fi", ("check",)),
        ("while check; do tool; done", ("check",)),
        ("before; [ -e /x ] || tool; after", ("before",)),
        ("mountpoint -q /mnt && tool", ("mountpoint", "tool")),
        ("tool || true", ("tool",)),
    ],
)
def test_what_comes_after_a_condition_is_not_certain(
    command: str, programs: tuple[str, ...]
) -> None:
    assert names(command) == programs


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("cd /srv/app && ./run.sh --all", ("/srv/app/./run.sh",)),
        ("cd app && ./run.sh", ("app/./run.sh",)),
        ("cd /srv/app\n./run.sh\n", ("/srv/app/./run.sh",)),
        ("cd /srv/app || exit 1; ./run.sh", ("/srv/app/./run.sh",)),
        ("(cd /srv/app && ./run.sh); bin/sync", ("/srv/app/./run.sh",)),  # run.sh may make sync
        ("(cd /srv/app; true); bin/sync", ("bin/sync",)),
        ('cd "$WHERE" && ./run.sh', ()),
        ("cd - && ./run.sh", ()),
        ("FOO=1 BAR='a b' tool", ("tool",)),
        ("PATH=/opt/bin:$PATH tool", ()),
        ("export PATH=/opt/bin:$PATH; tool; /opt/tool", ("/opt/tool",)),
        ("env FOO=1 tool", ("env", "tool")),
        ("env -u FOO BAR=2 tool", ("env", "tool")),
        ("env PATH=/opt/bin tool", ("env",)),
        ("env -S tool", ("env",)),
        ("nice tool", ("nice", "tool")),
        ("nice -n 10 ionice -c3 tool", ("nice", "ionice", "tool")),
        ("nice -10 /opt/tool", ("nice", "/opt/tool")),
        ("timeout -k 5 --signal=KILL 10m tool", ("timeout", "tool")),
        ("timeout --odd 5 tool", ("timeout",)),
        ("flock -n /tmp/lock tool", ("flock", "tool")),
        ("flock -n /tmp/lock -c 'tool a && other'", ("flock", "tool", "other")),
        ("sudo tool", ("sudo",)),  # sudo has a PATH of its own
        ("exec /opt/tool", ("/opt/tool",)),
        ("exec >/tmp/log; tool", ("tool",)),
        ("time tool", ("tool",)),
        ("nohup setsid -f tool >/dev/null 2>&1 &", ("nohup", "setsid", "tool")),
        ("'/opt/my tool' a", ("/opt/my tool",)),
        ("/opt/my\\ tool a", ("/opt/my tool",)),
        ("/opt/'my' a", ("/opt/my",)),
        ('"$TOOLS/run" a', ("/opt/tools/run",)),
        ("$TOOLS/run a", ("/opt/tools/run",)),
        ("${TOOLS:-/x}/run a", ()),
        ("TOOLS=/srv/new; $TOOLS/run", ("/srv/new/run",)),
        ("TOOLS=$(pwd); $TOOLS/run", ()),
        ("X=$(date +%F) && tool $X", ("date", "tool")),
        ("tool \"$(other 'a)')\" | sort", ("other", "tool", "sort")),
        ("echo `tool \\`other\\`` $((1 + 2)) '$(no)' \\$no", ("other", "tool")),
        ("x=$(cd /srv && ./tool | other); y", ("/srv/./tool", "other", "y")),
        ("for x in $(tool); do other; done", ("tool",)),
        ('if [ "$(tool)" = x ]; then other; fi', ("tool",)),
        ("x=$(tool 2>/dev/null) y=$(command -v other)", ()),
        ("x=$(tool) || x=$(other)", ()),  # either will do
        ("d=$(mktemp -d) && tool", ("mktemp", "tool")),
        ("x=$(git clone y) && /opt/new", ("git",)),
        ("ls | xargs -0 -n 5 tool -a", ("ls", "xargs", "tool")),
        (
            "find . -name x -exec /opt/tool {} \\; -execdir other {} +",
            ("find", "/opt/tool", "other"),
        ),
        ("a | b && c; d & e", ("a", "b", "c", "d", "e")),
        ("a\nb # c; d\n\n  e f", ("a", "b", "e")),
        ("a \\\n  -b | c", ("a", "c")),
        ("curl -f x || wget x", ()),  # either will do
        ("tool || { logger failed; exit 1; }; after", ("tool", "after")),
        ("tool || mail -s failed root", ("tool",)),
        ("pip install tool && tool", ("pip",)),
        ("make && ./out && /opt/out", ("make",)),
        ("build && ./out", ("build",)),
        ("cp -r src /opt/new && /opt/new/run", ("cp",)),
        ("echo '#!/bin/sh' > /opt/new; /opt/new", ()),
        ("a && /opt/b", ("a", "/opt/b")),
        ("run() { tool; }; run", ()),
        ("before; run() { tool; }; run", ("before",)),
        ("before; case $1 in a) tool;; esac", ("before",)),
        ("tool <<END\nother\nEND\n", ("tool",)),
        ("tool <<END | sort\nit's other\nEND\nlast", ("tool", "sort", "last")),
        ("tool <<A <<-'B'; sort\none\nA\ntwo\n\tB\nlast", ("tool", "sort", "last")),
        ("tool << END\nother", ("tool",)),
        ("tool <<<text; other", ("tool", "other")),
        ("diff <(one) <(two)", ("diff",)),
        ("for x in a b; do tool $x; done; after", ("tool", "after")),
        ("for x in *.sql; do tool $x; done", ()),
        ("{ one; two; } >/tmp/log", ("one", "two")),
        ("! tool", ("tool",)),
        ("((1)) && tool", ()),
        ("alias tool=x; tool", ()),
        ("set -e; tool", ("tool",)),
        ("if one; then two; fi", ("one",)),
        ("tool 'open", ()),
        ("/opt/*/tool; {a,b}; ~bob/x", ()),
        ("bash -c 'tool a; /opt/b'", ("bash", "tool", "/opt/b")),
        ("bash -lc tool", ("bash",)),
        (["/bin/bash", "-eo", "pipefail", "-c", "tool | sort"], ("/bin/bash", "tool", "sort")),
        (["env", "A=1", "tool"], ("env", "tool")),
        (["a b", "$x"], ("a b",)),
        ("", ()),
        (" ; ", ()),
    ],
)
def test_e15_the_programs_of_simple_commands(
    command: str | list[str], programs: tuple[str, ...]
) -> None:
    assert names(command) == programs


@pytest.mark.parametrize(
    ("command", "call"),
    [
        ("cd /srv/app && true", ("/srv/app/", Kind.FOLDER)),
        ("mkdir -p /srv/app && cd /srv/app && true", None),
        ("python3 -u /srv/app.py --all", ("/srv/app.py", Kind.SCRIPT)),
        ("python3 -m app", None),
        ("cd /srv && python3 app.py", ("/srv/app.py", Kind.SCRIPT)),
        ("bash -eu /srv/app.sh", ("/srv/app.sh", Kind.SCRIPT)),
        ("php -d x=y /srv/app.php", None),
        (". ~/env.sh; tool", ("/home/ann/env.sh", Kind.SCRIPT)),
        ("sudo -u postgres /opt/dump", ("/opt/dump", Kind.OTHERS)),
        ("sudo -i /opt/dump", None),
        ("sudo python3 /opt/dump.py", None),
    ],
)
def test_e15_what_else_a_command_needs(command: str, call: tuple[str, Kind] | None) -> None:
    others = [call for call in program_names.of(command, VARIABLES) if call.kind != Kind.PROGRAM]

    assert others[-1:] == ([call] if call else [])


@pytest.mark.parametrize(
    "text",
    ["$(" * 5000, "$(" * 900 + ")" * 900, "<<" * 5000, "`", "(" * 10000, "${" * 3000, "'" * 9999],
)
def test_a_strange_command_is_no_crash(text: str) -> None:
    assert program_names.of(text, VARIABLES) == ()


def test_a_long_chain_of_programs_is_no_crash() -> None:
    assert program_names.of("env " * 20_000 + "tool", VARIABLES) == ()

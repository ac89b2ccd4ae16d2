"""Which programs a command certainly calls."""

import pytest

from scheduled.installation.doctor import program_names


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("~/bin/backup --all", ("/home/ann/bin/backup",)),
        ("$HOME/bin/backup | ${HOME}/bin/sort", ("/home/ann/bin/backup", "/home/ann/bin/sort")),
        ("~bob/bin/backup", ()),
        ("cd /srv && ~/bin/backup", ("/home/ann/bin/backup",)),
        (["sh", "-c", "~/bin/backup"], ("sh", "/home/ann/bin/backup")),
        (["~/bin/backup"], ("~/bin/backup",)),  # no shell, so nothing expands it
    ],
)
def test_programs_in_the_home_directory(
    command: str | list[str], programs: tuple[str, ...]
) -> None:
    assert program_names.of(command, "/home/ann") == programs


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
    assert program_names.of(command, "/home/ann") == programs

"""What stands in a crontab, as cron reads it."""

from scheduled.installation import crontab_entries

SYSTEM = b"""\
MAILTO=""
5 * * * * root backup --all
5 * * * * ann backup --hers
@daily ann\tbackup --tab
"""
ANACRON = b"""\
SHELL=/bin/sh
# period delay name command
1\t5\tcron.daily\trun-parts --report /etc/cron.daily
@monthly 15 cron.monthly  backup --all
7 5 without-a-command
"""


def test_where_an_entry_is_changed() -> None:
    (own,) = crontab_entries.read(b"5 * * * * backup\n")
    (system,) = crontab_entries.read(SYSTEM, "/etc/cron.d/a b", names_user="root")

    assert (own.where, own.editing) == ("crontab line 1", "crontab -e")
    assert (system.where, system.editing) == (
        "/etc/cron.d/a b line 2",
        "sudoedit '/etc/cron.d/a b'",
    )
    assert system.variables == {"MAILTO": ""}


def test_the_lines_of_a_user_in_a_crontab_of_the_system() -> None:
    entries = crontab_entries.read(SYSTEM, "/etc/crontab", names_user="ann")

    assert [entry.command for entry in entries] == ["backup --hers", "backup --tab"]


def test_the_entries_of_an_anacrontab() -> None:
    entries = [*crontab_entries.read_anacrontab(ANACRON, "/etc/anacrontab")]

    assert [(entry.line, entry.command) for entry in entries] == [
        (3, "run-parts --report /etc/cron.daily"),
        (4, "backup --all"),
    ]

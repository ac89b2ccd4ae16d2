from typing import Any

import pytest

from scheduled.config.importers import crontab
from scheduled.config.importers.findings import Findings


def read(text: str, user: str = "") -> Findings:
    return crontab.read(text.encode(), user=user)


def the_job(text: str) -> dict[str, Any]:
    (wanted,) = read(text).jobs
    return dict(wanted.fields)


def reasons(text: str, user: str = "") -> list[tuple[int, str]]:
    return [(part.line, part.reason) for part in read(text, user).left_out]


def test_a_line_becomes_a_job_in_the_environment_that_cron_gives_it() -> None:
    assert the_job("30 2\t* *  *\tbackup.sh --all >> log 2>&1 \n") == {
        "id": "backup",
        "schedule": "30 2 * * *",
        "command": "backup.sh --all >> log 2>&1",
        "cwd": "~",
        "timeout": "1d",
    }


def test_a_job_has_its_line_and_text() -> None:
    (wanted,) = read("\n# x\n\t@daily  a \\% b\n").jobs

    assert (wanted.line, wanted.text) == (3, "@daily  a \\% b")


@pytest.mark.parametrize(
    ("above", "description"),
    [
        ("# The database,\n#   every night\n", "The database, every night"),
        ("## Nightly ##\n", "Nightly ##"),
        ("# About something else\n\n", None),
        ("# A heading\n#\n# The database\n", "The database"),
        ("# Much advice\n# m h  dom mon dow   command\n", None),
        ("# The database\nA=b\n", None),
        ("#0 4 * * * old\n", None),
        (f"# {'x' * 300}\n", f"{'x' * 197}..."),
    ],
)
def test_the_comment_right_above_a_line_is_its_description(
    above: str, description: str | None
) -> None:
    assert the_job(f"{above}@daily a\n").get("description") == description


def test_variables_apply_to_the_lines_below_them() -> None:
    jobs = read('@daily a\nPATH = "/x y:/bin" \n@daily b\nPATH=/z\nE=\n@daily c\n').jobs

    assert [job.fields.get("env") for job in jobs] == [
        None,
        {"PATH": "/x y:/bin"},
        {"PATH": "/z", "E": ""},
    ]


@pytest.mark.parametrize(
    ("line", "value"),
    [("A='b c'", "b c"), ("'A' = b", "b"), ("A=\"b'", "\"b'"), ("A=$B", "$B"), ("A = b=c ", "b=c")],
)
def test_a_value_loses_its_quotes_and_nothing_in_it_is_expanded(line: str, value: str) -> None:
    assert the_job(f"{line}\n@daily x\n")["env"] == {"A": value}


def test_variables_for_cron_become_policies() -> None:
    job = the_job("CRON_TZ=Europe/Berlin\nRANDOM_DELAY=30\nLOGNAME=bob\nHOME=/srv\n@daily x\n")

    assert (job["timezone"], job["jitter"], job["cwd"]) == ("Europe/Berlin", "30m", "/srv")
    assert job["env"] == {"HOME": "/srv"}


def test_another_shell_is_called_as_cron_calls_it() -> None:
    assert the_job("SHELL=/bin/bash\n@daily a && b\n")["command"] == ["/bin/bash", "-c", "a && b"]
    assert the_job("SHELL=/bin/sh\n@daily a && b\n")["command"] == "a && b"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("#0 4 * * * old", "commented out"),
        ("what is this", "neither a variable nor five fields and a command"),
        ("30 2 * * *", "neither a variable nor five fields and a command"),
        ("* * * * * /x/scheduled run", "calls scheduled itself"),
        ("@daily %input", "no command"),
        ("A-B=c", "the name of a variable has letters, digits and _"),
        ("RANDOM_DELAY=soon", "RANDOM_DELAY is a number of minutes"),
        ("@daily a\r", "ends with a carriage return, which cron makes a part of the command"),
        ("@daily a\x07", "contains control characters"),
    ],
)
def test_a_line_that_cannot_be_imported_is_reported_and_the_others_are_imported(
    line: str, reason: str
) -> None:
    text = f"@daily one\n{line}\n@daily two\n"

    assert reasons(text) == [(2, reason)]
    assert [job.line for job in read(text).jobs] == [1, 3]


def test_a_line_in_another_encoding_is_reported() -> None:
    found = crontab.read(b"@daily caf\xe9\n@daily b\n")

    assert [(part.line, part.text, part.reason) for part in found.left_out] == [
        (1, "@daily caf\\xe9", "not UTF-8")
    ]


def test_the_block_of_scheduled_is_ignored() -> None:
    block = "# BEGIN scheduled x v1\n* * * * * /x/scheduled run\n@daily y\n# END scheduled x\n"
    found = read(f"{block}@daily a\n")

    assert [job.line for job in found.jobs] == [5]
    assert found.left_out == ()


def test_of_a_system_crontab_only_lines_of_the_own_user_are_imported() -> None:
    text = "17 * * * * ann cd / && run-parts x\n@daily root y\n@daily ann\n"
    (wanted,) = read(text, user="ann").jobs

    assert wanted.fields["command"] == "cd / && run-parts x"
    assert reasons(text, user="ann") == [
        (2, "runs as root; import it as root"),
        (3, "no command"),
    ]


def test_cronies_minus_before_a_line_is_about_its_log_only() -> None:
    assert the_job("-*/5 * * * * a\n")["schedule"] == "*/5 * * * *"


def test_each_change_is_noted_once() -> None:
    notes = read("MAILTO=a\nCRON_TZ=UTC\n@daily a\n@Reboot b\n").notes

    assert [note.split(" ")[0] for note in notes] == ["cron", "CRON_TZ", "MAILTO:", "@reboot:"]
    assert read("MAILTO=a\n").notes == ()


def test_no_mail_at_all_is_named_for_failures_would_not_be_mailed_either() -> None:
    _, note = read('MAILTO=""\n@daily a\n').notes

    assert note.startswith('MAILTO="": nothing is mailed, nor will be what `scheduled run` prints')


@pytest.mark.parametrize(
    "command",
    [
        "tar czf a-$(date +%F).tgz .",
        'x "$(date +%F)"',
        "x '50%'",
        "x `date +%F`",
        'echo "done at %H"',
    ],
)
def test_a_percent_sign_that_cuts_a_command_is_named(command: str) -> None:
    *_, note = read(f"@daily {command}\n").notes

    assert "a % ends the command, under cron, too; write \\% for a percent sign" in note


@pytest.mark.parametrize(
    "command",
    ["mail -s 'It is 9' ann%Dear Ann", 'cat "$(x)" `y`%in', r"date +\%F", "x a)%in", r"x \'%in"],
)
def test_input_after_a_whole_command_is_meant(command: str) -> None:
    assert len(read(f"@daily {command}\n").notes) == 1


def test_a_line_with_a_user_among_others_is_named() -> None:
    text = b"0 5 * * * a --all\n17 * * * * root cd / && b\n0 6 * * * root\n"

    notes = crontab.read(text, users={"root", "a"}).notes
    of_root = crontab.read(text, user="root", users={"root"}).notes

    assert [note.split(":")[0] for note in notes[1:]] == ["line 1, a", "line 2, root"]
    assert "begins with `root`, the name of a user, as in /etc/crontab" in notes[2]
    assert not [note for note in of_root if "the name of a user" in note]


def test_a_line_that_cron_passes_over_is_imported_and_named() -> None:
    counted = "0 6 L * * a\n0 7 * * * b\n0 6 15W * * c\n0 6 * * MON#1 d\n0 6 * * FRIL e\n"

    found = read(counted)

    assert len(found.jobs) == 5
    assert [note for note in found.notes if "L, W and #" in note] == [
        "lines 1, 3, 4, 5: cron does not know L, W and #, so nothing ran by it; here it will"
    ]
    assert not any("L, W and #" in note for note in read("0 6 * * wed a\n@daily b\n").notes)

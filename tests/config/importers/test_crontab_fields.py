import pytest

from scheduled.config.importers import crontab
from scheduled.config.importers.crontab_fields import hashed, is_schedule
from tests.config.importers.test_crontab import read, reasons, the_job


@pytest.mark.parametrize(
    ("line", "five"),
    [
        ("0 0 * * * * cmd", "0 * * * *"),
        ("*/30 * * * * * cmd", "* * * * *"),
        ("0 30 2 * * 1-5 backup --all", "30 2 * * 1-5"),
        ("0 0 2 * * MON backup", "0 2 * * MON"),
        ("15 0 0 1 1 * cmd", "0 0 1 1 *"),
        ("0 0 3 1,15 * 7 cmd", "0 3 1,15 * 7"),
    ],
)
def test_d2_a_field_for_seconds_is_named_and_no_command_is_made_of_a_field(
    line: str, five: str
) -> None:
    ((number, reason),) = reasons(f"{line}\n")

    assert number == 1
    assert reason == (
        "looks like a schedule with a field for seconds, which cron does not have;"
        f' write "{five}": a job starts on the minute'
    )


@pytest.mark.parametrize(
    "line", ["0 0 12 * * ? cmd", "0 0 12 ? * MON-FRI cmd", "0 15 10 ? * 2 cmd"]
)
def test_d2_the_fields_of_quartz_are_recognised(line: str) -> None:
    ((_, reason),) = reasons(f"{line}\n")

    assert "a field for seconds" in reason
    assert "with * for ?; mind that 1 is Sunday there" in reason


def test_d2_fields_for_seconds_and_years_are_recognised() -> None:
    ((_, reason),) = reasons("0 0 12 ? * * 2026-2028 cmd\n")

    assert "fields for seconds and years" in reason


@pytest.mark.parametrize("line", ["@daily * cmd", "0 5 1 1 1 *cmd", "61 1 * * * * cmd"])
def test_d2_a_command_that_begins_with_a_star_is_refused_as_cron_does(line: str) -> None:
    assert reasons(f"{line}\n") == [
        (1, "the command begins with *, which cron refuses; is there a field too many?")
    ]


def test_d2_a_user_column_does_not_hide_the_seconds() -> None:
    ((_, reason),) = reasons("0 0 2 * * 1 root cmd\n", user="root")

    assert "a field for seconds" in reason


@pytest.mark.parametrize("line", ["0 5 * * * mon", "0 5 * * * 7z a", "0 5 * * * [ -e x ] && y"])
def test_d2_a_command_that_only_resembles_a_field_is_imported(line: str) -> None:
    assert the_job(f"{line}\n")["command"] == line[10:]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("1~5 * * * *", "H(1-5) * * * *"),
        ("~ 0~6 * * *", "H H(0-6) * * *"),
        ("30~ ~3 * * *", "H(30-59) H(0-3) * * *"),
        ("0,1~5 * 1~28 * *", "0,H(1-5) * H(1-28) * *"),
        ("0 0 * * fri-sun", "0 0 * * fri-sun"),
    ],
)
def test_d6_cronies_random_value_becomes_a_hashed_one(written: str, read_as: str) -> None:
    assert hashed(written) == read_as
    assert is_schedule(written)
    assert the_job(f"{written} cmd\n")["schedule"] == read_as


def test_d6_the_change_is_noted() -> None:
    assert [note for note in read("1~5 * * * * a\n").notes if note.startswith("~ is a random")]
    assert not [note for note in read("* * * * * ls ~\n").notes if note.startswith("~")]


@pytest.mark.parametrize("options", ["-n", "-q", "-n -q", "-nq"])
def test_d6_the_options_of_cronie_are_no_part_of_the_command(options: str) -> None:
    job = the_job(f"0 5 * * * {options} backup --all\n")

    assert (job["id"], job["command"]) == ("backup", "backup --all")
    assert "overlap" not in job


def test_d6_a_single_instance_is_kept_and_the_options_follow_the_user() -> None:
    (job,) = crontab.read(b"0 5 * * * root -n -s backup -n\n", user="root").jobs

    assert (job.fields["command"], job.fields["overlap"]) == ("backup -n", "skip")

"""`scheduled cron` as a person at a terminal meets it."""

import shutil
import sys
from pathlib import Path

import click
import pytest

from scheduled.errors import StateError, UnavailableError, UsageError
from scheduled.installation.crontab_block import CrontabError
from scheduled.state.store import Store
from scheduled.system import machine
from tests.builders import needs
from tests.builders.cron_command import Place, invoke, refused, said
from tests.builders.crontab import REFUSE, REFUSE_OPEN_LINE, Crontab
from tests.builders.people import MALLORY, give

FOREIGN = b"MAILTO=me@example.org\n0 5 * * * backup caf\xe9\n"


def expected(place: Place) -> dict[str, float]:
    """Who calls according to the state, and how often, in seconds."""
    installed: dict[str, float] = (
        Store(place.state_dir).load().state["cadence"].get("installed", {})
    )
    return installed


def test_installing_adds_a_line_with_this_interpreter_and_these_places(
    place: Place, command: Crontab
) -> None:
    command.text = FOREIGN

    output = said(place, "install")

    assert "Installed in your crontab, lines 3 to 6." in output
    assert command.text.startswith(FOREIGN)
    line = command.text.decode("latin-1").splitlines()[4]
    assert line.startswith("* * * * * set -- /")
    assert "/python" in line
    assert " -I -S -X utf8 " in line
    assert f"scheduled/__main__.py --root {place.root} --state-dir {place.state_dir} run" in line
    script = Path(sys.executable).with_name("scheduled-tick")
    assert line.endswith(f' ; test -r {script} && . {script} ; exec "$@"')


def test_a_configuration_that_was_named_is_named_in_the_line(
    place: Place, command: Crontab
) -> None:
    config = place.root / "my own.yaml"
    config.write_text("jobs: {}\n")

    said(Place(place.root, place.state_dir, config), "install")

    assert f"--config '{config}' --root".encode() in command.text


def test_without_every_the_line_ticks_as_often_as_the_configuration_says(
    place: Place, command: Crontab
) -> None:
    (place.root / "scheduled.yaml").write_text("tick_interval: 15m\n")

    output = said(place, "install")

    assert b"\n*/15 * * * * set" in command.text
    assert "tick_interval" not in output


def test_another_interval_than_the_configured_one_comes_with_advice(
    place: Place, command: Crontab
) -> None:
    (place.root / "scheduled.yaml").write_text("tick_interval: 15m\n")

    output = said(place, "install", "--every", "2h")

    assert "Your configuration sets tick_interval to 900 seconds" in output
    assert "set it to 120m" in output


@pytest.mark.parametrize(
    ("words", "seconds"), [(["--every", "15"], 900), (["--hourly"], 3600), ([], 60)]
)
def test_how_often_it_calls_is_known_from_then_on_and_forgotten_with_the_block(
    place: Place, command: Crontab, words: list[str], seconds: int
) -> None:
    said(place, "install", *words)
    known = expected(place)
    said(place, "uninstall")

    assert known == {f"crontab of {machine.user()}": seconds}
    assert expected(place) == {}


def test_a_state_that_was_lost_learns_it_when_the_block_is_found_in_its_place(
    place: Place, command: Crontab
) -> None:
    said(place, "install", "--every", "15")
    shutil.rmtree(place.state_dir)

    output = said(place, "install", "--every", "15")

    assert output.startswith("Nothing to do")
    assert [*expected(place).values()] == [900]


def test_the_entries_of_the_seed_append_to_the_log_of_the_seed(
    place: Place, command: Crontab
) -> None:
    said(place, "show", "--hourly")
    said(place, "install", "--hourly", "--dry-run")
    made_by_looking = (place.root / "system_logs").exists()

    said(place, "install", "--hourly")

    log = f" >> {place.root}/system_logs/scheduled.log 2>&1\n".encode()
    assert not made_by_looking
    assert command.text.count(log) == 2
    assert (place.root / "system_logs").is_dir()


def test_a_log_folder_that_cannot_be_made_stops_before_the_crontab_is_touched(
    place: Place, command: Crontab
) -> None:
    (place.root / "system_logs").write_text("a file")

    error = refused(place, "install", "--hourly")

    assert isinstance(error, UsageError)
    assert "system_logs: cannot be created: file exists" in str(error)
    assert not command.exists


def test_g1_roots_cron_appends_to_no_log_in_a_directory_of_somebody_else(
    place: Place, command: Crontab
) -> None:
    needs.root()
    (place.root / "system_logs").mkdir()
    give(place.root / "system_logs")

    error = refused(place, "install", "--hourly")

    assert f"{place.root}/system_logs: neither yours nor root's, but {MALLORY}'s" in str(error)
    assert "choose another log with --log" in str(error)
    assert not command.exists


def test_installing_a_second_time_says_that_there_is_nothing_to_do(
    place: Place, command: Crontab
) -> None:
    command.text = FOREIGN
    said(place, "install")
    once = command.text

    output = said(place, "install")

    assert output.startswith("Nothing to do")
    assert command.text == once
    assert len(list(place.state_dir.glob("crontab.backup-*"))) == 1


def test_uninstalling_gives_back_every_byte_and_keeps_a_copy(
    place: Place, command: Crontab
) -> None:
    command.text = FOREIGN + b"0 6 * * * no newline"
    said(place, "install", "--every", "15")

    output = said(place, "uninstall")

    assert command.text == FOREIGN + b"0 6 * * * no newline"
    assert output.startswith("Removed from your crontab.\nThe crontab as it was: ")


def test_uninstalling_where_there_was_no_crontab_leaves_an_empty_one(
    place: Place, command: Crontab
) -> None:
    said(place, "install")

    said(place, "uninstall")

    assert command.text == b""


def test_uninstalling_says_when_a_last_newline_had_to_stay(place: Place, command: Crontab) -> None:
    command.text = b"0 6 * * * no newline"
    command.behave(on_replace=REFUSE_OPEN_LINE)
    said(place, "install")

    output = said(place, "uninstall")

    assert "insists on one" in output
    assert command.text == b"0 6 * * * no newline\n"


def test_uninstalling_where_nothing_is_installed_changes_nothing(
    place: Place, command: Crontab
) -> None:
    command.behave(on_replace=REFUSE)

    output = said(place, "uninstall")

    assert output.startswith("Nothing to do")
    assert not command.exists


def test_other_options_renew_the_lines_and_show_what_they_replace(
    place: Place, command: Crontab
) -> None:
    said(place, "install", "--every", "2h")
    every = command.text
    output = said(place, "install", "--hourly", "--log", str(place.root / "cron.log"))
    hourly = command.text

    assert b"\n0 */2 * * * set" in every
    assert b"\n0 * * * * set" in hourly
    assert b"\n0 8 * * * /" in hourly
    assert hourly.count(b"cron.log 2>&1\n") == 2
    assert b"*/2" not in hourly
    assert "\n-0 */2 * * * set" in output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--every", "7"], "a tick every 7 minutes"),
        (["--every", "5", "--hourly"], "exclude each other"),
        (["--log", "/nowhere/at/all/x.log"], "/nowhere/at/all is not a directory"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_happens(
    place: Place, command: Crontab, words: list[str], message: str
) -> None:
    command.text = FOREIGN

    error = refused(place, "install", *words)

    assert isinstance(error, UsageError)
    assert message in str(error)
    assert command.text == FOREIGN


@pytest.mark.parametrize("verb", ["install", "uninstall", "show"])
def test_an_unknown_word_is_named_and_nothing_runs(
    place: Place, command: Crontab, verb: str
) -> None:
    error = invoke(place, verb, "--evry").exception

    assert isinstance(error, click.UsageError)
    assert "--evry" in error.format_message()
    assert not command.exists


def test_a_dry_run_shows_the_difference_and_only_that(place: Place, command: Crontab) -> None:
    command.text = b"0 5 * * * backup --password hunter2\n"

    output = said(place, "install", "--dry-run")

    assert "\n+# BEGIN scheduled" in output
    assert output.endswith("Dry run: nothing was changed.\n")
    assert "hunter2" not in output
    assert command.text == b"0 5 * * * backup --password hunter2\n"
    assert not place.state_dir.exists()


def test_a_dry_run_of_uninstalling_changes_nothing(place: Place, command: Crontab) -> None:
    said(place, "install")
    installed = command.text

    output = said(place, "uninstall", "--dry-run")

    assert "\n-# BEGIN scheduled" in output
    assert command.text == installed


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_a_block_edited_by_hand_stops_with_the_difference_and_yields_to_force(
    place: Place, command: Crontab, verb: str
) -> None:
    said(place, "install")
    edited = command.text.replace(b"* * * * *", b"3 * * * *")
    command.text = edited

    error = refused(place, verb)
    untouched = command.text
    forced = said(place, verb, "--force")

    assert isinstance(error, CrontabError)
    assert "lines 1 to 4: edited by hand" in str(error)
    assert "\n-3 * * * * " in str(error)
    assert untouched == edited
    assert "\n-3 * * * * " in forced
    assert b"3 * * * *" not in command.text


def test_a_line_of_ones_own_that_ticks_already_is_refused(place: Place, command: Crontab) -> None:
    command.text = FOREIGN + b"0 * * * * /usr/local/bin/scheduled run\n"

    error = refused(place, "install", "--force")

    assert "line 3 calls scheduled already" in str(error)
    assert command.text.endswith(b"scheduled run\n")


def test_where_crontab_cannot_be_used_the_lines_to_add_by_hand_are_printed(
    place: Place, command: Crontab
) -> None:
    command.behave(on_list='echo "not allowed to use this program" >&2; exit 1')

    error = refused(place, "install")

    assert isinstance(error, UnavailableError)
    assert error.exit_code == 75
    assert "not allowed to use this program" in str(error)
    assert "with `crontab -e`:\n# BEGIN scheduled" in str(error)


def test_without_room_for_a_backup_the_crontab_stays(place: Place, command: Crontab) -> None:
    command.text = FOREIGN
    place.state_dir.write_text("a file where the folder should be")

    error = refused(place, "install")

    assert isinstance(error, StateError)
    assert command.text == FOREIGN


def test_help_runs_nothing(place: Place, command: Crontab) -> None:
    command.text = FOREIGN

    for words in (["--help"], ["install", "--help"], ["uninstall", "--force", "--help"]):
        assert "Usage:" in said(place, *words)
    assert command.text == FOREIGN


def test_d10_uninstalling_names_the_jobs_that_now_run_nowhere_and_the_way_back(
    place: Place, command: Crontab
) -> None:
    jobs = (
        "jobs:\n  backup: {schedule: daily, command: x}\n"
        "  off: {schedule: daily, command: y, enabled: false}\n"
    )
    (place.root / "scheduled.yaml").write_text(jobs)
    command.text = FOREIGN
    said(place, "install")

    out = said(place, "uninstall")

    assert "No longer run: backup" in out
    assert "off" not in out.split("No longer run: ")[1].split("\n")[0].split(", ")
    assert "`scheduled config export --crontab` prints them as lines of a crontab." in out
    assert "The crontab as it was: " in out


def test_d10_jobs_that_something_else_runs_are_not_named(place: Place, command: Crontab) -> None:
    (place.root / "scheduled.yaml").write_text("jobs:\n  a: {schedule: daily, command: x}\n")
    said(place, "install")
    line = b"0 * * * * scheduled --root " + bytes(place.root) + b" run\n"
    command.text += line

    assert "No longer run" not in said(place, "uninstall", "--dry-run")
    assert "No longer run" not in said(place, "uninstall")
    assert "No longer run" not in said(place, "uninstall")

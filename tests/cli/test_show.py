"""`scheduled show`, as somebody calls it."""

import json

import pytest

from scheduled.config.job_keys import JOB_KEYS
from scheduled.jobs.model import Job
from scheduled.quick_classes import fields
from scheduled.state import incident_events
from scheduled.timing.instants import format_utc
from scheduled.views import job_settings
from scheduled.views.job import JSON_NAMES
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end

INTERNAL = (
    *("fingerprint", "watermark", "anchor", "coalesced", "zone_is_local", "noted_as"),
    *("is_switched_off", "remembers_in", "idle_threshold_cpu", "max_retry_delay", "settled"),
)


def test_show_tells_definition_last_run_and_output(home: Home) -> None:
    said = home.call("show", "backup")

    assert "[bold]everything[/bold]" in said.out
    assert "✓ 11:00            succeeded  2.00 s  59 min ago" in said.out
    assert "copied 3 files" in said.out
    assert str(home.state_dir / "runs" / "backup" / "r1.log") in said.out


def test_show_has_no_internal_words_and_all_has_every_field_and_what_is_remembered(
    home: Home,
) -> None:
    plain, whole = home.call("show", "backup").out, home.call("show", "backup", "--all").out
    document = json.loads(home.call("show", "backup", "--json").out)

    assert [word for word in INTERNAL if word in plain] == []
    names = {JSON_NAMES.get(field.name, field.name) for field in fields(Job)}
    names -= {"calendars"}  # what `not_on` and `only_on` name, as an object
    kept = {*document["definition"], *document["state"], *document["last"]}
    listed = {line.split()[0] for line in whole.splitlines() if line.strip()}
    assert kept - listed == set()
    assert names <= kept | {*document["job"]}


def test_every_key_of_a_job_is_said_in_words_somewhere() -> None:
    tables = (*job_settings.WHEN, *job_settings.HOW, *job_settings.IF_IT_FAILS)
    said = {name for setting in tables for name in setting.fields}

    assert {*JOB_KEYS} - said - {"timeout_seconds"} == {"name", "description", "tags", "enabled"}


def test_the_json_keeps_its_keys(home: Home) -> None:
    document = json.loads(home.call("show", "backup", "--json").out)

    assert [*document] == ["job", "definition", "last", "state", "next", "output"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("schedule: hourly", "schedule     hourly"),
        ('schedule: "30 2 * * mon-fri"', "30 2 * * mon-fri (Monday to Friday at 02:30)"),
        ('schedule: "0 9 * * *"', "0 9 * * * (daily at 09:00)"),
        ("schedule: every 90m", "every 90m"),
        ("timezone: Europe/Berlin", "Europe/Berlin"),
        ("window: 21:00-06:00", "21:00-06:00"),
        ("after: [poll]", "starts once poll has succeeded, in the same tick if possible"),
        ("only_if: test -e /mnt", "test -e /mnt"),
        ("idle_only: true", "at most 20 % of the processors and 70 % of the memory in use"),
        ("max_cpu_percent: 80", "waits while more than 80 % of the processors are in use"),
        ("min_free_disk: 20G", "waits while less than 20 GiB is free"),
        ("catch_up: all", "each is caught up, oldest first"),
        ("max_lateness: 12h", "skipped if it cannot start within 12 h"),
        ("overlap: replace", "it is stopped, and the next run starts"),
        ("priority: low", "low"),
        ("params: {depth: 3, where: [a, b]}", 'where: ["a", "b"]'),
        ("cwd: /srv", "/srv"),
        ("env: {LANG: de_DE}", "LANG=de_DE"),
        ('umask: "077"', "077"),
        ("nice: 10", "10"),
        ("timeout: 5400", "1 h 30 min"),
        ("success_codes: [0, 3]", "exit codes 0, 3"),
        ("defer_codes: []", "not now"),
        ("max_output: 2M", "2 MiB of each run"),
        ("retention: {age: 7d, count: 1}", "at most 7 d, 1 run"),
        ("max_retries: 3", "3, after 1 min, doubling up to 1 h"),
        ("on_interrupted: skip", "not run again"),
        ("suspend_after: 2", "after 2 runs in a row that failed for good"),
        ("alert_after: 2", "when 2 of the last 3 runs failed"),
        ("max_age: 26h", "when its last success is older than 1 d 2 h"),
        ("warn_after: 90", "when a run takes longer than 1 min 30 s"),
        ("report: always", "each run"),
        ("ping: https://hc-ping.com/1234", "https://hc-ping.com/***"),
    ],
)
def test_a_setting_is_said_in_words(home: Home, keys: str, words: str) -> None:
    before = "" if keys.startswith("schedule") else "\n    schedule: hourly"
    jobs = f'poll: {{schedule: hourly, command: "true"}}\n  backup:{before}\n    {keys}'
    home.configure(f'jobs:\n  {jobs}\n    command: "true"\n')

    shown = home.call("show", "backup").out

    assert words in shown
    assert keys.partition(":")[0] in ("schedule", "timezone", "params", "timeout") or (
        words not in home.call("show", "poll").out
    )


def test_secrets_are_hidden_wherever_they_occur(home: Home) -> None:
    home.configure(
        "jobs:\n  backup:\n    schedule: hourly\n    command: curl -u me:hunter2hunter2 x\n"
        "    env: {API_PASSWORD: hunter2hunter2}\n"
    )

    for options in ((), ("--all",)):
        shown = home.call("show", "backup", *options).out
        assert "hunter2" not in shown
        assert "***" in shown


def test_what_needs_a_person_comes_with_the_command_that_helps(home: Home) -> None:
    home.record(
        begin("r2", at("11:30")),
        end("r2", at("11:30"), "failed", dead_letter=True, error="exit code 3"),
    )
    home.call("pause", "backup", "--reason", "moving")

    shown = home.call("show", "backup").out

    assert "paused until resumed: moving" in shown
    assert "`scheduled resume backup` ends that" in shown
    assert "1 run failed for good; `scheduled dead-letter retry backup` tries once more" in shown
    assert "✗ failed: exit code 3" in shown
    assert "`scheduled enable poll` enables it" in home.call("show", "poll").out


def test_an_incident_is_told_with_the_command_that_stops_its_reminders(home: Home) -> None:
    told = incident_events.opened("failing: backup", "1a2b3c4d", "failing", "backup", "no " * 90)
    home.record({**told, "at": format_utc(at("11:30"))})

    shown = home.call("show", "backup").out

    assert "  - failing for 30 min: no no no " in shown
    assert "  - `scheduled ack 1a2b3c4d` stops its reminders" in shown


def test_a_skipped_time_does_not_hide_how_the_last_run_ended(home: Home) -> None:
    skipped = {"event": "skipped", "job": "backup", "slot": format_utc(at("11:30"))}
    home.record({**skipped, "at": format_utc(at("11:30")), "reason": "paused"})

    assert "last run  ✓ succeeded (59 min ago)" in home.call("show", "backup").out

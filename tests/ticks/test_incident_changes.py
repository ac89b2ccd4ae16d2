"""What has changed since the last success, in the incident of a job; with real ticks and runs."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduled.config import load
from scheduled.jobs.model import Job
from scheduled.runs.circumstances import definition, news
from scheduled.state.incident_entries import open_incidents
from scheduled.state.store import Store
from scheduled.ticks import outbox, tick
from tests.builders.configuration import job_file, options, written
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

DAILY = "0 12 * * *"
SWITCH = "test ! -e broken"
YESTERDAY, TODAY = "2026-11-20T12:00", "2026-11-21T12:00"
LONG_AGO = at("2026-11-19T08:00").timestamp()


def files(folder: Path, *names: str) -> None:
    """Make files that are older than the first run."""
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
        os.utime(path, (LONG_AGO, LONG_AGO))


def edit(path: Path, when: str, text: str = "other") -> None:
    path.write_text(text)
    os.utime(path, (at(when).timestamp(), at(when).timestamp()))


def backup(**fields: Any) -> Job:
    return job(**{"schedule": DAILY, "command": SWITCH, "source": "jobs/backup.yaml:1"} | fields)


def succeeded(folder: Path, *jobs: Job, **settings: Any) -> Engine:
    """An installation in which each job has succeeded a day ago."""
    files(folder, "jobs/backup.yaml", "scheduled.yaml")
    engine = Engine(folder, jobs or [backup()], **settings)
    engine.run_at("2026-11-20T11:59")
    engine.run_at(YESTERDAY)
    return engine


def broken(engine: Engine, when: str = TODAY) -> list[str]:
    """What an incident that opens now says has changed."""
    (engine.folder / "broken").touch()
    engine.run_at(when)
    return list(open_incidents(engine.state)["failing: backup"].changed)


def ends(engine: Engine) -> list[Any]:
    return [event.get("circumstances") for event in engine.events if event["event"] == "end"]


def kept(engine: Engine) -> dict[str, Any]:
    found: dict[str, Any] = engine.state["jobs"]["backup"]["circumstances"]
    return found


def replace_kept(engine: Engine, **values: Any) -> None:
    """Let another success have noted these."""
    (end,) = [event for event in engine.events if event["event"] == "end"]
    again = {key: value for key, value in end.items() if key not in ("seq", "at")}
    engine.record(YESTERDAY, {**again, "circumstances": values})


def test_nothing_changed_is_nothing_said(tmp_path: Path) -> None:
    assert broken(succeeded(tmp_path)) == []


def test_the_file_of_the_job_was_changed(tmp_path: Path) -> None:
    engine = succeeded(tmp_path)
    edit(tmp_path / "jobs/backup.yaml", "2026-11-20T14:02")

    assert broken(engine) == ["jobs/backup.yaml was changed on 2026-11-20 14:02+00:00"]


def test_it_is_told_in_the_zone_of_people_printed_and_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "deliver", lambda *_: [])
    engine = succeeded(tmp_path, notify={"ops": {"kind": "command", "command": "true"}})
    edit(tmp_path / "jobs/backup.yaml", "2026-11-20T14:02")
    config = replace(engine.config, timezone="Asia/Tokyo")
    monkeypatch.setattr(Engine, "config", config)

    (sentence,) = broken(engine)

    assert sentence == "jobs/backup.yaml was changed on 2026-11-20 23:02+09:00"
    (message,) = engine.state["outbox"]
    assert sentence in message["body"]


def test_a_file_of_many_jobs_is_told_if_this_job_is_another(tmp_path: Path) -> None:
    mine, other = backup(source="scheduled.yaml:2"), job("other", source="scheduled.yaml:7")
    engine = succeeded(tmp_path, mine, other)
    edit(tmp_path / "scheduled.yaml", "2026-11-20T14:02")
    unchanged = Engine(tmp_path, [mine, job("other", command="false", source="scheduled.yaml:7")])
    assert broken(unchanged) == []

    (tmp_path / "broken").unlink()
    engine.run_at("2026-11-22T12:00")
    edit(tmp_path / "scheduled.yaml", "2026-11-22T14:02")
    engine.jobs = (backup(source="scheduled.yaml:2", umask=0o77), other)
    when = "2026-11-22 14:02+00:00"
    assert broken(engine, "2026-11-23T12:00") == [
        f"the definition of the job was changed; scheduled.yaml was last changed on {when}"
    ]


def test_defaults_of_another_file_and_another_place(tmp_path: Path) -> None:
    engine = succeeded(tmp_path)
    engine.jobs = (backup(timeout=5.0),)
    assert broken(engine) == ["the definition of the job was changed"]

    (tmp_path / "broken").unlink()
    engine.run_at("2026-11-22T12:00")
    engine.jobs = (backup(timeout=5.0, source="scheduled.yaml:3"),)
    assert broken(engine, "2026-11-23T12:00") == [
        "the job is defined in scheduled.yaml, was in jobs/backup.yaml"
    ]


@pytest.mark.parametrize("name", ["steps:run", "{folder}/steps.py:run"])
def test_the_file_of_the_handler_was_changed(tmp_path: Path, name: str) -> None:
    source = "from pathlib import Path\ndef run(context):\n    assert not Path('broken').exists()\n"
    edit(tmp_path / "steps.py", "2026-11-19T08:00", source)
    mine = backup(command="", handler=name.format(folder=tmp_path))
    engine = succeeded(tmp_path, mine)
    edit(tmp_path / "steps.py", "2026-11-20T14:02", source + "\n")

    path = tmp_path / "steps.py"
    assert broken(engine) == [f"{path} was changed on 2026-11-20 14:02+00:00"]


def test_the_handler_is_gone_and_a_built_in_one_has_no_file(tmp_path: Path) -> None:
    edit(tmp_path / "steps.py", "2026-11-19T08:00", "def run(context): pass\n")
    engine = succeeded(tmp_path, backup(command="", handler="steps:run"))
    (tmp_path / "steps.py").unlink()

    assert broken(engine) == [f"{tmp_path / 'steps.py'} is not there any more"]


def test_path_and_interpreter_and_free_disk(tmp_path: Path) -> None:
    engine = succeeded(tmp_path)
    path, free = kept(engine)["path"], kept(engine)["free"]
    interpreter = kept(engine)["interpreter"]
    replace_kept(engine, path="/opt/bin", interpreter="/old/python (3.11.2)", free=10 * free)

    first, second, third = broken(engine)

    assert first == f"the interpreter was /old/python (3.11.2), is {interpreter}"
    assert second == f"PATH was /opt/bin, is {path}"
    assert third.startswith("free disk: ")
    assert " at the last success, " in third


@pytest.mark.parametrize("factor", [1.0, 0.5, 2.0])
def test_about_as_much_free_disk_is_not_told(tmp_path: Path, factor: float) -> None:
    engine = succeeded(tmp_path)
    replace_kept(engine, free=int(kept(engine)["free"] * factor))

    assert broken(engine) == []


def test_successes_add_nothing_to_the_journal_but_what_is_new(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [backup(schedule="* * * * *")])
    files(tmp_path, "jobs/backup.yaml")
    for minute in range(6):
        engine.run_at(f"12:{minute:02}")
    edit(tmp_path / "jobs/backup.yaml", "12:05", "changed")
    engine.run_at("12:06")
    engine.run_at("12:07")

    first, *same, changed, last = ends(engine)
    assert set(first) == {"definition", "file", "file_stamp", "interpreter", "path", "free"}
    assert same == [None] * 4
    assert list(changed) == ["file_stamp"]
    assert last is None
    assert "circumstances" not in engine.state["jobs"]["backup"]["last"]


def test_a_failed_run_notes_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    engine = succeeded(tmp_path)

    assert ends(engine) == [None]
    assert open_incidents(engine.state)["failing: backup"].changed == ()


def test_a_file_changed_while_the_run_went_on_is_not_what_it_ran_with() -> None:
    lasted = at("12:00"), at("12:10")
    stamps = {
        when: f"9 {int(at(when).timestamp())}000000000" for when in ("11:00", "12:05", "13:00")
    }
    before = {"definition": "a", "file": "f", "file_stamp": stamps["11:00"], "handler_stamp": "1 2"}
    found = {**before, "definition": "b", "file_stamp": stamps["12:05"], "handler_stamp": "1 3"}

    assert news(found, before, lasted) == {"handler_stamp": "1 3"}
    late = {**found, "file_stamp": stamps["13:00"]}  # the clock was set back since
    assert {*news(late, before, lasted)} == {"definition", "file_stamp", "handler_stamp"}


def test_secrets_are_masked_and_no_digest_gives_them_away(tmp_path: Path) -> None:
    secret = "hunter22"
    engine = succeeded(tmp_path, backup(env={"DB_PASSWORD": secret, "PATH": f"/{secret}:/bin"}))
    before = kept(engine)
    assert before["path"] == "/***:/bin"

    engine.jobs = (backup(env={"DB_PASSWORD": "another1", "PATH": f"/another1/{secret}:/bin"}),)
    told = broken(engine)

    assert "another1" not in str(told)
    assert secret not in json.dumps(before)
    masked = backup(env={"DB_PASSWORD": "a", "X": "1"}), backup(env={"DB_PASSWORD": "b", "X": "1"})
    assert definition(masked[0]) == definition(masked[1]) != definition(backup(env={"X": "2"}))


def test_what_an_old_version_left_is_nothing_said(tmp_path: Path) -> None:
    engine = succeeded(tmp_path)
    replace_kept(engine, **dict.fromkeys(kept(engine)))
    edit(tmp_path / "jobs/backup.yaml", "2026-11-20T14:02")

    assert engine.state["jobs"]["backup"]["circumstances"] == {}
    assert broken(engine) == []


@pytest.mark.parametrize("value", [{"free": "x", "file_stamp": 7, "handler": 4}, {"path": []}])
def test_a_state_edited_by_hand_stops_nothing(tmp_path: Path, value: object) -> None:
    engine = succeeded(tmp_path)
    store = Store(engine.state_dir).load()
    store.state["jobs"]["backup"]["circumstances"] = value  # type: ignore[typeddict-item]
    store.save()

    assert engine.run_at(TODAY).exit_code == 0
    assert {*kept(engine)} >= {"definition", "interpreter", "path", "free"}
    assert broken(engine, "2026-11-22T12:00") == []


def test_a_rebuilt_state_knows_the_same(tmp_path: Path) -> None:
    engine = succeeded(tmp_path)
    edit(tmp_path / "jobs/backup.yaml", "2026-11-20T14:02")
    engine.run_at(TODAY)
    before = kept(engine)
    Store(engine.state_dir).path.unlink()

    assert kept(engine) == before
    assert broken(engine, "2026-11-22T12:00") == []


def test_a_clock_set_back_and_a_file_from_the_future(tmp_path: Path) -> None:
    engine = succeeded(tmp_path)
    edit(tmp_path / "jobs/backup.yaml", "2031-01-01T00:00")
    engine.run_at(TODAY)
    engine.run_at("2026-11-10T12:00")

    assert ends(engine)[1] is not None
    assert broken(engine, "2026-11-22T12:00") == []


def test_files_are_found_where_the_configuration_has_them(root: Path) -> None:
    """As the command line reads them: a job file, a handler directory, and what changes a job."""
    keys = "schedule: '0 13 * * *'\ncommand: test ! -e broken\n"
    path = job_file(root, "backup.yaml", f"id: backup\n{keys}")
    handlers = root / "handlers"
    handlers.mkdir(mode=0o755)
    source = "import os\ndef run(context):\n    assert not os.path.exists('broken')\n"
    edit(handlers / "steps.py", "2026-11-19T08:00", source)
    os.utime(path, (LONG_AGO, LONG_AGO))
    text = "handler_dirs: [handlers]\njobs: {swept: {handler: steps, schedule: '0 13 * * *'}}\n"
    written(root, text)
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin"}

    for when in ("2026-11-20T11:59", YESTERDAY):
        tick.run(load.load(options(root)), at(when), environ=environ)
    edit(path, "2026-11-20T14:02", f"id: backup\n{keys}timeout: 5\n")
    edit(handlers / "steps.py", "2026-11-20T15:03", f"{source}\n")
    (root / "broken").touch()
    tick.run(load.load(options(root)), at(TODAY), environ={"PATH": "/usr/bin:/bin"})

    known = open_incidents(Store(root / "state").load().state)
    path_change = "PATH was /usr/local/bin:/usr/bin:/bin, is /usr/bin:/bin"
    assert [*known["failing: backup"].changed] == [
        "jobs/backup.yaml was changed on 2026-11-20 15:02+01:00",
        path_change,
    ]
    assert [*known["failing: swept"].changed] == [
        f"{handlers}/steps.py was changed on 2026-11-20 16:03+01:00",
        path_change,
    ]

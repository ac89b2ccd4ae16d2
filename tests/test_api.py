"""The program from Python: the same jobs, the same ticks, the same sentences."""

import functools
import re
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import scheduled
from scheduled import api, version
from scheduled.config.job_keys import JOB_KEYS
from scheduled.errors import ConfigError, ScheduleError, UsageError
from scheduled.handler.policies import Policies
from scheduled.jobs.model import Job
from scheduled.state.store import Store
from tests.builders import chores
from tests.builders.configuration import written
from tests.builders.handlers import decorated, handler_file
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at

ROOT = Path(__file__).parent.parent
PAGES = ("python.md", "handlers.md")
MANUAL = "\n## ".join((ROOT / "docs" / "how-to" / name).read_text("utf-8") for name in PAGES)


def defined(folder: Path, *jobs: Job) -> api.Config:
    return scheduled.define(jobs, root=folder, state_dir=folder / "state", timezone="UTC")


def codes(section: str) -> list[str]:
    """The Python of a section of the manual."""
    text = MANUAL.split(f"# {section}\n")[1].split("\n## ")[0].split("\n### ")[0]
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


# A job in code


def test_a_job_has_the_keys_it_has_in_yaml() -> None:
    job = scheduled.job(
        "backup", "0 2 * * *", command=["tar", "x"], description="B", timeout="90s", tags="a"
    )

    assert job == Job(
        id="backup",
        schedule="0 2 * * *",
        timezone="",
        command=("tar", "x"),
        timeout=90.0,
        description="B",
        tags=("a",),
        source="Python",
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"schedule": "61 * * * *"}, 'x.schedule: "61 * * * *": minute 61 is out of range 0-59'),
        ({"timeout": "soon"}, 'x.timeout: "soon": expected seconds, or a duration'),
        ({"tmeout": 3}, "x.tmeout: unknown key; did you mean timeout?"),
        ({"params": {"x": object()}}, "x.params: object: expected text, a number"),
        ({"command": None}, "x: neither a command nor a handler"),
        ({"command": "a\0b"}, "x.command: "),
        ({"handler": "health"}, "x.handler: a job has either a command or a handler"),
        ({"command": None, "handler": "helth"}, 'x.handler: "helth": unknown handler'),
        ({"timezone": "Mars/Base"}, "x.timezone: "),
        ({"id": "a b"}, "a b: an id may contain letters"),
    ],
)
def test_what_is_wrong_with_a_job_is_said_as_of_one_in_yaml(
    said: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        scheduled.job(**{"id": "x", "schedule": "daily", "command": "true", **said})

    assert str(caught.value).startswith(sentence)


def nested() -> Any:
    def inner(context: object) -> None: ...

    return inner


@pytest.mark.parametrize(
    "function",
    [
        lambda context: None,
        nested(),
        chores.Cupboard().broom,
        functools.partial(chores.whole),
    ],
)
def test_a_function_that_another_process_cannot_find_is_refused(function: Any) -> None:
    with pytest.raises((UsageError, ConfigError)):
        scheduled.job("x", "daily", handler=function)


def test_a_function_of_the_script_that_was_started_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import scheduled\ndef f(context): ...\nscheduled.job('x', 'daily', handler=f)\n"
    )

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)

    assert "UsageError: handler: f is in the script that was started" in done.stderr


def test_a_file_may_be_named_instead_of_a_function(tmp_path: Path) -> None:
    path = handler_file(tmp_path, "good.py", decorated("good"))
    job = scheduled.job("x", "daily", handler=f"{path}:good", first_run="now")

    report = scheduled.run(defined(tmp_path, job), at("12:00"))

    assert [row["result"] for row in report.ran] == [{"by": "good"}]


def test_decorated_functions_of_a_module_are_jobs() -> None:
    (job,) = scheduled.jobs_in(chores)

    assert (job.id, job.schedule, job.timeout, job.tags) == ("sweep", "hourly", 300, ("chore",))
    assert (job.handler, job.description) == ("tests.builders.chores:sweep", "Sweep.")


# A configuration


def test_what_is_loaded_is_what_the_command_loads(root: Path) -> None:
    written(root, WITHOUT_SWEEPS + "  one: {schedule: daily, command: x}\n")

    found = scheduled.load(root, state_dir=root / "state", environ={"TZ": "Asia/Tokyo"})

    assert found.jobs[-1].timezone == "Asia/Tokyo"
    assert (found.jobs[-1].id, found.problems) == ("one", ())


def test_jobs_in_code_have_the_zone_of_the_configuration_unless_they_name_one(
    tmp_path: Path,
) -> None:
    jobs = [
        scheduled.job("a", "daily", command="x"),
        scheduled.job("b", "daily", command="x", timezone="Asia/Tokyo"),
    ]

    found = scheduled.define(jobs, root=tmp_path, state_dir="s", timezone="Europe/Berlin")

    assert [job.timezone for job in found.jobs] == ["Europe/Berlin", "Asia/Tokyo"]


def test_an_id_that_is_taken_and_a_job_that_waits_for_nobody_are_refused(root: Path) -> None:
    written(root, "jobs:\n  one: {schedule: daily, command: x}\n")
    found = scheduled.load(root, state_dir=root / "state", environ={"TZ": "UTC"})
    jobs = [
        scheduled.job("one", "daily", command="x"),
        scheduled.job("two", "daily", command="x", after="tree"),
    ]

    with pytest.raises(ConfigError) as caught:
        scheduled.with_jobs(found, jobs)

    assert caught.value.problems[0] == "one: the id is already used by scheduled.yaml:2"
    assert caught.value.problems[1].startswith('two: after: no job is called "tree"')


def test_a_zone_nobody_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="Mars"):
        scheduled.define([], root=tmp_path, state_dir="s", timezone="Mars/Base")


# A tick


def test_what_is_previewed_is_what_then_runs(tmp_path: Path) -> None:
    config = defined(
        tmp_path,
        scheduled.job("now", "hourly", command="true", first_run="now"),
        scheduled.job("then", "hourly", command="true"),
    )

    due = [each.job.id for each in scheduled.preview(config, at("12:00")) if each.is_due]
    before = (tmp_path / "state").exists()
    report = scheduled.run(config, at("12:00"))

    assert (due, before) == (["now"], False)
    assert [(row["job"], row["outcome"]) for row in report.ran] == [("now", "succeeded")]


def test_a_function_runs_in_a_process_of_its_own_wherever_its_module_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mine_alone.py").write_text(
        "import os\ndef f(context):\n    return {'pid': os.getpid()}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    import mine_alone  # type: ignore[import-not-found]

    job = scheduled.job("x", "daily", handler=mine_alone.f, first_run="now")
    report = scheduled.run(defined(tmp_path, job), at("12:00"))

    (row,) = report.ran
    assert row["error"] is None
    assert row["result"]["pid"] not in (None, threading.get_native_id())


def test_a_job_run_by_hand_has_no_slot(tmp_path: Path) -> None:
    config = defined(tmp_path, *scheduled.jobs_in(chores))

    report = scheduled.run(config, at("12:00"), only=["tag:chore"], by_hand=True)

    assert [(row["job"], row["slot"]) for row in report.ran] == [("sweep", None)]


def test_a_job_nobody_has_and_a_time_without_a_zone_are_refused(tmp_path: Path) -> None:
    config = defined(tmp_path, scheduled.job("one", "daily", command="x"))

    with pytest.raises(UsageError, match="no job is called 'onee'; did you mean one"):
        scheduled.run(config, at("12:00"), only=["onee"])
    with pytest.raises(UsageError, match="has no time zone"):
        scheduled.run(config, datetime(2026, 11, 21, 12))
    assert not Store(config.places.state_dir).path.exists()


def test_only_the_main_thread_can_run_jobs(tmp_path: Path) -> None:
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            scheduled.run(defined(tmp_path), at("12:00"))
        except UsageError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()

    assert [str(error)[:25] for error in caught] == ["run: only the main thread"]


# What is offered


def test_the_package_has_its_version_and_lists_its_public_names() -> None:
    assert scheduled.__version__ == version.__version__
    assert {"run", "load", "job", "__version__"} < set(dir(scheduled))


def test_importing_the_package_imports_nothing() -> None:
    code = "import sys; before = {*sys.modules}; import scheduled; print({*sys.modules} - before)"

    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)

    assert done.stdout.decode().strip() == "{'scheduled'}"


def test_the_package_offers_what_the_api_offers_and_nothing_else() -> None:
    assert scheduled.__all__ == api.__all__
    assert all(getattr(scheduled, name) is getattr(api, name) for name in api.__all__)
    assert not hasattr(scheduled, "anything_else")
    assert {*scheduled.__all__, "__version__"} <= {*dir(scheduled)}


def test_an_editor_knows_every_key_of_a_job() -> None:
    said_otherwise = {"schedule", "command", "handler", "description"}

    assert {*Policies.__annotations__} == {*JOB_KEYS} - said_otherwise


def test_every_call_is_in_the_manual() -> None:
    section = MANUAL.split("# From Python\n")[1].split("\n## ")[0]

    documented = set(re.findall(r"^\| `(\w+)\(", section, re.MULTILINE))

    assert documented == {name for name in api.__all__ if name.islower()}


def test_the_program_in_the_manual_runs(tmp_path: Path) -> None:
    module, program, *_ = codes("From Python")
    (tmp_path / "chores.py").write_text(module)
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "old.tmp").touch()

    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert {tuple(line.split()[:2]) for line in lines[:3]} == {
        ("count", "True"),
        ("sweep", "False"),
        ("backup", "False"),
    }
    assert lines[3].startswith("0 [('count', 'succeeded', {'files': ")

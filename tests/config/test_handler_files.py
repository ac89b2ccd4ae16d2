"""Handler folders: what a file offers, and that what is wrong with one stops only it."""

from pathlib import Path

import pytest

from scheduled.config import load
from scheduled.config.load import Config
from scheduled.errors import ConfigError, UsageError
from scheduled.handler import Context, declaration_of, handler, loader
from scheduled.jobs.model import Job, Priority
from tests.builders.configuration import job_file, loaded, options
from tests.builders.handlers import IMPORT, decorated, handler_file

DIRS = "handler_dirs: handlers\n"


@pytest.fixture
def good(root: Path) -> Path:
    """A root with one good handler file, which is named in the configuration."""
    handler_file(root, "good.py", decorated("good"))
    return root


def own(found: Config) -> dict[str, Job]:
    """The jobs that are not shipped, by id."""
    return {job.id: job for job in found.jobs if not job.source.startswith("built-in")}


def complaints(root: Path, text: str | bytes, name: str = "bad.py") -> tuple[str, ...]:
    """What is said about a file beside a good one, which has to be there all the same."""
    handler_file(root, name, text)
    found = loaded(root, DIRS)
    assert [*own(found)] == ["good"]
    return found.problems


# What a file offers


def test_a_decorated_function_is_a_job_with_all_its_arguments(root: Path) -> None:
    said = 'schedule="30 2 * * *", priority="high", tags=["a", "b"], timeout="90s", params={"n": 1}'
    path = handler_file(root, "x.py", decorated("backup", said + ', timezone="Asia/Tokyo"'))

    found = loaded(root, DIRS)

    assert (found.problems, found.warnings) == ((), ())
    assert own(found)["backup"] == Job(
        id="backup",
        schedule="30 2 * * *",
        timezone="Asia/Tokyo",
        handler=f"{path}:backup",
        priority=Priority.HIGH,
        tags=("a", "b"),
        timeout=90.0,
        params={"n": 1},
        source="handlers/x.py:3",
    )


def test_zone_and_timeout_are_the_configured_ones_unless_set(good: Path) -> None:
    before = own(loaded(good, DIRS))["good"]
    after = own(loaded(good, f"{DIRS}timezone: Asia/Tokyo\ndefault_timeout: 7m\n"))["good"]

    assert (before.timezone, before.timeout) == ("Europe/Berlin", 86400)
    assert (after.timezone, after.timeout) == ("Asia/Tokyo", 420)


def test_the_docstring_is_the_description_of_a_job_without_one(root: Path) -> None:
    text = decorated("x").replace("    return", '    """Does x.\n\n    Much more."""\n    return')
    handler_file(root, "x.py", text)

    assert own(loaded(root, DIRS))["x"].description == "Does x."


def test_the_function_run_is_the_handler_named_after_its_file(root: Path) -> None:
    path = handler_file(root, "my-photos.py", "def run(context): ...\n")

    found = loaded(root, f"{DIRS}jobs:\n  one: {{schedule: daily, handler: my-photos}}\n")

    assert (found.problems, own(found)["one"].handler) == ((), f"{path}:run")


def test_a_decorated_run_is_a_job_named_after_its_file(root: Path) -> None:
    handler_file(root, "photos.py", decorated("run"))

    assert [*own(loaded(root, DIRS))] == ["photos"]


def test_an_id_is_the_name_of_job_and_handler(root: Path) -> None:
    handler_file(root, "x.py", decorated("x", 'id="nightly-x", schedule="daily"'))

    found = loaded(root, f"{DIRS}jobs:\n  two: {{schedule: daily, handler: nightly-x}}\n")

    assert (found.problems, [*own(found)]) == ((), ["nightly-x", "two"])


def test_a_job_file_may_name_a_handler_of_a_folder(good: Path) -> None:
    job_file(good, "two.yaml", "id: two\nschedule: daily\nhandler: good\n")

    assert own(loaded(good, DIRS))["two"].handler == f"{good}/handlers/good.py:good"


@pytest.mark.parametrize(
    "head",
    [
        "from scheduled.handler import handler as job\n@job(",
        "import scheduled.handler\n@scheduled.handler.handler(",
        "import scheduled.handler as ours\n@ours.handler(",
        "from scheduled import handler\n@handler.handler(",
    ],
)
def test_the_decorator_is_recognised_however_it_was_imported(root: Path, head: str) -> None:
    handler_file(root, "x.py", f"{head}schedule='daily')\ndef x(context): ...\n")

    assert [*own(loaded(root, DIRS))] == ["x"]


def test_another_decorator_of_that_name_is_ignored(root: Path) -> None:
    text = "from flask import handler\n@handler(schedule='daily')\ndef x(context): ...\n"
    handler_file(root, "x.py", text)

    found = loaded(root, DIRS)

    assert own(found) == {}
    assert found.warnings[0].startswith("handlers/x.py: offers no handler")


def test_nothing_in_a_file_is_run_to_read_it(root: Path) -> None:
    handler_file(root, "x.py", f"open({str(root / 'ran')!r}, 'w')\n" + decorated("x"))

    loaded(root, DIRS)

    assert not (root / "ran").exists()


def test_hidden_and_underscored_files_are_left_alone(good: Path) -> None:
    for name in (".hidden.py", "_shared.py", "__init__.py", "notes.txt", "below/deep.py"):
        (good / "handlers" / name).parent.mkdir(exist_ok=True)
        (good / "handlers" / name).write_text("]")

    found = loaded(good, DIRS)

    assert (found.problems, found.warnings, [*own(found)]) == ((), (), ["good"])


def test_no_folder_is_read_unless_it_is_configured(good: Path) -> None:
    found = loaded(good, "")

    assert (own(found), found.handler_dirs) == ({}, ())


def test_a_configured_folder_that_is_missing_is_reported_and_all_else_runs(root: Path) -> None:
    found = loaded(root, "# one\nhandler_dirs: [gone]\n")
    gone = root / "gone"

    assert found.problems == (
        f"scheduled.yaml:2: handler_dirs: {gone}: no such directory; its handlers are not loaded",
    )
    assert len(found.jobs) == 5


def test_a_folder_of_an_unknown_user_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"scheduled.yaml:1: handler_dirs: .*no user of that"):
        loaded(root, "handler_dirs: ~nobody-at-all/x\n")


# What the configuration changes


def test_the_configuration_changes_only_what_it_names(good: Path) -> None:
    handler_file(good, "good.py", decorated("good", 'schedule="daily", timeout=30, jitter="1m"'))

    job = own(loaded(good, f"{DIRS}jobs:\n  good: {{schedule: hourly}}\n"))["good"]

    assert (job.schedule, job.timeout, job.jitter) == ("hourly", 30, 60)
    assert job.handler.endswith("good.py:good")
    assert job.source == "handlers/good.py:3, scheduled.yaml:3"


def test_the_configuration_can_give_a_job_another_action(good: Path) -> None:
    job = own(loaded(good, f"{DIRS}jobs:\n  good: {{command: echo}}\n"))["good"]

    assert (job.command, job.handler) == ("echo", "")


# One bad file stops only itself


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def run(:\n", "1: not Python: "),
        ("x = 1\ny = 'a\n", "2: not Python: unterminated string"),
        (b"\xff\xfe", "1: not Python: "),
        ("x = '\0'\n", "1: not Python: "),
        ("(" * 100_000, "1: not Python: "),
        ("#" * 5_000_000, "1: more than the 4 MB"),
        (decorated("x", 'schedule="61 * * * *"'), '2: x.schedule: "61 * * * *": m'),
        (decorated("x", 'schedule="daily", tmeout=3'), "2: x.tmeout: unknown key; did"),
        (decorated("x", 'schedule="daily", timeout=0'), '2: x.timeout: "0": must be'),
        (decorated("x", "schedule=WHEN"), "2: x: schedule: write the value itself"),
        (decorated("x", 'schedule=f"{1}"'), "2: x: schedule: write the value itself"),
        (decorated("x", 'schedule="daily", tags={1}'), "2: x: tags: set: expected"),
        (decorated("x", 'schedule="daily", params={1: 2}'), "2: x: params: 1: exp"),
        (decorated("x", 'schedule="daily", timeout=1e999'), "2: x: timeout: inf"),
        (decorated("x", 'schedule="daily", name="a\\0b"'), '2: x: name: "a'),
        (decorated("x", '"daily"'), "2: x: name each value, as in schedule="),
        (decorated("x", "**SAID"), "2: x: name each value, as in schedule="),
        (decorated("x", 'schedule="daily", command="y"'), "2: x: command: not in a"),
        (decorated("x", 'schedule="daily", id=3'), '2: x: id: expected text, found "3"'),
        (decorated("x", 'schedule="daily", id="a b"'), "3: a b: an id may contain letters"),
        (decorated("x", 'id="a b"'), "3: a b: an id may contain letters"),
        (decorated("x", "timeout=3"), "2: x.timeout: is for a job; set a schedule"),
        (decorated("x").replace('(schedule="daily")', ""), "2: x: write @handler()"),
        (decorated("x").replace("def", "async def"), "3: x: async; a handler is a pl"),
        ("async def run(context): ...\n", "1: run: async; a handler is a plain"),
        (
            IMPORT + "class A:\n    @handler(schedule='daily')\n    def x(self, context): ...\n",
            "4: x: only a function at the top of a file can be a handler",
        ),
    ],
)
def test_a_bad_file_gets_one_sentence_with_its_line_and_stops_only_itself(
    good: Path, text: str | bytes, sentence: str
) -> None:
    (told,) = complaints(good, text)

    assert told.startswith(f"handlers/bad.py:{sentence}")


def test_a_job_with_a_problem_leaves_the_others_of_its_file_alone(root: Path) -> None:
    handler_file(root, "x.py", decorated("good") + decorated("bad", 'schedule="never"'))

    found = loaded(root, DIRS)

    assert len(found.problems) == 1
    assert [*own(found)] == ["good"]


@pytest.mark.parametrize("name", ["a b.py", "a.b.py", "-x.py"])
def test_a_file_whose_name_no_job_could_use_is_reported(good: Path, name: str) -> None:
    (told,) = complaints(good, "def run(context): ...\n", name)

    assert told.startswith(f"handlers/{name}: the name of a handler has letters")


def test_for_a_misspelt_handler_the_closest_one_is_suggested(good: Path) -> None:
    entries = "  a: {schedule: daily, handler: god}\n  b: {schedule: daily, handler: metrisc}\n"
    found = loaded(good, f"{DIRS}jobs:\n{entries}")

    assert [problem.split(": ", 2)[2] for problem in found.problems] == [
        '"god": unknown handler; did you mean good?',
        '"metrisc": unknown handler; did you mean metrics?',
    ]


def test_a_path_is_not_a_handler(good: Path) -> None:
    path = good / "handlers" / "good.py"
    found = loaded(good, f"jobs:\n  a: {{schedule: daily, handler: '{path}:good'}}\n")

    assert "is a path; add its directory to handler_dirs" in found.problems[0]


# One name, several places


def test_of_two_files_with_one_name_neither_is_used_and_both_are_reported(good: Path) -> None:
    handler_file(good, "other.py", decorated("good") + decorated("other"))

    found = loaded(good, DIRS)

    (told,) = found.problems
    assert told == (
        'handlers/other.py:3: name: "good" is already used by handlers/good.py:3; '
        "neither of them runs"
    )
    assert [*own(found)] == ["other"]


def test_the_name_of_a_builtin_handler_cannot_be_taken(good: Path) -> None:
    (told,) = complaints(good, "def run(context): ...\n", "health.py")

    assert told.startswith(
        'handlers/health.py:1: name: not permitted: "health" is the name of a built-in handler'
    )


@pytest.mark.parametrize("said", ['schedule="daily"', 'schedule="never"'])
def test_a_job_file_cannot_take_the_id_of_a_handlers_job(good: Path, said: str) -> None:
    handler_file(good, "good.py", decorated("good", said))
    job_file(good, "good.yaml", "id: good\nschedule: daily\ncommand: x\n")

    found = loaded(good, DIRS)

    assert found.problems[-1] == (
        'jobs/good.yaml:1: id: "good" is already used by handlers/good.py:3; '
        "the job in this file does not run"
    )
    assert load.load(options(good)).problems == found.problems


# Who else can write to it


def test_a_file_that_others_can_write_to_is_refused_alone(good: Path) -> None:
    path = handler_file(good, "open.py", decorated("open"))
    loaded(good, DIRS)
    path.chmod(0o666)  # a change that no stamp shows

    found = load.load(options(good))

    assert found.problems == (f"{path}: others can write to it; type: chmod go-w {path}",)
    assert [*own(found)] == ["good"]


def test_a_folder_that_others_can_write_to_is_refused_with_all_its_files(good: Path) -> None:
    folder = good / "handlers"
    folder.chmod(0o777)

    found = loaded(good, DIRS)

    assert found.problems == (f"{folder}: others can put files in it; type: chmod go-w {folder}",)
    assert own(found) == {}


# At run time


def test_the_decorator_keeps_the_function_and_stores_its_arguments() -> None:
    def tidy(context: Context) -> None: ...

    same = handler(schedule="daily", timeout="10m")(tidy)
    said = declaration_of(same)

    assert same is tidy
    assert said is not None
    assert (said.schedule, said.policies) == ("daily", {"timeout": "10m"})


@pytest.mark.parametrize(
    ("name", "sentence"), [("gone.py:run", "no such file"), ("good.py:run", "no function called")]
)
def test_what_is_missing_when_a_file_runs_is_reported(good: Path, name: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        loader.load(f"{good}/handlers/{name}")

"""`trigger` with params and variables for one run, detached runs, and several jobs by a tag."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduled.state.store import Store
from tests.builders import handlers
from tests.builders.emulator import Watched
from tests.builders.people import wait_for

CONFIG = """\
max_concurrent: 2
handler_dirs: [handlers]
jobs:
  show:
    command: 'echo "$SCHEDULED_PARAMS $LEVEL $TOKEN"'
    schedule: "0 3 1 1 *"
    tags: [both]
    params: {limit: 3, dir: /srv, deep: {password: first}}
    env: {LEVEL: "1"}
  plain: {command: "true", schedule: "0 3 1 1 *"}
  off: {command: "touch off-ran", schedule: "0 3 1 1 *", enabled: false, tags: [both]}
  mine: {handler: mine, schedule: "0 3 1 1 *"}
  any: {handler: any, schedule: "0 3 1 1 *"}
  report: {handler: health, schedule: "0 3 1 1 *"}
  user.theirs: {command: "true", schedule: "0 3 1 1 *"}
  slow:
    command: "echo first; until [ -e go ]; do sleep 0.02; done; echo second; exit 3"
    schedule: "0 3 1 1 *"
    tags: [long]
  slow2: {command: "until [ -e go ]; do sleep 0.02; done", schedule: "0 3 1 1 *", tags: [long]}
  slow3: {command: "until [ -e go ]; do sleep 0.02; done", schedule: "0 3 1 1 *", tags: [long]}
"""
MINE = """\
from scheduled.handler import Kind, Param
PARAMS = {"limit": Param("how many", Kind.COUNT, 5)}
def run(context):
    return {"limit": context.params.get("limit", 5)}
"""


class Place:
    """A root, and the command line on it in processes of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "scheduled.yaml").write_text(CONFIG)
        (root / "scheduled.yaml").chmod(0o644)
        handlers.handler_file(root, "mine.py", MINE)
        handlers.handler_file(root, "any.py", "def run(context):\n    return {**context.params}\n")
        self.command = [sys.executable, "-P", "-m", "scheduled", "--root", str(root)]
        self.command += ["--state-dir", str(root / "state")]

    def call(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self.command, *words], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done

    def ended(self, job: str) -> bool:
        """Whether a job runs no more, by what a tick finds out."""
        subprocess.run([*self.command, "run"], capture_output=True, check=False)
        return not running(self, job)

    def rows(self, *words: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.call("history", *words, "--json").stdout)[
            "runs"
        ]
        return rows

    def refused(self, *words: str) -> str:
        """What a command says that is refused, after which nothing has run."""
        before = self.rows()
        said = self.call("trigger", *words, code=2).stderr
        assert self.rows() == before
        return said.removeprefix("scheduled: ").rstrip("\n")


@pytest.fixture
def place(root: Path) -> Place:
    return Place(root)


def test_e11_a_run_by_hand_is_given_params_and_variables(place: Place) -> None:
    place.call("trigger", "show", "--param", "limit=5", "--env", "LEVEL=9")

    output = place.call("logs", "show").stdout
    assert output == '{"limit": 5, "dir": "/srv", "deep": {"password": "first"}} 9 \n'
    (row,) = place.rows()
    assert row["given"] == {"params": {"limit": 5}, "env": {"LEVEL": "9"}}
    assert "with --param limit=5 --env LEVEL=9" in place.call("history").stdout
    assert "with --param limit=5 --env LEVEL=9" in place.call("show", "show").stdout
    why = place.call("why", "show").stdout
    assert "by hand, with --param limit=5 --env LEVEL=9: attempt 1" in why

    place.call("trigger", "show")

    assert place.call("logs", "show").stdout.startswith('{"limit": 3,')
    (last, _) = place.rows()
    assert last["given"] is None
    why = place.call("why", "show").stdout
    assert f"by hand: attempt 1, run {last['run_id']}: succeeded" in why


def test_why_tells_of_a_run_by_hand_while_it_is_the_last(place: Place) -> None:
    place.call("trigger", "plain")
    place.call("trigger", "show", "--param", "limit=5")

    (row,) = place.rows("plain")
    told = f"- by hand: attempt 1, run {row['run_id']}: succeeded, ended"
    assert told in place.call("why", "plain").stdout
    assert "by hand" not in place.call("why", "plain", "--at", "1h").stdout
    assert place.call("why", "show").stdout.count("by hand") == 1


def test_e11_secrets_are_hidden_in_all_that_is_kept(place: Place) -> None:
    secrets = ("hunter2hunter2", "hunter3hunter3", "hunter4hunter4")
    given = ("--env", f"TOKEN={secrets[0]}", "--env", f"LEVEL=x{secrets[0]}")
    deep = f"deep={{password: {secrets[1]}}}"
    place.call("trigger", "show", *given, "--param", deep, "--param", f"dir=/{secrets[0]}")
    place.call("trigger", "any", "--param", f"api_key={secrets[2]}", "--param", "rest=[1, 2]")

    assert place.rows()[1]["given"] == {
        "params": {"deep": {"password": "***"}, "dir": "/***"},
        "env": {"TOKEN": "***", "LEVEL": "x***"},
    }
    assert place.rows()[0]["given"] == {"params": {"api_key": "***", "rest": [1, 2]}}
    journals = b"".join(path.read_bytes() for path in place.root.glob("state/journal/*"))
    kept = [
        place.call("logs", "show").stdout,
        (place.root / "state/scheduled_state.json").read_text(),
    ]
    assert secrets[0] not in "".join(kept)
    begun = [line for line in journals.splitlines() if b'"begin"' in line]
    assert not any(secret.encode() in line for secret in secrets for line in begun)


def test_e11_params_are_checked_against_what_the_job_takes(place: Place) -> None:
    place.call("trigger", "mine", "--param", "limit=7")
    place.call("trigger", "any", "--param", "whatever=[1, {a: b}]")

    assert [row["result"] for row in place.rows()] == [{"whatever": [1, {"a": "b"}]}, {"limit": 7}]
    for words, said in {
        ("mine", "limit=0"): "mine: params.limit: 0: expected a count",
        ("mine", "limt=7"): "mine: params.limt: unknown param; did you mean limit?",
        ("report", "default_limt=7"): "did you mean default_limit?",
        ("report", "default_limit=x"): "expected a whole number above 0",
        ("show", "limt=7"): "show: --param limt: unknown param; did you mean limit?",
        ("show", "limit=many"): "show: --param limit: expected a number",
        ("plain", "limit=7"): "plain: --param limit: the command has no params; --env gives it",
        ("show", "limit"): "--param limit: expected a name, an equals sign, a value",
        ("show", "=7"): "expected a name, an equals sign, a value",
        ("show", f"dir={'x' * 70_000}"): "--param: more than 65536 characters",
    }.items():
        assert said.replace("a count", "a whole number above 0") in place.refused(
            words[0], "--param", words[1]
        )
    twice = ("--param", "limit=1", "--param", "limit=2")
    assert place.refused("show", *twice) == "--param limit: is given twice"


@pytest.mark.parametrize(
    ("job", "pair", "said"),
    [
        ("show", "SCHEDULED_SLOT=x", "--env SCHEDULED_SLOT: the variables SCHEDULED_* are set"),
        ("show", "1A=x", '--env 1A: the name of a variable has letters, digits and "_"'),
        ("show", "A-B=x", "the name of a variable"),
        ("show", "A", "expected a name, an equals sign, a value"),
        ("user.theirs", "LD_PRELOAD=/tmp/x.so", "user.theirs is restricted, and may not be given"),
        ("user.theirs", "PYTHONPATH=/tmp", "what changes which code is run"),
        ("user.theirs", "TMPDIR=/", "user.theirs is restricted"),
        ("user.theirs", "PATH=/tmp", "user.theirs is restricted"),
    ],
)
def test_e11_variables_that_a_run_cannot_have_are_refused(
    place: Place, job: str, pair: str, said: str
) -> None:
    assert said in place.refused(job, "--env", pair)


def test_a_run_with_other_params_says_nothing_of_the_job_itself(place: Place) -> None:
    place.call("trigger", "show")
    before = Store(place.root / "state").load().state["jobs"]["show"]["circumstances"]

    place.call("trigger", "show", "--param", "limit=5", "--env", "PATH=/usr/bin:/bin:/nowhere")

    assert Store(place.root / "state").load().state["jobs"]["show"]["circumstances"] == before


def running(place: Place, job: str = "slow") -> bool:
    return bool(Store(place.root / "state").load().state["jobs"].get(job, {}).get("open"))


@pytest.mark.slow
def test_e11_a_detached_run_goes_on_and_the_next_tick_records_its_end(place: Place) -> None:
    said = place.call("trigger", "slow", "--detach").stdout
    run_id = said.split()[2]
    assert said == f"slow: run {run_id} has started; `scheduled logs slow -f` follows it\n"
    assert [row["reason"] for row in place.rows("slow")] == ["running"]

    again = place.call("trigger", "slow", code=75).stderr
    assert "slow: not started: still running as process" in again
    assert "started by hand" in again
    place.call("run")
    assert running(place)

    with subprocess.Popen(
        [*place.command, "logs", "slow", "-f"], stdout=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "first\n"
        (place.root / "go").touch()
        assert following.communicate(timeout=60)[0] == "second\n"
    (row,) = place.rows("slow")
    assert (row["reason"], row["outcome"]) == ("it has ended, the next tick records how", None)

    place.call("run", code=1)

    (row,) = place.rows("slow")
    assert (row["run_id"], row["outcome"], row["error"]) == (run_id, "failed", "exit code 3")
    assert (row["slot"], row["given"]) == (None, {"detached": True})


@pytest.mark.slow
def test_a_detached_run_outlives_the_session_that_started_it(place: Place) -> None:
    with subprocess.Popen(
        ["sh", "-c", '"$@"; kill -9 0', "sh", *place.command, "trigger", "slow", "--detach"],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    ) as shell:
        assert shell.wait(60) == -signal.SIGKILL
    place.call("run")
    assert running(place)

    (place.root / "go").touch()
    assert wait_for(lambda: place.ended("slow"), 60)

    assert place.rows("slow")[0]["error"] == "exit code 3"


@pytest.mark.slow
def test_detached_runs_are_no_more_than_any_tick_may_have(place: Place) -> None:
    said = place.call("trigger", "tag:long", "--detach", "--json", code=75)

    started = [each["job"] for each in json.loads(said.stdout)["started"]]
    assert started == ["slow", "slow2"]
    assert "slow3: not started: waits for a run that was started with it" in said.stderr
    (place.root / "go").touch()
    assert wait_for(lambda: place.ended("slow"), 60)


@pytest.mark.parametrize(
    ("typed", "text"),
    [('"5"', "5"), ("'it''s'", "it's"), ('"[a"', "[a"), (r'"C:\q"', r'"C:\q"'), ('"a" b', '"a" b')],
)
def test_a_param_in_quotes_is_text(place: Place, typed: str, text: str) -> None:
    place.call("trigger", "show", "--param", f"dir={typed}")

    assert place.rows("show")[0]["given"] == {"params": {"dir": text}}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("5", """dir: expected text; in quotes it is one: --param 'dir="5"'"""),
        ("true", """in quotes it is one: --param 'dir="true"'"""),
        ("[a", "--param dir [a: not YAML: "),
        ("{a", """a text that begins so is put in quotes: '"{a"'"""),
    ],
)
def test_a_param_that_is_no_text_is_refused_with_what_to_type(
    place: Place, typed: str, sentence: str
) -> None:
    assert sentence in place.refused("show", "--param", f"dir={typed}")


def test_a_secret_is_not_given_to_a_run_that_nobody_waits_for(place: Place) -> None:
    said = place.refused("show", "--detach", "--env", "TOKEN=hunter2hunter2")

    assert "--env TOKEN: a run that is detached cannot be given a secret" in said
    assert "hunter2" not in said


def test_what_cannot_start_is_not_left(place: Place) -> None:
    config = place.root / "scheduled.yaml"
    config.write_text(CONFIG.replace('command: "true"', 'command: "true", cwd: /nonexistent'))

    said = place.call("trigger", "plain", "--detach", code=1)

    assert "cwd: /nonexistent: no such directory" in said.stderr
    assert place.rows("plain")[0]["outcome"] == "failed"


def test_several_jobs_are_triggered_by_id_and_by_tag(place: Place) -> None:
    said = place.call("trigger", "tag:both", "plain", "--json")

    assert sorted(row["job"] for row in json.loads(said.stdout)["runs"]) == ["plain", "show"]
    assert "off: not started: disabled; its id instead of a tag runs it" in said.stderr
    place.call("trigger", "off")
    assert (place.root / "off-ran").exists()
    assert "did you mean tag:both?" in place.refused("tag:bth")


@pytest.mark.slow
def test_e13_trigger_shows_output_live_and_detached_does_not(place: Place) -> None:
    watched = Watched([*place.command, "trigger", "slow"], columns=80, lines=24)
    watched.until(lambda text: "first" in text)
    assert running(place)
    (place.root / "go").touch()
    assert "second" in watched.ended()
    (place.root / "go").unlink()

    watched = Watched([*place.command, "trigger", "slow", "--detach"], columns=80, lines=24)
    shown = watched.ended()
    assert "has started" in shown
    assert "first" not in shown
    assert running(place)
    (place.root / "go").touch()
    assert wait_for(lambda: place.ended("slow"), 60)

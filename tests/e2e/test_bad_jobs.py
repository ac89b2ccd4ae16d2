"""A folder of job files with everything in it that people and their editors get wrong.

Each gets one clear sentence, and the good one beside them runs: `scheduled run` as cron calls it.
"""

from pathlib import Path

import pytest

from scheduled import idle
from tests.builders.command import little_memory, scheduled, state_dir
from tests.builders.configuration import job_file
from tests.builders.installed import WITHOUT_SWEEPS, configure

GOOD = 'id: {name}\nschedule: "0 3 1 1 *"\nfirst_run: now\ncommand: echo {name} >> out\n'
LAUGHS = "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
NESTED = "params: " + "[" * 200_000
"""Deep enough to end a process that reads it by recursion in C."""

BAD = {
    "unknown-handler": (
        GOOD.replace("command: echo {name} >> out", "handler: helth"),
        'jobs/unknown-handler.yaml:4: handler: "helth": unknown handler; did',
    ),
    "zone": (
        GOOD + "timezone: Europe/Atlantis\n",
        'jobs/zone.yaml:5: timezone: time zone "Europe/Atlantis" is not known',
    ),
    "never": (
        GOOD.replace("0 3 1 1 *", "0 0 30 2 *"),
        'jobs/never.yaml:2: schedule: "0 0 30 2 *": never fires',
    ),
    "minute": (
        GOOD.replace("0 3 1 1 *", "61 * * * *"),
        'jobs/minute.yaml:2: schedule: "61 * * * *": minute 61 is out of range 0-59',
    ),
    "six": (
        GOOD.replace("0 3 1 1 *", "0 0 3 1 1 *"),
        'jobs/six.yaml:2: schedule: "0 0 3 1 1 *": 6 fields, where cron has five',
    ),
    "nul": (
        GOOD.replace("echo", "echo \0"),
        "jobs/nul.yaml:4: contains U+0000, which YAML does not allow",
    ),
    "escaped-nul": (
        GOOD.replace("echo {name} >> out", '"echo \\0"'),
        'jobs/escaped-nul.yaml:4: "echo \\x00" contains a character no text can hold',
    ),
    "huge": (
        GOOD + f"description: {'x' * 5_000_000}\n",
        "jobs/huge.yaml: 4.8 MB, more than the 4 MB a configuration may have",
    ),
    "bomb": (f"a: &a [x, x]\n{LAUGHS}\n{GOOD}", 'jobs/bomb.yaml:1: an anchor ("&a")'),
    "deep": (GOOD + NESTED, "jobs/deep.yaml:5: nested more than 32 deep"),
}


@pytest.fixture
def home(root: Path) -> Path:
    configure(root, WITHOUT_SWEEPS)
    job_file(root, "good.yaml", GOOD.format(name="good"))
    for name, (text, _) in BAD.items():
        job_file(root, f"{name}.yaml", text.replace("{name}", name))
    for name in ("twin-a", "twin-b"):
        job_file(root, f"{name}.yaml", GOOD.format(name="twin"))
    for name, other in (("circle-a", "circle-b"), ("circle-b", "circle-a")):
        job_file(root, f"{name}.yaml", GOOD.format(name=name) + f"after: {other}\n")
    job_file(root, "open.yaml", GOOD.format(name="open")).chmod(0o666)
    return root


def test_each_bad_file_gets_one_sentence_and_the_good_one_runs(home: Path) -> None:
    said = scheduled(home, "run", preexec_fn=little_memory)

    assert (said.code, said.out) == (2, "")
    assert said.is_plain_speech
    assert (home / "out").read_text() == "good\n"
    *told, remark = [line.removeprefix("scheduled: ") for line in said.err.splitlines()]
    assert "`scheduled ack " in remark
    assert sorted(told) == sorted(sentences(home, told))


def test_validating_tells_the_same_before_anything_runs(home: Path) -> None:
    said = scheduled(home, "config", "validate", preexec_fn=little_memory)

    assert said.code == 2
    assert said.is_plain_speech
    assert sorted(said.out.splitlines()) == sorted(sentences(home, said.out.splitlines()))
    assert not (home / "out").exists()


def test_the_next_full_tick_is_silent_but_for_its_code_and_runs_no_job_again(home: Path) -> None:
    first = scheduled(home, "run")
    # Left where the files were more than two seconds old; an idle tick would say nothing.
    (state_dir(home) / idle.HINT).unlink(missing_ok=True)
    second = scheduled(home, "run")

    assert (first.code, second.code) == (2, 2)
    assert (second.out, second.err) == ("", "")
    assert (home / "out").read_text() == "good\n"


def sentences(home: Path, told: list[str]) -> list[str]:
    """What is to be said about the folder, each sentence as it stands in `told` if it does."""
    path = home / "jobs/open.yaml"
    wanted = [
        *(beginning for _, beginning in BAD.values()),
        f"{path}: others can write to it; type: chmod go-w {path}",
        'jobs/twin-b.yaml:1: id: "twin" is already used by jobs/twin-a.yaml:1; neither',
        "jobs/circle-a.yaml:1: after: circle-a waits for circle-b waits for circle-a: none of",
        "jobs/circle-b.yaml:1: after: circle-b waits for circle-a waits for circle-b: none of",
    ]
    return [next((line for line in told if line.startswith(begin)), begin) for begin in wanted]

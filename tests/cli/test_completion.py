"""Completion: what is offered, and what the real shells make of it, hostile names included."""

import re
import subprocess
from pathlib import Path

import click
import pytest

from scheduled.cli import names
from scheduled.cli.bash_line import BashLine
from scheduled.cli.completion import SCRIPTS
from scheduled.cli.main import group
from tests.builders import command, needs, shells
from tests.builders.shells import SHELLS, Shell
from tests.cli.test_groups import commands

HOSTILE = (
    *("$(touch pwned)", "`touch pwned`", "x;touch pwned", "x&&touch pwned", "x|touch pwned"),
    *("x>pwned", "a b", "it's", 'a"b', "!!", "*", "~root", "{a,b}", "co:lon", "back\\slash", "#x"),
    *("$HOME", "x\ttouch", "x\ntouch pwned\n", "\x1b[31mred", "ünï"),
)
BREAKS = " \t\n\"'@><=;|&(:"
CONFIGURATION = """\
notify:
  ops: {kind: command, command: cat > /dev/null}
jobs:
  backup: {schedule: daily, command: "true", first_run: now, tags: [nightly, TAGS]}
  upload: {schedule: hourly, command: exit 1, first_run: now, alert_after: 1}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    tags = ", ".join(f'"{escaped(name)}"' for name in HOSTILE if name.isprintable())
    (folder / "scheduled.yaml").write_text(CONFIGURATION.replace("TAGS", tags))
    return folder


def escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def environ(root: Path) -> dict[str, str]:
    state = {"SCHEDULED_ROOT": str(root), "SCHEDULED_STATE_DIR": str(root.parent / "state")}
    return command.BARE | state


def offered(root: Path, line: str) -> list[str]:
    """What bash is told for a line, up to its end."""
    said = command.call(["__complete", "bash", line, BREAKS], env=environ(root), cwd=root)
    assert said.err == ""
    return said.out.splitlines()


# ---------------------------------------------------------------- what is offered


OFFERED = {
    "scheduled sta": ["status", "stats", "state"],
    "scheduled config im": ["import"],
    "scheduled run --f": ["--force"],
    "scheduled run --force --f": [],
    "scheduled show back": ["backup"],
    "scheduled --quiet show back": ["backup"],
    "scheduled show backup ": [],
    "scheduled check backup up": ["upload"],
    "scheduled run --only tag:ni": ["nightly"],
    "scheduled run --only=tag:ni": ["nightly"],
    "scheduled history --outcome f": ["failed"],
    "scheduled history --outcome=f": ["failed"],
    "scheduled notify test ": ["ops"],
    "scheduled dead-letter drop ": ["upload"],
    "scheduled events --event job_fai": ["job_failed"],
    "scheduled create x daily --catch-up ": ["skip", "latest", "all"],
    "scheduled create x daily --set max_ag": [":nospace", "max_age="],
    "scheduled create x daily --handler daily_r": ["daily_report"],
    "scheduled create x daily --timezone Europe/Berl": ["Europe/Berlin"],
    "scheduled telemetry perf": ["performance"],
    "scheduled completion ": ["bash", "zsh", "fish"],
    "scheduled --config ": [":file"],
    "scheduled --root ": [":dir"],
    "scheduled nonsense ": [],
    "scheduled run --nonsense x": [],
    'scheduled show "back': ["backup"],
    "scheduled 'sh'ow back": ["backup"],
    "scheduled run": ["run"],
    "scheduled": [],
    "": [],
}


@pytest.fixture
def ticked(root: Path) -> Path:
    assert command.call(["run"], env=environ(root), cwd=root).code == 1
    return root


@pytest.mark.parametrize(("line", "expected"), OFFERED.items())
def test_what_may_come_next_is_offered(line: str, expected: list[str], ticked: Path) -> None:
    assert offered(ticked, line) == expected


def test_runs_and_incidents_are_offered_by_their_ids(ticked: Path) -> None:
    (run,) = offered(ticked, "scheduled logs backup ")
    (incident,) = offered(ticked, "scheduled ack ")

    assert re.fullmatch(r"[0-9T]+-[0-9a-f]+", run)
    assert command.call(["logs", "backup", run], env=environ(ticked)).code in (0, 2)
    assert command.call(["ack", incident], env=environ(ticked)).code == 0
    assert set(offered(ticked, "scheduled history --run ")) > {run}


def test_completion_runs_nothing_and_writes_nothing(root: Path) -> None:
    for line in ("scheduled run", "scheduled run ", "scheduled trigger backup ", "scheduled ack "):
        offered(root, line)

    assert not (root.parent / "state" / "journal").exists()


@pytest.mark.parametrize("text", ["jobs: [", "", None, "\x00", "jobs: {a: {schedule: 1}}"])
@pytest.mark.parametrize("line", ["scheduled show ", "scheduled ack ", "scheduled notify test "])
def test_completion_is_silent_where_there_is_nothing_to_read(
    text: str | None, line: str, root: Path
) -> None:
    if text is None:
        (root / "scheduled.yaml").unlink()
        root.rmdir()
    else:
        (root / "scheduled.yaml").write_text(text)
    said = command.call(["__complete", "bash", line, BREAKS], env=environ(root), cwd=root.parent)

    assert said.err == ""
    assert "ops" not in said.out


def test_every_source_of_names_belongs_to_a_parameter() -> None:
    asked = set()
    for words in commands():
        context = group.make_context("scheduled", [], resilient_parsing=True)
        for word in words:
            assert isinstance(context.command, click.Group)
            child = context.command.get_command(context, word)
            assert child is not None
            context = click.Context(child)
        for param in context.command.params:
            value = param.make_metavar(context).strip("[].")
            asked |= {value, *param.opts, f"{' '.join(words)} {value}"}

    assert {*names.SOURCES, *names.PATHS} <= asked


# ---------------------------------------------------------------- bash's own quoting


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.isprintable()])
def test_bash_reads_a_word_as_the_name_that_it_stands_for(name: str) -> None:
    written = BashLine("scheduled run --only ", BREAKS).written(name)

    needs.programs("bash")
    said = subprocess.run(
        ["bash", "-c", f"printf %s {written}"], capture_output=True, text=True, check=True
    )
    assert said.stdout == name


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("name", HOSTILE)
def test_only_harmless_names_are_put_into_an_open_quote(quote: str, name: str) -> None:
    written = BashLine(f"scheduled run --only {quote}", BREAKS).written(name)

    assert written is None or re.fullmatch(r"[\w: ,-]+", written)


# ---------------------------------------------------------------- the shells


@pytest.fixture
def shell(request: pytest.FixtureRequest, ticked: Path, tmp_path: Path) -> Shell:
    path = f"{shells.program(tmp_path)}:/usr/bin:/bin"
    return Shell(request.param, ticked, environ(ticked) | {"PATH": path, "LANG": "C.UTF-8"})


every_shell = pytest.mark.parametrize("shell", SHELLS, indirect=True)


COMPLETED = {
    "scheduled --config=sched": "scheduled --config=scheduled.yaml ",
    "scheduled run --only tag:it\\'": "scheduled run --only tag:it\\'s ",
    "./gone/scheduled sho": "./gone/scheduled sho",
    "scheduled hist": "scheduled history ",
    "scheduled show bac": "scheduled show backup ",
    "scheduled run --onl": "scheduled run --only ",
    "scheduled run --only tag:night": "scheduled run --only tag:nightly ",
    "scheduled history --outcome=fai": "scheduled history --outcome=failed ",
    "scheduled update backup --set max_ag": "scheduled update backup --set max_age=",
    "scheduled notify test ": "scheduled notify test ops ",
    "scheduled config vali": "scheduled config validate ",
    "scheduled --config sched": "scheduled --config scheduled.yaml ",
    "scheduled nonsense xyz": "scheduled nonsense xyz",
}
HOSTILE_BEGINNINGS = (
    *("tag:\\$", "tag:\\`", "tag:x\\;", "tag:x\\&", "tag:x\\|", "tag:x\\>", "tag:a"),
    *("tag:co", "tag:it", "tag:\\#", "tag:\\{", "tag:\\!", "tag:ba"),
)


@pytest.mark.slow
@every_shell
def test_a_shell_completes(shell: Shell) -> None:
    with shell:
        completed = {typed: shell.complete(typed) for typed in COMPLETED}

    assert completed == COMPLETED


@pytest.mark.slow
@every_shell
def test_a_hostile_name_is_completed_and_never_run(shell: Shell) -> None:
    before = {path.name for path in shell.folder.iterdir()}
    with shell:
        for begin in HOSTILE_BEGINNINGS:
            line = shell.complete(f"scheduled run --dry-run --only {begin}")
            if not line.endswith("\\"):  # that is where names differ; it quotes what is typed next
                shell.enter()

    made = {path.name for path in shell.folder.iterdir()} - before
    assert "finished" in made
    assert {name for name in made if "pwned" in name} == set()


@pytest.mark.parametrize("name", SHELLS)
def test_the_script_is_valid(name: str, tmp_path: Path) -> None:
    needs.programs(name)
    path = tmp_path / "script"
    path.write_text(SCRIPTS[name])

    said = subprocess.run([name, "-n", str(path)], capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")

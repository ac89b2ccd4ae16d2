"""The README and the program agree: every command, option, key, code, file and variable."""

import json
import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from scheduled.cli import main
from scheduled.config.keys import JOB_KEYS, KEYS
from scheduled.handler import loader
from scheduled.jobs import builtin
from scheduled.jobs.model import Attempt, Job, Outcome
from scheduled.notify.routes import DEFAULTS
from scheduled.runs import environment
from scheduled.ticks.report import Exit
from tests.builders.engine import Engine
from tests.builders.jobs import job

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMPARISON = (ROOT / "docs" / "COMPARISON.md").read_text("utf-8")
GLOBAL = ("--root", "--config", "--state-dir", "--quiet", "--verbose", "--no-color", "--version")


def test_every_command_and_option_is_documented_and_every_documented_one_exists() -> None:
    documented = dict(commands_in_the_readme())

    assert documented == dict(commands_there_are())


def test_every_global_option_is_documented() -> None:
    options = {option for param in main.group.params for option in param.opts if "--" in option}

    assert options == {*GLOBAL, "--list", "--once"}
    assert all(option in README for option in options)


@pytest.mark.parametrize("keys", [KEYS, JOB_KEYS], ids=["settings", "jobs"])
def test_every_key_of_the_configuration_is_documented(keys: dict[str, object]) -> None:
    section = README.split("## Configuration")[1].split("\n## ")[0]

    assert [key for key in keys if f"`{key}`" not in section] == []


def test_every_documented_key_exists() -> None:
    section = README.split("## Configuration")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*`) \|", section, re.MULTILINE)

    documented = {key for row in rows for key in re.findall(r"`([a-z_]+)`", row)}

    assert documented == set(KEYS) | set(JOB_KEYS)


def test_every_exit_code_is_documented() -> None:
    section = README.split("Exit codes of `run`:")[1].split("\n\n")[1]

    assert re.findall(r"^\| (\d+) \|", section, re.MULTILINE) == [str(int(code)) for code in Exit]


def test_every_outcome_is_documented() -> None:
    assert [outcome for outcome in Outcome if f"`{outcome}`" not in README] == []


def test_every_variable_a_run_is_told_is_documented() -> None:
    told = environment.run_variables(Attempt("id", job(params={"any": 1}), slot=None))

    assert [name for name in told if f"`{name}`" not in README] == []


def test_the_routes_in_the_readme_are_the_shipped_ones() -> None:
    section = README.split("## Messages")[1].split("\n## ")[0]
    rows = re.findall(
        r"^\| `(\w+)`[^|]*\| (?:`(@\w+)`|(the branch)) \| (\w+) \|", section, re.MULTILINE
    )

    documented = {event: {"to": to or "@branch", "priority": how} for event, to, _, how in rows}

    assert documented == DEFAULTS


def test_the_shipped_jobs_and_their_params_are_documented() -> None:
    section = README.split("## The built-in jobs")[1].split("\n## ")[0]
    for shipped in builtin.JOBS:
        declared = loader.params(shipped.handler) or {}
        (params,) = re.findall(rf"^\| `{shipped.id}` \|.*\|([^|]*)\|$", section, re.MULTILINE)
        assert set(re.findall(r"`(\w+)`", params)) == set(declared)
        for name, one in declared.items():
            row = f"| `{name}` | {one.about} | {one.kind} | {json.dumps(one.default)} |"
            assert row in section


def test_no_param_is_documented_that_no_shipped_handler_takes() -> None:
    section = README.split("| param | meaning | value | default |")[1].split("\n\n")[0]
    declared = [loader.params(shipped.handler) or {} for shipped in builtin.JOBS]

    documented = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)

    assert sorted(documented) == sorted({name for one in declared for name in one})


def test_a_tick_leaves_the_files_the_readme_names(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo x")])
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    left = {path.name for path in engine.state_dir.iterdir()}
    section = README.split("## Files")[1].split("\n## ")[0]
    assert [name for name in left if name not in section] == []
    assert (engine.folder / "central" / "SCHEDULED.central.json").exists()


def commands_in_the_readme() -> list[tuple[str, set[str]]]:
    section = README.split("## Commands")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`(?!--).*?) \| ", section.replace("\\|", "/"), re.MULTILINE)
    found = []
    for row in rows:
        for words in re.findall(r"`([^`]+)`", row):
            name = re.split(r" [\[A-Z]", words)[0]
            found.append((name, set(re.findall(r"(?<![\w-])(--[a-z-]+|-n)", words))))
    return found


def commands_there_are() -> list[tuple[str, set[str]]]:
    found = []
    for name, place in main.COMMANDS.items():
        module, _, attribute = place.partition(":")
        command = getattr(import_module(f"scheduled.cli.{module}"), attribute)
        children = command.commands if isinstance(command, click.Group) else {"": command}
        for child, one in children.items():
            options = {
                option
                for param in one.params
                if isinstance(param, click.Option)
                for option in param.opts
            }
            whole = f"{name} {child}".strip()
            found.append((whole, options if name not in main.ALIASES else set()))
    return found


def test_every_field_of_a_job_that_people_may_set_has_a_key() -> None:
    ours = {"id", "source", "seed", "waits_for", "remembers_in", "noted_as"}

    assert set(Job.__dataclass_fields__) - ours == {
        key.field or name for name, key in JOB_KEYS.items()
    }


def test_what_the_comparison_says_we_have_is_there() -> None:
    ours = [row.split(" | ")[1] for row in COMPARISON.splitlines() if row.startswith("| ")]
    named = {word for cell in ours for word in re.findall(r"`([a-z_]+)[^`]*`", cell)}

    assert named - {*JOB_KEYS, *main.COMMANDS} == set()
    assert len(named) > 8
    assert "docs/COMPARISON.md" in README

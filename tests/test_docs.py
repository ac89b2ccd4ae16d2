"""The documents and the program agree: what one of them names, the other one has."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from scheduled.cli import main
from scheduled.cli.global_options import GlobalOption
from scheduled.config import load
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.paths import PathOptions
from scheduled.config.ping_values import job_ping
from scheduled.handler import loader
from scheduled.jobs import builtin
from scheduled.jobs.model import Attempt, Job
from scheduled.notify.routes import DEFAULTS
from scheduled.planning import incidents
from scheduled.runs import environment
from scheduled.system import masking
from scheduled.timing import expression
from tests.builders import manual, packages
from tests.builders.engine import Engine
from tests.builders.jobs import job
from tests.builders.manual import CHECKOUT, Page, each_page
from tests.manual import script
from tests.manual.script import NotRun

AIPASS, COMMANDS, GAIA, MAINTENANCE = (
    manual.page(f"reference/{name}") for name in ("aipass", "commands", "gaia", "maintenance")
)
HANDLERS, INSTALL, RUNS = map(manual.page, ("how-to/handlers", "how-to/install", "reference/runs"))
FOREIGN = {
    "apt",
    "cd",
    "cp",
    "crontab",
    "docker",
    "export",
    "git",
    "install",
    "pip",
    "pipx",
    "python",
}
FOREIGN |= {"python3", "rsync", "twine", "useradd", "uv"}
"""What people type besides the program's own commands."""


# ---------------------------------------------------------------- commands


def test_every_command_and_option_is_documented_and_every_documented_one_exists() -> None:
    headings = COMMANDS.headings(2)

    documented = {name: documented_options(name) for name in headings if name in commands()}

    assert headings[0] == "Global options"
    assert headings[1:] == [*documented]
    assert documented == {name: options(command) for name, command in commands().items()}


def test_every_global_option_is_documented() -> None:
    documented = options_in(COMMANDS.section("Global options"))

    assert documented == options(main.group) | {"-h", "--help"}


def test_every_alias_is_documented() -> None:
    named = {code for name in COMMANDS.headings(2) for code in manual.code(COMMANDS.section(name))}

    assert set(main.ALIASES) <= named


def test_every_option_of_the_installer_is_documented() -> None:
    usage = subprocess.run(
        [CHECKOUT / "install_cron.sh", "--help"], capture_output=True, text=True, check=True
    ).stdout

    offered = set(re.findall(r"^  (?:-h, )?(--[a-z-]+)", usage, re.MULTILINE))

    assert options_in(INSTALL.section("With the script")) == offered - {"--help"}


@each_page
def test_every_command_that_is_only_shown_can_be_typed(page: Page) -> None:
    is_example = page in manual.pages_of_examples()
    steps = [step for step in script.steps(page) if is_example or isinstance(step, NotRun)]
    typed = [words for step in steps for words in manual.commands(step.shell)]

    lines = [*page.command_lines(), *typed]
    wrong = [(words, why) for words in lines if (why := refusal(words, page))]

    assert wrong == []


def refusal(words: list[str], page: Page) -> str:
    """Return what is wrong with a command, or ''; of foreign ones only the name is checked."""
    program, *rest = words[3:] if words[:2] == ["sudo", "-u"] else words
    if program == "scheduled":
        return refused_by_click(rest)
    if program == "make":
        targets = {word for word in rest if "=" not in word}
        return f"no target {rest}" if targets - manual.make_targets() else ""
    if program == "./install_cron.sh":
        known = options_in(INSTALL.section("With the script"))
        return f"unknown option in {rest}" if {w for w in rest if w[0] == "-"} - known else ""
    is_known = Path(program).name in FOREIGN or program[0] in "<>"
    is_known |= program[:4] == "bin/" and (page.path.parent / program).exists()
    return "" if is_known else f"{program}: is that a command?"


def refused_by_click(words: list[str]) -> str:
    try:
        command: click.Command = main.group
        context = command.make_context("scheduled", [], resilient_parsing=True)
        while isinstance(command, click.Group):
            _, words, _ = command.make_parser(context).parse_args(words)
            if not words:
                return ""
            name, found, words = command.resolve_command(context, words)
            assert found is not None
            command = found
            context = click.Context(command, info_name=name, parent=context)
        command.make_context(context.info_name, words, parent=context.parent)
    except click.exceptions.Exit:  # after --help
        return ""
    except click.ClickException as error:
        return error.format_message()
    return ""


def commands() -> dict[str, click.Command]:
    """Return every command by what is typed, `cron install`, without the aliases."""
    found: dict[str, click.Command] = {}
    for name, place in main.COMMANDS.items():
        module, _, attribute = place.partition(":")
        command = getattr(import_module(f"scheduled.cli.{module}"), attribute)
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                found[name] = command
            found |= {
                f"{name} {child}": subcommand for child, subcommand in command.commands.items()
            }
        elif name not in main.ALIASES:
            found[name] = command
    return found


def options(command: click.Command) -> set[str]:
    """Return the names of the options of a command; the global ones are those of the program."""
    inherited = GlobalOption if command is not main.group else ()
    return {
        option
        for param in command.params
        if isinstance(param, click.Option) and not isinstance(param, inherited)
        for option in (*param.opts, *param.secondary_opts)
    }


def documented_options(name: str) -> set[str]:
    section = COMMANDS.section(name)
    shared = re.search(r"Every option of \[(\w+)\]\(#\1\) works here too", section)
    return options_in(section) | (documented_options(shared[1]) if shared else set())


def options_in(section: str) -> set[str]:
    """Return the options in the first column of the tables of a section."""
    cells = [row[0] for row in manual.rows(section)]
    return {code.split()[0] for cell in cells for code in manual.code(cell) if code[0] == "-"}


def test_a_synopsis_names_every_option_of_its_command() -> None:
    for name in commands():
        block = synopsis(name)
        named = set(re.findall(r"(?<![\w-])(--[a-z-]+|-[nf])", block))
        assert named <= documented_options(name), name
        assert named == documented_options(name) or "[OPTION]..." in block, name


def synopsis(name: str) -> str:
    found = re.search(
        rf"^## {name}\n\n```text\n(.*?)^```$", COMMANDS.text, re.MULTILINE | re.DOTALL
    )
    assert found is not None, name
    assert all(line.startswith(f"scheduled {name}") for line in found[1].splitlines()), name
    return found[1]


# ---------------------------------------------------------------- configuration


def names(row: list[str]) -> list[str]:
    return manual.code(row[0])


def test_every_field_of_a_job_that_people_may_set_has_a_key() -> None:
    ours = {"id", "source", "seed", "zone_is_local", "waits_for", "memory_section", "last_run_key"}
    ours |= {"is_switched_off", "level", "from_defaults", "calendars"}

    assert set(Job.__dataclass_fields__) - ours == {
        key.field or name for name, key in JOB_KEYS.items()
    }


def test_every_documented_schedule_can_be_written() -> None:
    rows = manual.rows(manual.page("reference/schedules").section("Schedules"))
    forms = [names(row) for row in rows]
    # The nicknames stand together in one row.
    texts = [text for form in forms for code in form for text in separate(code)]

    kinds = {expression.parse(text, "Europe/Berlin", "a seed").kind for text in texts}

    assert kinds == {"cron", "interval", "once", "reboot"}


def test_e2_every_documented_sentence_is_understood() -> None:
    page = manual.page("reference/schedules-in-words")
    rows = manual.rows(page.section("Schedules in words"))
    texts = [code for row in rows for code in names(row)]

    assert len(texts) > 20
    assert {expression.parse(text, "Europe/Berlin").kind for text in texts} == {"cron"}


def separate(code: str) -> list[str]:
    return code.split() if code.startswith("@") else [code]


def test_the_names_of_secrets_are_documented() -> None:
    section = manual.page("explanation/security").section("Secrets")

    documented = manual.code(section.split(". When")[0])

    assert documented == list(masking.NAMES)


@each_page
def test_every_configuration_that_is_shown_is_accepted(
    page: Page, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = packages.of_manual(HANDLERS, tmp_path / "site-packages")
    monkeypatch.setattr("site.getsitepackages", lambda: [str(site)])
    (root / "handlers").mkdir()
    (root / "handlers" / "photos.py").write_text(HANDLERS.named_block("handlers/photos.py"))
    (root / "off.txt").write_text("2026-12-25\n")
    (root / "team.ics").write_text("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:team\nEND:VCALENDAR\n")
    for number, block in enumerate(page.blocks("yaml")):
        is_job = bool(re.search(r"^schedule:", block, re.MULTILINE))
        path = root / (f"jobs/{number}.yaml" if is_job else "scheduled.yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(block)

        found = load.load(PathOptions(root=str(root), environ={}))

        assert (found.problems, found.warnings) == ((), ()), block
        path.unlink()


# ---------------------------------------------------------------- files, codes, variables


def test_every_kind_of_incident_is_documented() -> None:
    documented = [names(row)[0] for row in manual.rows(manual.page("reference/incidents").text)]

    assert sorted(documented) == sorted(map(str, incidents.Kind))


def test_every_setting_of_a_ping_is_documented() -> None:
    table = next(kind for kind in job_ping.schema["anyOf"] if "properties" in kind)
    first = manual.page("reference/pings").text.partition("\n## ")[0]

    assert [names(row)[0] for row in manual.rows(first)] == [*table["properties"]]


def test_every_variable_of_a_run_is_documented() -> None:
    section = RUNS.section("What a run gets and returns").split("\n## ")[0]

    documented = {name for row in manual.rows(section) for name in names(row)}

    assert documented == variables_of_a_run()


def test_every_variable_that_is_read_is_documented() -> None:
    documented = {
        name
        for row in manual.rows(manual.page("reference/environment").text)
        for name in names(row)[:2]
    }

    named = {*variables_in_the_source()} - {"SCHEDULED_FOR"}  # a relation in CIRIS's graph
    assert documented == named - variables_of_a_run()


def variables_of_a_run() -> set[str]:
    return {*environment.run_variables(Attempt("id", job(params={"any": 1}), slot=None))}


def variables_in_the_source() -> Iterator[str]:
    terminal = "NO_COLOR|COLUMNS|TERM|LC_ALL|LC_CTYPE|LANG|VISUAL|EDITOR"
    pattern = re.compile(rf"(?:SCHEDULED|AIPASS|XDG)_[A-Z_]+|HOME|TZ|{terminal}")
    for path in [*CHECKOUT.glob("scheduled/**/*.py"), *CHECKOUT.glob("handlers/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
                yield from pattern.findall(text) if pattern.fullmatch(text) else ()
    installer = (CHECKOUT / "install_cron.sh").read_text("utf-8")
    yield from re.findall(r"\$\{((?:SCHEDULED|AIPASS|XDG)_[A-Z_]+)", installer)


def test_a_tick_leaves_only_files_that_are_documented(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo x")])
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    left = {path.name for path in engine.state_dir.iterdir()}

    section = manual.page("reference/files").section("Files in the state directory")
    documented = {name.split("/")[0] for row in manual.rows(section) for name in names(row)}
    assert left - documented == set()
    assert (engine.folder / "central" / "SCHEDULED.central.json").exists()


# ---------------------------------------------------------------- AIPass


def test_the_documented_routes_are_the_built_in_ones() -> None:
    found = re.findall(
        r"^\| `(\w+)`[^|]*\| (?:`(@\w+)`|(the branch)) \| (\w+) \|",
        AIPASS.section("Messages"),
        re.MULTILINE,
    )

    documented = {event: {"to": to or "@branch", "priority": how} for event, to, _, how in found}

    assert documented == DEFAULTS


def test_the_built_in_jobs_and_their_params_are_documented() -> None:
    table = manual.rows(AIPASS.section("The built-in jobs"))
    jobs = {names(row)[0]: manual.code(row[3]) for row in table if row[3].startswith("`")}
    params = {names(row)[0]: row[1:] for row in table if not row[3].startswith("`")}

    declared = {
        built_in.id: loader.params(built_in.handler) or {}
        for built_in in builtin.JOBS
        if built_in.id in builtin.OF_ECOSYSTEM
    }

    assert {name: set(row) for name, row in jobs.items()} == {
        name: set(accepted) for name, accepted in declared.items()
    }
    assert params == {
        name: [param.about, str(param.kind), json.dumps(param.default)]
        for accepted in declared.values()
        for name, param in accepted.items()
    }


def test_the_jobs_that_are_off_until_they_are_wanted_are_documented() -> None:
    others = [job for job in builtin.JOBS if job.id not in builtin.OF_ECOSYSTEM]
    jobs = {names(row)[0]: manual.code(row[1])[0] for row in of_pages("The jobs")}
    params = {(*names(row)[:1], *manual.code(row[1])): row[2:] for row in of_pages("Their params")}

    assert jobs == {job.id: job.schedule for job in others}
    assert params == {
        (job.id, name): [param.about, str(param.kind), json.dumps(param.default)]
        for job in others
        for name, param in (loader.params(job.handler) or {}).items()
    }


def of_pages(heading: str) -> list[list[str]]:
    """Return the rows below a heading of the pages about such jobs."""
    return [row for page in (MAINTENANCE, GAIA) for row in manual.rows(page.section(heading))]


def test_what_the_comparison_says_we_have_is_there() -> None:
    page = manual.page("explanation/comparison")
    ours = [row[1] for row in manual.rows(page.section("Side by side"))]
    named = {word for cell in ours for word in re.findall(r"`([a-z_]+)[^`]*`", cell)}

    assert named - {*JOB_KEYS, *main.COMMANDS} == set()
    assert len(named) > 8

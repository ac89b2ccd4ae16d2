import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as some
from jsonschema import Draft202012Validator

from scheduled.cli.config import config
from scheduled.config import json_schema, template, yaml_document
from scheduled.config.conversion import InvalidValue
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.key import Key
from scheduled.config.keys import KEYS
from scheduled.config.yaml_writer import text_of
from scheduled.jobs import builtin
from tests.builders import manual, needs
from tests.builders.configuration import complaint, loaded, refusal
from tests.builders.jobs import job

SCHEMAS = {"configuration": json_schema.of_configuration(), "job": json_schema.of_job_file()}
ALL_KEYS = [*KEYS.items(), *JOB_KEYS.items()]


def wrong(text: str, of: str) -> list[str]:
    """What an editor would underline in a file."""
    document = yaml_document.parse(text.encode(), "file").plain()
    return [error.message for error in Draft202012Validator(SCHEMAS[of]).iter_errors(document)]


@pytest.mark.parametrize("of", SCHEMAS)
def test_the_schema_is_valid(of: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[of])


def test_the_schema_has_every_key_with_its_meaning() -> None:
    whole, job = SCHEMAS["configuration"], SCHEMAS["job"]

    assert whole["properties"].keys() == KEYS.keys()
    assert whole["$defs"]["changes"]["properties"].keys() == JOB_KEYS.keys()
    assert job["properties"].keys() == {"id", *JOB_KEYS}
    assert all(schema["description"] for schema in [*whole["properties"].values()])
    assert all(schema["description"] for schema in [*job["properties"].values()])


@pytest.mark.parametrize("registry", [True, False])
def test_what_config_init_writes_fits(tmp_path: Path, registry: bool) -> None:
    if registry:
        (tmp_path / "AIPASS_REGISTRY.json").write_text("{}")
    text = template.text(tmp_path)
    switched_on = re.sub(r"^( *)#(?=\S| {2}\S)", r"\1", text, flags=re.MULTILINE)

    assert wrong(text, "configuration") == []
    assert wrong(switched_on, "configuration") == []


def test_every_example_in_the_manual_fits() -> None:
    examples = [text for page in manual.pages() for text in page.blocks("yaml")]
    schema = json_schema.of_configuration([job(id="previews", description="of a package")])

    assert len(examples) >= 4
    for text in examples:
        if text.startswith("id:"):
            assert wrong(text, "job") == []
        else:
            document = yaml_document.parse(text.encode(), "file").plain()
            assert [*Draft202012Validator(schema).iter_errors(document)] == []


def test_gptmes_own_job_files_fit() -> None:
    texts = [path.read_text("utf-8") for path in needs.real_data("gptme/jobs").glob("*.yaml")]

    assert texts
    assert [wrong(text, "job") for text in texts] == [[] for _ in texts]


@pytest.mark.parametrize("keys", [
    "{schedule: daily, command: x, tiemout: 5m}",
    "{schedule: daily, command: x, priority: highest}",
    "{schedule: daily, command: x, max_retries: -1}",
    "{schedule: daily, command: x, timeout: soon}",
    "{schedule: daily, command: x, timeout: 5, timeout_seconds: 5}",
    "{schedule: daily, command: x, handler: health}",
    "{schedule: daily, command: []}",
    "{schedule: daily, command: x, env: {A B: c}}",
    "{schedule: daily}",
    "{command: x}",
])  # fmt: skip
def test_a_job_the_checker_refuses_an_editor_underlines(tmp_path: Path, keys: str) -> None:
    assert complaint(tmp_path, keys)
    assert wrong(f"jobs:\n  one: {keys}\n", "configuration")


@pytest.mark.parametrize("text", [
    "jobbs: {}", "max_concurrent: many", "jobs: [a]", "jobs_dir: a\njobs_dirs: b",
])  # fmt: skip
def test_a_setting_the_checker_refuses_an_editor_underlines(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, f"{text}\n")
    assert wrong(text, "configuration")


def test_a_job_may_not_be_called_what_the_checker_refuses(tmp_path: Path) -> None:
    text = 'jobs: {"../up": {schedule: daily, command: x}}\n'

    assert loaded(tmp_path, text).problems
    assert wrong(text, "configuration")


def test_a_shipped_job_may_be_changed_without_a_schedule_or_a_command() -> None:
    texts = [f"jobs: {{{job.id}: {{enabled: false}}}}" for job in builtin.JOBS]

    assert [wrong(text, "configuration") for text in texts] == [[] for _ in texts]
    assert wrong("jobs: {mine: {enabled: false}}", "configuration")


# Half a surrogate pair cannot be written, and the reader refuses a zero.
ANY = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
TEXTS = ANY | some.sampled_from(
    ["none", "90s", "1.5 h", "64K", "077", "low", "all", "now", "skip", "21:00-06:00", "yes", "~"]
)
LEAVES = some.none() | some.booleans() | some.integers(-2, 2000) | TEXTS
DOCUMENTS = LEAVES | some.lists(LEAVES, max_size=2) | some.dictionaries(TEXTS, LEAVES, max_size=2)


@given(value=DOCUMENTS)
@example(value="none")
@example(value={"low": False})
@example(value={"low": 0})
@example(value={"low": {"file": 0}})
def test_an_editor_never_underlines_what_the_checker_accepts(value: Any) -> None:
    node = yaml_document.parse(text_of({"key": value}).encode(), "file").value["key"]

    underlined = [
        name
        for name, key in ALL_KEYS
        if is_accepted(key, node)
        and not Draft202012Validator(key.convert.schema).is_valid(node.plain())
    ]
    assert underlined == []


def is_accepted(key: Key, node: yaml_document.Node) -> bool:
    try:
        key.convert(node)
    except InvalidValue:
        return False
    return True


@pytest.mark.parametrize(("option", "of"), [((), "configuration"), (("--job",), "job")])
def test_config_schema_prints_it(option: tuple[str, ...], of: str) -> None:
    said = CliRunner().invoke(config, ["schema", *option])

    assert json.loads(said.output) == SCHEMAS[of]

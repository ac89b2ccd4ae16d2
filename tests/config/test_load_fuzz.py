"""Whatever stands in the file: a configuration, or a ConfigError that says what is wrong."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scheduled.config import load
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.keys import KEYS
from scheduled.config.paths import PathOptions
from scheduled.errors import ConfigError
from tests.builders import soak

pytestmark = pytest.mark.slow

TOKENS = [
    *KEYS, *JOB_KEYS, "health", ":", ": ", "- ", "\n", "\n  ", "\n    ", "\t", "*", "*/15 * * * *",
    "&a", "*a", "!!", "!x ", "{", "}", "[", "]", ",", "'", '"', "|", ">", "#", "---\n", "...\n",
    "%YAML 1.1\n", "? ", "~", "null", "yes", "0x_", ".inf", "1:30", "1e999", "9" * 5000, "-1",
    "2025-01-15", "<<", "=", "\\0", "\\ud800", "\ufeff", "\x85", "\u2028", "\x00", "ü", "@daily",
    "hourly", "at:9999-12-31T23:59:59Z", "interval:0", "every 1m", "Europe/Berlin", "../..", "/",
]  # fmt: skip

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(TOKENS)
    | st.dates()
)
trees = st.recursive(
    leaves,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(TOKENS) | st.text(max_size=5), below, max_size=4)
    ),
    max_leaves=10,
)
jobs = st.dictionaries(st.sampled_from([*JOB_KEYS]), leaves | trees, max_size=6)
documents = st.dictionaries(st.sampled_from([*KEYS]), leaves | trees, max_size=3).flatmap(
    lambda top: st.dictionaries(
        st.sampled_from(["health", "a", "b"]) | st.text(max_size=5), jobs | leaves, max_size=3
    ).map(lambda below: {**top, "jobs": below})
)


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def survives(root: Path, data: bytes) -> None:
    path = root / "scheduled.yaml"
    path.write_bytes(data)
    path.chmod(0o644)
    environ = {"HOME": str(root), "TZ": "UTC"}
    problems: tuple[str, ...] = ()
    try:
        found = load.load(
            PathOptions(root=str(root), state_dir=str(root / "state"), environ=environ)
        )
        json.dumps([job.params for job in found.jobs], allow_nan=False)
        problems = found.problems
    except ConfigError as error:
        problems = error.problems or ("",)
    assert all(problem.isprintable() and "scheduled.yaml" in problem for problem in problems)


@settings(max_examples=soak.count(300, 2000))
@given(st.lists(st.sampled_from(TOKENS) | st.text(max_size=5), max_size=30).map("".join))
@example("\U0010ffff\x01")
@example("%YAML 1." + "9" * 5000 + "\n--- a\n")
@example('"\\UFFFFFFFF"')
def test_random_words_never_end_in_a_traceback(root: Path, text: str) -> None:
    survives(root, text.encode("utf-8", "surrogatepass"))


@settings(max_examples=soak.count(100, 2000))
@given(st.binary(max_size=200))
def test_bytes_never_end_in_a_traceback(root: Path, data: bytes) -> None:
    survives(root, data)


@settings(max_examples=soak.count(200, 2000))
@given(documents | trees)
def test_a_document_of_any_shape_never_ends_in_a_traceback(root: Path, document: Any) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)
    survives(root, text.encode("utf-8", "surrogatepass"))


@settings(max_examples=soak.count(100, 2000))
@given(documents)
@example({"jobs_dirs": ["a" * 300]})
def test_a_document_is_read_in_the_same_way_without_libyaml(root: Path, document: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scheduled.config.yaml_document._Loader", yaml.SafeLoader)
        survives(root, yaml.safe_dump(document).encode())

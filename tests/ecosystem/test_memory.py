import json
import os
from pathlib import Path
from typing import Any

import pytest

from scheduled.ecosystem import memory_document, registry
from scheduled.ecosystem.memory import Limits, MemoryFile, Survey
from scheduled.ecosystem.memory_document import UNLIMITED, UNSTATED, count_lines, examine
from scheduled.ecosystem.registry import Branch
from scheduled.system.stamp_cache import StampCache
from tests.builders import ecosystem, needs
from tests.builders.ecosystem import add_memory


def survey(branch: Path, limits: Limits | None = None, name: str = "FLOW") -> list[MemoryFile]:
    cache = StampCache(branch.parent / "cache" / "sweep")
    return list(Survey(cache, limits or Limits()).files([Branch(name, str(branch), "@flow")]))


def found(branch: Path, limits: Limits | None = None) -> list[tuple[str, int | None, int | None]]:
    return [(file.name, file.lines, file.limit) for file in survey(branch, limits)]


def written(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
    return path


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    path = tmp_path / "flow"
    path.mkdir()
    return path


@pytest.mark.parametrize(
    ("data", "lines"),
    [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n", 1), (b"a\r\nb\r\n", 2), (b"\n\n", 2)],
)
def test_lines_are_counted_as_an_editor_does(data: bytes, lines: int) -> None:
    assert count_lines(data) == lines


SESSIONS = [{"session_number": 1, "summary": 'says "max_lines": 7 and {"limits": {'}] * 3

GENERATIONS: list[tuple[Any, int]] = [
    ({"document_metadata": {"schema_version": "1.0.0", "limits": {"max_lines": 300}}}, 300),
    ({"document_metadata": {"limits": {"max_lines": 300}, "schema_version": "1.0.0"}}, 300),
    ({"document_metadata": {"limits": {"max_lines": 300}}, "limits": {"max_lines": 9}}, 300),
    ({"sessions": SESSIONS, "document_metadata": {"limits": {"max_lines": 300}}}, 300),
    ({"limits": {"max_lines": 300}}, 300),
    ({"limits": {"max_lines": 9}, "document_metadata": {"limits": {"max_lines": 300}}}, 300),
    ({"config": {"note": "x", "max_lines": 300}}, 300),
    ({"config": {"max_lines": 9}, "limits": {"max_lines": 300}}, 300),
    ({"config": {"max_lines": 300}, "schema_version": "2.0.0"}, 300),
    ({"identity": {"name": "X"}, "config": {"max_lines": 300}}, 300),
    ({"schema_version": "3.0.0"}, UNLIMITED),
    ({"document_metadata": {"schema_version": "3.0.0"}}, UNLIMITED),
    ({"document_metadata": {"schema_version": "3.0.0", "limits": {"max_lines": 9}}}, UNLIMITED),
    ({"limits": {"max_lines": 9}, "schema_version": "3.0.0"}, UNLIMITED),
    ({"document_metadata": {"tags": ["a"]}, "schema_version": "10.0"}, UNLIMITED),
    ({"document_metadata": {"schema_version": "1.0.0", "limits": {}}}, UNSTATED),
    ({"sessions": [{"limits": {"max_lines": 9}}]}, UNSTATED),
    ({"note": '"limits": {"max_lines": 9}'}, UNSTATED),
    ({"limits": {"max_lines": "300"}}, UNSTATED),
    ({"limits": {"max_lines": 0}}, UNSTATED),
    ({"limits": {"max_lines": -300}}, UNSTATED),
    ({"limits": {"max_lines": True}}, UNSTATED),
    ({"limits": {"max_lines": 300.5}}, UNSTATED),
    ({"limits": [300]}, UNSTATED),
    ({"document_metadata": "none"}, UNSTATED),
    ({}, UNSTATED),
]


@pytest.mark.parametrize(("document", "limit"), GENERATIONS)
@pytest.mark.parametrize("whole", [True, False])
def test_the_limit_is_read_in_all_four_generations_at_sight_or_in_whole(
    document: dict[str, Any], limit: int, whole: bool
) -> None:
    data = json.dumps({**document, "history": SESSIONS}, indent=2).encode()

    assert examine(data, whole=whole).limit == limit


def test_the_ordinary_form_is_settled_at_sight() -> None:
    data = json.dumps({**GENERATIONS[0][0], "sessions": SESSIONS}).encode()

    assert not examine(data, whole=False).whole


@pytest.mark.parametrize(
    "text",
    ["", "  \n", "{", '{"sessions": [', "{ not json }", "[]", "null", '{"a": 1}\0\0', "[" * 99_999],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_is_no_memory_document_has_a_problem(text: str, whole: bool) -> None:
    assert examine(text.encode(), whole=whole).problem


def test_a_flaw_in_the_middle_is_found_when_the_whole_is_parsed() -> None:
    data = b'{"document_metadata": {"schema_version": "1.0", "limits": {"max_lines": 9}},\n "a" 1}'

    assert not examine(data, whole=False).problem
    assert "line 2" in examine(data, whole=True).problem


def test_a_file_of_its_own_limit_keeps_it_and_others_take_that_of_the_configuration(
    branch: Path,
) -> None:
    add_memory(branch, "FLOW.local.json", 100, limit=300)
    add_memory(branch, "FLOW.observations.json", 100, limit=None)

    assert [limit for _, _, limit in found(branch)] == [300, 600]
    assert [limit for _, _, limit in found(branch, Limits(default=50))] == [300, 50]
    configured = Limits.from_params({"limits": {"flow": 70}, "default_limit": 50})
    assert [limit for _, _, limit in found(branch, configured)] == [300, 70]


@pytest.mark.parametrize(
    "params",
    [{"default_limit": 0}, {"default_limit": "600"}, {"limits": {"FLOW": True}}, {"limits": [600]}],
)
def test_a_configured_limit_that_is_none_is_refused_by_name(params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^params\.(default_limit|limits)"):
        Limits.from_params(params)


@pytest.mark.parametrize(
    ("lines", "near", "over"),
    [(500, False, False), (501, True, False), (600, True, False), (601, True, True)],
)
def test_a_file_is_near_from_five_sixths_of_its_limit_and_over_beyond_it(
    branch: Path, lines: int, near: bool, over: bool
) -> None:
    add_memory(branch, "FLOW.local.json", lines)

    (file,) = survey(branch)
    assert (file.lines, file.is_near, file.is_over) == (lines, near, over)


def test_a_file_without_a_limit_is_never_over(branch: Path) -> None:
    text = '{"schema_version": "3.0.0",\n' + "\n" * 5000 + '"a": 1}'
    written(branch / "FLOW.local.json", text)

    (file,) = survey(branch)
    assert (file.lines, file.limit, file.is_over) == (5002, None, False)


def test_dashboards_and_closed_plans_are_no_memory_files(branch: Path) -> None:
    for name in ("DASHBOARD.local.json", "CLOSED_PLANS.local.json", "FLOW.id.json", "notes.json"):
        add_memory(branch, name, 700)

    assert found(branch) == []


def test_memory_of_both_layouts_in_one_branch_counts(branch: Path) -> None:
    add_memory(branch, "Flow.local.json", 40)
    add_memory(branch, ".trinity/observations.json", 50)

    assert found(branch) == [("observations.json", 50, 600), ("Flow.local.json", 40, 600)]


def test_a_branch_inside_another_is_not_counted_twice(branch: Path) -> None:
    add_memory(branch, "FLOW.local.json", 40)
    add_memory(branch, "inner/INNER.local.json", 50)
    add_memory(branch, "inner/.trinity/local.json", 50)

    assert found(branch) == [("FLOW.local.json", 40, 600)]


def test_a_name_with_a_path_in_it_leads_nowhere(tmp_path: Path, branch: Path) -> None:
    add_memory(tmp_path, "evil.local.json", 700)

    assert survey(branch, name="../evil") == []


def test_what_is_no_file_is_reported_as_such_and_never_waited_for(branch: Path) -> None:
    (branch / "A.local.json").mkdir()
    os.mkfifo(branch / "B.local.json")
    (branch / "C.local.json").symlink_to("C.local.json")
    (branch / "D.local.json").symlink_to("nowhere")

    files = survey(branch)

    assert [file.name[0] for file in files] == ["A", "B", "C"]
    assert all(file.problem and file.lines is None for file in files)


def test_a_branch_whose_folder_cannot_be_looked_into_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "flow").write_text("no folder")
    looking = Survey(StampCache(tmp_path / "cache" / "sweep"), Limits())
    branches = [
        Branch("FLOW", str(tmp_path / "flow"), "@f"),
        Branch("GONE", str(tmp_path / "gone"), "@g"),
    ]

    assert list(looking.files(branches)) == []
    assert looking.unreachable == branches


def test_beyond_its_budget_a_sweep_parses_in_whole_later(
    branch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flawed = '{"document_metadata": {"schema_version": "1.0", "limits": {"max_lines": 9}}, "a" 1}'
    for name in ("A.local.json", "B.local.json"):
        os.utime(written(branch / name, flawed), (1e9, 1e9))
    monkeypatch.setattr("scheduled.ecosystem.memory.PARSED_PER_SWEEP", len(flawed))

    def flaws() -> list[bool]:
        cache = StampCache(branch.parent / "cache" / "sweep")
        files = list(Survey(cache, Limits()).files([Branch("FLOW", str(branch), "@flow")]))
        cache.save()
        return [bool(file.problem) for file in files]

    assert flaws() == [True, False]
    assert flaws() == [True, True]


def test_the_real_memory_files_state_600_lines_and_are_read_at_sight(tmp_path: Path) -> None:
    branches = registry.load(needs.real_data("aipass-repo"))

    cache = StampCache(tmp_path / "cache")
    files = list(Survey(cache, Limits(default=1)).files(branches))

    assert len(files) == 16
    assert {(file.kind, file.lines, file.limit, file.problem) for file in files} == {
        ("local", 34, 600, ""),
        ("observations", 37, 600, ""),
    }
    assert not memory_document.examine(Path(files[0].path).read_bytes(), whole=False).whole


def test_a_home_and_a_repository_grow_with_all_their_memory(tmp_path: Path) -> None:
    for root in (ecosystem.home(tmp_path / "a"), ecosystem.repository(tmp_path / "b")):
        cache = StampCache(tmp_path / "cache")
        files = list(Survey(cache, Limits()).files(registry.load(root)))

        assert [file.lines for file in files] == [200, 120] * 2


def entries(count: int, field: str) -> dict[str, Any]:
    return {
        field: {str(n): "x" for n in range(count)} if field == "key_learnings" else [{}] * count
    }


@pytest.mark.parametrize(
    ("field", "limit"), [("sessions", 20), ("key_learnings", 25), ("observations", 25)]
)
@pytest.mark.parametrize("version", ["3.0.0", "3.1.0", "12.0.0"])
def test_f4_from_schema_3_on_lists_have_limits_of_entries(
    branch: Path, field: str, limit: int, version: str
) -> None:
    states = []
    for count in (limit * 5 // 6, limit * 5 // 6 + 1, limit - 1, limit, limit + 1):
        document = {"document_metadata": {"schema_version": version}, **entries(count, field)}
        written(branch / "FLOW.local.json", document)
        (file,) = survey(branch)
        (amount,) = file.amounts
        assert (amount.unit, amount.number, amount.limit) == (field, count, limit)
        assert file.limit is None
        states.append((amount.is_near, file.is_over))

    assert states == [(False, False), (True, False), (True, False), (True, True), (True, True)]


ROLLED = "⟦ rollover ON → oldest archived to @memory · keep 15 · summary ≤300 chars ⟧"


@pytest.mark.parametrize("field", ["sessions", "key_learnings", "observations"])
def test_f4_a_list_that_states_how_many_it_keeps_is_over_above_that(
    branch: Path, field: str
) -> None:
    states = []
    for count in (13, 14, 15, 16):
        document = {"schema_version": "3.0.0", f"{field}_meta": ROLLED, **entries(count, field)}
        written(branch / "FLOW.local.json", document)
        (file,) = survey(branch)
        (amount,) = file.amounts
        assert (amount.number, amount.limit) == (count, 15)
        states.append((amount.is_near, file.is_over))

    # AIPass leaves exactly so many, which is no reason to warn.
    assert states == [(False, False)] * 3 + [(True, True)]


@pytest.mark.parametrize(
    ("line", "number", "is_over"),
    [
        ("rollover ON, no entry limit configured", 99, False),
        ("keep 0", 99, False),
        ("keep 100", 99, False),
        ("keep 98", 99, True),
        (7, 20, True),  # no line: the rules of before
        (7, 19, False),
    ],
)
def test_f4_what_the_line_about_a_list_says_counts(
    branch: Path, line: Any, number: int, is_over: bool
) -> None:
    document = {"schema_version": "3.0.0", "sessions_meta": line, **entries(number, "sessions")}
    written(branch / "FLOW.local.json", document)

    assert [file.is_over for file in survey(branch)] == [is_over]


def test_f4_what_a_compaction_adds_does_not_count_as_a_session(branch: Path) -> None:
    sessions = [{"status": "completed"}] * 15 + [{"status": "auto-compact"}] * 3
    document = {"schema_version": "3.0.0", "sessions_meta": ROLLED, "sessions": sessions}
    written(branch / "FLOW.local.json", document)

    (file,) = survey(branch)

    assert [amount.number for amount in file.amounts] == [15]
    assert not file.is_over


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0", "2.9.9"])
def test_f4_before_schema_3_entries_do_not_count(branch: Path, version: str) -> None:
    document = {"document_metadata": {"schema_version": version}, **entries(99, "observations")}
    written(branch / "FLOW.local.json", document)

    (file,) = survey(branch)

    assert (file.limit, file.is_over) == (600, False)
    assert [amount.unit for amount in file.amounts] == ["lines"]


@pytest.mark.parametrize("value", ["many", 99, None, True, {}, []])
def test_f4_what_is_no_list_has_no_limit(branch: Path, value: Any) -> None:
    document = {"schema_version": "3.0.0", "sessions": value, "todos": [1] * 99}
    written(branch / "FLOW.local.json", document)

    (file,) = survey(branch)

    assert (file.is_over, file.problem) == (False, "")


def test_f4_what_an_older_version_remembered_of_a_file_does_not_count(branch: Path) -> None:
    path = written(
        branch / "FLOW.local.json", {"schema_version": "3.0.0", **entries(20, "sessions")}
    )
    os.utime(path, (1, 1))
    cache = StampCache(branch.parent / "cache" / "sweep")
    size = path.stat().st_size
    cache.keep(str(path), (size, 10**9, path.stat().st_ino), [size, 1, UNLIMITED, "", True])
    cache.save()

    assert [file.is_over for file in survey(branch)] == [True]
    assert [file.is_over for file in survey(branch)] == [True]

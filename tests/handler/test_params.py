"""What a handler declares, and what is said about values that do not fit it."""

from typing import Any

import pytest

from scheduled.errors import UsageError
from scheduled.handler import Kind, Param, loader, params
from scheduled.jobs import builtin

DECLARED = {
    "send": Param("whether to send", Kind.FLAG, True),
    "keep": Param("copies", Kind.COUNT, 7),
    "limits": Param("lines a branch", Kind.COUNTS, {}),
}
FITTING: dict[Kind, list[Any]] = {
    Kind.FLAG: [True, False],
    Kind.WHOLE: [0, -3],
    Kind.NUMBER: [0, -1.5],
    Kind.COUNT: [1, 10**20],
    Kind.AMOUNT: [0.5, 7, 999_999],
    Kind.PERCENT: [0.5, 1, 100, 99.9],
    Kind.DURATION: ["24h", "1d 2h", 5, 0.5, "never"],
    Kind.TEXT: ["", "no"],
    Kind.TEXTS: [[], ["a", "b"]],
    Kind.COUNTS: [{}, {"FLOW": 1}],
}
MISFITS: dict[Kind, list[Any]] = {
    Kind.FLAG: ["no", 0, None],
    Kind.WHOLE: [True, 1.5, "1"],
    Kind.NUMBER: [False, "1", None],
    Kind.COUNT: [0, -1, 1.0, True],
    Kind.AMOUNT: [0, -1, 1e6, float("nan"), True, "10"],
    Kind.PERCENT: [0, -1, 100.1, 101, True, "5", None, [1], float("nan"), float("inf")],
    Kind.DURATION: ["0", 0, -1, "soon", "", True, None, [1], float("nan"), float("inf"), "ever"],
    Kind.TEXT: [1, None, ["a"]],
    Kind.TEXTS: ["a", [1], {}],
    Kind.COUNTS: [[], "FLOW", {"FLOW": 0}, {"FLOW": "x"}],
}


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_accepts_its_values_and_no_others(kind: Kind) -> None:
    declared = {"it": Param("a value", kind, None)}

    def refused(values: list[Any]) -> list[Any]:
        return [value for value in values if params.problems(declared, {"it": value})]

    assert refused(FITTING[kind] + MISFITS[kind]) == MISFITS[kind]


def test_for_an_unknown_name_the_closest_one_is_suggested() -> None:
    wrong = params.problems(DECLARED, {"sned": False, "everything": 1})

    assert wrong == {
        "sned": "unknown param; did you mean send?",
        "everything": "unknown param; known are send, keep, limits",
    }


def test_an_invalid_value_is_shown_beside_what_is_expected() -> None:
    given = {"send": "no\x1b[1m", "keep": None, "limits": {"FLOW": 600, "API": "6oo"}}

    assert params.problems(DECLARED, given) == {
        "send": '"no\\u001b[1m": expected true or false',
        "keep": "nothing: expected a whole number above 0",
        "limits": '"API": "6oo": expected a whole number above 0',
    }


def test_a_check_names_every_problem_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        params.check(DECLARED, {"send": "no", "kep": 1})

    assert str(caught.value) == (
        'params.send: "no": expected true or false; params.kep: unknown param; did you mean keep?'
    )


def test_missing_values_have_their_default_and_undeclared_ones_are_left_out() -> None:
    assert params.values(DECLARED, {"keep": 3, "theirs": 1}) == {
        "send": True,
        "keep": 3,
        "limits": {},
    }


@pytest.mark.parametrize("job", builtin.JOBS, ids=lambda job: job.id)
def test_the_defaults_of_a_shipped_handler_fit_what_it_declares(job: Any) -> None:
    declared = loader.params(job.handler)
    assert declared is not None

    assert params.problems(declared, params.values(declared, {})) == {}

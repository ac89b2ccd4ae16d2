"""The quick classes do what those of the standard library do: on examples, and on all of ours."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import subprocess
import sys
import types
from collections.abc import Hashable, Iterator
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import pytest

import handlers
import scheduled
from scheduled import quick_classes
from scheduled.config.parsed import ParsedConfig
from scheduled.state.records import Retry
from tests.builders.jobs import at, job

NOW = at("12:00")
STANDARD: Any = SimpleNamespace(
    dataclass=dataclasses.dataclass,
    field=dataclasses.field,
    replace=dataclasses.replace,
    NamedTuple=NamedTuple,
)
QUICK: Any = quick_classes
KINDS = [pytest.param(STANDARD, id="standard"), pytest.param(QUICK, id="quick")]


def classes(kind: Any) -> Any:
    """Return examples of all that is supported, made by `kind`."""

    @kind.dataclass(frozen=True)
    class Frozen:
        first: int
        second: str = "b"
        third: list[int] = kind.field(default_factory=list)
        fourth: int = kind.field(default=4, compare=False, repr=False)
        fifth: Any = kind.field(default=None, hash=False)
        table: ClassVar[dict[str, int]] = {}

        @property
        def double(self) -> int:
            return self.first * 2

    @kind.dataclass
    class Changing:
        first: int
        names: list[str] = kind.field(default_factory=list, init=False)
        count: int = kind.field(default=0, init=False)

        def __post_init__(self) -> None:
            self.names.append(str(self.first))

    @kind.dataclass
    class Child(Changing):
        last: str = "z"
        first: int = 7

    @kind.dataclass(slots=True)
    class Slots:
        first: int
        rest: dict[str, int] = kind.field(default_factory=dict)

    @kind.dataclass
    class Own:
        first: int

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 1

        def __repr__(self) -> str:
            return "own"

    @kind.dataclass
    class Again(Changing):
        last: str = "y"
        first: int = 1

    @kind.dataclass
    class OwnInit:
        first: int

        def __init__(self, first: int) -> None:
            self.first = first + 1

    @kind.dataclass(frozen=True, slots=True)
    class FrozenSlots:
        first: int

    @kind.dataclass(frozen=True)
    class Below(FrozenSlots):
        second: int = 2

    @kind.dataclass(frozen=True)
    class Calling:
        act: Any = lambda number: number + 1
        count: int = 0

    @kind.dataclass
    class Nothing:
        pass

    class Pair(kind.NamedTuple):  # type: ignore[misc]
        first: int
        second: str = "b"

        @property
        def swapped(self) -> Any:
            return Pair(self.second, self.first)

    class Empty(kind.NamedTuple):  # type: ignore[misc]
        pass

    return SimpleNamespace(
        **{
            made.__name__: made
            for made in (Frozen, Changing, Child, Slots, Own, Again, OwnInit, FrozenSlots, Nothing)
        },
        Below=Below,
        Calling=Calling,
        Pair=Pair,
        Empty=Empty,
    )


def outcome(act: Any) -> Any:
    """Return what comes of it, or the kind of error."""
    try:
        return act()
    except (TypeError, AttributeError) as error:
        return type(error)


FACTORY = "<factory>"


def plain(of: Any) -> Any:
    """Return an instance of an ordinary subclass, with an attribute of its own."""
    return type("Plain", (of.Frozen,), {"__init__": _add})(1)


def _add(self: Any, first: int) -> None:
    super(type(self), self).__init__(first)
    self.added = 5


def extended(of: Any) -> Any:
    """Return a standard data class that inherits from an example."""
    made = type("Extended", (of.Frozen,), {"__annotations__": {"extra": int}, "extra": 0})
    return dataclasses.dataclass(frozen=True)(made)


def again(instance: Any) -> Any:
    """Return an instance with the state of another, as pickle makes it."""
    made = instance.__class__.__new__(instance.__class__)
    made.__setstate__(instance.__getstate__())
    return made


def replaced(instance: Any, **changes: Any) -> Any:
    """Do as `copy.replace`, which Python has from 3.13 on."""
    replace = getattr(instance, "__replace__", None) or partial(dataclasses.replace, instance)
    return replace(**changes)


ACTS: dict[str, Any] = {
    "positional": lambda of, _: repr(of.Frozen(1, "x", [2], 3, 5)),
    "by name": lambda of, _: repr(of.Frozen(fourth=3, first=1)),
    "missing": lambda of, _: of.Frozen(),
    "missing, another unknown": lambda of, _: of.Changing(wrong=1),
    "unknown": lambda of, _: of.Frozen(1, wrong=2),
    "twice": lambda of, _: of.Frozen(1, first=2),
    "too many": lambda of, _: of.Frozen(1, "b", [], 4, 5, 6),
    "not to be given": lambda of, _: of.Changing(1, count=2),
    "self by name": lambda of, _: of.Frozen(self=1),
    "change of a frozen one": lambda of, _: setattr(of.Frozen(1), "first", 2),
    "removal from a frozen one": lambda of, _: delattr(of.Frozen(1), "first"),
    "new attribute of a frozen one": lambda of, _: setattr(of.Frozen(1), "other", 2),
    "new attribute with slots": lambda of, _: setattr(of.Slots(1), "other", 2),
    "property": lambda of, _: of.Frozen(4).double,
    "class variable": lambda of, _: of.Frozen(1).table is of.Frozen.table,
    "default on the class": lambda of, _: (of.Frozen.second, of.Frozen.fourth),
    "no default on the class": lambda of, _: of.Frozen.third,
    "own factory each time": lambda of, _: of.Frozen(1).third is of.Frozen(1).third,
    "equal": lambda of, _: of.Frozen(1, fourth=9) == of.Frozen(1),
    "different": lambda of, _: of.Frozen(1) == of.Frozen(2),
    "another class": lambda of, _: of.Changing(1) == of.Child("z", 1),
    "a tuple": lambda of, _: of.Frozen(1) == (1, "b", [], 4, None),
    "order": lambda of, _: of.Frozen(1) < of.Frozen(2),
    "hash of what has a list": lambda of, _: hash(of.Frozen(1)),
    "hash": lambda of, _: hash(of.Frozen(1, "b", ())) == hash(of.Frozen(1, "b", (), 5, [])),
    "hash of a changing one": lambda of, _: hash(of.Changing(1)),
    "after init": lambda of, _: repr(of.Changing(3)),
    "inherited": lambda of, _: (repr(of.Child()), repr(of.Child(1, "y"))),
    "own methods": lambda of, _: (of.Own(1) == 2, hash(of.Own(1)), repr(of.Own(1))),
    "no fields": lambda of, _: (of.Nothing() == of.Nothing(), repr(of.Nothing())),
    "replaced": lambda of, kind: repr(kind.replace(of.Frozen(1, fourth=9), second="x")),
    "replaced by the standard": lambda of, _: repr(dataclasses.replace(of.Frozen(1), first=3)),
    "replaced, unknown": lambda of, kind: kind.replace(of.Frozen(1), wrong=3),
    "replaced, made anew": lambda of, kind: repr(kind.replace(of.Child(1), last="y")),
    "as a dict": lambda of, _: dataclasses.asdict(of.Child(1)),
    "is one": lambda of, _: dataclasses.is_dataclass(of.Slots),
    "copied": lambda of, _: copy.deepcopy(of.Frozen(1, "b", [3])) == of.Frozen(1, "b", [3]),
    "matched": lambda of, _: (of.Frozen.__match_args__, of.Slots.__match_args__),
    "own attribute of a plain subclass": lambda of, _: plain(of).added,
    "field of a plain subclass": lambda of, _: setattr(plain(of), "first", 2),
    "extended by the standard": lambda of, _: repr(extended(of)(1, extra=2)),
    "default kept where a field is annotated again": lambda of, _: repr(of.Again()),
    "own init": lambda of, _: of.OwnInit(3).first,
    "signature": lambda of, _: str(inspect.signature(of.Frozen)).replace(FACTORY, "list"),
    "frozen with slots, copied": lambda of, _: repr(copy.copy(of.FrozenSlots(1))),
    "frozen with slots, by pickle's means": lambda of, _: repr(again(of.FrozenSlots(1))),
    "replaced as copy.replace does": lambda of, _: repr(replaced(of.Frozen(1), first=2)),
    "frozen, below one with slots": lambda of, _: (of.Below(1).first, of.Below(1, 3).second),
    "function as a default": lambda of, _: of.Calling(count=1).act(3),
    "attribute of a changing one": lambda of, _: vars(of.Child("y")),
    "slots": lambda of, _: hasattr(of.Slots(1), "__dict__"),
    "named tuple": lambda of, _: (repr(of.Pair(1)), of.Pair(1).second, tuple(of.Pair(1, "c"))),
    "named tuple by name": lambda of, _: of.Pair(second="c", first=1) == (1, "c"),
    "named tuple by name, in order": lambda of, _: of.Pair(first=1, second="c") == (1, "c"),
    "named tuple, missing": lambda of, _: of.Pair(second="c"),
    "named tuple, missing, another unknown": lambda of, _: of.Pair(second="c", wrong=1),
    "named tuple, unknown": lambda of, _: of.Pair(1, wrong=1),
    "named tuple, twice": lambda of, _: of.Pair(1, first=1),
    "named tuple, too many": lambda of, _: of.Pair(1, "b", 3),
    "named tuple, changed": lambda of, _: setattr(of.Pair(1), "first", 2),
    "named tuple, other attribute": lambda of, _: setattr(of.Pair(1), "other", 2),
    "named tuple, replaced": lambda of, _: of.Pair(1)._replace(second="x").swapped == ("x", 1),
    "named tuple, made": lambda of, _: of.Pair._make([1, 2]) == (1, 2),
    "named tuple, made of too few": lambda of, _: of.Pair._make([]),
    "named tuple, as a dict": lambda of, _: of.Pair(1)._asdict(),
    "named tuple, its fields": lambda of, _: (of.Pair._fields, dict(of.Pair._field_defaults)),
    "named tuple, matched": lambda of, _: of.Pair.__match_args__,
    "named tuple, hash": lambda of, _: hash(of.Pair(1)) == hash((1, "b")),
    "named tuple, copied": lambda of, _: copy.deepcopy(of.Pair(1)) == of.Pair(1),
    "named tuple without fields": lambda of, _: (repr(of.Empty()), len(of.Empty())),
}


@pytest.mark.parametrize("what", ACTS)
def test_quick_classes_do_what_the_standard_ones_do(what: str) -> None:
    standard = outcome(lambda: ACTS[what](classes(STANDARD), STANDARD))
    quick = outcome(lambda: ACTS[what](classes(QUICK), QUICK))

    if isinstance(standard, type):
        assert isinstance(quick, type)
        assert issubclass(quick, AttributeError if issubclass(standard, AttributeError) else quick)
        assert issubclass(quick, TypeError) == issubclass(standard, TypeError)
    else:
        assert quick == standard


def modules() -> Iterator[ModuleType]:
    for package in (scheduled, handlers):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def ours() -> list[Any]:
    """Return all quick classes of the package."""
    found = {
        value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
        if hasattr(value, "__shape__") or hasattr(value, "_field_defaults")
    }
    return sorted(
        (made for made in found if made.__module__ != quick_classes.__name__),
        key=lambda made: made.__qualname__,
    )


def standard(made: Any) -> Any:
    """Return the class as the standard library makes it, of the same annotations and defaults."""
    if hasattr(made, "_field_defaults"):
        space = {"__annotations__": made.__annotations__, "__module__": made.__module__}
        space |= made._field_defaults
        return types.new_class(
            made.__name__, (NamedTuple,), exec_body=lambda own: own.update(space)
        )
    declared = dataclasses.fields(made)
    again = [(each.name, each.type, dataclasses.field(**options(each))) for each in declared]
    return dataclasses.make_dataclass(made.__name__, again, frozen=made.__hash__ is not None)


def options(declared: Any) -> dict[str, Any]:
    kinds = ("default", "default_factory", "compare", "hash", "repr", "init")
    given = {kind: getattr(declared, kind) for kind in kinds}
    return {kind: value for kind, value in given.items() if value is not dataclasses.MISSING}


def test_every_class_of_the_package_is_as_the_standard_library_would_make_it() -> None:
    found = ours()
    assert len(found) > 150
    for made in found:
        again, names = standard(made), made.__match_args__
        assert names == again.__match_args__
        if hasattr(made, "__post_init__"):
            continue  # it does something with its values
        values = [f"the {name}" for name in names]
        quick, expected = made(*values), again(*values)
        assert [getattr(quick, name) for name in names] == values
        assert repr(quick).split("(", 1)[1] == repr(expected).split("(", 1)[1]
        assert quick == made(*values)
        for number in range(len(names)):
            other = [*values[:number], "another", *values[number + 1 :]]
            assert (quick == made(*other)) == (expected == again(*other))
        assert isinstance(quick, Hashable) == isinstance(expected, Hashable)
        assert isinstance(outcome(made), type) == isinstance(outcome(again), type)


def test_quick_classes_can_be_sent_to_another_process() -> None:
    values = (Retry(NOW, 2, NOW), ParsedConfig("UTC"), job())

    assert pickle.loads(pickle.dumps(values)) == values


def test_nothing_of_the_standard_library_that_makes_classes_is_imported() -> None:
    code = "import scheduled.quick_classes, sys; print({'dataclasses', 'inspect'} & {*sys.modules})"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "set()\n"

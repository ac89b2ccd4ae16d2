"""From the declared type of a JSON value to a check of one: what a TypedDict promises, kept.

Knows str, int, float, bool, None, Any, lists, dictionaries, TypedDicts and their unions. A whole
number is a float, too; True is no number. A key of a TypedDict may be absent.
"""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, NotRequired, get_args, get_origin, is_typeddict

Check = Callable[[Any], bool]
SHAPES = 500
"""Of so many combinations of keys and types it is remembered what is left to look at."""

_SCALARS: dict[Any, frozenset[type]] = {
    str: frozenset({str}),
    int: frozenset({int}),
    float: frozenset({int, float}),
    bool: frozenset({bool}),
    NoneType: frozenset({NoneType}),
}


def checks_of(declared: Any) -> dict[str, Check]:
    """Return a check for each key of a TypedDict."""
    return {key: check_of(kind) for key, kind in declared.__annotations__.items()}


@cache
def check_of(kind: Any) -> Check:
    """Return the check of a value that is declared as `kind`."""
    if kind is Any:
        return lambda _: True
    if get_origin(kind) is NotRequired:
        return check_of(get_args(kind)[0])
    types, members = _types(kind), _members(kind)
    others = [_check_of_container(member) for member in members if member not in _SCALARS]
    if not others:
        return lambda value: type(value) in types
    if len(others) == 1:  # nearly always, and it is asked of each value of each job
        fits_other = others[0]
        return lambda value: type(value) in types or fits_other(value)
    return lambda value: type(value) in types or any(fits(value) for fits in others)


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _types(kind: Any) -> frozenset[type]:
    """Return the types of which every value fits."""
    return frozenset[type]().union(*(_SCALARS.get(member, ()) for member in _members(kind)))


def _check_of_container(kind: Any) -> Check:
    if is_typeddict(kind):
        return _check_of_keys(kind.__annotations__)
    origin, fit = get_origin(kind), _check_of_each(get_args(kind)[-1])
    if origin is list:
        return lambda value: isinstance(value, list) and fit(value)
    assert origin is dict, kind
    return lambda value: isinstance(value, dict) and fit(value.values())


def _check_of_each(kind: Any) -> Callable[[Iterable[Any]], bool]:
    """Return the check of several values that are declared as `kind`."""
    if _SCALARS.keys() >= {*_members(kind)}:
        types = _types(kind)
        return lambda values: types.issuperset(map(type, values))
    fits = check_of(kind)
    return lambda values: all(map(fits, values))


def _check_of_keys(declared: dict[str, Any]) -> Check:
    # Thousands of jobs have the same keys with values of the same types, which say nearly all.
    @lru_cache(maxsize=SHAPES)
    def unclear(keys: tuple[str, ...], types: tuple[type, ...]) -> tuple[tuple[str, Check], ...]:
        return tuple(
            (key, check_of(declared[key]))
            for key, own in zip(keys, types, strict=True)
            if key in declared and own not in _types(declared[key])
        )

    def fits(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for key, check in unclear((*value,), (*map(type, value.values()),)):
            if not check(value[key]):
                return False
        return True

    return fits

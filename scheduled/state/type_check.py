"""From the declared type of a JSON value to a check of one: what a TypedDict promises, kept.

Knows str, int, float, bool, None, Any, lists, dictionaries, TypedDicts and their unions. A whole
number is a float, too; True is no number. A key of a TypedDict may be absent.
"""

from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import Any, NotRequired, get_args, get_origin, is_typeddict

Check = Callable[[Any], bool]

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
    members = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    types = frozenset[type]().union(*(_SCALARS.get(member, ()) for member in members))
    others = [_check_of_container(member) for member in members if member not in _SCALARS]
    if not others:
        return lambda value: type(value) in types
    if len(others) == 1:  # nearly always, and it is asked of each value of each job
        fits_other = others[0]
        return lambda value: type(value) in types or fits_other(value)
    return lambda value: type(value) in types or any(fits(value) for fits in others)


def _check_of_container(kind: Any) -> Check:
    if is_typeddict(kind):
        return _check_of_keys(checks_of(kind))
    origin, fits = get_origin(kind), check_of(get_args(kind)[-1])
    if origin is list:
        return lambda value: isinstance(value, list) and all(map(fits, value))
    assert origin is dict, kind
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _check_of_keys(checks: dict[str, Check]) -> Check:
    def fits(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for key, item in value.items():  # a loop: this is asked of each job in each tick
            check = checks.get(key)
            if check is not None and not check(item):
                return False
        return True

    return fits

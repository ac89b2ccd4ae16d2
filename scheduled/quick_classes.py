"""`dataclass` and `NamedTuple` as the standard library has them, but quick to make.

The standard ones write source code for each class and compile it, and `dataclasses` imports
`inspect`: with a hundred such classes, that was half of a tick with one due job. Here, methods that
all classes share look up in what the classes differ. They do the same, as far as it is needed here:
`tests/test_quick_classes.py` compares them. For type checkers they are the standard ones.

An instance of a frozen class holds only what it was given: the class has the defaults. So of ten
thousand jobs with fifty fields, each holds a dozen.
"""

from collections import _tuplegetter  # type: ignore[attr-defined] # as typing.NamedTuple has it
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

__all__ = ["MISSING", "NamedTuple", "dataclass", "field", "fields", "replace"]

_set = object.__setattr__


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


_MISSING: Any = _Missing()
"""The default of a field that has none."""


# Data classes


class _Field:
    __slots__ = ("compare", "default", "default_factory", "hash", "init", "name", "repr", "type")

    def __init__(
        self,
        default: Any,
        default_factory: Any,
        *,
        compare: bool = True,
        hash: bool = True,  # noqa: A002
        repr: bool = True,  # noqa: A002
        init: bool = True,
    ) -> None:
        self.default, self.default_factory = default, default_factory
        self.compare, self.hash, self.repr, self.init = compare, hash, repr, init
        self.name, self.type = "", Any


class _Shape:
    """In what one data class differs from others."""

    __slots__ = (
        "defaults",
        "factories",
        "fields",
        "frozen",
        "has_more",
        "hashed",
        "known",
        "names",
        "needed",
        "others",
        "shares_defaults",
        "values",
    )

    def __init__(
        self, fields: Mapping[str, _Field], *, frozen: bool, slots: bool, has_more: bool
    ) -> None:
        self.fields, self.frozen, self.has_more = tuple(fields.values()), frozen, has_more
        given = {name: each for name, each in fields.items() if each.init}
        self.names, self.known = tuple(given), frozenset(given)
        self.defaults = _given(given, "default")
        factories = _given(given, "default_factory")
        self.needed = self.known - self.defaults.keys() - factories.keys()
        # What cannot change may stay with the class; but a function there would become a method.
        bound = (default for default in self.defaults.values() if hasattr(default, "__get__"))
        self.shares_defaults = frozen and not slots and next(bound, None) is None
        self.factories = factories.items()
        others = {name: each for name, each in fields.items() if not each.init}
        self.others = _given(others, "default_factory").items()  # a default stays with the class
        self.values = _getter([name for name, each in fields.items() if each.compare])
        self.hashed = _getter([name for name, each in fields.items() if each.compare and each.hash])


def _given(fields: Mapping[str, _Field], kind: str) -> dict[str, Any]:
    found = {name: getattr(each, kind) for name, each in fields.items()}
    return {name: value for name, value in found.items() if value is not _MISSING}


def _getter(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def _field(
    *,
    default: Any = _MISSING,
    default_factory: Any = _MISSING,
    compare: bool = True,
    hash: bool = True,  # noqa: A002
    repr: bool = True,  # noqa: A002
    init: bool = True,
) -> Any:
    return _Field(default, default_factory, compare=compare, hash=hash, repr=repr, init=init)


def _dataclass(made: Any = None, /, *, frozen: bool = False, slots: bool = False) -> Any:
    if made is None:
        return lambda plain: _complete(plain, frozen=frozen, slots=slots)
    return _complete(made, frozen=frozen, slots=slots)


def _complete(made: Any, *, frozen: bool, slots: bool) -> Any:
    found = _all_fields(made)
    if slots:
        made = _with_slots(made, found, frozen=frozen)
    slots, more = hasattr(made, "__slots__"), hasattr(made, "__post_init__")
    made.__shape__ = _Shape(found, frozen=frozen, slots=slots, has_more=more)
    type.__setattr__(made, "__match_args__", made.__shape__.names)
    for name in ("__dataclass_fields__", "__dataclass_params__", "__signature__"):
        setattr(made, name, _Standard(name))
    own = made.__dict__
    for method in (_init, _repr, _eq, _replace):
        if (special := f"_{method.__name__}__") not in own:
            setattr(made, special, method)
    if "__hash__" not in own or own["__hash__"] is None:
        made.__hash__ = _hash if frozen else None
    if frozen:
        made.__setattr__, made.__delattr__ = _frozen, _frozen
    return made


def _all_fields(made: Any) -> dict[str, _Field]:
    found: dict[str, _Field] = {}
    for base in reversed(made.__mro__[1:]):
        if "__shape__" in base.__dict__:
            found |= {each.name: each for each in base.__shape__.fields}
    for name, annotation in made.__annotations__.items():
        if "ClassVar" not in str(annotation):
            found[name] = _declared(made, name, annotation)
    return found


def _with_slots(made: Any, names: Iterable[str], *, frozen: bool) -> Any:
    left = {*names, "__dict__", "__weakref__"}
    kept = {name: value for name, value in made.__dict__.items() if name not in left}
    if frozen:
        kept |= {"__getstate__": _state, "__setstate__": _restore}
    kept |= {"__slots__": tuple(names), "__qualname__": made.__qualname__}
    return type(made)(made.__name__, made.__bases__, kept)


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in self.__shape__.fields]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(self.__shape__.fields, state, strict=True):
        _set(self, each.name, value)


def _declared(made: Any, name: str, annotation: Any) -> _Field:
    default = getattr(made, name, _MISSING)
    declared = default if isinstance(default, _Field) else _Field(default, _MISSING)
    if declared is default and declared.default is _MISSING:
        delattr(made, name)
    elif declared is default:
        setattr(made, name, declared.default)
    declared.name, declared.type = name, annotation
    return declared


def _init(self: Any, /, *values: Any, **given: Any) -> None:
    shape: _Shape = self.__shape__
    if values:
        given = _named(type(self), shape.names, values, given)
    known = given if shape.shares_defaults else {**shape.defaults, **given}
    for name, make in shape.factories:
        if name not in known:
            known[name] = make()
    if shape.shares_defaults:
        _fill(self, shape, known)
    else:
        _set_all(self, shape, known)
    for name, make in shape.others:
        _set(self, name, make())
    if shape.has_more:
        self.__post_init__()


def _fill(self: Any, shape: _Shape, known: dict[str, Any]) -> None:
    """Set what the class does not say already, in one go."""
    if not (shape.known.issuperset(known) and known.keys() >= shape.needed):
        raise _refused(type(self), shape.names, {**shape.defaults, **known})
    self.__dict__.update(known)


def _set_all(self: Any, shape: _Shape, known: dict[str, Any]) -> None:
    try:
        for name in shape.names:
            _set(self, name, known[name])
    except KeyError:
        raise _refused(type(self), shape.names, known) from None
    if len(known) != len(shape.names):
        raise _refused(type(self), shape.names, known)


def _repr(self: Any) -> str:
    names = [each.name for each in self.__shape__.fields if each.repr]
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = self.__shape__.values
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(self.__shape__.hashed(self))


def _frozen(self: Any, name: str, *value: Any) -> None:
    shape: _Shape = self.__shape__
    if "__shape__" not in type(self).__dict__ and name not in shape.names:
        (_set if value else object.__delattr__)(self, name, *value)  # of an ordinary subclass
        return
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"{name!r} of {type(self).__qualname__} cannot be changed")


def _named(
    made: Any, names: tuple[str, ...], values: tuple[Any, ...], given: dict[str, Any]
) -> dict[str, Any]:
    """Return all values by name; more of them than there are fields, or one twice, is an error."""
    if len(values) > len(names):
        raise TypeError(f"{made.__qualname__} has {len(names)} fields, not {len(values)}")
    named = {**dict(zip(names, values, strict=False)), **given}
    if len(named) != len(values) + len(given):
        twice = next(name for name in names[: len(values)] if name in given)
        raise TypeError(f"{made.__qualname__} was given {twice!r} twice")
    return named


def _refused(made: Any, names: tuple[str, ...], known: dict[str, Any]) -> TypeError:
    missing = [name for name in names if name not in known]
    unknown = [name for name in known if name not in names]
    return TypeError(f"{made.__qualname__}: missing {missing}, unknown {unknown}")


def _fields(made: Any) -> tuple[Any, ...]:
    shape: _Shape = made.__shape__
    return shape.fields


def _replace(instance: Any, /, **changes: Any) -> Any:
    kept = {name: getattr(instance, name) for name in instance.__shape__.names}
    return type(instance)(**{**kept, **changes})


class _Standard:
    """What others look for in a standard data class, made when somebody does."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: Any) -> Any:
        import dataclasses
        import inspect

        fields: list[Any] = []
        for each in owner.__shape__.fields:
            options = {"compare": each.compare, "repr": each.repr, "init": each.init}
            options["hash"] = None if each.hash else False
            for kind in ("default", "default_factory"):
                if (value := getattr(each, kind)) is not _MISSING:
                    options[kind] = value
            fields.append((each.name, each.type, dataclasses.field(**options)))
        frozen = owner.__shape__.frozen
        standard: Any = dataclasses.make_dataclass(owner.__name__, fields, frozen=frozen)
        if self._name == "__signature__":
            return inspect.signature(standard)
        return getattr(standard, self._name)


# Named tuples


class _NamedTupleType(type):
    """Makes each field of a class that inherits from NamedTuple an item of the tuple."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
        if getattr(bases[0], "_fields", None) != ():  # NamedTuple itself, or there are fields
            return super().__new__(cls, name, bases, namespace)
        made: Any = super().__new__(cls, name, bases, {**namespace, "__slots__": ()})
        names = tuple(made.__annotations__)
        made._fields = names
        type.__setattr__(made, "__match_args__", names)
        made._field_defaults = {name: namespace[name] for name in names if name in namespace}
        for number, own in enumerate(names):
            setattr(made, own, _tuplegetter(number, f"Alias for field number {number}"))
        return made


class _NamedTuple(tuple[Any, ...], metaclass=_NamedTupleType):
    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: Mapping[str, Any] = MappingProxyType({})

    def __new__(cls, /, *values: Any, **given: Any) -> Any:
        if given or len(values) != len(cls._fields):
            values = _ordered(cls, values, given)
        return tuple.__new__(cls, values)

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Any:
        return cls(*values)

    def _replace(self, /, **changes: Any) -> Any:
        return type(self)(**{**self._asdict(), **changes})

    __replace__ = _replace

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{type(self).__name__}({shown})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


def _ordered(made: Any, values: tuple[Any, ...], given: dict[str, Any]) -> tuple[Any, ...]:
    """Return the values in the order of the fields, defaults included."""
    names: tuple[str, ...] = made._fields
    if (*given,) == names and not values:
        return (*given.values(),)
    known = _named(made, names, values, given) if values else given
    if len(known) < len(names):
        known = {**made._field_defaults, **known}
    if len(known) == len(names):
        try:
            return tuple([known[name] for name in names])
        except KeyError:
            pass  # one is missing, another is unknown
    raise _refused(made, names, known)


# For type checkers, all of this is the standard library's.

if TYPE_CHECKING:
    from dataclasses import MISSING, dataclass, field, fields, replace
    from typing import NamedTuple
else:
    MISSING, NamedTuple = _MISSING, _NamedTuple
    dataclass, field, fields, replace = _dataclass, _field, _fields, _replace

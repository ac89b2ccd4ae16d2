"""One name, several places: who may have it, and what to tell the others."""

from collections.abc import Iterable, Iterator, Mapping

from scheduled.config.folders import printable


def clashing(
    claims: Iterable[tuple[str, str]], taken: Mapping[str, str], key: str
) -> Iterator[tuple[str, list[str]]]:
    """The names that cannot be had, each with a sentence for every place that is told so.

    `claims` are names with the places that want them; `taken` says why nobody may have a name.
    Of several places none gets it: which of them a person meant cannot be told. `key` is what
    holds the name there: `id`.
    """
    places: dict[str, list[str]] = {}
    for name, place in claims:
        places.setdefault(name, []).append(place)
    for name, wanted in places.items():
        reason, told = taken.get(name, ""), wanted
        if not reason and len(wanted) > 1:
            reason = f"is that of {wanted[0]} as well; neither of them runs"
            told = wanted[1:]
        if reason:
            shown = printable(name[:100])
            yield name, [f'{place}: {key}: "{shown}" {reason}' for place in told]

"""What somebody may have meant who wrote a name nobody has (pure)."""

from collections.abc import Sequence


def meant(name: str, known: Sequence[str]) -> str:
    """The end of a sentence about `name`: the nearest of the known names, else all of them."""
    import difflib

    near = difflib.get_close_matches(name[:100].casefold(), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"

"""A sign for each outcome, so that no colour is needed to see how a run went.

Each has a form in ASCII for where the encoding has no other.
"""

from collections.abc import Mapping

RUNNING, NOT_NOW = "running", "not now"
SIGNS = {
    "succeeded": "✓",
    "failed": "✗",
    "timed_out": "✗",
    "interrupted": "!",
    "skipped": "-",
    "missed": "○",
    RUNNING: "▸",
    NOT_NOW: "…",
}
STYLES = {
    "succeeded": "green",
    "failed": "red",
    "timed_out": "red",
    "interrupted": "yellow",
    "skipped": "dim",
    "missed": "yellow",
    RUNNING: "cyan",
    NOT_NOW: "dim",
}
BARS = "▁▂▃▄▅▆▇█"
"""Heights, lowest first."""
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "○": "o", "▸": ">", "…": "~", "│": "|"}
    | dict(zip(BARS, "..:::||#", strict=True))
)


_COERCED = frozenset(("C.UTF-8", "C.utf8", "UTF-8"))
"""What Python itself sets `LC_CTYPE` to where the locale is C (PEP 538)."""


def encodable(text: str, encoding: str, environ: Mapping[str, str]) -> str:
    """Return `text` as it can be written and read: signs in ASCII if need be.

    What cannot be encoded and has no other form becomes `?`.
    """
    if _is_plain(environ) or not _can_be_encoded(text, encoding):
        text = text.translate(_ASCII)
    return text.encode(encoding, "replace").decode(encoding)


def _is_plain(environ: Mapping[str, str]) -> bool:
    """Return whether somebody has said that the locale is C: Python writes UTF-8 all the same."""
    values = (environ.get("LC_ALL"), environ.get("LC_CTYPE"), environ.get("LANG"))
    said = next((value for value in values if value and value not in _COERCED), "")
    return said in ("C", "POSIX")


def _can_be_encoded(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True

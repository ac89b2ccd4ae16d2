"""The environment of the templates: what is printed is masked, made visible, and escaped.

The only module that knows jinja2, which is an extra.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.errors import ScheduledError
from scheduled.timing.instants import format_utc
from scheduled.views import format as formats
from scheduled.views import wording
from scheduled.views.page import moments
from scheduled.views.page.facts import Facts
from scheduled.views.page.styles import FOLDER

if TYPE_CHECKING:
    import jinja2

MISSING = "the page needs the package jinja2; type: pip install 'scheduled-cron[page]'"
SPACE = "\u202f"
"""Between groups of digits, narrow and without a break."""
_JOINERS = "\u200c\u200d"
"""Invisible, and part of the spelling of Persian, of Indian languages and of emoji."""
_SUSPECT = re.compile(r"[^\n\t\x20-\x7e\xa1-\xac\xae-\u058f]")


class MissingTemplatesError(ScheduledError):
    """The library of the templates is not installed."""

    exit_code = 2


def visible(text: str) -> str:
    """Return `text` with `\\u202e` and the like for what a browser would act upon or hide."""
    return _SUSPECT.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    is_none = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    is_hidden = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    if not is_none and (not is_hidden or character in _JOINERS):
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def number(value: float) -> str:
    """`1 440`, `0.25`: thousands apart, and no digit that means nothing."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"
    return text.replace(",", SPACE)


def percent(share: float) -> str:
    """`99.8 %`; 100 % is all of them, never rounded up to."""
    shown = 1.0 if share >= 1 else min(share, 0.999)
    return f"{shown * 100:.3g}{SPACE}%"


def trusted(text: str) -> str:
    """Return text of the program's own as markup that is not escaped: the style sheet."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - nothing that anybody else wrote


def environment(facts: Facts) -> "jinja2.Environment":
    """Return the environment in which a page about these facts is rendered.

    Raises MissingTemplatesError where jinja2 is not installed.
    """
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError as error:
        raise MissingTemplatesError(MISSING) from error

    def finalize(value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Markup):
            return visible(facts.mask.text(value))
        return value

    made = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        loader=jinja2.FileSystemLoader(FOLDER),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= _filters(facts)
    return made


def _filters(facts: Facts) -> dict[str, Callable[..., str]]:
    def moment(instant: datetime) -> str:
        return moments.moment(instant, facts.now, facts.zone)

    def clock(instant: datetime) -> str:
        return moments.clock(instant, facts.zone)

    def day(instant: datetime) -> str:
        return moments.day(instant, facts.zone)

    def relative(instant: datetime) -> str:
        return formats.relative(instant, facts.now)

    return {
        "moment": moment,
        "clock": clock,
        "day": day,
        "relative": relative,
        "utc": lambda instant: format_utc(instant) or "",
        "span": formats.span,
        "taken": formats.taken,
        "counted": formats.counted,
        "size": formats.size,
        "number": number,
        "percent": percent,
        "outcome": wording.outcome,
        "printed": wording.printed,
    }

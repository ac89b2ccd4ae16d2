"""The environment of the templates: what is printed is masked, made visible, and escaped.

The only module that knows jinja2, which is an extra.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.errors import ScheduledError, install_extra
from scheduled.system.masking import Mask
from scheduled.timing.instants import format_utc
from scheduled.views import format as formats
from scheduled.views import wording
from scheduled.views.page import moments
from scheduled.views.page.facts import Facts
from scheduled.views.page.styles import FOLDER

if TYPE_CHECKING:
    import jinja2
    import markupsafe

MISSING = f"HTML needs the package jinja2; {install_extra('page')}"
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


class Printer:
    """Prints what templates say: secrets hidden, all characters visible, then escaped."""

    def __init__(self, mask: Mask) -> None:
        from markupsafe import Markup, escape

        self._mask, self._markup, self._escape = mask, Markup, escape

    def plain(self, value: Any) -> Any:
        """Return what is to be escaped instead of `value`; jinja2 asks for each it prints."""
        if isinstance(value, self._markup | int | float):
            return value
        return visible(self._mask.text(str(value)))

    def sentence(self, text: str) -> "markupsafe.Markup":
        """Return a sentence as markup: what stands in backquotes is code to type."""
        parts = self.plain(text).split("`")
        if len(parts) % 2 == 0:  # one without its second is no code
            parts = ["`".join(parts)]
        printed = (
            f"<code>{self._escape(part)}</code>" if number % 2 else str(self._escape(part))
            for number, part in enumerate(parts)
        )
        return self._markup("".join(printed))


def require() -> None:
    """Raise MissingTemplatesError if jinja2 is not installed."""
    try:
        import jinja2  # noqa: F401
    except ImportError as error:
        raise MissingTemplatesError(MISSING) from error


def environment(facts: Facts) -> "jinja2.Environment":
    """Return the environment in which a page about these facts is rendered.

    Raises MissingTemplatesError where jinja2 is not installed.
    """
    made = plain_environment(facts.mask)
    made.filters |= _filters(facts)
    return made


def plain_environment(mask: Mask) -> "jinja2.Environment":
    """Return an environment that knows no installation: text is made safe, and no more.

    Raises MissingTemplatesError where jinja2 is not installed.
    """
    require()
    import jinja2

    printer = Printer(mask)
    made = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=printer.plain,
        loader=jinja2.FileSystemLoader(FOLDER),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["sentence"] = printer.sentence
    return made


def _filters(facts: Facts) -> dict[str, Callable[..., Any]]:
    def soon(instant: datetime) -> str:
        is_today = moments.day(instant, facts.zone) == moments.day(facts.now, facts.zone)
        return moments.clock(instant, facts.zone) if is_today else facts.moment(instant)

    def day(instant: datetime) -> str:
        return moments.day(instant, facts.zone)

    def relative(instant: datetime) -> str:
        return formats.relative(instant, facts.now)

    def instant(seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, facts.zone)

    return {
        "instant": instant,
        "moment": facts.moment,
        "soon": soon,
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

"""The text of a schedule, parsed (pure).

Five fields are read as cronie reads them, and may hold the `H` of Jenkins; `parse` lists the other
forms. Expressions that are wrong or never fire are refused here, with a message that names the
value and the accepted forms.
"""

import re
from functools import lru_cache

from scheduled.errors import ScheduleError, cut
from scheduled.timing import timezones as zones
from scheduled.timing.cron_field import FIELDS, H
from scheduled.timing.forms import FORMS, LONGEST_TEXT, form
from scheduled.timing.schedule import Schedule


@lru_cache(maxsize=4096)  # thousands of jobs share a few dozen schedules
def parse(text: str, zone: str, seed: str = "") -> Schedule:
    """Return the schedule that `text` means in `zone`. Raise ScheduleError, which names the text.

    The value of an `H` depends on `seed` and is the same each time; without a seed, `H` is refused.

    - `*/15 9-17 * * mon-fri`: five fields as cronie reads them
    - `H H(0-5) * * *`: a minute of an hour before six, different for each job
    - `@daily`, `daily`: the nicknames of cron, with or without the `@`
    - `@reboot`: once after each start of the machine
    - `0 6 L * *`, `0 6 * * MON#1`: days of `month_days`, in one of the two day fields
    - `every weekday at 8:00`, `every 2 weeks on mon at 9:00 from 2026-11-30`: in words
    - `every 90m`, `every_15m`, `interval:300`, `interval:5m`, `7d`: elapsed time, a duration
    - `at:2025-01-15T10:00:00Z`, `2025-01-15`: once; without `Z` or an offset on the wall clock of
      `zone`, a date alone at its midnight
    """
    zones.require_zone(zone)
    try:
        plain = _plain(text)
        numbers = _resolve_hashes(plain, seed) if is_hashed(plain) else ""
        return Schedule(numbers or text, zone, form(numbers or plain))
    except ScheduleError as error:
        from scheduled.timing import proposals

        shown = cut(text, 60).encode("unicode_escape").decode()
        raise ScheduleError(f'"{shown}": {proposals.instead(text, str(error)) or error}') from None


def is_hashed(text: str) -> bool:
    """Return whether the text has an `H`, so that its meaning depends on the seed."""
    return "H" in text and re.search(H, text) is not None and len(text.split()) == len(FIELDS)


def _plain(text: str) -> str:
    """Return the text stripped, with spaces for tabs. Refuse what no schedule can contain."""
    if len(text) > LONGEST_TEXT:
        raise ScheduleError(f"longer than {LONGEST_TEXT} characters")
    plain = text.strip().replace("\t", " ")
    strange = next((char for char in plain if not (char.isascii() and char.isprintable())), None)
    if strange:
        raise ScheduleError(f"contains U+{ord(strange):04X}; only printable ASCII is allowed")
    if not plain:
        raise ScheduleError(f"empty; write {FORMS}")
    return plain


def _resolve_hashes(plain: str, seed: str) -> str:
    """Return the fields with a number in the place of each `H`."""
    if not seed:
        raise ScheduleError(
            "H is a number derived from machine and job, and there is no job here;"
            " write numbers, or put the job into the configuration"
        )
    return " ".join(
        ",".join(cron_field.resolve_hash(element, seed) for element in text.split(","))
        for cron_field, text in zip(FIELDS, plain.split(), strict=True)
    )

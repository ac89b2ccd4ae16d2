"""The public holidays of countries, as the package `holidays` knows them."""

import importlib.util
from importlib import metadata

from scheduled.config.calendar_contract import InvalidCalendar, Span
from scheduled.errors import did_you_mean
from scheduled.system.text import excerpt
from scheduled.timing.calendars import Calendar
from scheduled.timing.day_words import of_ranges

NEEDS = (
    "the holidays of countries need the package holidays; type:"
    " pip install 'scheduled-cron[holidays]'"
)


def package_file() -> str:
    """Return a file of the package that another version of it changes; '' if it is missing."""
    spec = importlib.util.find_spec("holidays")
    return spec.origin or "" if spec is not None else ""


def read(country: str, subdivision: str, span: Span) -> Calendar:
    """Return the holidays of a country, or of a part of it. Raise InvalidCalendar."""
    try:
        import holidays
    except ImportError:
        raise InvalidCalendar(NEEDS) from None
    country, known = country.upper(), holidays.list_supported_countries()
    if country not in known:
        advice = did_you_mean(country, known, "write its code of two letters, as DE")
        raise InvalidCalendar(f'country "{excerpt(country, 40)}" is not known{advice}')
    names = {name.casefold(): name for name in known[country]}
    subdivision = names.get(subdivision.casefold(), subdivision)
    if subdivision and subdivision not in known[country]:
        among = ", ".join(known[country][:20]) or "none"
        name = excerpt(subdivision, 40)
        raise InvalidCalendar(f'subdivision "{name}" of {country} is not known; there are: {among}')
    years = range(span.first, span.last + 1)
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=years)
    days = of_ranges((day.toordinal(), day.toordinal()) for day in found)
    return Calendar(days, source=f"{country} {subdivision} {metadata.version('holidays')}")

"""Everyday words for what the sentences of a schedule say with others (pure).

`half past 8` is `8:30`, `month end` is `last day of the month`. What is made of them is proposed,
never taken: the reader of a schedule sees the words that are read.
"""

import re

_HOUR = r"(?:the|every|each|an) hour"
_RULES = (
    (r"\bm ?(?:-|to) ?f\b", "mon-fri"),
    (r"\bmwf\b", "mon,wed,fri"),
    (r"\b(?:tth|tuth|tr)\b", "tue,thu"),
    (r"^@(?=[a-z])", ""),
    (r"\bbi-(?=week|month|annual)", "bi"),
    (r"\bonce per\b", "once a"),
    (r"^at (\d{1,2})$", r"every day at \1"),
    (r"^(?:at )?(\d{1,2})[.h](\d\d)$", r"every day at \1:\2"),
    (r"\bduring (?:business|office|working) hours\b", "between 9:00 and 17:00 on weekdays"),
    (r"\b(?:(?:at )?(?:the )?end of (?:the |each |every )?day|eod)\b", "every day at 23:59"),
    (r"(?<![\d:.-])(\d{1,2}) ?(?:-|to) ?(\d{1,2})\b(?![:.\-\d])", r"from \1:00 to \2:00"),
    (r"\bhalf past (noon|midnight)\b", r"\1"),
    (r"\bhalf past (\d{1,2})\b", r"\1:30"),
    (r"\b(?:a )?quarter past (\d{1,2})\b", r"\1:15"),
    (r"\b(\d{1,2})[.h](\d\d) ?([ap])\.?m\b\.?", r"\1:\2\3m"),
    (r"\b(at|and|,) (\d{1,2})[.h]([0-5]\d)\b", r"\1 \2:\3"),
    (rf"\bhalf past {_HOUR}", "every hour at :30"),
    (rf"\b(?:a )?quarter past {_HOUR}", "every hour at :15"),
    (rf"\b(?:at )?:?(\d\d) (?:minutes? |mins? )?(?:past|after) {_HOUR}", r"every hour at :\1"),
    (rf"\b(?:at )?(\d) (?:minutes? |mins? )?(?:past|after) {_HOUR}", r"every hour at :0\1"),
    (r"\bon the (?:half hour|half-hour)\b", "at :00 and :30"),
    (r"\bon the hour\b", "at :00"),
    (r"\b(?:every|each) (?:half|½)[ -](?:an )?hour\b|\bhalf[ -]hourly\b", "every 30 minutes"),
    (r"\b(?:every|each) quarter[ -](?:of an )?hour\b", "every 15 minutes"),
    (r"\b(?:every|each) hour and a half\b", "every 90 minutes"),
    (r"\b(?:every|each) (?:other|second|2nd) (hour|minute)\b", r"every 2 \1s"),
    (r"\b(?:every|each) (?:third|3rd) (hour|minute)\b", r"every 3 \1s"),
    (r"\balternat(?:e|ing) (\w+?)s?\b(?= |$)", r"every other \1"),
    (r"\bpenultimate\b", "second to last"),
    (r"\bnightly\b", "every night"),
    (r"\b(?:the )?end of (?:the |each |every )?(?:month|mth)\b|\beom\b", "last day of the month"),
    (r"\bdays before (?:the )?month[ -]end\b", "days before the end of the month"),
    (r"\bmonth[ -]end\b", "last day of the month"),
    (r"\byear[ -]end\b", "31 dec"),
    (r"\bquarter[ -]end\b", "last day of the quarter"),
    (r"\b(?:on )?(?:christmas|xmas) eve\b", "24 dec"),
    (r"\b(?:on )?(?:christmas|xmas)(?: day)?\b", "25 dec"),
    (r"\b(?:on )?new year'?s eve\b", "31 dec"),
    (r"\b(?:on )?new year'?s(?: day)?\b", "1 jan"),
    (r"\bleap day\b", "29 feb"),
    (r"\bevery_", "every "),
)
"""Patterns, and what stands in their place, in this order."""


def rewritten(text: str) -> str:
    """Return a sentence with words that are read in the place of everyday ones; '' if it has none.

    What is returned need not be a schedule.
    """
    plain = " ".join(text.lower().split())
    changed = plain
    for pattern, words in _RULES:
        changed = re.sub(pattern, words, changed)
    return changed if changed != plain else ""

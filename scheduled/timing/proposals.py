"""What to write instead of a text that no schedule is (pure)."""

from scheduled.timing import everyday_words, forms, meant
from scheduled.timing import timezones as zones


def instead(text: str, problem: str) -> str:
    """Return what to write instead of what no schedule is; '' if that is not clear."""
    if len(text) > forms.LONGEST_TEXT:
        return ""
    if "freq=" in text.lower():
        sentence = "every 2 weeks on mon,thu at 09:00 from 2026-11-30"
        return f'a rule of iCalendar is written in words, as "{sentence}"'
    return _with_a_key(text) or _as_one_says_it(text, problem)


def _with_a_key(text: str) -> str:
    """Return where the zone or the command belongs that stands beside a schedule."""
    pair = meant.after_zone(text) or meant.before_zone(text)
    if pair and forms.is_schedule(pair[0]) and zones.is_zone(pair[1]):
        return f'write schedule: "{pair[0]}" and timezone: {pair[1]}'
    line = meant.with_command(text)
    is_sentence = forms.is_schedule(everyday_words.rewritten(text) or text)  # `@daily at 9`
    if line and not is_sentence and _is_of_a_crontab(line[0]):
        return f'write "{line[0]}"; the command stands in `command`'
    return ""


def _as_one_says_it(text: str, problem: str) -> str:
    """Return the schedule that other programs, or people, write so."""
    proposed = meant.schedule(text) if "could be" not in problem else None
    reason = problem.partition(";")[0] if "field" not in problem[:9] else "not a schedule"
    if proposed == "":
        return f"{reason}; write {forms.FORMS}"
    if proposed and forms.is_schedule(proposed):
        return f'{reason}; write "{proposed}"'
    if proposed and proposed.startswith("every "):
        return forms.problem(proposed)
    return _in_other_words(text, reason)


def _is_of_a_crontab(fields: str) -> bool:
    is_nickname = fields.startswith("@") and forms.is_schedule(fields)
    return is_nickname or forms.is_fields(fields)


def _in_other_words(text: str, reason: str) -> str:
    """Return what to write instead of a sentence with everyday words; '' if it has none."""
    other = everyday_words.rewritten(text)
    if not other:
        return ""
    proposed = other if forms.is_schedule(other) else meant.schedule(other)
    if proposed and forms.is_schedule(proposed):
        return f'{reason}; write "{proposed}"'
    answer = forms.problem(other)
    return answer if '; write "' in answer or '? write "' in answer else ""

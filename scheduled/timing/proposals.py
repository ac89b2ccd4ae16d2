"""What to write instead of a text that no schedule is (pure)."""

from scheduled.timing import expression, meant
from scheduled.timing import timezones as zones


def instead(text: str, problem: str) -> str:
    """Return what to write instead of what no schedule is; '' if that is not clear."""
    if len(text) > expression.LONGEST_TEXT:
        return ""
    if parts := meant.with_zone(text):
        is_fine = expression.is_schedule(parts[1]) and zones.is_zone(parts[0])
        return f'write schedule: "{parts[1]}" and timezone: {parts[0]}' if is_fine else ""
    line = meant.with_command(text)
    if line and expression.is_schedule(line[0]) and not line[0][0].isalpha():
        return f'write "{line[0]}"; the command stands in `command`'
    proposed = meant.schedule(text) if "could be" not in problem else None
    if proposed is None or (proposed and not expression.is_schedule(proposed)):
        return ""
    reason = problem.partition(";")[0] if "field" not in problem[:9] else "not a schedule"
    return f'{reason}; write "{proposed}"' if proposed else f"{reason}; write {expression.FORMS}"

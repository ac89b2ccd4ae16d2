"""A message as HTML, for mail: styles beside each element, nothing to be fetched, no script.

It says what the plain text says, in the same words, and is made of nothing else.
"""

from scheduled.notify.message import Message
from scheduled.system.masking import Mask
from scheduled.views.page import markup, prose

LABELS = {
    "incident_closed": ("Recovered", "ok"),
    "incident_reminded": ("Still open", "failed"),
    "failure": ("Failure", "failed"),
    "missed": ("Missed runs", "late"),
    "health": ("Warning", "late"),
    "recovery": ("Recovered", "ok"),
    "report": ("Report", "ok"),
}
"""What a message is called, and the meaning of its colour, by its event or its group."""
COLOURS = {
    "ok": ("#2c6b65", "#7cc4bd"),
    "late": ("#8a5200", "#e5a33c"),
    "failed": ("#c0271b", "#ff8a7c"),
}
"""Of text, on a light and on a dark background."""


def html(message: Message) -> str:
    """Return a message as HTML. Raises MissingTemplatesError where jinja2 is not installed."""
    event, group = (str(message.facts.get(name, "")) for name in ("event", "group"))
    label, meaning = LABELS.get(event) or LABELS.get(group) or ("", "ok")
    is_urgent = message.priority in ("high", "critical") and meaning != "ok"
    return (
        markup.plain_environment(Mask({}))
        .get_template("mail.html")
        .render(
            title=prose.title(message.body) or message.subject,
            label=label,
            priority=message.priority if is_urgent else "",
            colours=COLOURS[meaning],
            parts=prose.parts(message.body, message.subject),
        )
    )

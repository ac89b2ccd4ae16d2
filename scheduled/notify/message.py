"""A message: what a person is told about an event."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scheduled.ecosystem import timestamps
from scheduled.ecosystem.formats import ADDRESS_LENGTH, one_line
from scheduled.quick_classes import dataclass, field
from scheduled.timing.instants import format_utc

SUBJECT_LENGTH = 200
PRIORITIES = ("low", "normal", "high", "critical")


@dataclass(frozen=True)
class Message:
    """A message to one recipient.

    Subject and recipient are made one line each: on some channels they become headers or file
    names.
    """

    to: str
    """An address: `@drone`, or `channel:address`."""
    subject: str
    body: str
    priority: str
    """One of PRIORITIES; anything else counts as `normal`."""
    key: str | None
    """The standing notice that this is the newest text of; None for mail that stands alone."""
    id: str
    """Eight hexadecimal digits, the same at every attempt at delivery."""
    created: datetime
    """When its event was fired, UTC."""
    fingerprint: str = ""
    """A standing notice with another fingerprint is news; by default made of subject and body."""
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What programs are told besides the text: JSON."""
    reached: tuple[str, ...] = ()
    """The addresses of a channel that have got it, while it still waits for others."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", one_line(self.to, ADDRESS_LENGTH))
        object.__setattr__(self, "subject", one_line(self.subject, SUBJECT_LENGTH))
        if self.priority not in PRIORITIES:
            object.__setattr__(self, "priority", "normal")
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", digest(self.subject, self.body))

    def to_json(self) -> dict[str, Any]:
        """Return the message as the outbox in the state keeps it."""
        return {
            "to": self.to,
            "subject": self.subject,
            "body": self.body,
            "priority": self.priority,
            "key": self.key,
            "id": self.id,
            "created": format_utc(self.created),
            "fingerprint": self.fingerprint,
            **({"facts": dict(self.facts)} if self.facts else {}),
            **({"reached": [*self.reached]} if self.reached else {}),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Message":
        """Return the message of an entry of the outbox. Never raises, even if it was edited.

        Unknown keys are ignored; missing texts are empty, and a missing id is computed.
        """
        text = {key: _text(document.get(key)) for key in ("to", "subject", "body", "priority")}
        key, facts, reached = (document.get(name) for name in ("key", "facts", "reached"))
        created = timestamps.readable(document.get("created"), UTC)
        return cls(
            **text,
            key=key if isinstance(key, str) and key else None,
            id=_text(document.get("id")) or digest(*text.values())[:8],
            created=created or datetime.fromtimestamp(0, UTC),
            fingerprint=_text(document.get("fingerprint")),
            facts=facts if isinstance(facts, dict) else {},
            reached=tuple(map(_text, reached)) if isinstance(reached, list) else (),
        )


def digest(*parts: str) -> str:
    """Return sixteen hexadecimal digits that identify these texts in this order."""
    import hashlib

    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:16]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

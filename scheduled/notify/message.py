"""A message: what somebody is told, on its way from an event to wherever they read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scheduled.ecosystem import timestamps
from scheduled.ecosystem.formats import ADDRESS_LENGTH, one_line
from scheduled.timing.instants import format_utc

SUBJECT_LENGTH = 200
PRIORITIES = ("low", "normal", "high", "critical")


@dataclass(frozen=True)
class Message:
    """From us to one recipient. Subject and recipient are one line each, whatever they came as:
    they become headers and file names on some channels."""

    to: str
    """An address, `@drone`."""
    subject: str
    body: str
    priority: str
    """One of PRIORITIES; anything else counts as `normal`."""
    key: str | None
    """The standing notice this is the newest text of; None for mail that stands alone."""
    id: str
    """Eight hexadecimal digits, the same at every attempt to deliver it."""
    created: datetime
    """When its event was fired, UTC."""
    fingerprint: str = ""
    """What tells whether a standing notice says something new; empty: its subject and body."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", one_line(self.to, ADDRESS_LENGTH))
        object.__setattr__(self, "subject", one_line(self.subject, SUBJECT_LENGTH))
        if self.priority not in PRIORITIES:
            object.__setattr__(self, "priority", "normal")
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", digest(self.subject, self.body))

    def to_json(self) -> dict[str, Any]:
        """As the outbox in the state keeps it."""
        return {
            "to": self.to,
            "subject": self.subject,
            "body": self.body,
            "priority": self.priority,
            "key": self.key,
            "id": self.id,
            "created": format_utc(self.created),
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Message":
        """The message in an entry of the outbox; never raises, for somebody may have edited it.

        Keys it does not know are left out; what is missing is empty, the id computed anew.
        """
        text = {key: _text(document.get(key)) for key in ("to", "subject", "body", "priority")}
        key = document.get("key")
        created = timestamps.readable(document.get("created"), UTC)
        return cls(
            **text,
            key=key if isinstance(key, str) and key else None,
            id=_text(document.get("id")) or digest(*text.values())[:8],
            created=created or datetime.fromtimestamp(0, UTC),
            fingerprint=_text(document.get("fingerprint")),
        )


def digest(*parts: str) -> str:
    """Sixteen hexadecimal digits that stand for these texts, in this order."""
    import hashlib

    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:16]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

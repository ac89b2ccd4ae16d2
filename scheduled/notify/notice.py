"""A notice: what a person is to be told, before it is known by which channels."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduled.quick_classes import NamedTuple

GROUPS = ("failure", "recovery", "missed", "health", "report")
"""What a channel can be limited to with `on:`; it may name kinds as well."""
KINDS = (
    "failing",
    "dead_letter",
    "suspended",
    "missed",
    "slow",
    "configuration",
    "state",
    "disk",
    "undeliverable",
    "unreachable",
    "no_ticks",
    "error_rate",
    "deadline",
    "data_loss_risk",
    "daily_report",
)
"""The kinds of incidents, and of reports."""


class Notice(NamedTuple):
    """What a person is to be told."""

    event: str
    """What happened: `incident_opened`, `incident_reminded`, `incident_closed`, `report`."""
    group: str
    """One of GROUPS."""
    kind: str
    """The kind of the incident, `failing`; else the name of the event."""
    subject: str
    body: str
    id: str
    """The same at every computation, and of this notice alone."""
    created: datetime
    job: str = ""
    """The id of the job it is about; '' if it is about the scheduler itself."""
    tags: tuple[str, ...] = ()
    """Those of the job."""
    priority: str = "normal"
    """One of `message.PRIORITIES`."""
    weight: str = ""
    """The priority that filters ask for, if another: the end of what was critical is not."""
    facts: Mapping[str, Any] = {}
    """What programs are told besides: JSON."""

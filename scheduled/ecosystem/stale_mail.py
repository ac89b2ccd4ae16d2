"""Mail that has waited too long: new mail nobody opened, opened mail nobody closed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, ClassVar

from scheduled.ecosystem.mailbox import Message, of_unknown_age, since, status
from scheduled.handler.params import Kind, Param, ParamTable, values
from scheduled.quick_classes import dataclass, field


@dataclass(frozen=True)
class Rules:
    """How long a message may stay in a status: overdue is longer than this, never exactly this."""

    new: timedelta = timedelta(hours=48)
    opened: timedelta = timedelta(days=7)

    PARAMS: ClassVar[ParamTable] = {
        "new_hours": Param("how long mail may stay new, in hours", Kind.AMOUNT, 48),
        "opened_days": Param("how long opened mail may stay in the inbox, in days", Kind.AMOUNT, 7),
    }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Rules":
        """Return the rules of a job's params `new_hours` and `opened_days`.

        Raises ValueError that names the param if it is not a positive number.
        """
        given = values(cls.PARAMS, params)
        return cls(
            new=timedelta(hours=given["new_hours"]),
            opened=timedelta(days=given["opened_days"]),
        )

    def deadline(
        self, message: Message, zone: tzinfo, opened_by: Callable[[Message], datetime]
    ) -> datetime | None:
        """Return when a message will be overdue, UTC; None if it never will.

        Raises ValueError if the timestamp that counts cannot be read.
        """
        match status(message):
            case "new":
                return since(message, zone, opened_by) + self.new
            case "opened":
                return since(message, zone, opened_by) + self.opened
        return None


@dataclass
class Overdue:
    """The overdue messages of one inbox, each with one action at most."""

    to_open: list[Message] = field(default_factory=list)
    to_close: list[Message] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """The messages left alone because of their timestamps, each with the reason."""
    next_due: float | None = None
    """The earliest deadline among the others, epoch seconds."""

    def __bool__(self) -> bool:
        return bool(self.to_open or self.to_close)


def overdue(
    messages: Iterable[Message],
    rules: Rules,
    now: datetime,
    zone: tzinfo,
    opened_by: Callable[[Message], datetime],
) -> Overdue:
    """Return what is overdue at `now`, in the order of the messages."""
    result = Overdue()
    for message in messages:
        try:
            deadline = rules.deadline(message, zone, opened_by)
        except (ValueError, OverflowError) as error:
            result.unreadable.append(of_unknown_age(message, error))
            continue
        if deadline is None:
            continue
        if now <= deadline:
            result.next_due = min(deadline.timestamp(), result.next_due or float("inf"))
        elif status(message) == "new":
            result.to_open.append(message)
        else:
            result.to_close.append(message)
    return result

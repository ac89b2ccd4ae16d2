"""What the events that `created_events` builds hold, declared as those in `event_types`."""

from typing import Literal

from scheduled.state.event_types import Recorded


class FileCreated(Recorded):
    event: Literal["file_created"]
    job: str
    file: str
    sha256: str


class FileDeleted(Recorded):
    event: Literal["file_deleted"]
    job: str
    file: str
    sha256: str
    reason: str


class FileKept(Recorded):
    event: Literal["file_kept"]
    job: str
    file: str
    reason: str


class ScheduleRefused(Recorded):
    event: Literal["schedule_refused"]
    schedule: str

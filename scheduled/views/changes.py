"""What has changed about a job since its last success, as sentences for a person."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from scheduled.runs.circumstances import changed_at
from scheduled.views.format import absolute, size

FAR_LESS = 4
"""Free disk is worth a sentence if there was so many times as much."""


def sentences(
    kept: Mapping[str, Any], found: Mapping[str, Any], zone: tzinfo, *, is_shared: bool
) -> Iterator[str]:
    """Yield what differs between the last success and now; what is unknown is not told.

    `is_shared`: whether other jobs are defined in the same file.
    """
    yield from _of_definition(kept, found, zone, is_shared=is_shared)
    handler = kept.get("handler")
    if handler and kept.get("handler_stamp") and "handler_stamp" not in found:
        yield f"{handler} is not there any more"
    elif _differs("handler_stamp", kept, found) and handler == found.get("handler"):
        yield f"{handler} was changed on {_when(found, 'handler', zone)}"
    for key, name in (("interpreter", "the interpreter"), ("path", "PATH")):
        if _differs(key, kept, found):
            yield f"{name} was {kept[key]}, is {found[key]}"
    before, now = kept.get("free"), found.get("free")
    if isinstance(before, int) and isinstance(now, int) and now * FAR_LESS <= before > 0:
        yield f"free disk: {size(before)} at the last success, {size(now)} now"


def _of_definition(
    kept: Mapping[str, Any], found: Mapping[str, Any], zone: tzinfo, *, is_shared: bool
) -> Iterator[str]:
    file, is_other = found.get("file"), _differs("definition", kept, found)
    if _differs("file", kept, found):
        yield f"the job is defined in {file}, was in {kept['file']}"
    elif _differs("file_stamp", kept, found) and is_other and is_shared:
        when = _when(found, "file", zone)
        yield f"the definition of the job was changed; {file} was last changed on {when}"
    elif _differs("file_stamp", kept, found) and not is_shared:
        yield f"{file} was changed on {_when(found, 'file', zone)}"
    elif is_other:
        yield "the definition of the job was changed"


def _differs(key: str, kept: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    return key in kept and key in found and kept[key] != found[key]


def _when(found: Mapping[str, Any], name: str, zone: tzinfo) -> str:
    """Return when a file was changed; it may have any time on a disk."""
    try:
        changed = datetime.fromtimestamp(changed_at(found, name) or 0, UTC)
        return absolute(changed.replace(second=0, microsecond=0), zone)
    except (OverflowError, ValueError, OSError):
        return "an impossible date"

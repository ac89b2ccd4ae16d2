"""The active plans that Flow publishes. They are only read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scheduled.ecosystem import central, timestamps
from scheduled.ecosystem.formats import one_line
from scheduled.errors import UnreadableFileError
from scheduled.quick_classes import NamedTuple
from scheduled.system.files import parse_json
from scheduled.system.folder import Folder

CENTRAL_FOLDERS = ("aipass_os/AI_CENTRAL", "AI_CENTRAL", ".ai_central", ".aicentral")
"""Where central files were kept over the years, below the home."""

FLOW_REGISTRIES = (
    "aipass_core/flow/flow_json/flow_registry.json",
    "src/aipass/flow/flow_json/flow_registry.json",
)


class Plan(NamedTuple):
    """One open plan."""

    id: str
    subject: str
    """`(no subject)` where Flow has none."""


def active(root: Path, central_dir: Path) -> list[Plan]:
    """Return the open plans in Flow's order: from `PLANS.central.json`, else from Flow's registry.

    Of several such files, left behind over the years, the one that was made last counts. Empty if
    none exists or can be understood.
    """
    folders = dict.fromkeys((central_dir, *(root / name for name in CENTRAL_FOLDERS)))
    published = [central.read(folder, "PLANS") for folder in folders]
    usable = [each for each in published if isinstance(each.get("active_plans"), list)]
    if usable:
        plans = max(usable, key=_made_at)["active_plans"]
        return [_plan(each, each.get("plan_id")) for each in plans if isinstance(each, dict)]
    for name in FLOW_REGISTRIES:
        registered = _registered(root / name)
        if registered is not None:
            return list(_open(registered))
    return []


def _made_at(document: dict[str, Any]) -> datetime:
    """Return when a central file was made, UTC; long ago if it does not say so."""
    moment = timestamps.readable(document.get("generated_at"), UTC)
    return moment or datetime.min.replace(tzinfo=UTC)


def _registered(path: Path) -> dict[str, Any] | None:
    try:
        document = parse_json(Folder.read_path(path)[1], path)
    except (OSError, UnreadableFileError):
        return None
    plans = document.get("plans") if isinstance(document, dict) else None
    return plans if isinstance(plans, dict) else None


def _open(registered: dict[str, Any]) -> Iterator[Plan]:
    for number, entry in registered.items():
        if isinstance(entry, dict) and entry.get("status", "open") in ("open", "active"):
            yield _plan(entry, entry.get("plan_id") or f"FPLAN-{number}")


def _plan(entry: dict[str, Any], plan_id: Any) -> Plan:
    return Plan(
        one_line(plan_id, 60) or "unknown", one_line(entry.get("subject"), 200) or "(no subject)"
    )

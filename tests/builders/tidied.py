"""A mailbox that `mail_cleanup` was run over."""

from pathlib import Path
from typing import Any

from handlers import mail_cleanup
from scheduled.handler import Context
from tests.builders.mail import context_in, read_json


def inbox(branch: Path) -> dict[str, Any]:
    document: dict[str, Any] = read_json(branch / "ai_mail.local" / "inbox.json")
    return document


def archived(branch: Path) -> list[Path]:
    return sorted((branch / "ai_mail.local" / "deleted").glob("*"))


def cleaned(branch: Path, **fields: Any) -> tuple[dict[str, Any], Context]:
    """What a run over the ecosystem around `branch` answers, and what it told and remembered."""
    context = context_in(branch.parent, job="mail_cleanup", **fields)
    return mail_cleanup.run(context), context


def events(context: Context, name: str) -> list[dict[str, Any]]:
    return [data for event, data in context.events if event == name]

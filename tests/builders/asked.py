"""Asking `why` about the job `backup` of an engine."""

import re
from datetime import UTC
from typing import Any

from scheduled.state.history import HistoryQuery, read
from scheduled.state.store import Store
from scheduled.views import why
from scheduled.views.snapshot import observe
from tests.builders.engine import Engine
from tests.builders.jobs import at


def asked(engine: Engine, when: str, about: str | None = None, kept: str = "") -> Any:
    """`why backup --at ABOUT --json` at `when`; with `kept`, history goes back to there only."""
    return _document(engine, when, about, kept)[0]


def lines(engine: Engine, when: str, about: str | None = None) -> list[str]:
    """The same for a person."""
    return [*why.sentences(*_document(engine, when, about))]


def _document(engine: Engine, when: str, about: str | None, kept: str = "") -> tuple[Any, Any]:
    store = Store(engine.state_dir).load()
    snapshot = observe(engine.config, store.state, at(when), UTC)
    found = next(each for each in engine.jobs if each.id == "backup")
    wanted = HistoryQuery(job="backup", limit=0, since=at(kept) if kept else None)
    rows = read(store.journal, wanted, lambda name: name in snapshot.running)
    return why.document(snapshot, found, at(about or when), rows), snapshot


def is_said(words: str, sentence: str) -> bool:
    """Whether a sentence begins with the words; `.*` in them stands for any."""
    pattern = re.escape(words).replace(r"\.\*", ".*")
    return re.match(f"- {pattern}", sentence) is not None

"""Whatever an inbox holds: no traceback, and nothing in it is lost."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import mail_cleanup
from scheduled.notify.message import Message
from tests.builders import soak
from tests.builders.mail import NOW, ago, context_in, deliver, home_with, read_json

pytestmark = pytest.mark.slow

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
TIMES = st.sampled_from([ago(days=days) for days in (0, 1, 3, 8, 400)]) | JSON
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.sampled_from(["a7b3c9d2", "", None]) | JSON,
    "timestamp": TIMES,
    "opened_at": TIMES,
    "auto_opened_at": TIMES,
    "status": st.sampled_from(["new", "opened", "closed"]) | JSON,
    "read": st.booleans() | JSON,
    "subject": st.text() | JSON,
    "from": st.sampled_from(["@seed", "@trigger"]) | JSON,
    "upsert_key": st.just("k") | JSON,
    "metadata": JSON,
}
ENTRIES = st.lists(st.fixed_dictionaries({}, optional=FIELDS) | JSON, max_size=6)
OTHERS = st.dictionaries(st.text(), JSON, max_size=2)
INBOXES = st.one_of(
    ENTRIES,
    st.builds(lambda entries: {"messages": entries}, ENTRIES),
    st.builds(lambda entries, others: {**others, "inbox": entries}, ENTRIES, OTHERS),
    JSON,
)


def entries_of(document: Any) -> list[Any]:
    """The list that counts as the messages, if there is one."""
    if isinstance(document, dict):
        lists = (document.get(key) for key in ("messages", "inbox"))
        document = next((each for each in lists if isinstance(each, list)), [])
    return document if isinstance(document, list) else []


@settings(max_examples=soak.count(150, 2000))
@given(document=INBOXES)
def test_any_inbox_is_tidied_and_delivered_to_without_losing_an_entry(document: Any) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        folder = home_with(root, "DRONE")["DRONE"] / "ai_mail.local"
        text = json.dumps(document)
        (folder / "inbox.json").write_text(text)
        before = entries_of(document)

        context = context_in(root)
        result: dict[str, Any] = mail_cleanup.run(context)
        notice = Message("@drone", "Subject", "Body", "low", "k", "00000001", NOW)
        outcome = deliver(root, notice)

        after = entries_of(read_json(folder / "inbox.json"))
        archived = len(list((folder / "deleted").glob("*.json")))
        delivered = sum(
            isinstance(entry, dict) and entry.get("id") == "00000001" for entry in after
        )
        json.dumps([context.events, context.memory, result])
        assert len(after) + result["auto_closed"] == len(before) + delivered
        assert archived <= result["auto_closed"]
        if outcome.failed:
            assert (folder / "inbox.json").read_text() == text

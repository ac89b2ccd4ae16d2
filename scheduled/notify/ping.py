"""Pings in the protocol of Healthchecks (https://healthchecks.io/docs/http_api/).

A POST to the URL of a check means success; `/start`, `/fail`, `/log` or an exit status after its
path mean something else. `rid` is a UUID that the start and the end of one run share.
"""

import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from scheduled.errors import ScheduledError
from scheduled.notify.channel import ChannelContext
from scheduled.notify.http_post import HttpPost
from scheduled.notify.secrets import Secrets
from scheduled.quick_classes import NamedTuple
from scheduled.system import private
from scheduled.system.text import one_line

BODY_BYTES = 100_000
"""What a server of Healthchecks keeps of a body."""
SECONDS = 10.0
"""What a ping may take if `timeout` does not say."""
SUCCESS, START, FAIL, LOG = "", "start", "fail", "log"
"""Signals, as they stand after the path. An exit status from 1 to 255 is one, too."""
_ANSWER = 200
_HOLE = re.compile(rb"\0{512,}")
_RUNS = uuid.UUID("7f5f4c5e-3d1b-5a0e-9c51-0d6b0c1f2a77")
"""The name space of run ids."""


class Ping(NamedTuple):
    """A ping to be sent. JSON."""

    settings: Mapping[str, Any]
    """Those of `ping`, as `config.ping_values` has them."""
    signal: str
    run_id: str = ""
    text: str = ""
    """What the body says first."""
    output: str = ""
    """The file with the output of the run; empty: none."""


def limit(settings: Mapping[str, Any]) -> float:
    """Return how many seconds a ping may take."""
    return float(settings.get("timeout", SECONDS))


def send(ping: Ping, context: ChannelContext) -> str:
    """Send a ping; return why that failed, or ''. Nothing in the reason is secret."""
    secrets = Secrets(ping.settings, context)
    try:
        post = HttpPost(secrets, limit(ping.settings))
        address = url(secrets["url"], ping.signal, ping.run_id)
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        answer = post.send(address, _body(ping, secrets), headers, _ANSWER)
    except TimeoutError:
        return too_late(ping.settings)
    except ScheduledError as error:
        return secrets.hide(str(error))
    # The hosted service has 200 for these, too.
    if answer.startswith(b"OK ("):
        return secrets.hide(f"{post.place}: answers {answer.decode('utf-8', 'replace')}")
    return ""


def too_late(settings: Mapping[str, Any]) -> str:
    """Return the reason of a ping that took too long."""
    return f"no answer within {limit(settings):g} s"


def url(base: str, signal: str, run_id: str) -> str:
    """Return where a ping goes: the signal follows the path, and a query of the URL stays."""
    parts = urlsplit(base)
    path = parts.path.rstrip("/") + (f"/{signal}" if signal else "")
    queries = [parts.query] if parts.query else []
    if run_id:
        queries.append(f"rid={uuid.uuid5(_RUNS, run_id)}")
    return urlunsplit((parts.scheme, parts.netloc, path, "&".join(queries), ""))


def _body(ping: Ping, secrets: Secrets) -> bytes:
    """Return the text of a ping and the end of its output, in UTF-8 and within the limit."""
    most = ping.settings.get("body", BODY_BYTES)
    if most is None or ping.signal == START:
        return b""
    head = one_line(ping.text, 1000)
    tail = secrets.hide_in(_output(ping.output, most)) if ping.output else ""
    room = most - len(head.encode()) - 1
    kept = tail.encode("utf-8", "replace")[-room:].decode("utf-8", "ignore")
    return (f"{head}\n{kept}" if head and kept else head or kept).encode()[:most]


def _output(path: str, most: int) -> str:
    """Return the end of the output of a run; '' if there is none that can be read."""
    try:
        with private.opened(Path(path), "rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - 2 * most))
            data = stream.read()
    except OSError:
        return ""
    return _HOLE.sub(b"\n[...]\n", data).decode("utf-8", "replace").replace("\0", "\ufffd")

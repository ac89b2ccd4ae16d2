"""A server that implements the pinging API of Healthchecks, and refuses what that refuses.

It lives in a process of its own. What it does is in the file `mode` of its folder, read for each
request; the pings it has accepted are in `accepted`, a JSON object a line.
"""

import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CHECKS = [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"check-{number}")) for number in range(9)]
"""The checks that exist."""
LIMIT = 100_000
"""What it keeps of a body."""


class PingServer:
    """The server as a test sees it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.port = folder, 0
        self.be("ok")
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            self.port = int(stream.readline())

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def be(self, mode: str) -> None:
        """Change what it does from the next request on."""
        (self.folder / "mode").write_text(mode)

    def url(self, check: int = 0) -> str:
        """Return the URL of a check."""
        return f"http://127.0.0.1:{self.port}/{CHECKS[check]}"

    def pings(self, check: int = 0) -> list[Any]:
        """Return the pings of a check that were accepted, oldest first."""
        path = self.folder / "accepted"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [json.loads(line) for line in lines]
        return [ping for ping in found if ping["check"] == CHECKS[check]]

    def kinds(self, check: int = 0) -> list[str]:
        """Return what the pings of a check say: `start`, `success`, `fail`, `3`, `log`."""
        return [ping["kind"] for ping in self.pings(check)]

    def waited(self, count: int, check: int = 0) -> list[str]:
        """Return what the pings of a check say once there are so many."""
        while len(self.pings(check)) < count:
            time.sleep(0.02)
        return self.kinds(check)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[PingServer]:
    """A server."""
    server = PingServer(folder)
    try:
        yield server
    finally:
        server.stop()


# What follows is the life of the process.


class _Pings(BaseHTTPRequestHandler):
    folder: Path

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        mode = (self.folder / "mode").read_text()
        if mode == "hang" or (mode == "hang at start" and "/start" in self.path):
            time.sleep(3600)
        if mode == "cut":
            return
        if mode == "500":
            self._answer(500, "broken")
        elif mode == "drip":
            self._accept(body)
            self.send_response(200)
            self.end_headers()
            for _ in range(3600):
                self.wfile.write(b"O")
                time.sleep(0.1)
        elif mode.startswith("OK ("):
            self._answer(200, mode)
        else:
            self._answer(*self._accept(body))

    def _accept(self, body: bytes) -> tuple[int, str]:
        path, _, query = self.path.partition("?")
        match = re.fullmatch(r"/([0-9a-f-]{36})(?:/(start|fail|log|[0-9]{1,10}))?/?", path)
        if match is None or match[1] not in CHECKS:
            return 404, "not found"
        kind = match[2] or "success"
        if kind.isdigit() and int(kind) > 255:
            return 400, "invalid url format"
        rid = urllib.parse.parse_qs(query).get("rid", [""])[0]
        if rid and not _is_uuid(rid):
            return 400, "invalid uuid format"
        ping = {
            "check": match[1],
            "kind": "success" if kind == "0" else kind,
            "rid": rid,
            "query": query,
            "body": body[:LIMIT].decode(),
            "size": len(body),
            "agent": self.headers["User-Agent"],
        }
        with open(self.folder / "accepted", "a") as stream:
            stream.write(json.dumps(ping) + "\n")
        return 200, "OK"

    def _answer(self, code: int, text: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Ping-Body-Limit", str(LIMIT))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing."""


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _serve(folder: Path) -> None:
    handler = type("Pings", (_Pings,), {"folder": folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))

"""Servers that messages are sent to: SMTP and HTTP, each a process of its own.

What a server does is in the file `mode` of its folder, read for each connection; what it has
accepted is in `accepted`, a JSON object a line, and what it was asked at all in `seen`.
"""

import contextlib
import json
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""Of `localhost`, with its key; its own authority."""
LOGIN = ("me", "correct horse battery staple")


class Server:
    """A server as a test sees it; `stop` and `start` again, at the same port."""

    def __init__(self, kind: str, folder: Path, *flags: str) -> None:
        folder.mkdir(exist_ok=True)
        self._kind, self.folder, self._flags = kind, folder, flags
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.be("ok")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        words = [sys.executable, __file__, self._kind, str(self.folder), str(self.port)]
        self._process = subprocess.Popen(
            [*words, *self._flags], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self._process is not None

    def be(self, mode: str) -> None:
        """Change what it does from its next connection on."""
        (self.folder / "mode").write_text(mode)

    @property
    def accepted(self) -> list[Any]:
        """What it has accepted, oldest first."""
        return _lines(self.folder / "accepted")

    @property
    def seen(self) -> list[Any]:
        """What it was asked, oldest first."""
        return _lines(self.folder / "seen")


@contextlib.contextmanager
def running(kind: str, folder: Path, *flags: str) -> Iterator[Server]:
    """A server, `smtp` or `web`; flags are `starttls`, `implicit`."""
    server = Server(kind, folder, *flags)
    try:
        yield server
    finally:
        server.stop()


def _lines(path: Path) -> list[Any]:
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


# What follows is the life of the process.


def _note(folder: Path, what: str, document: Any) -> None:
    with open(folder / what, "a") as stream:
        stream.write(json.dumps(document) + "\n")


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


class _Mail(socketserver.BaseRequestHandler):
    """As much of RFC 5321 as a client needs."""

    folder: Path
    flags: tuple[str, ...]

    def handle(self) -> None:
        mode = (self.folder / "mode").read_text()
        _note(self.folder, "seen", mode)
        self._wrap() if "implicit" in self.flags else None
        self._stream = self.request.makefile("rb")
        if mode == "hang":
            time.sleep(3600)
        if mode == "drip":
            for _ in range(3600):
                self._say("220-slowly")
                time.sleep(0.05)
        if mode == "cut":
            return
        self._say("220 here")
        self._recipients: list[str] = []
        while line := self._stream.readline():
            word = line.split(b":")[0].split()[0].upper().decode("latin-1")
            if not self._answer(word, line.decode("latin-1"), mode):
                return

    def _wrap(self) -> None:
        self.request = _tls().wrap_socket(self.request, server_side=True)
        self._stream = self.request.makefile("rb")

    def _say(self, text: str) -> None:
        self.request.sendall(f"{text}\r\n".encode())

    def _answer(self, word: str, line: str, mode: str) -> bool:
        if word == "EHLO":
            extra = "250-STARTTLS\r\n" if "starttls" in self.flags else ""
            self._say(f"250-localhost\r\n{extra}250 AUTH PLAIN")
        elif word == "STARTTLS":
            self._say("220 go")
            self._wrap()
        elif word == "AUTH":
            import base64

            _, user, password = base64.b64decode(line.split()[2]).split(b"\0")
            is_right = (user.decode(), password.decode()) == LOGIN
            echo = line.strip() if mode == "echo" else password.decode()
            self._say("235 welcome" if is_right else f"535 no: {echo}")
        elif word == "RCPT":
            is_refused = mode == "refuse" or (mode in ("refuse one", "later") and "bad@" in line)
            address = line.partition("<")[2].partition(">")[0]
            self._recipients += [] if is_refused else [address]
            refusal = "450 try later" if mode == "later" else "550 nobody here"
            self._say(refusal if is_refused else "250 ok")
        elif word == "DATA":
            return self._data(mode)
        elif word == "QUIT":
            if mode == "hang at quit":
                time.sleep(3600)
            self._say("221 bye")
            return False
        else:
            self._say("250 ok")
        return True

    def _data(self, mode: str) -> bool:
        self._say("354 go on")
        lines = []
        while (line := self._stream.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if mode in ("cut at data", "hang at data"):
            time.sleep(0 if mode.startswith("cut") else 3600)
            return False
        if mode == "500":
            self._say("451 try later")
            return True
        text = b"".join(lines).decode("latin-1")
        _note(self.folder, "accepted", {"mail": text, "to": self._recipients})
        self._say("250 accepted")
        return True


class _Web(BaseHTTPRequestHandler):
    """Accepts POST."""

    folder: Path

    def do_POST(self) -> None:
        mode = (self.folder / "mode").read_text()
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        request = {"path": self.path, "headers": dict(self.headers), "body": body}
        _note(self.folder, "seen", request)
        if mode == "hang":
            time.sleep(3600)
        if mode == "cut":
            return
        if mode == "drip":
            for _ in range(3600):
                self.wfile.write(b"H")
                time.sleep(0.05)
        if mode == "noise":
            self.wfile.write(b"\x00\xff" * 20_000)
            return
        if mode == "ok":
            _note(self.folder, "accepted", request)
        code = {"ok": 204, "redirect": 302}.get(mode) or int(mode)
        self.send_response(code, "a reason\x1b[31m " + self.headers.get("X-Echo", ""))
        if mode == "redirect":
            self.send_header("Location", f"http://{self.headers['Host']}/else")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing."""


class _Servers(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    address_family = socket.AF_INET


def _serve(kind: str, folder: Path, port: int, *flags: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    values: dict[str, Any] = {"folder": folder, "flags": flags}
    server: socketserver.TCPServer
    if kind == "smtp":
        server = _Servers(("127.0.0.1", port), type("Mail", (_Mail,), values))
    else:
        server = ThreadingHTTPServer(("127.0.0.1", port), type("Web", (_Web,), values))
        if "implicit" in flags:
            server.socket = _tls().wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])

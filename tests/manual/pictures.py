"""Makes the pictures of the manual from the real program: `make manual-pictures`.

Pictures of a terminal are what a command prints on one of 100 columns; the recording is `run` with
its live view, screen by screen; those of the page are made by Debian's Chromium. All of it happens
in a home of its own, at the time of a session.
"""

import base64
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tests.builders import browser
from tests.builders.browser import Look
from tests.builders.manual import CHECKOUT
from tests.manual import session, svg, typescript
from tests.manual.script import Step

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = CHECKOUT / "docs" / "pictures"
LARGEST = 50_000
"""Bytes that a picture may take: it is part of the repository."""
COLUMNS = 100
NIGHT = """\
at 2026-11-20 23:50
scheduled create report hourly --command 'echo 128 orders'
scheduled create backup "30 2 * * *" --command 'echo packed 128 files' --set max_age=26h
scheduled create upload "15 * * * *" --command 'echo connection refused; exit 3' --timeout 10m
at 00:00; tick; at 00:15; tick; at 01:00; tick; at 01:15; tick; at 02:00; tick; at 02:15; tick
at 02:30; tick; at 03:00; tick; off 08:12; tick; at 08:15; tick; at 08:16:20
"""
COMMANDS: Mapping[str, str] = {
    "status": "scheduled status",
    "list": "scheduled list",
    "history": "scheduled history --limit 10",
}
"""What each picture shows, by the name of its file."""
LIVE = """\
at 2026-11-21 07:50
scheduled create pack hourly --command 'for i in 1 2 3; do echo packing $i of 3; sleep 0.9; done'
scheduled create upload hourly --command 'echo sending 12 files; sleep 1.6'
scheduled create check hourly --command 'sleep 0.6; echo no route to host; exit 1'
at 08:00; tick; at 09:00
"""
RECORDED = "scheduled run"
LOOKS = (Look(1080, "light", is_still=True), Look(1080, "dark", is_still=True))


def of_terminals(folder: Path) -> dict[str, str]:
    """Return each picture of a terminal, made in a session in `folder`."""
    shown = [Step(on_terminal(command)) for command in COMMANDS.values()]
    done = session.run([Step(NIGHT, is_shown=False), *shown], folder)[1:]
    return {
        name: svg.picture(command, f"$ {command}\n{_plain(each.out)}", COLUMNS)
        for (name, command), each in zip(COMMANDS.items(), done, strict=True)
    }


def of_run(folder: Path) -> str:
    """Return the recording of a tick, made in a session in `folder`."""
    session.run([Step(LIVE), Step(on_terminal(RECORDED, "-O typed -T timing"))], folder)
    home = folder / "home" / "ann"
    typed, timing = (home / "typed").read_bytes(), (home / "timing").read_text()
    frames = typescript.screens(typed, timing, f"$ {RECORDED}\n")
    shown = [(session.as_in_manual(text, home), seconds) for text, seconds in frames]
    return svg.recording(RECORDED, shown, COLUMNS)


def of_page(folder: Path) -> dict[str, bytes]:
    """Return the top of the page in light and dark, of a home in a session in `folder`."""
    session.run([Step(NIGHT), Step("scheduled page --output page.html")], folder)
    path = folder / "home" / "ann" / "page.html"
    text = session.as_in_manual(path.read_text("utf-8"), path.parent)
    path.write_text(text.replace(f">{socket.gethostname()}<", f">{session.HOST}<"), "utf-8")
    with browser.chromium() as chromium:
        return {f"page-{look.scheme}": _photo(chromium, path, look) for look in LOOKS}


def _photo(chromium: "Browser", path: Path, look: Look) -> bytes:
    with browser.visit(chromium, path, look) as visit:
        tools = visit.page.context.new_cdp_session(visit.page)
        photo = tools.send("Page.captureScreenshot", {"format": "webp", "quality": 60})
        return base64.b64decode(photo["data"])


def on_terminal(command: str, options: str = "/dev/null") -> str:
    """Return shell that runs a command on a terminal, and records what it writes there."""
    terminal = f"export TERM=xterm-256color; stty cols {COLUMNS} rows 40"
    return f"script -qec '{terminal}; {command}' {options} </dev/null"


def _plain(text: str) -> str:
    return text.replace("\r", "").rstrip()


def main() -> int:
    """Write all pictures; one that is too large is an error."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        pictures = of_terminals(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        pictures["run"] = of_run(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        photos = of_page(Path(folder))
    files = {f"{name}.svg": text.encode() for name, text in pictures.items()}
    files |= {f"{name}.webp": photo for name, photo in photos.items()}
    for name, data in files.items():
        (FOLDER / name).write_bytes(data)
        print(f"docs/pictures/{name}: {len(data)} bytes")
    return int(any(len(data) > LARGEST for data in files.values()))


if __name__ == "__main__":
    sys.exit(main())

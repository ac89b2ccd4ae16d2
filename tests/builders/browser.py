"""A page in headless Chromium: what it looks like, and what it did.

A look is one way to see a page: a width, a colour scheme and what else a person has set. Nothing
but the file itself may be fetched; what a page asks for besides is on record, and not answered.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page, Route

WIDTHS = (390, 768, 1440)
"""A telephone, a tablet and a desktop, in CSS pixels."""
PICTURES = "SCHEDULED_TEST_PICTURES"
"""The variable that names a folder to keep screenshots in."""


class Look(NamedTuple):
    """One way to look at a page."""

    width: int = 1440
    scheme: Literal["light", "dark"] = "light"
    has_scripts: bool = True
    is_forced: bool = False
    """Whether the system has replaced all colours by a few with high contrast."""
    is_still: bool = False
    """Whether the person wants no movement."""
    is_whole: bool = True
    """Whether all of it is laid out, as if the person had scrolled through it."""

    def __str__(self) -> str:
        forced = "-forced" if self.is_forced else ""
        return f"{self.width}-{self.scheme}{forced}"


LOOKS = [*map(Look, WIDTHS), *(Look(width, "dark") for width in WIDTHS)]


class Visit:
    """A page that is open, with all that it said and asked for."""

    def __init__(self, page: "Page", path: Path, look: Look) -> None:
        self.page, self.look = page, look
        self.console: list[str] = []
        """Messages of the console and errors of scripts."""
        self.requests: list[str] = []
        """What was asked for besides the file itself."""
        self.dialogs: list[str] = []
        self._own = path.as_uri()
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(error.message))
        page.on("request", lambda request: self._note(request.url))
        page.on("dialog", self._dismiss)
        page.route("**/*", self._answer)
        page.goto(self._own)
        if look.is_whole:
            whole = "main > section { content-visibility: visible !important }"
            page.evaluate("rule => document.styleSheets[0]?.insertRule(rule)", whole)

    def ask(self, script: str, argument: Any = None) -> Any:
        """Return what an expression or a function of JavaScript returns in the page."""
        return self.page.evaluate(script, argument)

    def picture(self, name: str) -> bytes:
        """Return a picture of the whole page, and keep it where the variable says."""
        return self.page.screenshot(path=self._kept(f"{name}-{self.look}.png"), full_page=True)

    def printed(self, name: str) -> bytes:
        """Return the page as a PDF, and keep it where the variable says."""
        return self.page.pdf(path=self._kept(f"{name}-{self.look}.pdf"), format="A4")

    def _kept(self, name: str) -> Path | None:
        folder = os.environ.get(PICTURES)
        if not folder:
            return None
        Path(folder).mkdir(parents=True, exist_ok=True)
        return Path(folder).resolve() / name

    def _note(self, url: str) -> None:
        if url != self._own and not url.startswith("data:"):
            self.requests.append(url)

    def _dismiss(self, dialog: "Dialog") -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _answer(self, route: "Route") -> None:
        route.continue_() if route.request.url == self._own else route.abort()


@contextlib.contextmanager
def chromium() -> Iterator["Browser"]:
    """Start Debian's Chromium; it must be there (`needs.chromium`)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visit(browser: "Browser", path: Path, look: Look | None = None) -> Iterator[Visit]:
    """Open a file as it looks by default, or in another way."""
    look = look or Look()
    context = browser.new_context(
        viewport={"width": look.width, "height": 900},
        color_scheme=look.scheme,
        java_script_enabled=look.has_scripts,
        forced_colors="active" if look.is_forced else "none",
        reduced_motion="reduce" if look.is_still else "no-preference",
        locale="en-US",
        timezone_id="UTC",
    )
    try:
        yield Visit(context.new_page(), path, look)
    finally:
        context.close()

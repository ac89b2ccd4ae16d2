"""A person's editor on a private copy of a file, which others can neither see nor change.

The original is not touched here.
"""

import contextlib
import os
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from scheduled.errors import UsageError, reason_of
from scheduled.system import files

FALLBACKS = ("sensible-editor", "editor", "vi", "nano")
"""What is started where neither VISUAL nor EDITOR is set: the first that is there."""
WITH_LINES = frozenset(
    (
        *("vi", "vim", "nvim", "view", "gvim", "nano", "rnano", "pico", "emacs", "emacsclient"),
        *("mg", "jed", "joe", "mcedit", "micro", "kak", "ne", "jmacs", "zile", "sensible-editor"),
    )
)
"""The editors that open a file at a line that is named as `+LINE`."""
_NOT_STARTED = {126: "cannot be started", 127: "does not exist"}


class Copy:
    """A copy of a file in a directory of its own, for its owner alone; a context removes it."""

    def __init__(self, name: str, data: bytes) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="scheduled-edit-"))
        self.path = self._folder / name
        files.create(self.path, data, mode=0o600)
        self._is_left = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_left:
            shutil.rmtree(self._folder, ignore_errors=True)

    def read(self) -> bytes | None:
        """Return what the editor has left; None if there is no file."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read()

    def keep(self, original: Path, data: bytes) -> Path:
        """Keep a text in a file of its own, beside the original if possible; return where."""
        names = [f"{original.name}.edited", *(f"{original.name}.edited{n}" for n in range(2, 100))]
        for name in names:
            with contextlib.suppress(FileExistsError):
                try:
                    files.create(original.with_name(name), data, mode=0o600)
                except FileExistsError:
                    raise
                except OSError:
                    break
                return original.with_name(name)
        self._is_left = True
        files.replace(self.path, data, mode=0o600)
        return self.path


def command(environ: Mapping[str, str]) -> str:
    """Return what starts the editor, for a shell. Raise UsageError if there is none."""
    for name in ("VISUAL", "EDITOR"):
        if text := environ.get(name, "").strip():
            return text
    path = environ.get("PATH")
    found = next((name for name in FALLBACKS if shutil.which(name, path=path)), None)
    if found is None:
        raise UsageError(
            "no editor is installed that is known here; set EDITOR to the one that you use"
        )
    return found


def run(editor: str, path: Path, line: int, environ: Mapping[str, str]) -> None:
    """Have a person edit a file, at a line where the editor can. Raise UsageError if it fails."""
    words = [str(path)]
    if line > 1 and _program(editor) in WITH_LINES:
        words.insert(0, f"+{line}")
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _FOR_THE_EDITOR}
    try:
        # As git does it: the editor may have options, or be a line for the shell.
        code = subprocess.run(
            ["/bin/sh", "-c", f'{editor} "$@"', editor, *words],
            env={**environ},
            check=False,
            preexec_fn=_restore_signals,
        ).returncode
    except OSError as error:
        raise UsageError(f"{editor}: cannot be started: {reason_of(error)}") from error
    finally:
        for number, action in before.items():
            signal.signal(number, action)
    if code in _NOT_STARTED:
        raise UsageError(f"{editor}: {_NOT_STARTED[code]}; set EDITOR to the editor that you use")
    if code:
        how = f"exit code {code}" if code > 0 else f"signal {-code}"
        raise UsageError(f"{editor} ended with {how}")


_FOR_THE_EDITOR = (signal.SIGINT, signal.SIGQUIT)
"""What a terminal sends to all that run in it; the editor decides what they mean."""


def _restore_signals() -> None:
    for number in _FOR_THE_EDITOR:
        signal.signal(number, signal.SIG_DFL)


def _program(editor: str) -> str:
    try:
        words = shlex.split(editor)
    except ValueError:
        return ""
    return os.path.basename(words[0]) if words else ""

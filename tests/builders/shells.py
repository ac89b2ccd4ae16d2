"""An interactive bash, zsh or fish on a terminal of its own, in which keys are pressed."""

import os
import pty
import select
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.builders import needs

_BASH = """\
PS1='> '
eval "$(scheduled completion bash)"
dump() { printf '%s' "$READLINE_LINE" > line.new; mv line.new line; }
bind -x '"\\C-x\\C-p": dump'
PROMPT_COMMAND='touch ready'
"""
_ZSH = """\
autoload -U compinit && compinit -u -D
eval "$(scheduled completion zsh)"
dump() { print -rn -- "$BUFFER" > line.new; mv line.new line; }
zle -N dump
bindkey '^X^P' dump
precmd() { touch ready; }
unsetopt list_ambiguous beep
"""
_FISH = """\
set fish_greeting
scheduled completion fish | source
function dump
    commandline > line.new
    mv line.new line
end
bind \\cx\\cp dump
function ready --on-event fish_prompt
    touch ready
end
"""
PATIENCE = 2000
"""How often to look for what does not come; a machine that is busy takes long."""
SHELLS = ("bash", "zsh", "fish")


class Shell:
    """A shell in `folder` that completes after the installed script."""

    def __init__(self, name: str, folder: Path, environ: dict[str, str]) -> None:
        needs.programs(name)
        self.folder = folder
        self._environ = environ | {"TERM": "xterm", "HOME": str(folder), "ZDOTDIR": str(folder)}
        for file, text in ((".bashrc", _BASH), (".zshrc", _ZSH), ("init.fish", _FISH)):
            (folder / file).write_text(text)
        self._words = {
            "bash": ["bash", "--noprofile", "--rcfile", str(folder / ".bashrc"), "-i"],
            "zsh": ["zsh", "-d", "-i"],
            "fish": ["fish", "--no-config", "-i", "-C", f"source {folder / 'init.fish'}"],
        }[name]

    def __enter__(self) -> Self:
        self._terminal, inside = pty.openpty()
        self._process = subprocess.Popen(
            self._words,
            cwd=self.folder,
            env=self._environ,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509
        )
        os.close(inside)
        self._wait_for("ready")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def complete(self, typed: str) -> str:
        """Type a text and the tab key; return what then stands in the line."""
        (self.folder / "line").unlink(missing_ok=True)
        os.write(self._terminal, f"\x15{typed}\t\x18\x10".encode())
        self._wait_for("line")
        return (self.folder / "line").read_text().removesuffix("\n")

    def enter(self) -> None:
        """Run the line, and wait for its end."""
        (self.folder / "finished").unlink(missing_ok=True)
        os.write(self._terminal, b"; touch finished\r")
        self._wait_for("finished")

    def _wait_for(self, name: str) -> None:
        shown = b""
        for _ in range(PATIENCE):
            if (self.folder / name).exists():
                return
            if select.select([self._terminal], [], [], 0.05)[0]:
                with suppress(OSError):
                    data = os.read(self._terminal, 65536)
                    shown += data
                    if b"\x1b[c" in data or b"\x1b[0c" in data:  # asked what it is; fish waits
                        os.write(self._terminal, b"\x1b[?6c")
            assert self._process.poll() is None, shown.decode(errors="replace")
        raise AssertionError(shown.decode(errors="replace"))


def _own_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def program(folder: Path) -> Path:
    """Return a directory for PATH in which the command is."""
    bin_ = folder / "bin"
    bin_.mkdir()
    (bin_ / "scheduled").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m scheduled "$@"\n')
    (bin_ / "scheduled").chmod(0o755)
    return bin_

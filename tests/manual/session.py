"""Runs a page of the manual in one shell, in a home of its own."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.builders.crontab import Crontab
from tests.builders.manual import CHECKOUT
from tests.manual import clock
from tests.manual.script import Step

HOME = "/home/ann"
"""Whose home it is in the manual."""
HOST = "laptop"
_PRELUDE = """\
do_python() {{ PYTHONPATH={checkout} {python} -m "tests.manual.$@"; }}
at() {{ do_python clock at "$*"; }}
off() {{ do_python clock off "$*"; }}
asleep() {{ do_python clock asleep "$*"; }}
ecosystem() {{ do_python ecosystem "$1"; }}
shape() {{ do_python shape; }}
tick() {{ scheduled run >>~/mail 2>&1; }}
"""
_PROGRAM = """\
#!/bin/sh
PYTHONPATH={checkout} exec {python} -P -m tests.manual.program "$@"
"""
_PATIENCE = 300
# What differs from run to run, and how it is written when two outputs are compared.
_VARYING = (
    (r"\d{8}T\d{6}-[0-9a-f]{6}", "RUN"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?", "TIME"),
    (r"\d+(\.\d+)? (ms|s|min|h|d|days?)\b( \d+ (s|min|h)\b)?", "LONG"),
    (r"\b(about |less than )?LONG( ago)?", "LONG"),
    (r"\d+\.\d+s\b", "0.0s"),
    (r"\b[0-9a-f]{8}\b", "ID"),
    (r"[ \t]+", " "),
    (r" ?[-─━]{3,} ?", " --- "),
)


@dataclass(frozen=True)
class Done:
    """What became of a step."""

    step: Step
    out: str
    """What it printed, with the home as in the manual."""
    code: int

    @property
    def problem(self) -> str:
        """What is not as the page says, or ''."""
        if self.code not in self.step.codes:
            return f"exit code {self.code}"
        if self.step.printed is not None and not agrees(self.step.printed, self.out):
            return "it prints something else"
        return ""


def run(steps: Sequence[Step], folder: Path) -> list[Done]:
    """Run steps one after the other, in a home in `folder`; what stands in them is shell."""
    home, log = folder / "home" / "ann", folder / "log"
    home.mkdir(mode=0o755, parents=True)
    log.mkdir()
    script = _PRELUDE.format(python=sys.executable, checkout=CHECKOUT)
    for number, step in enumerate(steps):
        script += f"exec >{log}/{number} 2>&1\n{step.shell}\necho $? >{log}/{number}.code\n"
    subprocess.run(
        ["bash", "--noprofile", "--norc"],
        input=script.encode(),
        cwd=home,
        env=_environment(folder, home),
        capture_output=True,
        timeout=_PATIENCE,
        check=False,
    )
    return [_done(step, log / str(number), home) for number, step in enumerate(steps)]


def _environment(folder: Path, home: Path) -> dict[str, str]:
    crontab = Crontab(folder / "crontab")
    program = crontab.bin / "scheduled"
    program.write_text(_PROGRAM.format(checkout=CHECKOUT, python=sys.executable))
    program.chmod(0o755)
    clock.first(folder / "clock")
    return {
        "HOME": str(home),
        "PATH": f"{crontab.bin}:{os.environ['PATH']}",
        "TZ": str(clock.ZONE),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "CHECKOUT": str(CHECKOUT),
        "SESSION_CLOCK": str(folder / "clock"),
        "EDITOR": "true",
    }


def _done(step: Step, log: Path, home: Path) -> Done:
    out = log.read_text("utf-8") if log.exists() else ""
    code = log.with_suffix(".code")
    shown = re.sub(r"[ \t]+$", "", as_in_manual(out, home), flags=re.MULTILINE)
    return Done(step, shown, int(code.read_text()) if code.exists() else -1)


def as_in_manual(text: str, home: Path) -> str:
    """Return what was printed with the home and the host that the manual has."""
    text = re.sub(rf" on {re.escape(socket.gethostname())}\b", f" on {HOST}", text)
    return text.replace(str(home), HOME)


def agrees(shown: str, printed: str) -> bool:
    """Return whether a page shows what was printed, but for times, ids and columns.

    A line `...` in what is shown stands for any lines.
    """
    wanted = [re.escape(line) for line in _plain(shown).splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line == r"\.\.\." else f"{line}\n" for line in wanted)
    return re.fullmatch(pattern, _plain(printed)) is not None


def _plain(text: str) -> str:
    for varying, word in _VARYING:
        text = re.sub(varying, word, text)
    return "".join(f"{line.strip()}\n" for line in text.strip().splitlines())

"""A command in a fork of this process, which is quick, and what it touches in a folder."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.builders.command import BARE, Said

SECONDS = 60
"""However slow the machine, a command that takes this long hangs."""
_HANGS = -signal.SIGALRM


def forked(words: Sequence[str], cwd: Path, watched: Path | None = None) -> tuple[Said, set[str]]:
    """Run `scheduled WORDS` in a fork; return what it said, and what it touched in a folder.

    What it touched are paths that it, or the keeper of a run, opened, listed, made, renamed or
    removed, relative to the folder.
    """
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.TemporaryFile() as seen,
    ):
        child = os.fork()
        if child == 0:
            code = 70
            try:
                code = _run(words, cwd, (out.fileno(), err.fileno()), (seen.fileno(), watched))
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = [os.pread(file.fileno(), 1 << 24, 0).decode() for file in (out, err, seen)]
    return Said(code, texts[0], texts[1]), set(texts[2].splitlines())


def hangs(said: Said) -> bool:
    """Return whether a command did not end by itself."""
    return said.code == _HANGS


def _run(
    words: Sequence[str], cwd: Path, output: tuple[int, int], audit: tuple[int, Path | None]
) -> int:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((null, *output)):
        os.dup2(descriptor, number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(BARE)
    sys.argv = sys.orig_argv[:] = ["scheduled", *words]
    sys.stdout, sys.stderr = (
        open(number, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        for number in (1, 2)
    )
    if audit[1] is not None:
        _watch(f"{audit[1]}/", audit[0])
    from scheduled.__main__ import main

    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _watch(folder: str, report: int) -> None:
    """Report each path in a folder that is named in an audit event of the interpreter."""

    def note(_event: str, arguments: tuple[object, ...]) -> None:
        for argument in arguments[:2]:
            path = os.fspath(argument) if isinstance(argument, str | os.PathLike) else ""
            if isinstance(path, str) and path.startswith(folder):
                with contextlib.suppress(OSError):
                    os.write(report, f"{path[len(folder) :]}\n".encode())

    sys.addaudithook(note)

"""Can a program be executed: is it there, may it be, and is its interpreter there."""

import os
import re
import shlex
import shutil

from scheduled.installation.doctor.facts import Facts, JobFacts
from scheduled.installation.doctor.finding import Finding, error

_FIRST_LINE = 256
"""Bytes of a script that the kernel looks at."""


def whole_path(job: JobFacts, program: str) -> str:
    """Return the path of a program of a job, as its runs find it; '' if they do not."""
    if "/" in program:
        whole = os.path.join(job.folder, program)
        return whole if is_executable(whole) else ""
    return shutil.which(program, path=job.path) or ""


def is_executable(path: str) -> bool:
    """Return whether there is such a file and we may execute it."""
    return os.path.isfile(path) and os.access(path, os.X_OK)


def problem(facts: Facts, job: JobFacts, program: str) -> Finding | None:
    """Return why a job cannot execute a program; None if it can."""
    whole = whole_path(job, program)
    return _interpreter(facts, job, whole) if whole else _missing(facts, job, program)


def _missing(facts: Facts, job: JobFacts, program: str) -> Finding:
    if "/" in program:
        whole = os.path.join(job.folder, program)
        if not os.path.isfile(whole):
            return error(f"{job.id}: {whole}: no such program", f"{facts.command} show {job.id}")
        return error(f"{job.id}: {whole}: not executable", f"chmod u+x {shlex.quote(whole)}")
    here = shutil.which(program, path=facts.environ.get("PATH", ""))
    message = (
        f"{job.id}: {program}: not found in the PATH that its runs have under"
        f" {facts.caller}, {job.path}"
    )
    if here is None:
        return error(message, f"{facts.command} show {job.id}")
    return error(f"{message}; your shell finds {here}", _with_path(facts, job, here))


def _interpreter(facts: Facts, job: JobFacts, whole: str) -> Finding | None:
    """Return that the interpreter which a script names is not there: the kernel starts nothing."""
    words = _first_line(whole)
    if not words:
        return None
    interpreter, name = words[0], words[1] if len(words) > 1 else ""
    message = f"{job.id}: {whole}: its interpreter {interpreter.rstrip(chr(13))}"
    if interpreter.endswith("\r"):
        command = f"sed -i 's/\\r$//' {shlex.quote(whole)}"
        return error(f"{message} is followed by a carriage return, as Windows ends lines", command)
    if interpreter.startswith("/") and not is_executable(interpreter):
        return error(f"{message} is not there", f"head -n 1 {shlex.quote(whole)}")
    if os.path.basename(interpreter) != "env" or not name or name.startswith("-") or "=" in name:
        return None
    if "/" in name or shutil.which(name, path=job.path):
        return None
    message = (
        f"{job.id}: {whole}: its interpreter {name} is not found in the PATH that its runs have"
        f" under {facts.caller}, {job.path}"
    )
    here = shutil.which(name, path=facts.environ.get("PATH", ""))
    if here is None:
        return error(message, f"head -n 1 {shlex.quote(whole)}")
    return error(f"{message}; your shell finds {here}", _with_path(facts, job, here))


def _first_line(path: str) -> list[str]:
    """Return the words behind the `#!` of a script; none for what is no script."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(_FIRST_LINE)
    except OSError:
        return []
    line, end, _ = head.partition(b"\n")
    if not line.startswith(b"#!") or not end:
        return []
    text = line[2:].decode("utf-8", "surrogateescape").strip(" \t")
    return re.split(r"[ \t]+", text, maxsplit=1) if text else []


def _with_path(facts: Facts, job: JobFacts, here: str) -> str:
    """Return the command that adds the directory of a program to the PATH of a job."""
    wanted = f"{os.path.dirname(os.path.abspath(here))}:{job.path}"
    return f"{facts.command} update {job.id} --env {shlex.quote(f'PATH={wanted}')}"

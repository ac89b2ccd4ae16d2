"""Can a program be executed: is it there, may it be, and is its interpreter there."""

import os
import re
import shlex
import shutil
import stat
from collections.abc import Iterator, Mapping
from enum import StrEnum

from scheduled.installation.doctor.facts import JobFacts
from scheduled.installation.doctor.program_names import Call, Kind
from scheduled.quick_classes import NamedTuple, dataclass, field

_FIRST_LINE = 256
"""Bytes of a script that the kernel looks at."""


class Case(StrEnum):
    """What is wrong with a program, a script or a directory."""

    MISSING = "missing"  # or it is something else: a directory, a file
    NOT_IN_PATH = "not in PATH"
    DENIED = "denied"  # nobody may look
    INTERPRETER = "interpreter"  # that of a script is missing
    UNUSABLE = "unusable"  # until the remedy is applied


class Trouble(NamedTuple):
    """Why a program cannot be executed."""

    case: Case
    what: str
    """A sentence that begins with the program."""
    remedy: str = ""
    """A command that mends it; empty if there is none."""
    here: str = ""
    """Where this shell finds a program that is not in the PATH of the job."""


@dataclass
class Lookup:
    """Looks each program up once, however many jobs call it."""

    environ: Mapping[str, str]
    """That of the shell the command was typed in."""
    caller: str = "cron"
    is_path_known: bool = True
    """Whether the PATH of the jobs is what the caller gives; else it may be this shell's."""
    _troubles: dict[tuple[str, str, Kind], Trouble | None] = field(default_factory=dict)

    def troubles(self, job: JobFacts) -> Iterator[Trouble]:
        """Yield what is wrong with what a job calls, each thing once."""
        missing: list[str] = []
        for call in job.calls:
            name = call.name
            if "/" in name or call.kind is Kind.SCRIPT:
                name = os.path.join(job.folder, name)
            key = (name, job.path, call.kind)
            if key not in self._troubles:
                self._troubles[key] = self._trouble(name, call, job.path)
            found = self._troubles[key]
            if found and not any(name.startswith(folder) for folder in missing):
                if call.kind is Kind.FOLDER:
                    missing.append(name)
                yield found

    def _trouble(self, name: str, call: Call, path: str) -> Trouble | None:
        if "/" not in name:
            return self._in_path(name, path)
        if call.kind is Kind.SCRIPT and "/" not in call.name and shutil.which(call.name, path=path):
            return None  # a shell looks for a script there as well
        try:
            status = os.stat(name)
        except (FileNotFoundError, NotADirectoryError):
            kinds = {Kind.SCRIPT: "no such file", Kind.FOLDER: "no such directory"}
            return Trouble(Case.MISSING, f"{name}: {kinds.get(call.kind, 'no such program')}")
        except (OSError, ValueError) as error:
            is_ours = isinstance(error, PermissionError) and call.kind is not Kind.OTHERS
            return Trouble(Case.DENIED, f"{name}: permission denied") if is_ours else None
        match call.kind:
            case Kind.FOLDER:
                is_one = stat.S_ISDIR(status.st_mode)
                return None if is_one else Trouble(Case.MISSING, f"{name}: not a directory")
            case Kind.SCRIPT:
                is_file = not stat.S_ISDIR(status.st_mode)
                return None if is_file else Trouble(Case.MISSING, f"{name}: is a directory")
            case _:
                return self._executed(name, status, call.kind, path)

    def _executed(self, name: str, status: os.stat_result, kind: Kind, path: str) -> Trouble | None:
        if stat.S_ISDIR(status.st_mode):
            return Trouble(Case.MISSING, f"{name}: a directory, not a program")
        is_executed_by_others = kind is Kind.OTHERS and bool(status.st_mode & 0o111)
        if not is_executed_by_others and not os.access(name, os.X_OK):
            remedy = f"chmod u+x {shlex.quote(name)}"
            return Trouble(Case.UNUSABLE, f"{name}: not executable", remedy)
        return self._interpreter(name, path)

    def _in_path(self, name: str, path: str) -> Trouble | None:
        whole = shutil.which(name, path=path)
        if whole:
            return self._interpreter(whole, path)
        here = shutil.which(name, path=self.environ.get("PATH", ""))
        if here and not self.is_path_known:
            return None
        return self._not_in_path(name, name, path, here)

    def _not_in_path(self, what: str, name: str, path: str, here: str | None) -> Trouble:
        sentence = (
            f"{what}: not found in the PATH that its runs have under {self.caller}, {path}"
            if what == name
            else f"{what} is not found in the PATH that its runs have under {self.caller}, {path}"
        )
        return Trouble(Case.NOT_IN_PATH, sentence, here=os.path.abspath(here) if here else "")

    def _interpreter(self, whole: str, path: str) -> Trouble | None:
        """Return that the interpreter which a script names is not there: nothing is started."""
        words = _first_line(whole)
        if not words:
            return None
        interpreter, name = words[0], words[1] if len(words) > 1 else ""
        sentence = f"{whole}: its interpreter {interpreter.rstrip(chr(13))}"
        if interpreter.endswith("\r") or name.endswith("\r"):
            command = f"sed -i 's/\\r$//' {shlex.quote(whole)}"
            named = " ".join(words).rstrip("\r")
            sentence = f"{whole}: its interpreter {named} is followed by a carriage return"
            return Trouble(Case.UNUSABLE, f"{sentence}, as Windows ends lines", command)
        if interpreter.startswith("/") and not is_executable(interpreter):
            remedy = f"head -n 1 {shlex.quote(whole)}"
            return Trouble(Case.INTERPRETER, f"{sentence} is not there", remedy)
        if os.path.basename(interpreter) != "env" or not name or name[0] == "-" or "=" in name:
            return None
        name = name.split()[0]
        if "/" in name or shutil.which(name, path=path):
            return None
        here = shutil.which(name, path=self.environ.get("PATH", ""))
        if here and not self.is_path_known:
            return None
        found = self._not_in_path(f"{whole}: its interpreter {name}", name, path, here)
        if here:
            return found
        return found._replace(case=Case.INTERPRETER, remedy=f"head -n 1 {shlex.quote(whole)}")


def whole_path(job: JobFacts, program: str) -> str:
    """Return the path of a program of a job, as its runs find it; '' if they do not."""
    if "/" in program:
        whole = os.path.join(job.folder, program)
        return whole if is_executable(whole) else ""
    return shutil.which(program, path=job.path) or ""


def is_executable(path: str) -> bool:
    """Return whether there is such a file and we may execute it."""
    return os.path.isfile(path) and os.access(path, os.X_OK)


def with_path(here: str, path: str) -> str:
    """Return a PATH in which a program that was found `here` is found, too."""
    return f"{os.path.dirname(here)}:{path}"


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

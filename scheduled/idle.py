"""The idle tick: find out that there is nothing to do before anything is imported.

A full tick leaves a hint: until when nothing is due, and the stamps of the files that could
change that. A later tick that was called the same way and finds every stamp unchanged records
that it came and ends, in less time than a bare `python -c pass` takes. When in doubt, here or
in the hint, the tick is a full one.

Only modules built into the interpreter are used: `os` alone would cost more than all of this.
"""

import posix
import time

from scheduled.version import __version__

HINT = "next-due"
SHELL_HINT = "next-due-shell"
"""The same for a shell: `scheduled.ticks.shell_hint`."""
HEARTBEAT = "heartbeat"
VERSION = "scheduled hint 4"
KIND = 0o170000
FILE = 0o100000
FOLDER = 0o040000
"""The kinds of files in a mode, as in the module `stat`."""
END = "end"
"""The last line; a hint without it was cut off, on a full disk for instance."""
VARIABLES = (
    b"SCHEDULED_ROOT",
    b"SCHEDULED_CONFIG",
    b"SCHEDULED_STATE_DIR",
    b"SCHEDULED_HOST",
    b"AIPASS_HOME",
    b"HOME",
    b"XDG_CONFIG_HOME",
    b"XDG_STATE_HOME",
    b"TZ",
)
"""What decides, besides the options, where everything is and which zone counts."""
PLACES = ("--config", "--root", "--state-dir")
FLAGS = ("-I", "-S", "-X", "utf8")
"""Of the interpreter, in the command that makes an idle tick cheapest."""
QUIET = ("-q", "--quiet", "--no-color")


def exit_code(arguments: list[str]) -> int | None:
    """Return the exit code of `scheduled ARGUMENTS` if it is a tick with nothing to do.

    Record that it came. None means that it may have something to do.
    """
    places = plain_tick(arguments)
    if places is None:
        return None
    try:
        expected = signature(arguments)
        folders = [places["--state-dir"]] if "--state-dir" in places else _default_dirs(places)
        for folder in folders:
            code = _held(folder, expected)
            if code is not None:
                return code
    except (OSError, ValueError, IndexError):
        pass
    return None


def signature(arguments: list[str]) -> str:
    """Return how a tick was called, as far as it matters: options, environment, folder, program."""
    places, words = split(arguments)
    named = [part for place in sorted(places.items()) for part in place]
    words = [word for word in words if word != "run" and word not in QUIET]
    environ = [posix.environ.get(name, b"\1").hex() for name in VARIABLES]
    folder = "" if is_placed(places) else posix.getcwd()
    parts = [__version__, __file__, folder, _inode(_root(places)), *named, *words, *environ]
    return "".join(part.replace("\n", "\1") + "\0" for part in parts)


def write_hint(
    state_dir: str,
    arguments: list[str],
    *,
    due: float,
    silence: float,
    code: int,
    stamps: dict[str, tuple[int, int, int] | None],
) -> None:
    """Write that nothing is due before `due` (epoch seconds) while `stamps` hold.

    After `silence` seconds without a tick the next one is a full one, which explains the gap. An
    idle tick exits with `code`. Each stamp is (size, mtime in ns, inode), None for a missing file.
    Raises OSError.
    """
    lines = [VERSION, signature(arguments), repr(due), repr(silence), str(code)]
    for path, stamp in stamps.items():
        if "\n" in path:
            return
        lines.append(f"{path}\0{' '.join(str(number) for number in stamp or ())}")
    lines.append(END)
    replace(state_dir, HINT, ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"))


def replace(state_dir: str, name: str, data: bytes) -> None:
    """Write a hint beside the old one and rename it, without a sync. Raises OSError."""
    beside = f"{state_dir}/.{name}.{posix.getpid()}"
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_NOFOLLOW | posix.O_NONBLOCK
    descriptor = posix.open(beside, flags, 0o600)
    try:
        posix.write(descriptor, data)
    finally:
        posix.close(descriptor)
    posix.replace(beside, f"{state_dir}/{name}")


def forget(state_dir: str) -> None:
    """Remove the hints, so that the next tick is a full one."""
    for name in (SHELL_HINT, HINT):
        try:
            posix.unlink(f"{state_dir}/{name}")
        except OSError:
            continue


def plain_tick(arguments: list[str]) -> dict[str, str] | None:
    """Return the places that a bare `run` names; None for any other command line."""
    places, words = split(arguments)
    return places if [word for word in words if word not in QUIET] == ["run"] else None


def split(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the options that name a place, with their values, and all other words."""
    places: dict[str, str] = {}
    others = []
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word in PLACES and words:
            places[word] = words.pop(0)
        else:
            others.append(word)
    return places, others


def _inode(root: bytes) -> str:
    """Return which folder the root is: a link may have come to lead to another one."""
    try:
        status = posix.stat(root)
    except OSError:
        return ""
    return f"{status.st_dev} {status.st_ino}"


def is_placed(places: dict[str, str]) -> bool:
    """Return whether all paths are independent of the current folder."""
    return "--root" in places and all(path.startswith("/") for path in places.values())


def _default_dirs(places: dict[str, str]) -> list[str]:
    """Return where the hint may be without an option; the signature tells which one is ours."""
    named = posix.environ.get(b"SCHEDULED_STATE_DIR", b"")
    if named:
        return [_text(named)]
    root = _root(places)
    for inside in (b"/aipass_core/trigger/trigger_json", b"/src/aipass/trigger/trigger_json"):
        if _is_there(root + inside):
            return [_text(root + inside)]
    state_home = posix.environ.get(b"XDG_STATE_HOME", b"")
    if not state_home.startswith(b"/"):
        state_home = posix.environ.get(b"HOME", b"/nowhere") + b"/.local/state"
    # Each root has a folder there. Its name needs a hash, which takes longer than looking.
    every = state_home + b"/scheduled"
    likely = root.rstrip(b"/").rpartition(b"/")[2] + b"-"
    names = sorted(posix.listdir(every), key=lambda name: not name.startswith(likely))
    return [_text(every), *(_text(every + b"/" + name) for name in names)]


def _root(places: dict[str, str]) -> bytes:
    """Return the root of a tick, unless the configuration names another."""
    root = places.get("--root", "").encode("utf-8", "surrogateescape")
    root = root or posix.environ.get(b"SCHEDULED_ROOT", b"")
    return root or posix.environ.get(b"AIPASS_HOME", b"") or posix.getcwdb()


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _held(folder: str, expected: str) -> int | None:
    """Return the exit code in the hint of this call if it holds; another's may be broken."""
    try:
        return _unchanged(folder, expected)
    except (OSError, ValueError, IndexError):
        return None


def _is_there(path: bytes) -> bool:
    try:
        posix.stat(path)
    except OSError:
        return False
    return True


def _unchanged(state_dir: str, expected: str) -> int | None:
    if not _is_ours(posix.lstat(state_dir), FOLDER):
        return None
    lines = _read(f"{state_dir}/{HINT}").split("\n")
    if lines[0] != VERSION or lines[1] != expected or lines[-2:] != [END, ""]:
        return None
    now = time.time()  # noqa: TID251 - this is the way in, before any other clock is read
    due, silence, code = float(lines[2]), float(lines[3]), int(lines[4])
    last, _, _, boot, *_ = _read(f"{state_dir}/{HEARTBEAT}").split()
    if now >= due or not 0 <= now - float(last) <= silence or boot != _boot_id():
        return None
    for line in lines[5:-2]:
        path, _, stamp = line.partition("\0")
        if _stamp(path) != stamp:
            return None
    _beat(state_dir, now, boot)
    return code


def _stamp(path: str) -> str:
    try:
        status = posix.stat(path)
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _beat(state_dir: str, now: float, boot: str) -> None:
    booted = time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    # `now` in full: rounded up, it would lie in the future, and a tick right after this one would
    # take the clock for set back.
    line = f"{now!r} {booted:.3f} {time.monotonic():.3f} {boot}\n".encode("ascii")
    flags = posix.O_WRONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK
    descriptor = posix.open(f"{state_dir}/{HEARTBEAT}", flags)
    try:
        if not _is_ours(posix.fstat(descriptor), FILE):
            raise OSError(f"{state_dir}/{HEARTBEAT} is not ours alone")
        posix.ftruncate(descriptor, posix.pwrite(descriptor, line, 0))
    finally:
        posix.close(descriptor)


def _is_ours(status: posix.stat_result, kind: int) -> bool:
    """Return whether something is of this kind, and not everybody can write to it.

    Where a group can, a full tick has found out that we are its only member, or no job runs there.
    """
    return (
        status.st_mode & KIND == kind
        and status.st_uid == posix.geteuid()
        and (kind == FOLDER or status.st_nlink == 1)
        and not status.st_mode & 0o002
    )


def _boot_id() -> str:
    try:
        return _read("/proc/sys/kernel/random/boot_id", is_ours=False).strip()
    except OSError:
        return "-"


def _read(path: str, *, is_ours: bool = True) -> str:
    flags = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK
    descriptor = posix.open(path, flags)
    try:
        if is_ours and not _is_ours(posix.fstat(descriptor), FILE):
            raise OSError(f"{path} is not ours alone")
        chunks = []
        while chunk := posix.read(descriptor, 1 << 20):
            chunks.append(chunk)
    finally:
        posix.close(descriptor)
    return b"".join(chunks).decode("utf-8", "surrogateescape")

"""A git directory of our own in front of a repository's objects and files.

A repository can name programs in many places of its configuration: filters, textconv, hooks, a
file system monitor, ssh, gpg, a pager, further files to include, remotes to fetch from. Each can
be switched off by itself, if it is known. So git is not shown that configuration at all: it works
in an empty git directory, is told where the working tree, the index and the objects are, and finds
two refs in there. Attributes may name a filter, of which it then knows nothing.
"""

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from scheduled.ecosystem.git import config_file
from scheduled.ecosystem.git.config_file import GitConfig
from scheduled.ecosystem.git.layout import Layout
from scheduled.ecosystem.git.program import Git, GitError
from scheduled.ecosystem.git.reading import BrokenError, small
from scheduled.ecosystem.git.refs import Head, Upstream
from scheduled.quick_classes import dataclass

_HARMLESS = {
    "filemode": r"true|false|yes|no|on|off|0|1",
    "symlinks": r"true|false|yes|no|on|off|0|1",
    "ignorecase": r"true|false|yes|no|on|off|0|1",
    "precomposeunicode": r"true|false|yes|no|on|off|0|1",
    "trustctime": r"true|false|yes|no|on|off|0|1",
    "autocrlf": r"true|false|yes|no|on|off|0|1|input",
    "eol": r"lf|crlf|native",
    "checkstat": r"default|minimal",
    "sparsecheckout": r"true|false",
    "sparsecheckoutcone": r"true|false",
}
"""The settings that decide how files are compared, and what they may be."""
_PREFIX = "scheduled-git-"
_LEFT_AFTER = 24 * 3600.0
"""Seconds after which nobody uses such a folder any more."""
_SHARED = ("info/exclude", "info/attributes", "info/sparse-checkout")
_CONFIG = """\
[core]
\trepositoryformatversion = {version}
\tbare = {bare}
\tfsmonitor = false
\tuntrackedCache = false
\thooksPath = {nowhere}
\tattributesFile = {nowhere}
\texcludesFile = {excludes}
{core}[branch "here"]
\tremote = .
\tmerge = refs/heads/there
[extensions]
{extensions}[gc]
\tauto = 0
[maintenance]
\tauto = false
[protocol]
\tallow = never
"""


@dataclass
class Changes:
    """How a working tree differs from what is checked out."""

    changed: int = 0
    """Tracked files that differ from the commit, staged or not."""
    untracked: int = 0
    """Files and folders that are neither tracked nor ignored."""
    ahead: int | None = None
    behind: int | None = None


class Scratch:
    """A git directory of our own, used for one repository after the other."""

    def __init__(self, git: Git, place: Path | None = None) -> None:
        """Use a folder in `place`, or among the temporary files of everybody."""
        self._git = git
        self._place = place
        self._excludes = _excludes_of_user()
        self._folder = ""
        self._written: dict[str, str] = {}

    def close(self) -> None:
        """Remove it."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def changes(
        self, folder: str, layout: Layout, config: GitConfig, head: Head, upstream: Upstream | None
    ) -> Changes:
        """Return how the working tree in a folder differs from its commit. Raises GitError."""
        reader = _Reader()
        with self._before(layout, config, head, upstream) as environ:
            words = ["status", "--porcelain=v2", "--branch", "-z", "--no-renames"]
            words += ["--untracked-files=normal", "--ignore-submodules=dirty"]
            self._run(words, {**environ, "GIT_WORK_TREE": folder}, reader.take)
        return reader.changes

    def check_commit(self, layout: Layout, config: GitConfig, head: Head) -> None:
        """Raise GitError if the objects of the commit that is checked out are not there."""
        with self._before(layout, config, head, None) as environ:
            self._run(["cat-file", "-e", f"{head.commit}^{{tree}}"], environ, lambda _: None)

    def _run(
        self, words: list[str], environ: dict[str, str], take: Callable[[bytes], None]
    ) -> None:
        try:
            self._git.run(words, environ, take)
        except GitError as error:
            reason = str(error).replace(self._folder, ".git")
            raise GitError(reason, is_about_repository=error.is_about_repository) from None

    @contextlib.contextmanager
    def _before(
        self, layout: Layout, config: GitConfig, head: Head, upstream: Upstream | None
    ) -> Iterator[dict[str, str]]:
        """Have it stand in front of a repository; yield the variables that tell git of it."""
        try:
            self._fill(layout, config, head, upstream)
        except OSError as error:
            reason = error.strerror or str(error)
            raise GitError(f"no room for a directory to run git in: {reason}") from None
        yield {
            "GIT_DIR": self._folder,
            "GIT_INDEX_FILE": f"{layout.git_dir}/index",
            "GIT_OBJECT_DIRECTORY": layout.objects,
        }

    def _fill(
        self, layout: Layout, config: GitConfig, head: Head, upstream: Upstream | None
    ) -> None:
        if not self._folder:
            self._folder = _made(self._place)
            for name in ("objects", "refs", "info"):
                os.mkdir(f"{self._folder}/{name}")
        self._write("config", _settings(layout, config, self._excludes))
        self._write("HEAD", "ref: refs/heads/here\n" if head.ref else f"{head.commit}\n")
        refs = [(head.commit, "here"), (upstream.commit if upstream else "", "there")]
        lines = [f"{commit} refs/heads/{name}\n" for commit, name in refs if commit]
        self._write(
            "packed-refs", "# pack-refs with: peeled fully-peeled sorted \n" + "".join(lines)
        )
        self._link(layout)

    def _write(self, name: str, text: str) -> None:
        """Write a file unless it says that already: most repositories have the same settings."""
        if self._written.get(name) == text:
            return
        path = f"{self._folder}/{name}"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # a file that is truncated is written to the disk when it is closed
        with open(path, "x", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        self._written[name] = text

    def _link(self, layout: Layout) -> None:
        """Let git find what else matters of a repository, and is only data."""
        wanted = {name: f"{layout.common_dir}/{name}" for name in (*_SHARED, "shallow")}
        with contextlib.suppress(OSError), os.scandir(layout.git_dir) as entries:
            names = [entry.name for entry in entries if entry.name.startswith("sharedindex.")]
            wanted |= {name: f"{layout.git_dir}/{name}" for name in names}
        with os.scandir(self._folder) as entries:
            present = [entry.name for entry in entries if entry.is_symlink()]
        for name in {*present, *(name for name in _SHARED)}:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self._folder}/{name}")
        for name, target in wanted.items():
            if os.path.lexists(target):
                os.symlink(target, f"{self._folder}/{name}")


def _made(place: Path | None) -> str:
    """Make an empty folder; what processes that were killed have left is removed. May raise.

    Without a place of our own it is made in /tmp, where others may have folders of such a name.
    """
    above = os.fspath(place or "/tmp")  # noqa: S108 - mkdtemp makes it safely
    os.makedirs(above, exist_ok=True)
    made = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX, dir=above))
    left_before = os.stat(made).st_mtime - _LEFT_AFTER
    for name in os.listdir(above):
        if name.startswith(_PREFIX):
            _remove_ours(f"{above}/{name}", left_before)
    return made


def _remove_ours(path: str, before: float) -> None:
    """Remove a folder of ours that was last used before that time."""
    with contextlib.suppress(OSError):
        status = os.lstat(path)
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        if is_ours and status.st_mtime < before:
            shutil.rmtree(path, ignore_errors=True)


def _excludes_of_user() -> str:
    """Return the file in which a user names what git shall ignore everywhere; it need not exist."""
    home = os.environ.get("HOME", "")
    named = ""
    for place in (f"{home}/.config/git/config", f"{home}/.gitconfig"):
        with contextlib.suppress(OSError, BrokenError):
            config = config_file.parse(small(place, config_file.LARGEST) or b"")
            named = config.get("core.excludesfile") or named
    if named.startswith("~/"):
        named = home + named[1:]
    return named or f"{home}/.config/git/ignore"


class _Reader:
    """Counts the records of `git status` as they come."""

    def __init__(self) -> None:
        self.changes = Changes()
        self._rest = b""

    def take(self, chunk: bytes) -> None:
        """Count the records that are complete now."""
        *records, self._rest = (self._rest + chunk).split(b"\0")
        for record in records:
            match record[:2]:
                case b"1 " | b"2 " | b"u ":
                    self.changes.changed += 1
                case b"? ":
                    self.changes.untracked += 1
                case b"# " if found := re.fullmatch(rb"# branch.ab \+(\d+) -(\d+)", record):
                    self.changes.ahead, self.changes.behind = int(found[1]), int(found[2])


def _settings(layout: Layout, config: GitConfig, excludes: str) -> str:
    """Return the settings of the git directory: none of them is a text of the repository's."""
    core = [
        f"\t{key} = {value.lower()}\n"
        for key, form in _HARMLESS.items()
        if re.fullmatch(form, value := config.get(f"core.{key}"), re.IGNORECASE)
    ]
    is_long = config.get("extensions.objectformat").lower() == "sha256"
    quoted = excludes.replace("\\", "\\\\").replace('"', '\\"')
    return _CONFIG.format(
        version=1 if is_long else 0,
        bare="true" if layout.is_bare else "false",
        nowhere=os.devnull,
        excludes=f'"{quoted}"' if excludes and excludes.isprintable() else os.devnull,
        core="".join(core),
        extensions="\tobjectFormat = sha256\n" if is_long else "",
    )

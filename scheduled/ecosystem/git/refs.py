"""HEAD and refs, read from their files."""

import os
import re

from scheduled.ecosystem.git.config_file import GitConfig
from scheduled.ecosystem.git.layout import Layout
from scheduled.ecosystem.git.reading import BrokenError, small
from scheduled.quick_classes import NamedTuple

_COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs/(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]+[^/.]")
_HEADS = "refs/heads/"
_LONGEST = 4096
_PACKED = 64 << 20
MOST_STEPS = 5


class Head(NamedTuple):
    """What is checked out."""

    ref: str
    """The full name of the branch; empty if the commit is checked out by itself."""
    commit: str
    """Empty if the branch has none yet."""

    @property
    def branch(self) -> str | None:
        """The branch as people call it; None if none is checked out."""
        return self.ref.removeprefix(_HEADS) or None


class Upstream(NamedTuple):
    """The branch of another repository that a branch follows."""

    name: str
    """As people call it: `origin/main`."""
    ref: str
    commit: str
    """Empty if it is not known here, or has gone."""


def head(layout: Layout) -> Head:
    """Return what is checked out. Raises BrokenError."""
    path = f"{layout.git_dir}/HEAD"
    if os.path.islink(path):  # as very old versions of git write it
        content = b"ref: " + os.fsencode(os.readlink(path))
    else:
        content = small(path, _LONGEST) or b""
    text = content.strip()
    if _COMMIT.fullmatch(text):
        return Head("", text.decode())
    if not text.startswith(b"ref:"):
        raise BrokenError("HEAD names neither a branch nor a commit")
    name = _name(text)
    return Head(name, commit(layout, name))


def commit(layout: Layout, name: str) -> str:
    """Return the commit of a ref; '' if there is none of that name. Raises BrokenError."""
    for _ in range(MOST_STEPS):
        content = _loose(layout, name)
        if content is None:
            return _packed(layout, name)
        text = content.strip()
        if _COMMIT.fullmatch(text):
            return text.decode()
        if not text.startswith(b"ref:"):
            raise BrokenError(f"{name} {'names no commit' if text else 'is empty'}")
        name = _name(text)
    raise BrokenError(f"{name} leads in a circle")


def has_any(layout: Layout) -> bool:
    """Return whether there is any branch with a commit."""
    if _COMMIT.search(small(f"{layout.common_dir}/packed-refs", _PACKED) or b""):
        return True
    return any(names for _, _, names in os.walk(f"{layout.common_dir}/refs/heads"))


def upstream(layout: Layout, config: GitConfig, here: Head) -> Upstream | None:
    """Return what the branch follows; None if it follows nothing. Raises BrokenError."""
    branch = here.branch
    remote, merge = config.get(f"branch.{branch}.remote"), config.get(f"branch.{branch}.merge")
    if branch is None or not remote or not _REF.fullmatch(merge):
        return None
    ref = merge if remote == "." else _tracked(config.all(f"remote.{remote}.fetch"), merge)
    if not ref:
        return None
    name = ref.removeprefix("refs/remotes/").removeprefix(_HEADS)
    return Upstream(name, ref, commit(layout, ref))


def places(layout: Layout, names: list[str]) -> list[str]:
    """Return the files whose change may change what these refs are."""
    loose = [f"{layout.common_dir}/{name}" for name in names if name]
    return [f"{layout.git_dir}/HEAD", f"{layout.common_dir}/packed-refs", *loose]


def _tracked(specs: list[str], merge: str) -> str:
    """Return which ref keeps a branch of a remote, by the rules of what is fetched."""
    for spec in specs:
        source, _, target = spec.removeprefix("+").partition(":")
        before, star, after = source.partition("*")
        if not star:
            ref = target if source == merge else ""
        elif merge.startswith(before) and merge.endswith(after):
            ref = target.replace("*", merge[len(before) : len(merge) - len(after)], 1)
        else:
            continue
        if _REF.fullmatch(ref):
            return ref
    return ""


def _loose(layout: Layout, name: str) -> bytes | None:
    try:
        return small(f"{layout.common_dir}/{name}", _LONGEST)
    except BrokenError:
        if os.path.isdir(f"{layout.common_dir}/{name}"):
            return None  # empty folders of refs that have gone
        raise


def _packed(layout: Layout, name: str) -> str:
    data = b"\n" + (small(f"{layout.common_dir}/packed-refs", _PACKED) or b"")
    at = data.find(b" " + os.fsencode(name) + b"\n")
    found = data[data.rfind(b"\n", 0, at) + 1 : at] if at >= 0 else b""
    if found and not _COMMIT.fullmatch(found):
        raise BrokenError(f"packed-refs names no commit for {name}")
    return found.decode()


def _name(text: bytes) -> str:
    name = os.fsdecode(text[4:].strip())
    if not _REF.fullmatch(name):
        raise BrokenError("HEAD or a ref leads to a name that no ref can have")
    return name

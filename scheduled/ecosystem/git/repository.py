"""What there is to say of a repository: by its files, and by git where it is ours."""

import os
import re
from typing import Any

from scheduled.ecosystem.git import config_file, index, layout, refs
from scheduled.ecosystem.git.config_file import GitConfig
from scheduled.ecosystem.git.layout import Layout
from scheduled.ecosystem.git.program import GitError
from scheduled.ecosystem.git.reading import BrokenError, small
from scheduled.ecosystem.git.refs import Head, Upstream
from scheduled.ecosystem.git.scratch import Changes, Scratch
from scheduled.errors import reason_of
from scheduled.quick_classes import dataclass, field
from scheduled.system import owners
from scheduled.system.text import one_line

_OPERATIONS = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}
_MAY_BE_LINKS = ("config", "index", "packed-refs", "refs", "refs/heads", "info")
MOST_FILES = 2000
"""Tracked files that are looked at one by one to know that nothing has changed."""
MOST_FOLDERS = 20_000
"""With more folders that have tracked files, a repository is compared each time."""
_UNKNOWN: dict[str, Any] = {
    "branch": None,
    "commit": None,
    "dirty": None,
    "changed": None,
    "untracked": None,
    "upstream": None,
    "ahead": None,
    "behind": None,
    "detached": False,
    "bare": False,
    "empty": False,
    "corrupt": False,
    "worktree": False,
    "submodule": False,
    "operation": None,
    "owned_by": None,
    "remote": None,
}


@dataclass
class Repository:
    """What was found, and what has to change before there is something else to find."""

    facts: dict[str, Any] = field(default_factory=dict)
    """JSON; empty where there is no repository."""
    problems: list[str] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    is_final: bool = True
    """Whether a second look would find the same as long as nothing changes."""


def examine(folder: str, scratch: Scratch | None) -> Repository:
    """Return what there is to say of the repository in a folder; without `scratch`, by files."""
    found = Repository(watched=[f"{folder}/{layout.DOT_GIT}"])
    try:
        place = layout.find(folder)
        if place is None:
            return found
        found.facts = {**_UNKNOWN}
        _describe(found, folder, place, scratch)
    except (BrokenError, GitError) as error:
        found.facts = {**_UNKNOWN, **found.facts}
        if isinstance(error, GitError) and not error.is_about_repository:
            found.problems.append(str(error))
            found.is_final = False
        else:
            found.facts["corrupt"] = True
            found.problems.append(f"corrupt repository: {error}")
    except OSError as error:
        found.facts = {**_UNKNOWN, **found.facts}
        found.problems.append(f"the repository cannot be read: {reason_of(error)}")
    return found


def _describe(found: Repository, folder: str, place: Layout, scratch: Scratch | None) -> None:
    facts = found.facts
    facts.update(bare=place.is_bare, worktree=place.is_worktree, submodule=place.is_submodule)
    foreign = place.owners(folder) - {os.geteuid()}
    if foreign:
        facts["owned_by"] = owners.name_of(max(foreign))
        if os.geteuid() in place.data_owners():
            # Somebody has had theirs lead to ours, which is not for everybody who reads a report.
            raise GitError("it leads to a repository of another user")
    config = GitConfig({}) if foreign else _config(place)
    facts["bare"] = facts["bare"] or (config.is_true("core.bare") and not place.is_worktree)
    if config.get("extensions.refstorage").lower() not in ("", "files"):
        raise GitError("its refs are in a reftable, which is not read here")
    head = refs.head(place)
    facts.update(branch=head.branch, commit=head.commit or None, detached=not head.ref)
    facts["empty"] = not head.commit and not refs.has_any(place)
    if foreign:
        found.watched += _places(folder, place, head, None)
        return
    facts["operation"] = _operation(place)
    facts["remote"] = _remote(config)
    upstream = refs.upstream(place, config, head)
    facts["upstream"] = upstream.name if upstream else None
    found.watched += _places(folder, place, head, upstream)
    if not head.commit and not facts["empty"]:
        found.problems.append(f"{head.branch} has no commit, and other branches have")
    if facts["bare"]:
        if scratch and head.commit:
            scratch.check_commit(place, config, head)
        return
    tree = _working_tree(folder, place, _hash_size(config))
    found.watched += tree[:MOST_FOLDERS]
    found.is_final = len(tree) <= MOST_FOLDERS
    if scratch is not None:
        _compare(facts, scratch.changes(folder, place, config, head, upstream))


def _compare(facts: dict[str, Any], changes: Changes) -> None:
    facts.update(
        changed=changes.changed,
        untracked=changes.untracked,
        ahead=changes.ahead,
        behind=changes.behind,
        dirty=bool(changes.changed or changes.untracked),
    )


def _config(place: Layout) -> GitConfig:
    return config_file.parse(small(f"{place.common_dir}/config", config_file.LARGEST) or b"")


def _operation(place: Layout) -> str | None:
    there = (name for name in _OPERATIONS if os.path.lexists(f"{place.git_dir}/{name}"))
    return next((_OPERATIONS[name] for name in there), None)


def _remote(config: GitConfig) -> str | None:
    """Return the address of `origin`, else of the first remote, without a password."""
    names = config.names("remote")
    if not names:
        return None
    url = config.get(f"remote.{'origin' if 'origin' in names else names[0]}.url")
    without_user = re.sub(r"^([a-z+]+://)[^/@]*@", r"\1", url, flags=re.IGNORECASE)
    return one_line(without_user) or None


def _places(folder: str, place: Layout, head: Head, upstream: Upstream | None) -> list[str]:
    names = [head.ref, upstream.ref if upstream else ""]
    places = [folder, place.git_dir, f"{place.common_dir}/config", f"{place.git_dir}/index"]
    places += [*refs.places(place, names), f"{place.common_dir}/info/exclude"]
    shared = (f"{place.common_dir}/{name}" for name in _MAY_BE_LINKS)
    is_linked = any(map(os.path.islink, shared))  # some tools make links of them
    return [*places, *map(os.path.realpath, places)] if is_linked else places


def tracked(place: Layout, hash_size: int = 0) -> list[str]:
    """Return the files that are tracked, by their paths. Raises ValueError for a damaged index."""
    if not hash_size:
        hash_size = _hash_size(_config(place))
    names = [f"{place.git_dir}/index"]
    with os.scandir(place.git_dir) as entries:
        names += [entry.path for entry in entries if entry.name.startswith("sharedindex.")]
    contents = (small(name, index.LARGEST) for name in names)
    return [entry.path for data in contents if data for entry in index.files(data, hash_size)]


def _hash_size(config: GitConfig) -> int:
    return 32 if config.get("extensions.objectformat").lower() == "sha256" else 20


def _working_tree(folder: str, place: Layout, hash_size: int) -> list[str]:
    """Return the files of a working tree that are tracked, and the folders they are in.

    Of a large one only the folders, in which new files appear.
    """
    try:
        paths = tracked(place, hash_size)
    except ValueError:
        return []  # git will say what is wrong with it
    folders = {os.path.dirname(path) for path in paths}
    watched = [*folders, *(paths if len(paths) <= MOST_FILES else ())]
    return [f"{folder}/{path}" for path in watched if path]

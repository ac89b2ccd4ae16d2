"""What lies in the folder of a branch, as far as a sweep wants to know."""

from scheduled.ecosystem.registry import Branch
from scheduled.ecosystem.sweep import Cache

TRINITY = ".trinity"
MAILBOXES = ("ai_mail.local", ".ai_mail.local")
DASHBOARD = "DASHBOARD.local.json"
LOGS = "logs"

KINDS = ("local", "observations")
"""The two kinds of memory file."""

_ENDINGS = tuple(f".{kind}.json" for kind in KINDS)
_READMES = {"README.MD", "README.RST", "README.TXT", "README"}
_WANTED = {TRINITY, *MAILBOXES, DASHBOARD, LOGS}


def names_in(branch: Branch, cache: Cache) -> list[str]:
    """The names in the folder of a branch that a sweep cares about, sorted. Raises OSError."""
    return cache.names(branch.folder, _is_wanted)


def memory_in(branch: Branch, cache: Cache) -> list[str]:
    """The names in the folder of a branch that memory files go by, sorted. Raises OSError."""
    return cache.names(branch.folder, _is_memory)


def memory_kind(name: str) -> str | None:
    """The kind of memory file that a name in a branch's folder stands for, if for any.

    `DASHBOARD.local.json` and `CLOSED_PLANS.local.json` have the ending and are none.
    """
    if not name.endswith(_ENDINGS) or name.startswith(("DASHBOARD", "CLOSED_PLANS")):
        return None
    return name.rsplit(".", 2)[1]


def is_readme(name: str) -> bool:
    """Whether a name is that of a README, whatever its case."""
    return name.upper() in _READMES


def _is_memory(name: str) -> bool:
    return name == TRINITY or memory_kind(name) is not None


def _is_wanted(name: str) -> bool:
    return name in _WANTED or name.endswith(_ENDINGS) or is_readme(name)

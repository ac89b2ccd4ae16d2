"""Issues: what is wrong with a branch, in a sentence for people and in a word for tables.

An *error* keeps a branch from working: its folder or mailbox is missing, or one of its files
cannot be read. Everything else is a *warning*. The seed tells them apart by the word "Missing"
in the text, so no warning uses that word.
"""

from enum import StrEnum

from scheduled.quick_classes import NamedTuple, dataclass


class Part(StrEnum):
    """What a branch has that can be wrong."""

    MEMORY = "memory"
    MAIL = "mail"
    README = "readme"
    DASHBOARD = "dashboard"
    LOG = "log"
    BRANCH = "branch"
    """Its directory, so all of it."""


class Flaw(StrEnum):
    """What can be wrong with a part, the worst first."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    OVER = "over"
    STALE = "stale"
    OLD = "old"
    LARGE = "large"
    UNDATED = "undated"
    NEAR = "near"


class Issue(NamedTuple):
    """One problem."""

    text: str
    """As it stands in the central file: `local.json: 612 lines (threshold: 600)`."""
    in_full: str
    """As it stands in a message: `FLOW.local.json: 612 lines (threshold: 600)`."""
    is_error: bool = False
    kind: str = ""
    """Part and flaw: `memory over`. Empty for what all branches share."""


@dataclass(frozen=True)
class Checkup:
    """The issues of one branch, or of what all branches share."""

    branch: str
    issues: tuple[Issue, ...] = ()

    @property
    def status(self) -> str:
        """`healthy`, `warning` or `error`: as bad as the worst issue."""
        if any(issue.is_error for issue in self.issues):
            return "error"
        return "warning" if self.issues else "healthy"


def warning(part: Part, flaw: Flaw, text: str, in_full: str = "") -> Issue:
    """Return an issue that does not keep a branch from working."""
    return Issue(text, in_full or text, is_error=False, kind=f"{part} {flaw}")


def error(part: Part, flaw: Flaw, text: str, in_full: str = "") -> Issue:
    """Return an issue that keeps a branch from working."""
    return Issue(text, in_full or text, is_error=True, kind=f"{part} {flaw}")

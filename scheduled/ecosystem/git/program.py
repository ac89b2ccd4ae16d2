"""git itself: run with nothing of its surroundings, and with a time limit."""

import os
from collections.abc import Callable, Mapping, Sequence

from scheduled.quick_classes import NamedTuple
from scheduled.system import bounded
from scheduled.system.bounded import NotStartedError

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "GIT_SSH_COMMAND": "/bin/false",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PAGER": "cat",
}
"""All that git gets, whatever is set where this program runs."""


class GitError(Exception):
    """git did not answer; the message is a part of a sentence."""

    def __init__(self, reason: str, *, is_about_repository: bool = False) -> None:
        super().__init__(reason)
        self.is_about_repository = is_about_repository
        """Whether git has complained about the repository, and not we about git."""


class Git(NamedTuple):
    """A program to run, and for how long."""

    path: str
    seconds: float

    def run(
        self, words: Sequence[str], environ: Mapping[str, str], take: Callable[[bytes], None]
    ) -> None:
        """Hand what git prints to `take`, piece by piece. Raises GitError."""
        try:
            ended = bounded.run([self.path, *words], {**ENVIRONMENT, **environ}, self.seconds, take)
        except NotStartedError as error:
            raise GitError(f"git cannot be started: {error}") from None
        if ended.code is None:
            raise GitError(f"git took longer than {self.seconds:g} seconds")
        if ended.code:
            raise _refusal(ended.code, ended.complaint)


def _refusal(code: int, complaint: bytes) -> GitError:
    lines = complaint.decode("utf-8", "replace").splitlines()
    said = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    if not said:
        return GitError(f"git ended with {code}")
    is_denied = any("Permission denied" in line for line in lines)
    return GitError(said[0].partition(": ")[2], is_about_repository=not is_denied)

"""Which claims of a registry about a project are false (pure)."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scheduled.system.text import one_line

_SCHEME = re.compile(r"^[a-z+]+://(?:[^/@]*@)?([^/:]+)(?::\d+)?/", re.IGNORECASE)
_SHORT = re.compile(r"^(?:[^/@:]*@)?([^/:]{2,}):(?!//)")
_CREDENTIALS = re.compile(r"^([a-z+]+://)[^/@]*@", re.IGNORECASE)


def false_claims(claims: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each claim that what was found contradicts.

    What is not known contradicts nothing.
    """
    if not facts.get("exists"):
        return []
    return [
        f"{name}: {sentence}"
        for name, check in _CHECKS.items()
        if name in claims
        for sentence in check(claims[name], facts)
    ]


def same_remote(one: str, other: str) -> bool:
    """Return whether two addresses lead to one repository, over whatever protocol."""
    return _remote(one) == _remote(other)


def _git(claim: Any, facts: Mapping[str, Any]) -> Iterator[str]:
    is_there = facts["has_git"] or bool(facts.get("bare"))
    if claim is None:
        return
    if not isinstance(claim, bool):
        yield "expected true or false"
    elif claim and not is_there:
        yield "registered as true, and there is no repository"
    elif not claim and is_there:
        yield "registered as false, and there is a repository"


def _git_remote(claim: Any, facts: Mapping[str, Any]) -> Iterator[str]:
    is_known = "remote" in facts and not facts.get("owned_by") and not facts.get("corrupt")
    if claim is not None and not isinstance(claim, str):
        yield "expected text or null"
    elif is_known and claim and not facts["remote"]:
        yield f"registered as {_shown(claim)}, and the repository has no remote"
    elif is_known and not claim and facts["remote"]:
        yield f"registered as none, and it is {_shown(facts['remote'])}"
    elif is_known and claim and not same_remote(claim, facts["remote"]):
        yield f"registered as {_shown(claim)}, and it is {_shown(facts['remote'])}"


def _python(claim: Any, facts: Mapping[str, Any]) -> Iterator[str]:
    if claim is not None and not isinstance(claim, str):
        yield "expected text, such as 3.10+"
        return
    claimed, stated = _least(claim or ""), _least(facts.get("python", ""))
    if claimed and stated and claimed != stated:
        yield f"registered as {_shown(claim)}, and the project requires {_shown(facts['python'])}"


def _version(claim: Any, facts: Mapping[str, Any]) -> Iterator[str]:
    if claim is not None and not isinstance(claim, str):
        yield "expected text"
        return
    stated = facts.get("version", "")
    if claim and stated and _release(claim) != _release(stated):
        yield f"registered as {_shown(claim)}, and the project states {_shown(stated)}"


_CHECKS: Mapping[str, Callable[[Any, Mapping[str, Any]], Iterator[str]]] = {
    "git": _git,
    "git_remote": _git_remote,
    "python": _python,
    "version": _version,
}


def _shown(value: Any) -> str:
    return one_line(_CREDENTIALS.sub(r"\1", str(value)), 100)


def _remote(address: str) -> str:
    """Return host and path of an address, without what does not matter."""
    text = address.strip()
    host = _SCHEME.match(text) or _SHORT.match(text)
    path = text[host.end() :] if host else text
    path = path.rstrip("/").removesuffix(".git").strip("/") if host else path.rstrip("/")
    return f"{host[1].lower()}/{path.lower()}" if host else path.removesuffix(".git")


def _least(requirement: str) -> tuple[int, ...]:
    """Return the lowest version that a requirement allows: `3.9+`, `>=3.9,<4`, `^3.9`; or ()."""
    for part in requirement.split(","):
        found = re.fullmatch(r"\s*(?:>=|~=|==|\^|~)?\s*v?(\d+(?:\.\d+)*)(?:\.\*)?\s*\+?\s*", part)
        if found:
            return _numbers(found[1])
    return ()


def _release(version: str) -> str:
    """Return a version without a `v` and zeros at its end, which add nothing."""
    text = version.strip().lower().removeprefix("v")
    return re.sub(r"(?:\.0)+$", "", text)


def _numbers(text: str) -> tuple[int, ...]:
    numbers = [int(number[:9]) for number in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)

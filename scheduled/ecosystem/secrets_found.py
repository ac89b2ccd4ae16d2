"""What looks like a secret in a text (pure). What was found is named, and never repeated."""

import re
from collections.abc import Iterator

_FORMS = {
    "a private key": rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "an access key of AWS": rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})",
    "a token of GitLab": rb"\bglpat-[A-Za-z0-9_-]{20}",
    "a token of Slack": rb"\bxox[abeprs]-[A-Za-z0-9-]{10}",
    "a key of Google": rb"\bAIza[0-9A-Za-z_-]{35}",
    "a key of Stripe": rb"\b[rs]k_live_[0-9A-Za-z]{20}",
    "a key of a language model": rb"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32}",
    "a password in an address": rb"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']{1,100}:([^\s/@\"']{3,200})@",
    "a secret": (
        rb"(?i)(?:api_?key|secret(?:_?key)?|access_?token|auth_?token|passwd|password)[\"']?"
        rb"\s{0,5}[:=]\s{0,5}[\"']([^\s\"']{12,200})[\"']"
    ),
}
_PATTERNS = {name: re.compile(form) for name, form in _FORMS.items()}
_PLACEHOLDER = re.compile(
    rb"(?i)[${}<>*%]|example|change|placeholder|your|dummy|x{4}|\.\.\.|^(?:password|pass|secret)$"
)
MOST = 1000
"""Findings in one text."""


def found(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield the line of each thing in a text that looks like a secret, and what it looks like.

    One of each kind a line; what is plainly a placeholder is none.
    """
    seen: set[tuple[int, str]] = set()
    for name, pattern in _PATTERNS.items():
        for match in pattern.finditer(data):
            if match.lastindex and _PLACEHOLDER.search(match[1]):
                continue
            finding = (data.count(b"\n", 0, match.start()) + 1, name)
            if finding not in seen:
                seen.add(finding)
                yield finding
            if len(seen) >= MOST:
                return

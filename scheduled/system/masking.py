"""Secrets: which variables hold one, and how their values are hidden in all that is kept.

A secret is the value of a variable whose name says so. Wherever it occurs it becomes `***`; what
is derived from it (its base64, a part of it) is not recognised.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import IO, Any

STARS = "***"
NAMES = (
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "CREDENTIAL",
)
"""A variable with one of these in its name, in any case, holds a secret."""
SHORTEST = 6
"""Shorter values are not hidden: `true` or `1234` occur in ordinary output."""
TORN = 3
"""A piece of a secret at a cut is hidden if it has this many bytes."""
CHUNK = 64 * 1024


@cache
def is_secret(name: str) -> bool:
    """Return whether a variable of this name holds a secret."""
    return any(word in name.upper() for word in NAMES)


class Mask:
    """Hides the secrets among some variables; true if there are any."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        secrets = {
            form for name in variables if is_secret(name) for form in _forms(variables[name])
        }
        # Longest first: one secret may be the beginning of another.
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._bytes = [os.fsencode(secret) for secret in self._secrets]
        self._pattern = "|".join(map(re.escape, self._secrets))
        self._byte_pattern = b"|".join(map(re.escape, self._bytes))

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def text(self, text: str) -> str:
        """Return `text` without the secrets."""
        return re.sub(self._pattern, STARS, text) if self else text

    def value(self, value: Any) -> Any:
        """Return a JSON value without the secrets, in keys too; tuples become lists."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.text(str(key)): self.value(item) for key, item in value.items()}
            case list() | tuple():
                return [self.value(item) for item in value]
            case int() | float() if str(value) in self._secrets:
                return STARS
        return value

    def ends(self, head: bytes, tail: bytes) -> tuple[bytes, bytes]:
        """Return what is left of a text after a cut, without the pieces of secrets at the cut."""
        start = max((_overlap(head, secret) for secret in self._bytes), default=0)
        rest = max((_overlap(secret, tail) for secret in self._bytes), default=0)
        stars = STARS.encode()
        return (
            head[:-start] + stars if start >= TORN else head,
            stars + tail[rest:] if rest >= TORN else tail,
        )

    def rewrite(self, stream: IO[bytes]) -> None:
        """Hide the secrets in an open file, in place and piece by piece. Raises OSError.

        Stars are shorter than any secret, so writing never overtakes reading. A file without
        secrets is not written to.
        """
        if not self:
            return
        written, changed = 0, False
        for raw, masked in self._pieces(stream):
            changed = changed or raw != masked
            if changed:
                stream.seek(written)
                stream.write(masked)
            written += len(masked)
        if changed:
            stream.truncate(written)

    def _pieces(self, stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Yield a file piece by piece, each as it is and without secrets.

        The caller may move the position in the file: it is set before each read.
        """
        longest, pending, read = max(map(len, self._bytes)), b"", 0
        while True:
            stream.seek(read)
            chunk = stream.read(CHUNK)
            read += len(chunk)
            pending += chunk
            # A secret may begin in the last bytes and end in the next chunk.
            end = max(0, len(pending) - longest + 1) if chunk else len(pending)
            for match in re.finditer(self._byte_pattern, pending):
                if match.start() < end < match.end():
                    end = match.end()
            yield pending[:end], re.sub(self._byte_pattern, STARS.encode(), pending[:end])
            pending = pending[end:]
            if not chunk:
                return


def _forms(value: str) -> Iterable[str]:
    """Return the forms a secret is printed in: as it is, line by line, and as JSON writes it."""
    forms = {value, value.strip(), *(line.strip() for line in value.splitlines())}
    forms |= {
        json.dumps(form, ensure_ascii=is_ascii)[1:-1]
        for form in forms
        for is_ascii in (True, False)
    }
    return (form for form in forms if len(form) >= SHORTEST)


def _overlap(before: bytes, after: bytes) -> int:
    """Return how many bytes at the end of `before` are the start of `after`."""
    most = min(len(before), len(after))
    return next((size for size in range(most, 0, -1) if before.endswith(after[:size])), 0)

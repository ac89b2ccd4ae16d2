"""Secrets that must not be read in what is kept: which variables hold one, and hiding their values.

A secret is the value of a variable whose name says so. Wherever it is found it becomes `***`;
what merely derives from it (its base64, its second half) is not recognised.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, BinaryIO

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
"""A shorter value is not looked for: `true` and `1234` are found in all that people print."""
TORN = 3
"""So much of a secret that a cut went through tells something."""
CHUNK = 64 * 1024


@cache
def is_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    return any(word in name.upper() for word in NAMES)


class Mask:
    """Hides the secrets among some variables. True if there are any to hide."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        secrets = {
            form for name in variables if is_secret(name) for form in _forms(variables[name])
        }
        # Longest first, so that of two secrets, one the beginning of the other, none shows.
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._bytes = [os.fsencode(secret) for secret in self._secrets]
        self._pattern = re.compile("|".join(map(re.escape, self._secrets)))
        self._byte_pattern = re.compile(b"|".join(map(re.escape, self._bytes)))

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def text(self, text: str) -> str:
        """`text` without the secrets."""
        return self._pattern.sub(STARS, text) if self else text

    def value(self, value: Any) -> Any:
        """A JSON value without the secrets, in names too; tuples become lists."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.text(str(key)): self.value(one) for key, one in value.items()}
            case list() | tuple():
                return [self.value(one) for one in value]
            case int() | float() if str(value) in self._secrets:
                return STARS
        return value

    def ends(self, head: bytes, tail: bytes) -> tuple[bytes, bytes]:
        """What a cut left of a text, without the pieces of secrets it went through."""
        begun = max((_overlap(head, secret) for secret in self._bytes), default=0)
        rest = max((_overlap(secret, tail) for secret in self._bytes), default=0)
        stars = STARS.encode()
        return (
            head[:-begun] + stars if begun >= TORN else head,
            stars + tail[rest:] if rest >= TORN else tail,
        )

    def rewrite(self, stream: BinaryIO) -> None:
        """Hide the secrets in an open file, in place and piece by piece. Raises OSError.

        Stars are shorter than any secret, so what is written never overtakes what is read. A
        file without a secret is not written to.
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

    def _pieces(self, stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
        """All of a file in stretches, each as it is and without secrets.

        The place in the file may be changed in between: it is set before each read.
        """
        longest, held, read = max(map(len, self._bytes)), b"", 0
        while True:
            stream.seek(read)
            chunk = stream.read(CHUNK)
            read += len(chunk)
            held += chunk
            # A secret may begin in the last bytes and end in the next chunk.
            end = max(0, len(held) - longest + 1) if chunk else len(held)
            for match in self._byte_pattern.finditer(held):
                if match.start() < end < match.end():
                    end = match.end()
            yield held[:end], self._byte_pattern.sub(STARS.encode(), held[:end])
            held = held[end:]
            if not chunk:
                return


def _forms(value: str) -> Iterable[str]:
    """The ways a secret is printed: as it is, line by line, and as JSON writes it."""
    found = {value, value.strip(), *(line.strip() for line in value.splitlines())}
    found |= {json.dumps(one, ensure_ascii=plain)[1:-1] for one in found for plain in (True, False)}
    return (one for one in found if len(one) >= SHORTEST)


def _overlap(before: bytes, after: bytes) -> int:
    """How much of the end of one text is the beginning of the other, short of all of a secret."""
    most = min(len(before), len(after))
    return next((size for size in range(most, 0, -1) if before.endswith(after[:size])), 0)

"""Our block in the text of somebody's crontab: written, found, replaced and removed (pure).

A block is sealed with a digest of its lines, so that a block edited by hand is recognised."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scheduled.errors import ScheduledError
from scheduled.installation.crontab_line import calls_us

VERSION = 1


_BEGIN = re.compile(rb"#\s*BEGIN scheduled (?P<name>\S+)(?P<rest>.*)")


_END = re.compile(rb"#\s*END scheduled (?P<name>\S+)")


_SEAL = re.compile(rb" v(?P<version>\d{1,9}) sha256:(?P<digest>[0-9a-f]{64})")


_ABOUT = b"# Written by `scheduled cron install`; `scheduled cron uninstall` removes it.\n"


_NEWLINE_ADDED = (
    b"# (The line above this block had no newline; uninstalling takes it away again.)\n"
)


class CrontabError(ScheduledError):
    """The crontab holds something we do not touch without being told to."""


@dataclass(frozen=True)
class Block:
    """Our lines as they stand in a crontab, with the markers around them."""

    first_line: int
    """Of the opening marker, counted from 1."""
    last_line: int
    start: int
    """Offset of the first byte of the opening marker; `end` is one past the closing one."""
    end: int
    version: int | None
    """None where the opening marker itself was edited."""
    digest: str
    """As the opening marker has it; empty where that was edited."""
    body: bytes

    @property
    def intact(self) -> bool:
        """Whether nobody has edited it since we wrote it."""
        return self.digest == _digest(self.body)

    @property
    def where(self) -> str:
        """Its place in words."""
        return f"lines {self.first_line} to {self.last_line}"


def installation(state_dir: Path) -> str:
    """The name of a block: one per state folder, so that two installations can live together."""
    return hashlib.sha256(os.fsencode(state_dir)).hexdigest()[:8]


def block_text(name: str, lines: Sequence[bytes], *, newline_added: bool = False) -> bytes:
    """The whole block, markers included, each line ended."""
    body = _ABOUT + (_NEWLINE_ADDED if newline_added else b"") + b"".join(lines)
    seal = f"v{VERSION} sha256:{_digest(body)}"
    opening, closing = f"# BEGIN scheduled {name} {seal}\n", f"# END scheduled {name}\n"
    return opening.encode() + body + closing.encode()


def blocks(text: bytes, name: str) -> list[Block]:
    """The blocks of that installation, in the order of the text; one at most, if all is well.

    Raises CrontabError, with line numbers, where a marker has no partner: nobody can tell then
    which lines are ours.
    """
    found: list[Block] = []
    opening: _Marker | None = None
    for marker in _markers(text, name):
        if marker.opens == (opening is not None):
            raise _unpaired(opening or marker)
        if opening is None:
            opening = marker
        else:
            found.append(_block(text, opening, marker))
            opening = None
    if opening is not None:
        raise _unpaired(opening)
    return found


def with_block(text: bytes, name: str, lines: Sequence[bytes], *, force: bool = False) -> bytes:
    """`text` with that block in it: in the old one's place, else at the end. Idempotent.

    Raises CrontabError where a block was edited by hand, stands there twice or comes from a
    newer version, which `force` overrides; and for a line outside every block that calls us.
    """
    found = blocks(text, name)
    _refuse_strays(text)
    if not found:
        newline_added = bool(text) and not text.endswith(b"\n")
        ours = block_text(name, lines, newline_added=newline_added)
        return text + (b"\n" if newline_added else b"") + ours
    newline_added = _NEWLINE_ADDED in found[0].body
    ours = block_text(name, lines, newline_added=newline_added)
    if not force:
        _refuse_doubtful(found)
    for surplus in reversed(found[1:]):
        text = text[: surplus.start] + text[surplus.end :]
    return text[: found[0].start] + ours + text[found[0].end :]


def without_block(text: bytes, name: str, *, force: bool = False) -> bytes:
    """`text` as it was before `with_block`, to the byte; unchanged where there is no block.

    Raises CrontabError as `with_block` does, except for lines outside the block.
    """
    found = blocks(text, name)
    if not force:
        _refuse_doubtful(found)
    for block in reversed(found):
        before, after = text[: block.start], text[block.end :]
        # A newline that has become the separator to somebody's later line stays.
        if _NEWLINE_ADDED in block.body and not after:
            before = before.removesuffix(b"\n")
        text = before + after
    return text


def stray_lines(text: bytes) -> list[int]:
    """The numbers, from 1, of the lines outside every block that call us."""
    ours = lines_in_blocks(text)
    numbered = enumerate(_split(text), start=1)
    return [number for number, line in numbered if number not in ours and calls_us(line)]


def lines_in_blocks(text: bytes) -> set[int]:
    """The numbers, from 1, of the lines of every installation's block, markers included."""
    ours: set[int] = set()
    for name in {marker.name for marker in _markers(text)}:
        with contextlib.suppress(CrontabError):
            for block in blocks(text, name):
                ours.update(range(block.first_line, block.last_line + 1))
    return ours


@dataclass(frozen=True)
class _Marker:
    number: int
    start: int
    end: int
    name: str
    rest: bytes
    opens: bool


def _split(text: bytes) -> list[bytes]:
    """The lines with their ends; only `\\n` ends a line, as cron has it."""
    return re.findall(rb"[^\n]*\n|[^\n]+", text)


def _markers(text: bytes, name: str | None = None) -> Iterator[_Marker]:
    offset = 0
    for number, line in enumerate(_split(text), start=1):
        opening, closing = _BEGIN.fullmatch(line.strip()), _END.fullmatch(line.strip())
        match = opening or closing
        if match is not None:
            found = match["name"].decode("ascii", "backslashreplace")
            rest = opening["rest"] if opening else b""
            if name in (None, found):
                end = offset + len(line)
                yield _Marker(number, offset, end, found, rest, opening is not None)
        offset += len(line)


def _block(text: bytes, opening: _Marker, closing: _Marker) -> Block:
    seal = _SEAL.fullmatch(opening.rest)
    return Block(
        first_line=opening.number,
        last_line=closing.number,
        start=opening.start,
        end=closing.end,
        version=int(seal["version"]) if seal else None,
        digest=seal["digest"].decode() if seal else "",
        body=text[opening.end : closing.start],
    )


def _unpaired(marker: _Marker) -> CrontabError:
    kind, other = ("BEGIN", "END") if marker.opens else ("END", "BEGIN")
    return CrontabError(
        f"crontab line {marker.number}: `# {kind} scheduled {marker.name}` without its {other},"
        " so nobody can tell which lines are ours; nothing was changed."
        " Mend it with `crontab -e`: delete the marker and our lines next to it"
    )


def _refuse_doubtful(found: Sequence[Block]) -> None:
    if len(found) > 1:
        places = " and ".join(block.where for block in found)
        raise CrontabError(
            f"crontab {places}: the same block twice; nothing was changed."
            " Delete one with `crontab -e`, or leave one with --force"
        )
    for block in found:
        if not block.intact:
            raise CrontabError(
                f"crontab {block.where}: edited by hand since it was written; nothing was"
                " changed. Keep your edit elsewhere, or overwrite it with --force"
            )
        if (block.version or 0) > VERSION:
            raise CrontabError(
                f"crontab {block.where}: written by a newer version of scheduled; nothing was"
                " changed. Use that version, or overwrite the block with --force"
            )


def _refuse_strays(text: bytes) -> None:
    lines = _split(text)
    for number in stray_lines(text):
        line = lines[number - 1].decode("utf-8", "backslashreplace").strip()
        raise CrontabError(
            f"crontab line {number} calls scheduled already: {line}\nNothing was changed."
            " Delete that line with `crontab -e`, then install again"
        )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()

"""The program's block in the text of a crontab: written, found, replaced and removed (pure).

The lines stand between two markers. The first carries a hash of the lines, so that an edit by
hand is noticed and not overwritten; the name in both distinguishes installations.
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence

from scheduled.errors import ScheduledError
from scheduled.installation.crontab_line import calls_us
from scheduled.quick_classes import dataclass

VERSION = 1


_BEGIN = re.compile(rb"#\s*BEGIN scheduled (?P<name>\S+)(?P<rest>.*)")


_END = re.compile(rb"#\s*END scheduled (?P<name>\S+)")


_SEAL = re.compile(rb" v(?P<version>\d{1,9}) sha256:(?P<digest>[0-9a-f]{64})")


_ABOUT = b"# Written by `scheduled cron install`; `scheduled cron uninstall` removes it.\n"


_NEWLINE_ADDED = (
    b"# (The line above this block had no newline; uninstalling takes it away again.)\n"
)


class CrontabError(ScheduledError):
    """The crontab holds something that is not changed without `--force`."""


@dataclass(frozen=True)
class Block:
    """A block in a crontab, with its markers."""

    name: str
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
        """Whether the block is as it was written."""
        return self.digest == _digest(self.body)

    @property
    def where(self) -> str:
        """The place of the block in words."""
        return f"lines {self.first_line} to {self.last_line}"


def block_text(name: str, lines: Sequence[bytes], *, newline_added: bool = False) -> bytes:
    """Return the whole block, markers included, each line ended."""
    body = _ABOUT + (_NEWLINE_ADDED if newline_added else b"") + b"".join(lines)
    seal = f"v{VERSION} sha256:{_digest(body)}"
    opening, closing = f"# BEGIN scheduled {name} {seal}\n", f"# END scheduled {name}\n"
    return opening.encode() + body + closing.encode()


def blocks(text: bytes, *names: str) -> list[Block]:
    """Return the blocks with these names in the order of the text; normally one at most.

    Raises CrontabError, with line numbers, if a marker has no partner: it is then unknown which
    lines belong to the block.
    """
    existing = [block for name in dict.fromkeys(names) for block in _blocks(text, name)]
    return sorted(existing, key=lambda block: block.start)


def _blocks(text: bytes, name: str) -> list[Block]:
    existing: list[Block] = []
    opening: _Marker | None = None
    for marker in _markers(text, name):
        if marker.opens == (opening is not None):
            raise _unpaired(opening or marker)
        if opening is None:
            opening = marker
        else:
            existing.append(_block(text, opening, marker))
            opening = None
    if opening is not None:
        raise _unpaired(opening)
    return existing


def with_block(
    text: bytes,
    name: str,
    lines: Sequence[bytes],
    *,
    replacing: Sequence[str] = (),
    force: bool = False,
) -> bytes:
    """Return `text` with the block in it: in the old one's place, else at the end. Idempotent.

    It takes the place of the blocks whose names are in `replacing`, too.

    Raises CrontabError if a block was edited by hand, occurs twice or comes from a newer version,
    which `force` overrides; and for a line outside every block that calls the program.
    """
    existing = blocks(text, name, *replacing)
    _refuse_strays(text)
    if not existing:
        newline_added = bool(text) and not text.endswith(b"\n")
        ours = block_text(name, lines, newline_added=newline_added)
        return text + (b"\n" if newline_added else b"") + ours
    newline_added = _NEWLINE_ADDED in existing[0].body
    ours = block_text(name, lines, newline_added=newline_added)
    if not force:
        _refuse_doubtful(existing)
    for surplus in reversed(existing[1:]):
        text = text[: surplus.start] + text[surplus.end :]
    return text[: existing[0].start] + ours + text[existing[0].end :]


def without_block(text: bytes, *names: str, force: bool = False) -> bytes:
    """Return `text` as it was before `with_block`, to the byte; unchanged if there is no block.

    Raises CrontabError as `with_block` does, except for lines outside the block.
    """
    existing = blocks(text, *names)
    if not force:
        _refuse_doubtful(existing)
    for block in reversed(existing):
        before, after = text[: block.start], text[block.end :]
        # A newline that has become the separator to somebody's later line stays.
        if _NEWLINE_ADDED in block.body and not after:
            before = before.removesuffix(b"\n")
        text = before + after
    return text


def stray_lines(text: bytes) -> list[int]:
    """Return the numbers, from 1, of the lines outside every block that call the program."""
    ours = lines_in_blocks(text)
    numbered = enumerate(_split(text), start=1)
    return [number for number, line in numbered if number not in ours and calls_us(line)]


def lines_in_blocks(text: bytes) -> set[int]:
    """Return the numbers, from 1, of the lines of every installation's block, markers included."""
    return set(names_by_line(text))


def names_by_line(text: bytes) -> dict[int, str]:
    """Return the name of the block each line stands in, by its number, as `lines_in_blocks`."""
    names: dict[int, str] = {}
    for name in {marker.name for marker in _markers(text)}:
        with contextlib.suppress(CrontabError):
            for block in blocks(text, name):
                names |= dict.fromkeys(range(block.first_line, block.last_line + 1), name)
    return names


@dataclass(frozen=True)
class _Marker:
    number: int
    start: int
    end: int
    name: str
    rest: bytes
    opens: bool


def _split(text: bytes) -> list[bytes]:
    """Split into lines with their ends; only `\n` ends a line, as in cron."""
    return re.findall(rb"[^\n]*\n|[^\n]+", text)


def _markers(text: bytes, name: str | None = None) -> Iterator[_Marker]:
    offset = 0
    for number, line in enumerate(_split(text), start=1):
        opening, closing = _BEGIN.fullmatch(line.strip()), _END.fullmatch(line.strip())
        match = opening or closing
        if match is not None:
            existing = match["name"].decode("ascii", "backslashreplace")
            rest = opening["rest"] if opening else b""
            if name in (None, existing):
                end = offset + len(line)
                yield _Marker(number, offset, end, existing, rest, opening is not None)
        offset += len(line)


def _block(text: bytes, opening: _Marker, closing: _Marker) -> Block:
    seal = _SEAL.fullmatch(opening.rest)
    return Block(
        name=opening.name,
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
        " so it is unclear which lines belong to this program; nothing was changed."
        " Fix it with `crontab -e`: delete the marker and the lines of scheduled next to it"
    )


def _refuse_doubtful(existing: Sequence[Block]) -> None:
    same = [block for block in existing if [other.name for other in existing].count(block.name) > 1]
    if same:
        places = " and ".join(block.where for block in same)
        raise CrontabError(
            f"crontab {places}: the same block twice; nothing was changed."
            " Delete one with `crontab -e`, or leave one with --force"
        )
    for block in existing:
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

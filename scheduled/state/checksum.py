"""Checksums (CRC-32) at the end of a JSON text, as its last key; and what they can repair. Pure."""

import zlib

from scheduled.quick_classes import NamedTuple


class Seal(NamedTuple):
    """How a checksum ends a text: between `mark` and `end` stand its eight hexadecimal digits."""

    mark: bytes
    end: bytes

    def seal(self, body: bytes) -> bytes:
        """Return `body`, the text without its last brace, with the checksum at its end."""
        return body + self.of(body)

    def of(self, body: bytes | memoryview) -> bytes:
        """Return the checksum of `body` as it stands at the end of the text."""
        return b"%s%08x%s" % (self.mark, zlib.crc32(body), self.end)

    @property
    def length(self) -> int:
        """How many bytes it takes."""
        return len(self.mark) + 8 + len(self.end)

    def is_sound(self, data: bytes) -> bool:
        """Return whether the checksum of a text is right; nothing of it is copied."""
        return data[-self.length :] == self.of(memoryview(data)[: -self.length])

    def body(self, data: bytes) -> bytes | None:
        """Return the text without its checksum; None if the checksum is wrong or absent."""
        return data[: -self.length] if self.is_sound(data) else None

    def repaired(self, data: bytes) -> bytes | None:
        """Return the body of a text in which a single bit is wrong; None if more is wrong."""
        body, found = data[: -self.length], data[-self.length :]
        right = self.of(body)
        if len(found) < self.length:
            return None
        if _differing_bits(found, right) == 1:  # the flaw is in the checksum itself
            return body
        try:
            checksum = int(found[len(self.mark) : -len(self.end)], 16)
        except ValueError:
            return None
        whole = _corrected(body, checksum)
        return whole if whole is not None and found == self.of(whole) else None


def _corrected(data: bytes, checksum: int) -> bytes | None:
    """Return `data` with the one bit changed that makes its CRC-32 `checksum`; None if none does.

    The checksum is linear: what the wrong bit adds to it depends only on the bit's distance from
    the end. So what was added is followed back from the end, byte by byte, until it is one bit.
    """
    table = [_of_byte(byte) for byte in range(256)]
    by_top = {entry >> 24: number for number, entry in enumerate(table)}
    bits = {table[1 << bit]: 1 << bit for bit in range(8)}
    added = zlib.crc32(data) ^ checksum
    for index in range(len(data) - 1, -1, -1):
        if added in bits:
            whole = bytearray(data)
            whole[index] ^= bits[added]
            return bytes(whole)
        number = by_top[added >> 24]
        added = ((added ^ table[number]) << 8 | number) & 0xFFFFFFFF
    return None


def _differing_bits(data: bytes, other: bytes) -> int:
    return sum((ours ^ theirs).bit_count() for ours, theirs in zip(data, other, strict=True))


def _of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xEDB88320 if byte & 1 else 0)
    return byte

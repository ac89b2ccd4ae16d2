"""Files of systemd's units: their sections and keys (pure), according to systemd.syntax(7)."""

import re
from collections.abc import Iterator, Sequence

from scheduled.errors import UsageError
from scheduled.quick_classes import NamedTuple, dataclass, field

LARGEST = 1024 * 1024
_SECTION = re.compile(r"\[([^\[\]]+)\]")
_CAT = re.compile(r"# (?P<path>/\S+\.(?:timer|service|conf))")
"""The line that `systemctl cat` prints before each file."""


class Value(NamedTuple):
    """A value of a key."""

    text: str
    line: int
    file: str


class UnitFile(NamedTuple):
    """A file, and what it is called in messages."""

    label: str
    data: bytes
    first: int = 1
    """The number of its first line."""


@dataclass
class Unit:
    """A unit with its drop-ins: an empty value takes back the earlier ones of its key."""

    name: str
    values: dict[tuple[str, str], list[Value]] = field(default_factory=dict)

    def all(self, section: str, key: str) -> Sequence[Value]:
        """Return the values of a key, in their order."""
        return self.values.get((section, key), ())

    def last(self, section: str, key: str) -> str:
        """Return the value that counts of a key that has one, or ''."""
        found = self.all(section, key)
        return found[-1].text if found else ""

    def is_on(self, section: str, key: str) -> bool:
        """Whether a key is set to yes."""
        return self.last(section, key).lower() in ("1", "yes", "y", "true", "t", "on")

    def keys(self, section: str) -> list[str]:
        """Return the keys that are set in a section."""
        return [key for (name, key), values in self.values.items() if name == section and values]


def read(name: str, files: Sequence[UnitFile]) -> Unit:
    """Return the unit of a file and its drop-ins. Raise UsageError for what is no unit file."""
    unit = Unit(name)
    for file in files:
        for section, key, value in _entries(file):
            entry = unit.values.setdefault((section, key), [])
            if value.text:
                entry.append(value)
            else:
                entry.clear()
    return unit


def split_cat(data: bytes) -> list[tuple[str, UnitFile]]:
    """Return the files in what `systemctl cat` printed, each with its path; none if it did not."""
    found: list[tuple[str, int, list[bytes]]] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        match = _CAT.fullmatch(line.decode("utf-8", "replace").rstrip("\r"))
        if match:
            found.append((match["path"], number + 1, []))
        elif found:
            found[-1][2].append(line)
    return [
        (path, UnitFile(path.rpartition("/")[2], b"\n".join(lines), first))
        for path, first, lines in found
    ]


def _entries(file: UnitFile) -> Iterator[tuple[str, str, Value]]:
    if len(file.data) > LARGEST:
        raise UsageError(f"{file.label}: more than {LARGEST // 1024**2} MB")
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + file.first
        raise UsageError(f"{file.label}:{line}: not UTF-8") from None
    section = ""
    for line, logical in _logical_lines(text, file.first):
        if "\0" in logical:
            raise UsageError(f"{file.label}:{line}: contains a NUL")
        if match := _SECTION.fullmatch(logical):
            section = match[1]
            continue
        key, sign, value = logical.partition("=")
        if not sign or not key.strip():
            raise UsageError(
                f"{file.label}:{line}: neither [Section] nor Key=Value, so it is no unit file"
            )
        yield section, key.strip(), Value(value.strip(), line, file.label)


def _logical_lines(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Yield each line that says something, joined with those that continue it."""
    parts: list[str] = []
    start = first
    for number, line in enumerate(text.split("\n"), start=first):
        plain = line.rstrip("\r")
        if plain.lstrip()[:1] in ("#", ";"):
            continue
        start = start if parts else number
        parts.append(plain.removesuffix("\\"))
        if not plain.endswith("\\"):
            logical = " ".join(parts).strip()
            parts = []
            if logical:
                yield start, logical
    if parts and (logical := " ".join(parts).strip()):
        yield start, logical

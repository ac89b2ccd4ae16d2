"""What is wrong with a file: sentences, with the line, the key and the entries each is about."""

from scheduled.quick_classes import NamedTuple


class Problem(NamedTuple):
    """What is wrong with a key of a file, or with the file as a whole."""

    line: int
    sentence: str
    """With its place, the file and the line."""
    key: str = ""
    """The key with those it is in, `jobs.backup.command`; empty: the whole file."""
    left_out: tuple[str, ...] = ()
    """The entries of the key that are wrong, and do not count."""


class ProblemList(list[Problem]):
    """Problems of a file. Without a file, the sentences have no place."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def add(self, line: int, key: str, sentence: str, left_out: tuple[str, ...] = ()) -> None:
        """Add a sentence about a key, or about the whole file if `key` is empty."""
        place = f"{self.file}:{line}" if self.file else ""
        whole = ": ".join(part for part in (place, key, sentence) if part)
        self.append(Problem(line, whole, key, left_out))

    def sentences(self) -> tuple[str, ...]:
        """Return the sentences in the order of the file."""
        return tuple(problem.sentence for problem in sorted(self, key=lambda found: found.line))

    def left_out(self, key: str) -> tuple[str, ...]:
        """Return the entries of a key that are wrong."""
        return tuple(name for problem in self if problem.key == key for name in problem.left_out)

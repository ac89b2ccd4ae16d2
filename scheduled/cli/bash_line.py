"""A line of bash that is being typed: its words, and how one is written in it (pure)."""

import re

_HARMLESS = r"[\w./@%+=:,-]"
"""Characters that mean nothing to bash within a word, letters of every language included."""


class BashLine:
    """The words of a line up to the cursor, without quotes and backslashes."""

    def __init__(self, line: str, breaks: str) -> None:
        """Split a line; `breaks` is COMP_WORDBREAKS, at which bash begins a word of its own."""
        self.words: list[str] = []
        self.last = ""
        """The word that is being typed."""
        self._quote = ""
        self._kept = 0
        """How many characters of it stand before what bash replaces."""
        self._breaks = {char for char in breaks if char in ":=@"}
        self._split(line)

    def written(self, word: str) -> str | None:
        """Return what bash shall write for a word; None: it cannot stand in an open quote."""
        if self._quote:
            return word if re.fullmatch(rf"(?:{_HARMLESS}| )*", word) else None
        rest = word[self._kept :]
        return "".join(char if re.match(_HARMLESS, char) else f"\\{char}" for char in rest)

    def _split(self, line: str) -> None:
        characters = iter(line)
        is_begun = False
        for char in characters:
            if char.isspace() and not self._quote:
                if is_begun:
                    self.words.append(self.last)
                self.last, self._kept, is_begun = "", 0, False
                continue
            is_begun = True
            if char == "\\" and self._quote != "'":
                self.last += next(characters, "")
            elif char == self._quote:
                self._quote = ""
            elif char in "'\"" and not self._quote:
                self._quote = char
            else:
                self.last += char
                if char in self._breaks and not self._quote:
                    self._kept = len(self.last)

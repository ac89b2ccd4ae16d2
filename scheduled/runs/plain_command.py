"""Commands that a shell would do nothing for but start them: they are started without one."""

PLAIN = "_./:@%+,=-"
"""Characters that mean nothing to a shell, besides letters, digits and the blanks between words."""
_BLANKS = " \t"


def words(command: str) -> list[str]:
    """Return the words of a command that needs no shell; empty if it needs one, or may.

    Its program is a path: without a slash, it may be a word of the shell's own (sh(1)). A word
    with `=` before it would be a variable.
    """
    found = command.split()
    is_path = bool(found) and "/" in found[0] and "=" not in found[0]
    is_plain = command.isascii() and all(
        character.isalnum() or character in PLAIN or character in _BLANKS for character in command
    )
    return found if is_path and is_plain else []

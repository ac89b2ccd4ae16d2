"""Why ssh failed, by what it has printed; the shell of the host has printed among that."""

import re

from scheduled.system.text import one_line

LONGEST = 4096
"""How many bytes are kept of what was printed last."""
AUTHENTICATED = "Authenticated to "
"""How a line of ssh begins, with LogLevel VERBOSE, that ends what comes before the shell: a banner,
messages of a jump host."""
REMARKS = (
    "debug",
    "** ",
    "Warning: Permanently added ",
    "Transferred: sent ",
    "Bytes per second: ",
)
"""How lines begin that ssh also prints if all goes well."""
CONSEQUENCES = (
    "UNKNOWN port 65535",
    "kex_exchange_identification: ",
    "stdio forwarding failed",
    ": terminating, ",
)
"""What ssh adds after it has given the reason."""
_AROUND = re.compile(
    r"\W*|[\w./-]+:\s*|\s*exec .*|usage: .*|Try .* for more information\.?", re.IGNORECASE
)
"""What shells and programs print around the reason: the command once more, marks below it."""
_CAUSE = re.compile(r'Load key "|no such identity: |Host key for .* has changed')
"""What ssh says earlier, and explains why a key was refused."""
_HUNG_UP = re.compile(
    r"^(kex|ssh)_exchange_identification: (read: )?Connection (closed|reset) by .*\n"
    r"Connection (closed|reset) by (?!UNKNOWN)\S+ port \d+\s*\Z",
    re.MULTILINE,
)
_REFUSED = ("Permission denied", "Host key verification failed")


class LastWords:
    """The end of what ssh has printed."""

    def __init__(self) -> None:
        self._said = b""

    def hear(self, data: bytes) -> None:
        """Add what was printed now."""
        self._said = (self._said + data)[-LONGEST:]

    def forget(self) -> None:
        """Forget what was printed until now: the login went well."""
        self._said = b""

    def is_busy(self) -> bool:
        """Return whether the server hung up at once, as one that has too many logins does."""
        return bool(_HUNG_UP.search(self._said.decode("utf-8", "replace")))

    def reason(self) -> str:
        """Return the line that says why it failed, with the cause if another line has it; or ''."""
        lines = self._said.decode("utf-8", "replace").split("\n")
        begun = [number for number, line in enumerate(lines) if line.startswith(AUTHENTICATED)]
        said = [line for line in lines[begun[-1] + 1 if begun else 0 :] if _says_something(line)]
        if not said:
            return ""
        reasons = [line for line in said if not _is_beside_it(line)]
        last = _sentence((reasons or said)[-1])
        causes = [line for line in lines if _CAUSE.match(line)]
        if causes and any(each in last for each in _REFUSED):
            return f"{last}; {_sentence(causes[-1])}"
        return last


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(REMARKS)


def _is_beside_it(line: str) -> bool:
    return any(each in line for each in CONSEQUENCES) or bool(_AROUND.fullmatch(line.rstrip("\r")))


def _sentence(line: str) -> str:
    return one_line(line).rstrip(".")

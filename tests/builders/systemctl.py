"""A `systemctl` command of one's own, which writes down what it was asked.

The real one, with a manager of its own, has its turn in tests/e2e.
"""

from pathlib import Path

_SCRIPT = """\
#!/bin/sh
[ "$1" = --user ] || exit 3
shift
echo "$*" >> '{folder}/asked'
{first}
case "$1" in
restart) touch '{folder}/active' ;;
disable) rm -f '{folder}/active' ;;
show) [ -e '{folder}/active' ] && echo active || echo inactive ;;
esac
"""

NO_BUS = 'echo "Failed to connect to bus: No medium found" >&2; exit 1'


class Systemctl:
    """The command in `folder`/bin. `first` is shell, run before it does anything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self.behave()

    def behave(self, first: str = ":") -> None:
        """Make the command do this before it answers."""
        path = self.bin / "systemctl"
        path.write_text(_SCRIPT.format(folder=self._folder, first=first))
        path.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        """What it was asked to do so far; questions are left out."""
        path = self._folder / "asked"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if not line.startswith("show ")]

"""A `crontab` command of one's own, so that no test touches a real crontab.

It behaves as crontab(1) does: `-l` prints the text or says that there is none, `-` replaces it,
and `-e` has `$EDITOR` edit it. The daemon and Debian's own command have their turn in tests/e2e.
"""

from pathlib import Path

_SCRIPT = """\
#!/bin/sh
store={folder}/text
case "$1" in
-l) {on_list}
    [ -f "$store" ] && exec cat "$store"
    echo "no crontab for tester" >&2
    exit 1 ;;
-)  cat > "$store.new"
    {on_replace}
    mv "$store.new" "$store" ;;
-e) exec "${{EDITOR:-true}}" "$store" ;;
*)  echo "usage" >&2
    exit 1 ;;
esac
"""

REFUSE = 'echo "errors in crontab file, cannot install." >&2; exit 1'
REFUSE_OPEN_LINE = '[ -z "$(tail -c 1 "$store.new")" ] || { echo "no newline" >&2; exit 1; }'
"""As Debian's does: a text must end with a newline."""


class Crontab:
    """The command in `folder`/bin, and the text it keeps. What a test sets is shell, run first."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self._text = folder / "text"
        self._folder = folder
        self.behave()

    def behave(self, *, on_list: str = ":", on_replace: str = ":") -> None:
        """Make the command do this before it answers; `$store` is where the text lies."""
        script = _SCRIPT.format(folder=self._folder, on_list=on_list, on_replace=on_replace)
        (self.bin / "crontab").write_text(script)
        (self.bin / "crontab").chmod(0o755)

    @property
    def exists(self) -> bool:
        return self._text.exists()

    @property
    def text(self) -> bytes:
        return self._text.read_bytes()

    @text.setter
    def text(self, text: bytes) -> None:
        self._text.write_bytes(text)

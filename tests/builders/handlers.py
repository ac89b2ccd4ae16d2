"""Handler files as tests write them."""

from pathlib import Path

IMPORT = "from scheduled.handler import handler\n"
"""The first line of a file with a decorator in it; what follows begins in line 2."""


def handler_file(root: Path, name: str, text: str | bytes) -> Path:
    """The file `name` in the folder `handlers`, which only its owner may write to."""
    path = root / "handlers" / name
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o644)
    return path


def decorated(name: str, told: str = 'schedule="daily"') -> str:
    """A file with one function under the decorator, in line 3."""
    return f"{IMPORT}@handler({told})\ndef {name}(context):\n    return {{'by': '{name}'}}\n"

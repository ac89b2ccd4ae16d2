"""Writes what is declared into the pages: `python -m docs.declared`."""

from pathlib import Path

from docs.declared import fresh


def main() -> None:
    """Write it, and name the pages that it changes."""
    folder = Path(__file__).parents[1]
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text("utf-8")
        written = fresh(text)
        if written != text:
            path.write_text(written, "utf-8")
            print(path.relative_to(folder.parent))


if __name__ == "__main__":
    main()

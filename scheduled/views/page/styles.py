"""The style sheet of the page, and the policy that allows it and nothing else."""

import base64
import hashlib
import re
from pathlib import Path

SHEETS = ("page.css", "pictures.css", "print.css")
"""Joined in this order: later ones override."""
FOLDER = Path(__file__).parent / "templates"


def sheet() -> str:
    """Return the style sheets as one, without comments and indentation."""
    text = "\n".join((FOLDER / name).read_text("utf-8") for name in SHEETS)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return "\n".join(line for raw in text.splitlines() if (line := raw.strip()))


def policy(style: str) -> str:
    """Return the Content-Security-Policy of a page with that sheet."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )

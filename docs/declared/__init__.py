"""What the manual says that the code declares: each stands in a page between two comments.

    <!-- declared: keys of a job -->
    (a table)
    <!-- end -->

`python -m docs.declared` writes all of them anew into the pages. The site is built with them as
they are then, whatever the pages have, and a test compares both.
"""

import re
from collections.abc import Callable, Mapping

from docs.declared import commands, jobs, keys, words

PARTS: Mapping[str, Callable[[str], list[str]]] = {
    **keys.PARTS,
    **commands.PARTS,
    **jobs.PARTS,
    **words.PARTS,
}
"""What makes the lines of each part; it is given what stands behind the name: `options of run`."""
_PART = re.compile(r"^<!-- declared: (.+?) -->\n(.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL)


def parts(text: str) -> list[str]:
    """Return the names of the parts of a page, in their order."""
    return [name for name, _ in _PART.findall(text)]


def fresh(text: str) -> str:
    """Return the text of a page with its parts as they are declared now."""
    return _PART.sub(lambda found: _written(found[1]), text)


def _written(name: str) -> str:
    made = next((part for part in PARTS if name == part or name.startswith(f"{part} of ")), None)
    if made is None:
        raise ValueError(f"{name}: nothing in docs/declared makes it")
    lines = PARTS[made](name.removeprefix(made).removeprefix(" of "))
    return "\n".join([f"<!-- declared: {name} -->", "", *lines, "", "<!-- end -->"])

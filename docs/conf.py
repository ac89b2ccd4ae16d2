"""How Sphinx makes a site of the manual: `make docs`."""

import re

from sphinx.application import Sphinx

from docs import declared
from scheduled.version import __version__

project = "scheduled"
author = "scheduled maintainers"
project_copyright = "scheduled maintainers"
version = release = __version__
language = "en"
extensions = ["myst_parser"]
nitpicky = True
myst_heading_anchors = 4
html_theme = "furo"
html_title = "scheduled"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
html_copy_source = False
html_show_sourcelink = False

_COMMENT = re.compile(r"^ *<!--.*?-->\n", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## (.+)\n\n((?:\|.*\n)+)", re.MULTILINE)
_PAGE = re.compile(r"\]\(((?:[\w-]+/)*[\w-]+)\.md\)")


def setup(app: Sphinx) -> None:
    """Have each page read as the site wants it."""
    app.connect("source-read", _for_the_site)


def _for_the_site(_: Sphinx, name: str, source: list[str]) -> None:
    """Have what the code declares, no comments, and in the index what Sphinx wants to know.

    That is the pages in its tables. Comments are for the tests, which run the commands of a page.
    """
    source[0] = _COMMENT.sub("", declared.fresh(source[0]))
    if name == "index":
        trees = (_tree(*section) for section in _SECTION.findall(source[0]))
        source[0] = "\n".join([source[0], *trees])


def _tree(heading: str, table: str) -> str:
    pages = _PAGE.findall(table)
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {heading}", "", *pages, "```", ""])

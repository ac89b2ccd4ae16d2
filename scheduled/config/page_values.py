"""The converter of `page`: where ticks write the page, after what, and what is in it."""

from enum import StrEnum
from typing import Any

from scheduled.config.collection_values import settings
from scheduled.config.conversion import Converter, InvalidValue
from scheduled.config.converters import boolean, choice, single_line
from scheduled.config.yaml_document import Node


class After(StrEnum):
    """When the page is written."""

    TICK = "tick"  # at the end of each full tick


_SETTINGS = settings(
    "{path: status.html}",
    {
        "path": Converter(single_line, {"type": "string"}),
        "after": choice(After),
        "output": boolean,
    },
)


def _page(node: Node) -> dict[str, Any]:
    values = _SETTINGS(node)
    if "path" not in values:
        raise InvalidValue("path is missing: the file that ticks write, such as status.html")
    return values


page = Converter(_page, {**_SETTINGS.schema, "required": ["path"]})
"""Returns `path`, and what else is said: `after`, `output`."""

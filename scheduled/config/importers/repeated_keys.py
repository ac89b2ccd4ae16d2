"""Keys that a mapping of another scheduler's YAML has twice (pure).

The first one is imported; a library that reads YAML as Python's does takes the last one.
"""

from collections.abc import Iterator

from scheduled.config.importers.findings import LeftOut
from scheduled.config.yaml_document import Node
from scheduled.system.text import excerpt


def repeated(node: Node, name: str = "") -> Iterator[LeftOut]:
    """Yield each key that is there again in `node`, which is called `name`, or deeper in it."""
    if isinstance(node.value, list):
        for item in node.value:
            yield from repeated(item, name)
    if not node.is_mapping:
        return
    for key, line in node.duplicates:
        first = node.value[key].line
        reason = f"a second time; the one in line {first} counts here, the last one there"
        yield LeftOut(line, excerpt(_joined(name, key)), reason)
    for key, value in node.value.items():
        yield from repeated(value, _joined(name, key))


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key

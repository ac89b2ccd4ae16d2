"""A key of the configuration, as it is declared in `config.keys` and `config.job_keys`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scheduled.config.conversion import Converter
from scheduled.quick_classes import dataclass, replace

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Key:
    """A key of the configuration: what it means, what it accepts, and its default."""

    about: str
    """What it means, in Markdown: a phrase that begins in lower case."""
    convert: Converter[Any]
    default: str = ""
    """As the manual writes it."""
    more: str = ""
    """The rest of what the manual says about it; it follows `about` without a space."""
    aliases: tuple[str, ...] = ()
    """Other names it may have, those of gptme, AICO and CIRIS."""
    example: str = ""
    """A value for the file that `config init` writes; empty: the key is not in it."""
    stops_jobs: bool = True
    """Of a key outside `jobs`: whether no job runs while its value is wrong."""
    field: str = ""
    """Of an alias: the key it stands for, which is the name in `Job` or `Config`."""

    @property
    def plain(self) -> str:
        """What it means, without Markdown."""
        return _without_markdown(self.about)

    @property
    def summary(self) -> str:
        """What it means, and its default in brackets, without Markdown."""
        return f"{self.plain} [{_without_markdown(self.default)}]" if self.default else self.plain


def _without_markdown(text: str) -> str:
    return _LINK.sub(r"\1", text).replace("`", "")


def manual_rows(keys: Mapping[str, Key]) -> list[str]:
    """Return the rows of the manual's table of `keys`; an alias stands beside its key."""
    return [
        f"| {', '.join(f'`{spelling}`' for spelling in (name, *key.aliases))}"
        f" | {key.about}{key.more} | {key.default}{' ' if key.default else ''}|"
        for name, key in keys.items()
        if not key.field
    ]


def with_aliases(keys: Mapping[str, Key]) -> dict[str, Key]:
    """Return a table of keys in which each alias has an entry beside that of its key."""
    return dict(_spellings(keys))


def _spellings(keys: Mapping[str, Key]) -> Iterator[tuple[str, Key]]:
    for name, key in keys.items():
        yield name, key
        for alias in key.aliases:
            yield alias, replace(key, about=f"the same as `{name}`", default="", field=name)

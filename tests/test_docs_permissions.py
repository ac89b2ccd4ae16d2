"""The manual's section about permissions agrees with the program."""

from scheduled.config.permissions import LIMIT_KEYS
from scheduled.jobs.permissions import LEVELS, PREFIXES, Level, in_words
from tests.builders.manual import CHECKOUT, Page

SECTION = Page(CHECKOUT / "docs" / "reference" / "permissions.md").section("Permissions")


def test_its_defaults_are_those_in_effect() -> None:
    for column, level in enumerate((Level.RESTRICTED, Level.LIMITED)):
        told = {
            name: key.default.split("|")[column].strip().strip("`")
            for name, key in LIMIT_KEYS.items()
            if name != "level"
        }
        effective = dict(part.split(" ", 1) for part in in_words(LEVELS[level]).split(", "))
        hours = int(effective["cpu_time"].split()[0]) // 3600

        assert told == effective | {"cpu_time": f"{hours}h"}


def test_every_prefix_is_named_with_its_level() -> None:
    rows = [line for line in SECTION.splitlines() if line.startswith("| `") and ".*`" in line]
    told = {
        prefix.strip().strip("`"): row.split("|")[2].strip().strip("`")
        for row in rows
        for prefix in row.split("|")[1].split(",")
    }

    assert told == PREFIXES

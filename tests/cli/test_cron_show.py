"""`scheduled cron show`."""

import json
from collections.abc import Callable

import pytest

from scheduled.installation import identity
from tests.builders.cron_command import Place, said
from tests.builders.crontab import Crontab

FOREIGN = b"MAILTO=me@example.org\n0 5 * * * backup caf\xe9\n"


def test_show_prints_what_would_be_installed_and_then_what_is(
    place: Place, command: Crontab
) -> None:
    before = said(place, "show", "--every", "5")
    said(place, "install")
    after = said(place, "show")

    assert before.startswith("Not in your crontab.")
    assert "\n*/5 * * * * " in before
    assert after.startswith("In your crontab, as it was written:\n# BEGIN scheduled")
    assert "\n* * * * * " in after


def test_the_keys_of_show_stay(place: Place, command: Crontab) -> None:
    command.text = FOREIGN
    said(place, "install")

    report = json.loads(said(place, "show", "--json"))

    block = command.text.removeprefix(FOREIGN).decode()
    assert report == {
        "id": report["id"],
        "status": "intact",
        "problem": None,
        "lines": [3, 6],
        "version": 1,
        "block": block,
        "would_install": block,
    }
    assert report["id"] == identity.installation_id(place.root, place.state_dir, is_default=False)


@pytest.mark.parametrize(
    ("harm", "status", "problem"),
    [
        (lambda _: b"", "absent", ""),
        (lambda block: block.replace(b"* * * * * ", b"1 * * * * "), "edited", "lines 1 to 4"),
        (lambda block: block + block, "broken", "lines 1 to 4 and lines 5 to 8"),
        (lambda block: block.rsplit(b"#", 1)[0], "broken", "line 1"),
    ],
)
def test_show_tells_in_what_condition_the_block_is(
    place: Place, command: Crontab, harm: Callable[[bytes], bytes], status: str, problem: str
) -> None:
    said(place, "install")
    command.text = harm(command.text)

    report = json.loads(said(place, "show", "--json"))

    assert report["status"] == status
    assert problem in (report["problem"] or "")

"""Ids in a journal become names of locks and directories; nothing else may be made of them."""

from typing import Any

import pytest

from scheduled.state import names


@pytest.mark.parametrize("name", ["a", "_a", "maintenance.log_cleanup", "a-b", "20261128T2137-37"])
def test_an_id_of_a_job_or_run_is_accepted(name: str) -> None:
    names.check({"job": name, "run_id": name, "state": {"jobs": {name: {}}}})


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "..", ".", "", "a\0", "ä", "a" * 101, 7])
@pytest.mark.parametrize("where", ["job", "run_id", "state"])
def test_g3_what_is_no_id_makes_an_event_damaged(where: str, name: Any) -> None:
    event: dict[str, Any] = {where: {"jobs": {name: {}}} if where == "state" else name}

    with pytest.raises(ValueError, match="is not an id"):
        names.check(event)


def test_an_event_about_all_jobs_or_none_is_accepted() -> None:
    names.check({"job": "*"})
    names.check({})

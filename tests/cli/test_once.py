"""`scheduled --once`, as GAIA calls it."""

import json

from tests.builders.two_jobs import Installation


def test_once_is_one_object_keyed_by_job_as_gaia_has_it(here: Installation) -> None:
    code, out, _ = here.call("--once")

    document = json.loads(out)
    assert code == 1
    assert {job: row["status"] for job, row in document.items()} == {
        "good": "success",
        "bad": "error",
    }
    assert list(document["good"]) == ["task", "status", "timestamp", "output"]
    assert list(document["bad"]) == ["task", "status", "timestamp", "error"]
    assert {row["timestamp"][-6:] for row in document.values()} == {"+00:00"}

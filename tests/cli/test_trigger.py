"""`scheduled trigger`: a job that is run by hand."""

import json

from scheduled.system import locks
from tests.builders.two_jobs import JOBS, OFF, Installation


def test_a_job_is_triggered_by_hand_even_when_it_is_disabled(here: Installation) -> None:
    here.call("disable", "good")

    code, out, _ = here.call("trigger", "good", "--json")

    assert code == 0
    (row,) = json.loads(out)["runs"]
    assert (row["outcome"], row["slot"]) == ("succeeded", None)


def test_not_now_is_no_success_for_who_asked_by_hand(here: Installation) -> None:
    path = here.root / "scheduled.yaml"
    path.write_text(JOBS.replace("echo fine", "exit 75") + OFF)

    code, _, err = here.call("trigger", "good")

    assert (code, err) == (75, "good: not now: exit code 75\n")


def test_a_job_that_runs_elsewhere_is_not_started_by_hand(here: Installation) -> None:
    here.call("run", "--only", "good")
    lock = locks.take_job(here.root / "state", "good")
    assert lock is not None

    code, _, err = here.call("trigger", "good")

    lock.release()
    assert code == 75
    assert err == "good: not started: still running\n"

"""How many runs go on at the same time, of this machine and of each executor, and which is next."""

from typing import Any

from scheduled.jobs.model import Job
from scheduled.state.document import State, empty
from scheduled.ticks import places
from scheduled.ticks.places import Places
from scheduled.ticks.start_order import pop_startable

PLACES = Places(2, {"nas": {"max_concurrent": 2}, "farm": {"max_concurrent": 1}})


def jobs(*names: str) -> list[Job]:
    """Jobs by name: `a` of this machine, `nas.b` of an executor."""
    return [
        Job(name.rpartition(".")[2], "daily", "UTC", executor=name.rpartition(".")[0])
        for name in names
    ]


def running(*executors: str) -> State:
    """A state in which these have a run each, as if other ticks had started them."""
    state = empty()
    for number, executor in enumerate(executors):
        run: Any = {"run_id": f"r{number}", "where": {"executor": executor}}
        entry: Any = {"open": run} if number % 2 else {"beside": {"1": run}}
        state["jobs"][f"j{number}"] = entry
    return state


def test_this_machine_and_each_executor_have_places_of_their_own() -> None:
    here, nas, farm = jobs("a", "nas.b", "farm.c")
    busy = jobs("x", "y")

    assert not PLACES.is_free(here, busy, empty())
    assert PLACES.is_free(here, jobs("x", "nas.y", "nas.z"), empty())
    assert PLACES.is_free(nas, busy, running("nas", "farm"))
    assert not PLACES.is_free(nas, [], running("nas", "nas"))
    assert not PLACES.is_free(farm, [], running("nas", "farm"))


def test_what_runs_elsewhere_already_is_asked_first_and_lacks_no_place() -> None:
    state = running("nas", "nas")
    new, here, elsewhere, too = queue = jobs("nas.a", "b", "nas.j1", "j0")

    assert places.running_first(queue, state) == [elsewhere, new, here, too]
    assert PLACES.is_free(elsewhere, [], state)
    assert not PLACES.is_free(new, [], state)


def test_what_has_no_place_holds_up_nothing_else() -> None:
    queue = jobs("farm.a", "farm.b", "nas.c", "d")

    def may_start(job: Job) -> bool:
        return job.executor != "farm"

    found = [pop_startable(queue, [], [], may_start, 2) for _ in range(3)]
    assert [job.id if job else None for job in found] == ["c", "d", None]
    assert [job.id for job in queue] == ["a", "b"]


def test_the_whole_queue_is_not_asked_when_every_place_is_taken() -> None:
    asked: list[str] = []

    def may_start(job: Job) -> bool:
        asked.append(job.id)
        return False

    assert pop_startable(jobs("a", "b", "c", "nas.d", "e"), [], [], may_start, 1) is None
    assert asked == ["a", "d"]

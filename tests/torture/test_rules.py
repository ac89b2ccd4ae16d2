"""The checker itself: what it must not let pass, and that it shortens what fails."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.torture import rules
from tests.torture.operations import Advance, Configure, JobPlan, Operation, Ticks, sequence
from tests.torture.shrink import shrink
from tests.torture.world import World

CALM: list[Operation] = [
    Configure("a", JobPlan("ok", "*/5 * * * *", "latest", 0)),
    Ticks((None,)),
    Advance(900),
    Ticks((None,)),
]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return an installation to which nothing bad has happened."""
    made = World(tmp_path)
    for operation in CALM:
        made.happen(operation)
    made.settle()
    return made


def test_nothing_is_wrong_with_a_calm_sequence(world: World) -> None:
    assert rules.problems(world, len(CALM) + 1) == []


@pytest.mark.parametrize(
    ("tamper", "seen"),
    [
        (lambda lines: [line for line in lines if '"missed"' not in line], "lost: a"),
        (lambda lines: [line for line in lines if '"end"' not in line], "lost: a"),
        (lambda lines: [*lines, *(x for x in lines if '"end"' in x)], "2 outcomes: a"),
        (lambda lines: [line for line in lines if '"begin"' not in line], "without an intent"),
        (
            lambda lines: [
                line.replace('"outcome":"succeeded"', '"outcome":"x"') for line in lines
            ],
            "recorded as x",
        ),
        (
            lambda lines: [line.replace('"attempt":1', '"attempt":2') for line in lines],
            "begins with attempt 2",
        ),
    ],
)
@pytest.mark.slow
def test_a_journal_that_does_not_hold_is_noticed(
    world: World, tamper: Callable[[list[str]], list[str]], seen: str
) -> None:
    (journal,) = (world.folder / "state" / "journal").iterdir()
    journal.write_text("\n".join(tamper(journal.read_text().splitlines())) + "\n")

    wrong = rules.problems(world, len(CALM) + 1)

    assert any(seen in line for line in wrong)


@pytest.mark.slow
def test_a_run_that_is_repeated_is_noticed(world: World) -> None:
    begin = next(event for event in world.events if event["event"] == "begin")
    line = f"start a {begin['slot']} {begin['run_id']} 1\n"
    with (world.folder / "ran").open("a") as ran:
        ran.write(line)

    wrong = rules.problems(world, len(CALM) + 1)

    assert f"run {begin['run_id']} was started 2 times" in wrong
    assert any("which has succeeded" in line for line in wrong)


@pytest.mark.slow
def test_two_runs_with_one_mutex_are_noticed(tmp_path: Path) -> None:
    world = World(tmp_path)
    slow = {name: JobPlan("slow", "*/5 * * * *", "latest", 0, "x") for name in "ab"}
    begin: list[Operation] = [Configure(*each) for each in slow.items()]
    begin += [Ticks((None,)), Advance(900), Ticks((None, None))]
    for operation in begin:
        world.happen(operation)
    assert not [line for line in rules.problems(world, 99) if "mutex" in line]

    config = world.folder / "scheduled.yaml"
    config.write_text(config.read_text().replace('"mutex"', '"name"').replace('["x"]', '"x"'))
    for operation in (Advance(900), Ticks((None, None))):
        world.happen(operation)

    assert any("had the mutex x" in line for line in rules.problems(world, 99))


@pytest.mark.slow
def test_a_command_that_breaks_down_is_noticed(world: World) -> None:
    (world.folder / "scheduled.yaml").write_text("jobs: [")
    world.happen(Ticks((None,)))

    assert any("ended with 2" in line for line in rules.problems(world, len(CALM) + 1))


def test_a_sequence_is_the_same_for_the_same_seed() -> None:
    assert sequence(7) == sequence(7)
    assert sequence(7) != sequence(8)


def test_what_a_failure_does_not_need_is_left_out() -> None:
    needed: list[Operation] = [Advance(61), Ticks((None, 3))]
    noise: list[Operation] = [Advance(20), Ticks((None,)), Configure("a", None)] * 4
    operations = [*noise, needed[0], *noise, needed[1], *noise]

    shortest = shrink(operations, lambda left: all(each in left for each in needed))

    assert shortest == needed

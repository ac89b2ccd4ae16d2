"""What people ask other schedulers for is shown in the manual by commands that are run."""

import pytest

from tests.builders.manual import pages
from tests.manual import script

EXAMPLES = {
    "e1_counted_days": 'scheduled next "0 6 LW * *"',
    "e2_every_so_many_weeks": 'scheduled next "every 2 weeks on mon,thu',
    "e3_schedules_that_may_not_be_meant": 'scheduled next "0 6 1-7 * 1"',
    "e4_days_left_out": "--not-on sat,sun --move next",
    "e5_from_and_until": "scheduled next advent",
    "e6_finished_jobs": "scheduled config prune --dry-run",
    "e6_so_many_runs": "scheduled next remind -n 5",
    "e7_what_is_reported": "--set report=output",
    "e8_one_at_a_time": "scheduled trigger vacuum",
    "e9_how_long_output_is_kept": "--set 'retention={age: 7d, count: 2}'",
    "e10_defaults": "scheduled show sums | grep defaults",
    "e11_a_run_with_other_variables": "scheduled trigger reindex --param limit=5 --env LEVEL=9",
    "e12_another_shell": "scheduled trigger dump",
    "e13_output_as_it_comes": "scheduled logs backup --follow",
    "e14_times_in_words": '--at "tomorrow 8:00"',
    "e15_what_a_job_will_lack": "/opt/gone/report' --dry-run",
}


@pytest.mark.parametrize("command", EXAMPLES.values(), ids=EXAMPLES)
def test_the_manual_runs_an_example(command: str) -> None:
    run = [
        step.shell
        for page in pages()
        for step in script.steps(page)
        if isinstance(step, script.Step)
    ]

    assert any(command in shell for shell in run)

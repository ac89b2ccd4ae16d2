"""doctor on executors: whether they answer, and have the time and the versions of this machine."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduled.installation.doctor import executors
from scheduled.installation.doctor.facts import ExecutorFacts, Facts

OTHER_DASK = "the cluster has Dask 2024.8.0, and this is 2026.8.0"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (ExecutorFacts("nas", "", 59.0), []),
        (ExecutorFacts("nas", "", None), []),
        (
            ExecutorFacts("nas", "ssh: no route", None),
            [("error", "nas: ssh: no route; its jobs wait until it answers")],
        ),
        (
            ExecutorFacts("nas", "", 61.0, (OTHER_DASK,)),
            [
                ("warning", "nas: its clock is 61 s ahead of this one"),
                ("warning", f"nas: {OTHER_DASK}"),
            ],
        ),
        (
            ExecutorFacts("nas", "", -90.0),
            [("warning", "nas: its clock is 90 s behind this one")],
        ),
    ],
)
def test_each_executor_is_judged_by_its_answer(
    tmp_path: Path, found: ExecutorFacts, expected: list[tuple[str, str]]
) -> None:
    facts = Facts(
        command="scheduled --root /srv",
        root="/srv",
        state_dir=tmp_path,
        config_path="",
        name="srv",
        former=(),
        python=tmp_path,
        entry=tmp_path,
        environ={},
        now=datetime(2026, 11, 21, tzinfo=UTC),
        executors=(found,),
    )

    findings = [*executors.answering(facts)]

    assert [(finding.level, finding.message) for finding in findings] == expected
    assert {finding.remedy for finding in findings} <= {"scheduled --root /srv executors nas"}

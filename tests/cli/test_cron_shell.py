"""Which lines of cron and which units have a shell find out alone that nothing is due."""

import shlex
from pathlib import Path

import pytest

from scheduled.installation import idle_script
from tests.builders.cron_command import Place, said
from tests.builders.crontab import Crontab
from tests.builders.doctored import Patient, problems


@pytest.mark.parametrize(
    ("above", "reads"),
    [
        (b"", True),
        (b"SHELL=/bin/bash\n1 1 * * * echo\n", True),
        (b"SHELL = /usr/bin/fish\n1 1 * * * echo\n", False),
        (b"SHELL=/bin/csh\n1 1 * * * echo\nSHELL=/bin/sh\n2 2 * * * echo\n", False),
    ],
)
def test_only_a_shell_that_understands_it_reads_the_script(
    place: Place, command: Crontab, above: bytes, reads: bool
) -> None:
    command.text = above

    said(place, "install")

    assert (b"scheduled-tick" in command.text) is reads
    assert (b"\n* * * * * /" in command.text) is not reads


def test_without_the_script_the_line_starts_python(
    place: Place, command: Crontab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle_script, "NAME", "no-such-script")

    said(place, "install")

    assert b"\n* * * * * /" in command.text


def test_a_path_too_long_for_a_line_of_every_cron_starts_python(
    tmp_path: Path, place: Place, command: Crontab
) -> None:
    root = tmp_path.joinpath(*["long" * 60] * 3)
    root.mkdir(parents=True)

    said(Place(root, place.state_dir, None), "install")

    assert b"\n* * * * * /" in command.text


def test_doctor_proposes_the_line_that_reads_the_script(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(idle_script, "NAME", "no-such-script")
        patient.call("cron", "install")

    finding = patient.only("idle")
    patient.call(*finding["remedy"].split()[-2:])

    assert "starts Python for each tick" in finding["message"]
    assert problems(patient.examine(), "idle") == []


def test_doctor_leaves_lines_alone_whose_shell_cannot_read_the_script(patient: Patient) -> None:
    patient.crontab.text = b"SHELL=/usr/bin/fish\n"
    patient.call("cron", "install")

    assert problems(patient.examine(), "idle") == []


def test_doctor_names_a_script_that_is_gone(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = idle_script.NAME.encode()
    patient.crontab.text = patient.crontab.text.replace(b"/" + script, b"/gone/" + script)

    finding = patient.only("idle")

    assert "/gone/scheduled-tick cannot be read, so Python starts" in finding["message"]
    assert problems(patient.examine(), "files") == []


def test_doctor_names_a_shell_that_does_not_understand_the_line(patient: Patient) -> None:
    patient.crontab.text = b"SHELL=/usr/bin/fish\n" + patient.crontab.text

    finding = patient.only("idle")
    patient.call(*finding["remedy"].split()[-2:])

    assert finding["level"] == "error"
    assert "SHELL=/usr/bin/fish above it does not understand the line" in finding["message"]
    assert b"scheduled-tick" not in patient.crontab.text
    assert problems(patient.examine(), "idle") == []


@pytest.mark.parametrize(
    "options", [["--hourly"], ["--every", "15"], ["--every", "2h"], ["--every", "5", "--log"], []]
)
def test_the_line_that_doctor_proposes_keeps_the_options_of_the_old_one(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: list[str]
) -> None:
    if "--log" in options:
        options = [*options, str(tmp_path / "the log")]
    patient.call("cron", "install", *options)
    with_script = patient.crontab.text
    assert problems(patient.examine(), "idle") == []
    with monkeypatch.context() as without:
        without.setattr(idle_script, "NAME", "no-such-script")
        patient.call("cron", "install", *options)
    assert patient.crontab.text != with_script

    remedy = shlex.split(patient.only("idle")["remedy"])
    patient.call(*remedy[remedy.index("cron") :])

    assert patient.crontab.text == with_script


def test_a_log_counts_for_the_length_of_the_line(place: Place, command: Crontab) -> None:
    log = place.root.joinpath("long" * 50, "long" * 50, "long" * 50)
    log.parent.mkdir(parents=True)

    said(place, "install", "--log", str(log))

    assert b"\n* * * * * /" in command.text

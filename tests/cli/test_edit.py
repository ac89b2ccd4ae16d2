"""`scheduled edit` on a real terminal, with scripts and a real vi as the editor."""

import json
import os
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.builders import needs
from tests.builders.emulator import Watched
from tests.builders.handlers import decorated, handler_file
from tests.builders.people import NOBODY

CONFIG = """\
# ours
handler_dirs: [handlers]
jobs:
  early: {schedule: "0 1 * * *", command: "true"}
  late:
    schedule: "0 23 * * *"
    command: "true"
"""
BACKUP = """\
# nightly
id: backup
schedule: "30 2 * * *"
command: "true"   # later: restic
"""


def _has_asked(times: int, text: str) -> bool:
    return text.count("[e]:") >= times


class Desk:
    """A root, an editor that takes the steps it is given, and a terminal."""

    def __init__(self, root: Path, tmp: Path) -> None:
        self.root, self.tools = root, tmp / "tools"
        self.backup = root / "jobs" / "backup.yaml"
        self.config = root / "scheduled.yaml"
        self.tools.mkdir()
        (root / "jobs").mkdir(mode=0o755)
        self._write(self.config, CONFIG)
        self._write(self.backup, BACKUP)
        self.command = [sys.executable, "-P", "-m", "scheduled", "--root", str(root)]
        self.command += ["--state-dir", str(root / "state")]

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o640)

    def editor(self, *steps: str, name: str = "ed-by-script") -> str:
        """An editor that does one step each time it is called; `$file` is what it edits."""
        for number, step in enumerate(steps):
            (self.tools / f"{number}.step").write_text(step)
        script = self.tools / name
        script.write_text(
            f'#!/bin/sh\ncd {self.tools}\nfor file; do :; done\necho "$@" >> called\n'
            'step=$(ls ./*.step | head -n 1)\n. "$step"\ncode=$?\nrm "$step"\nexit $code\n'
        )
        script.chmod(0o755)
        return str(script)

    def edit(self, *words: str, editor: str, answers: str = "", **environ: str) -> tuple[int, str]:
        """Call it on a terminal, and answer each question; return exit code and what is shown."""
        watched = Watched(
            [*self.command, "edit", *words],
            columns=120,
            lines=30,
            EDITOR=editor,
            VISUAL="",
            TMPDIR=str(self.tools),
            **environ,
        )
        for number, answer in enumerate(answers, 1):
            watched.until(partial(_has_asked, number))
            watched.type(answer.encode() if answer == "\x04" else f"{answer}\n".encode())
        shown = watched.ended(60.0).replace("\r\n", "\n")
        assert "Traceback" not in shown
        assert "bug in scheduled" not in shown
        assert not [*self.tools.glob("scheduled-edit-*")], shown
        return watched.process.returncode, shown

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.command, *words], capture_output=True, text=True, check=False)

    def jobs(self) -> dict[str, Any]:
        rows = json.loads(self.call("list", "--json").stdout)["jobs"]
        return {row["id"]: row for row in rows}

    def called(self) -> list[str]:
        return (self.tools / "called").read_text().splitlines()


@pytest.fixture
def desk(root: Path, tmp_path: Path) -> Desk:
    return Desk(root, tmp_path)


def test_e11_a_job_file_is_edited_and_counts_at_once(desk: Desk) -> None:
    link = desk.root / "jobs" / "linked.yaml"
    desk.backup.rename(desk.root / "backup.real")
    link.symlink_to(desk.root / "backup.real")
    look = 'stat -c %a "$file" "${file%/*}" > modes; sed -i "s/30 2/45 3/" "$file"'

    code, shown = desk.edit("backup", editor=desk.editor(look))

    assert code == 0, shown
    assert f"{link}: changed" in shown
    assert "backup runs next" in shown
    assert link.is_symlink()
    real = desk.root / "backup.real"
    assert real.read_text() == BACKUP.replace("30 2", "45 3")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert (desk.tools / "modes").read_text() == "600\n700\n"
    assert desk.jobs()["backup"]["schedule"] == "45 3 * * *"
    state = json.loads((desk.root / "state" / "scheduled_state.json").read_text())
    assert state["jobs"]["backup"]["schedule"] == "45 3 * * *"  # without a tick


def test_e11_a_mistake_is_shown_and_can_be_mended(desk: Desk) -> None:
    wrong = 'sed -i "s/30 2 /30 26 /" "$file"'
    right = 'sed -i "s/30 26 /30 6 /" "$file"'

    code, shown = desk.edit("backup", editor=desk.editor(wrong, right, name="vim"), answers="e")

    assert code == 0, shown
    assert 'jobs/backup.yaml:3: schedule: "30 26 * * *": hour 26 is out of range' in shown
    assert "Edit it again (e), discard it (d) or keep it in a file of its own (k)?" in shown
    assert [call.split()[0] for call in desk.called()] == ["+2", "+3"]
    assert desk.jobs()["backup"]["schedule"] == "30 6 * * *"


@pytest.mark.parametrize(
    ("answer", "kept"), [("d", False), ("k", True), ("\x04", True), ("xk", True)]
)
def test_e11_nothing_broken_is_installed_and_nothing_typed_is_lost(
    desk: Desk, answer: str, kept: bool
) -> None:
    wrong = BACKUP.replace("30 2", "99 2") + "# mine\n"
    step = f"cat > \"$file\" <<'END'\n{wrong}END"

    code, shown = desk.edit("backup", editor=desk.editor(step), answers=answer)

    assert code in (2, 130)
    assert "nothing was changed" in shown
    assert desk.backup.read_text() == BACKUP
    copy = desk.backup.with_name("backup.yaml.edited")
    assert copy.exists() == kept
    if kept:
        assert copy.read_text() == wrong
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert desk.jobs()["backup"]["schedule"] == "30 2 * * *"


def test_what_somebody_else_changes_meanwhile_is_shown_and_not_lost(desk: Desk) -> None:
    theirs = f'echo "# theirs" >> {desk.backup}; echo "# mine" >> "$file"'

    code, shown = desk.edit(
        "backup", editor=desk.editor(theirs, 'echo "# both" >> "$file"'), answers="e"
    )

    assert "was changed by somebody else meanwhile" in shown
    assert "+# theirs" in shown
    assert code == 0, shown
    assert desk.backup.read_text() == f"{BACKUP}# mine\n# both\n"


def test_a_job_in_the_configuration_is_opened_at_its_line(desk: Desk) -> None:
    add = 'printf \'  new: {schedule: daily, command: "true"}\\n\' >> "$file"'

    code, shown = desk.edit("late", editor=desk.editor(add, name="nano"))

    assert code == 0, shown
    assert f"{desk.config}: changed" in shown
    assert desk.called()[0].split()[0] == "+5"
    state = json.loads((desk.root / "state" / "scheduled_state.json").read_text())
    assert "new" in state["jobs"]
    assert desk.config.read_text().startswith("# ours\n")
    assert not [*desk.root.glob(".scheduled.yaml*")]


def test_an_older_mistake_elsewhere_stops_nothing_and_a_new_one_does(desk: Desk) -> None:
    desk.config.write_text(CONFIG.replace("0 23", "0 93"))
    fine, worse = 'sed -i "s/0 1/0 2/" "$file"', 'sed -i "s/0 2/0 92/" "$file"'

    assert desk.edit("early", editor=desk.editor(fine))[0] == 0
    code, shown = desk.edit("early", editor=desk.editor(worse), answers="d")

    assert code == 2
    assert "scheduled.yaml:4: jobs.early.schedule" in shown
    assert "jobs.late" not in shown


def test_a_configuration_that_cannot_be_read_is_mended(desk: Desk) -> None:
    desk.config.write_text(CONFIG.replace("jobs:", "jobs: ["))
    assert "`scheduled edit` opens it" in desk.edit("late", editor="true")[1]

    mended = 'sed -i "s/jobs: \\[/jobs:/; s/0 23/0 93/" "$file"'
    code, shown = desk.edit(editor=desk.editor(mended), answers="i")

    assert code == 0, shown
    assert "hour 93 is out of range" in shown
    assert "early" in desk.jobs()


def test_a_job_file_that_is_no_yaml_is_mended(desk: Desk) -> None:
    desk.backup.write_text("id: [\n")

    code, shown = desk.edit("backup", editor=desk.editor(f"cat > \"$file\" <<'END'\n{BACKUP}END\n"))

    assert code == 0, shown
    assert "backup" in desk.jobs()


def test_an_unknown_key_is_installed_only_when_asked(desk: Desk) -> None:
    step = 'echo "timout: 5m" >> "$file"'

    code, shown = desk.edit("backup", editor=desk.editor(step), answers="i")

    assert "timout" in shown
    assert "did you mean timeout?" in shown
    assert code == 0, shown
    assert desk.backup.read_text().endswith("timout: 5m\n")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (': > "$file"', "the file is empty"),
        ('sed -i s/backup/early/ "$file"', "early: is already used by scheduled.yaml:4"),
        ('sed -i s/backup/health/ "$file"', "is the id of a built-in job"),
        ('echo "after: nobody" >> "$file"', "nobody"),
        ('printf "\\377" >> "$file"', "UTF-8"),
    ],
)
def test_what_would_not_run_is_a_mistake(desk: Desk, step: str, said: str) -> None:
    code, shown = desk.edit("backup", editor=desk.editor(step), answers="d")

    assert (code, desk.backup.read_text()) == (2, BACKUP)
    assert said in shown


def test_an_editor_that_fails_or_is_missing_changes_nothing(desk: Desk) -> None:
    code, shown = desk.edit("backup", editor=desk.editor('echo "# x" >> "$file"; (exit 3)'))
    assert code == 2
    assert "ended with exit code 3" in shown
    assert (desk.root / "jobs" / "backup.yaml.edited").read_text() == f"{BACKUP}# x\n"

    for editor, said in (
        ("/nonexistent/ed -n", "/nonexistent/ed -n: does not exist; set EDITOR"),
        ("kill -9 $$;", "ended with signal 9"),
        ("true", "nothing was changed"),
        ('rm "$1"; true', "nothing was changed"),
    ):
        assert said in desk.edit("backup", editor=editor)[1]
    code, shown = desk.edit("backup", editor="", PATH="/nonexistent")
    assert (code, "set EDITOR to the one that you use" in shown) == (2, True)
    assert desk.backup.read_text() == BACKUP


def test_without_a_terminal_it_refuses(desk: Desk) -> None:
    done = desk.call("edit", "backup")

    assert done.returncode == 2
    assert done.stderr.startswith("scheduled: edit needs a terminal;")


def test_what_no_file_here_defines_is_answered_with_where_it_comes_from(desk: Desk) -> None:
    handler_file(desk.root, "mine.py", decorated("mine"))
    for job, said in {
        "health": f"health: is a built-in job, which no file here defines; settings of it are"
        f" written below jobs: in {desk.config}",
        "mine": "mine: is defined in handlers/mine.py:3, which is no job file",
        "bakup": "no job is called 'bakup'; did you mean backup?",
    }.items():
        code, shown = desk.edit(job, editor="true")
        assert (code, said in shown.replace("\n", " ").replace("  ", " ")) == (2, True), shown


def test_what_was_typed_outlives_a_copy_that_the_editor_removes(desk: Desk) -> None:
    typed = 'echo "colour: red" >> "$file"'

    code, shown = desk.edit("backup", editor=desk.editor(typed, 'rm "$file"'), answers="ek")

    assert code == 2
    assert "your text is in" in shown.replace("\n", " ")
    assert desk.backup.read_text() == BACKUP
    [kept] = desk.backup.parent.glob("*.edited*")
    assert kept.read_text() == f"{BACKUP}colour: red\n"


def test_other_names_of_a_hard_link_keep_their_text_and_it_is_said(desk: Desk) -> None:
    other = desk.root / "elsewhere"
    other.hardlink_to(desk.backup)

    _, shown = desk.edit("backup", editor=desk.editor('sed -i "s/30 2/45 3/" "$file"'))

    assert "is a hard link, and its other names still have the text of before" in shown
    assert (other.read_text(), "45 3" in desk.backup.read_text()) == (BACKUP, True)
    _, shown = desk.edit("backup", editor=desk.editor('sed -i "s/45 3/50 3/" "$file"'))
    assert "hard link" not in shown


def test_a_pipe_in_the_place_of_the_copy_is_no_text(desk: Desk) -> None:
    code, shown = desk.edit("backup", editor=desk.editor('rm "$file"; mkfifo "$file"'))

    assert (code, "nothing was changed" in shown) == (0, True)
    assert desk.backup.read_text() == BACKUP


def test_a_job_may_name_a_calendar(desk: Desk) -> None:
    desk.config.write_text(f"calendars: {{off: [2027-01-01]}}\n{CONFIG}")

    code, shown = desk.edit("backup", editor=desk.editor('echo "not_on: off" >> "$file"'))

    assert (code, "runs next" in shown) == (0, True), shown
    right = desk.backup.read_text()
    editor = desk.editor('echo "only_on: [of]" >> "$file"')
    code, shown = desk.edit("backup", editor=editor, answers="d")
    assert (code, desk.backup.read_text()) == (2, right)
    assert 'only_on: no calendar is called "of"; did you mean off?' in shown.replace("\n", " ")


def test_root_leaves_a_file_of_somebody_else_to_them(desk: Desk) -> None:
    needs.root()
    desk.config.write_text(f"trusted_owners: [{NOBODY}]\n{CONFIG}")
    os.chown(desk.backup, NOBODY, 0)

    code, shown = desk.edit("backup", editor=desk.editor('echo "# x" >> "$file"'))

    assert code == 2
    assert "belongs to nobody; type: sudo -u nobody scheduled" in shown
    assert not (desk.tools / "called").exists()


def test_a_real_vi_will_do(desk: Desk) -> None:
    needs.programs("busybox")
    watched = Watched(
        [*desk.command, "edit", "backup"],
        columns=80,
        lines=24,
        EDITOR="busybox vi",
        VISUAL="",
        TERM="vt100",
    )
    watched.until(lambda text: "later: restic" in text)
    watched.type(b":%s/30 2/45 4/\r:wq\r")

    assert "changed" in watched.ended(60.0)
    assert desk.backup.read_text() == BACKUP.replace("30 2", "45 4")

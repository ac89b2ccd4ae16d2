import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from scheduled.cli.config import config
from scheduled.errors import UsageError
from tests.builders.configuration import written
from tests.cli.test_import import CRONTAB, call, session

JOBS = """\
jobs:
  backup: {schedule: "30 2 * * *", command: backup.sh 100%, cwd: "~"}
  often: {schedule: every 5m, command: x}
  off: {schedule: daily, command: y, enabled: false, cwd: /srv}
"""


def exported(root: Path, *words: str) -> tuple[str, str]:
    result = CliRunner().invoke(
        config, ["export", *words], obj=session(root), standalone_mode=False, catch_exceptions=False
    )
    return result.stdout, result.stderr


def test_d10_own_jobs_are_printed_as_lines_and_the_others_named(tmp_path: Path) -> None:
    written(tmp_path, JOBS)

    out, err = exported(tmp_path, "--crontab")

    assert out == ("# backup\n30 2 * * * backup.sh 100\\%\n\n# off\n#@daily cd /srv || exit; y\n")
    assert err == "not exported: often: every 5m: cron has only fields\n"


def test_d10_what_was_imported_goes_back_to_cron(tmp_path: Path) -> None:
    (tmp_path / "tab").write_text(CRONTAB + "0 9 * * 1 mail -s 'It''s 9%' ann\\%%Good%morning%\n")
    call(tmp_path, "tab", "--yes")
    before = {file.name: file.read_text() for file in (tmp_path / "jobs").iterdir()}

    (tmp_path / "back").write_text(exported(tmp_path, "--crontab")[0])
    for file in (tmp_path / "jobs").iterdir():
        file.unlink()
    call(tmp_path, "back", "--yes")

    after = {file.name: file.read_text() for file in (tmp_path / "jobs").iterdir()}
    assert after.keys() == before.keys()
    assert "Good\\nmorning\\n" in after["mail.yaml"] or "Good\n" in after["mail.yaml"]


def test_the_keys_of_export_json(tmp_path: Path) -> None:
    written(tmp_path, JOBS)

    made = json.loads(exported(tmp_path, "--crontab", "--json")[0])

    assert made.keys() == {"text", "jobs", "left_out"}
    assert (made["jobs"], made["left_out"][0]["id"]) == (["backup", "off"], "often")


def test_a_format_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give the format: --crontab"):
        exported(tmp_path)

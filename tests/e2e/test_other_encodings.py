"""Names that are not ASCII, under locales that know only ASCII or another encoding than UTF-8."""

from pathlib import Path

import pytest

from tests.builders.command import call
from tests.builders.configuration import job_file, written

pytestmark = pytest.mark.slow

LOCALES = {
    "ascii": {"PYTHONUTF8": "0", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"},
    "unknown": {"PYTHONUTF8": "0", "LC_ALL": "xx_YY", "PYTHONCOERCECLOCALE": "0"},
    "none": {},
}


@pytest.mark.parametrize("name", LOCALES)
def test_c5_names_of_files_are_bytes_in_any_locale(root: Path, tmp_path: Path, name: str) -> None:
    env = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "HOME": str(tmp_path), **LOCALES[name]}
    words = ["--root", str(root), "--state-dir", str(tmp_path / "zustände")]
    written(root, "jobs_dirs: [jöbs]\n")
    (root / "jöbs").mkdir()
    text = 'id: a\nschedule: "* * * * *"\nfirst_run: now\ncommand: echo ü; env > "$HOME/größe"\n'
    job_file(root, "a.yaml", text).rename(root / "jöbs" / "häuser.yaml")

    ran = call([*words, "run"], env=env)
    made = call([*words, "create", "b", "daily", "--command", "echo ä", "--name", "öl"], env=env)
    read = call([*words, "logs", "a"], env=env)
    failed = call([*words, "run", "--only", "größe"], env=env)

    assert (ran.code, ran.err) == (0, "")
    assert (made.code, read.code, failed.code) == (0, 0, 2)
    assert read.out == "ü\n"
    assert "größe" in failed.err
    assert "codec" not in ran.err + made.err + read.err + failed.err
    environ = dict(line.split("=", 1) for line in (tmp_path / "größe").read_text().splitlines())
    assert {key: environ.get(key) for key in LOCALES[name]} == LOCALES[name]

"""What a job finds in its environment: what the tick was given, and nothing of ours."""

import subprocess
import sys
from pathlib import Path

import pytest

GIVEN = {"PATH": "/usr/bin:/bin", "HOME": "/", "LOGNAME": "somebody", "SHELL": "/bin/sh"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"LANG": "C"},
        {"LANG": "de_DE.UTF-8"},
        {"LC_CTYPE": "C"},
        {"LC_CTYPE": "POSIX"},
        {"LC_CTYPE": "C.UTF-8"},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONPATH": "/srv", "PYTHONUNBUFFERED": "1"},
        {"TZ": "Asia/Kathmandu", "EMPTY": "", "ODD": "a=b\nc"},
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("flags", [(), ("-I", "-S")], ids=["as typed", "as cron"])
def test_b11_a_job_gets_the_environment_that_the_tick_was_given(
    tmp_path: Path, more: dict[str, str], flags: tuple[str, ...]
) -> None:
    (tmp_path / "scheduled.yaml").write_text(
        'timezone: UTC\njobs:\n  shown: {schedule: "@daily", command: [env, "-0"]}\n'
    )
    import scheduled

    program = Path(scheduled.__file__).parent / "__main__.py"
    state = tmp_path / "state"
    words = ["--root", str(tmp_path), "--state-dir", str(state), "trigger", "shown"]
    environ = GIVEN | more

    subprocess.run([sys.executable, *flags, str(program), *words], env=environ, check=True)

    (output,) = (state / "runs" / "shown").glob("*.log")
    found = variables(output.read_bytes())
    ours = {name: value for name, value in found.items() if not name.startswith("SCHEDULED_")}
    plain = subprocess.run(["env", "-0"], env=environ, capture_output=True, check=True)
    assert ours == variables(plain.stdout)


def variables(printed: bytes) -> dict[str, str]:
    """The variables that `env -0` has printed."""
    entries = printed.decode().rstrip("\0").split("\0")
    return dict(entry.split("=", 1) for entry in entries)

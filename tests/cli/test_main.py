"""Words on the command line that name no command or option, and calls for help."""

import pytest

from tests.builders.two_jobs import Installation


@pytest.mark.parametrize(
    ("words", "token"),
    [
        (["rum"], "did you mean run"),
        (["run", "--froce"], "--froce"),
        (["run", "extra"], "extra"),
        (["--unknown", "run"], "--unknown"),
    ],
)
def test_unknown_words_are_named_and_run_nothing(
    here: Installation, words: list[str], token: str
) -> None:
    code, _, err = here.call(*words)

    assert code == 2
    assert token in err
    assert not (here.root / "state").exists()


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["run", "--force", "--help"]])
def test_help_anywhere_runs_nothing(here: Installation, words: list[str]) -> None:
    code, out, _ = here.call(*words)

    assert (code, out.startswith("Usage: scheduled")) == (0, True)
    assert not (here.root / "state").exists()

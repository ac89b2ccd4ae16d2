"""`scheduled show`, as somebody calls it."""

from tests.builders.looks import Home


def test_show_tells_definition_last_run_and_output(home: Home) -> None:
    said = home.call("show", "backup")

    assert "[bold]everything[/bold]" in said.out
    assert "2026-11-21 11:00+00:00 (1 h ago)" in said.out
    assert "copied 3 files" in said.out
    assert str(home.state_dir / "runs" / "backup" / "r1.log") in said.out

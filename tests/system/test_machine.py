"""What tells one machine from another."""

from pathlib import Path

import pytest

from scheduled.system import machine


def test_a_machine_is_known_by_its_id_which_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = has_id(tmp_path, monkeypatch, "a" * 32), has_id(tmp_path, monkeypatch, "b" * 32)

    assert first != other
    assert "a" * 8 not in first
    assert has_id(tmp_path, monkeypatch, "a" * 32 + "\n") == first


@pytest.mark.parametrize("text", ["", "uninitialized\n", "ä"])
def test_a_machine_without_an_id_is_known_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(machine, "ID_FILE", tmp_path / "absent")
    nameless = machine.identity()

    assert has_id(tmp_path, monkeypatch, text) == nameless


def test_the_mark_of_a_machine_is_another_one_once_its_id_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_id(tmp_path, monkeypatch, "a" * 32)
    before = [machine.mark(), machine.mark()]
    has_id(tmp_path, monkeypatch, "b" * 33)

    assert before[0] == before[1] != machine.mark()


def has_id(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    path = folder / "machine-id"
    path.write_text(text, "utf-8")
    monkeypatch.setattr(machine, "ID_FILE", path)
    return machine.identity()

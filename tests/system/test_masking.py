"""Secrets: which variables hold one, and that none of it shows."""

import io

import pytest

from scheduled.system import masking
from scheduled.system.masking import Mask, is_secret

MASK = Mask({"API_TOKEN": "hunter22", "HOME": "/home/ann"})


@pytest.mark.parametrize(
    "name", ["GITHUB_TOKEN", "db_password", "AWS_SECRET_ACCESS_KEY", "X_APIKEY"]
)
def test_a_name_says_that_its_value_is_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["HOME", "PATH", "SSH_AUTH_SOCK", "KEYBOARD", "LANG"])
def test_other_names_hold_no_secret(name: str) -> None:
    assert not is_secret(name)


def test_a_secret_is_hidden_wherever_it_stands_and_nothing_else_is() -> None:
    shown = MASK.value({"hunter22": ["/home/ann", "a hunter22!"], "n": 3, "none": None})

    assert shown == {"***": ["/home/ann", "a ***!"], "n": 3, "none": None}


def test_a_secret_number_is_hidden_as_a_number_too() -> None:
    assert Mask({"DB_PASSWORD": "12345678"}).value({"a": 12345678, "b": 1}) == {"a": "***", "b": 1}


def test_a_value_too_short_to_be_told_from_ordinary_words_is_left() -> None:
    assert not Mask({"TOKEN": "true"})


def test_each_line_of_a_secret_and_what_json_makes_of_it_are_hidden() -> None:
    mask = Mask({"PRIVATE_KEY": 'first "line"\nsecond line\n'})

    assert mask.text('second line, "first \\"line\\"\\nsecond line\\n"') == '***, "***"'


def test_of_two_secrets_of_which_one_begins_the_other_the_longer_goes_whole() -> None:
    mask = Mask({"TOKEN": "hunter22", "PASSWORD": "hunter22-and-more"})

    assert mask.text("hunter22-and-more") == "***"


@pytest.mark.parametrize("size", [1, 7, 8, 9, 64])
def test_a_file_is_rewritten_piece_by_piece_wherever_the_pieces_end(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "CHUNK", size)
    text = b"hunter2 hunter22hunter22 and " * 20 + b"hunter22"
    stream = io.BytesIO(text)

    MASK.rewrite(stream)

    assert stream.getvalue() == text.replace(b"hunter22", b"***")


def test_a_file_without_a_secret_is_not_written_to() -> None:
    class Sealed(io.BytesIO):
        def write(self, _: object) -> int:
            raise AssertionError("written to")

    stream = Sealed(b"nothing here\n")
    MASK.rewrite(stream)

    assert stream.getvalue() == b"nothing here\n"


def test_the_pieces_of_a_secret_that_a_cut_went_through_are_hidden() -> None:
    assert MASK.ends(b"it is hunte", b"ter22 you know") == (b"it is ***", b"*** you know")
    assert MASK.ends(b"ha hu", b"22 of them") == (b"ha hu", b"22 of them")

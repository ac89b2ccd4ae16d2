"""The pictures of the manual: small, from nowhere else, told in words; and how they are made."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.builders.manual import CHECKOUT, pages
from tests.manual import pictures, svg, typescript

FILES = sorted(pictures.FOLDER.iterdir())
ALT = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def test_every_picture_is_in_a_page_with_words_for_who_cannot_see_it() -> None:
    shown = {
        (page.path.parent / target).resolve(): words
        for page in pages()
        for words, target in ALT.findall(page.text)
        if "://" not in target
    }

    assert {*FILES} <= {*shown}
    assert [path for path, words in shown.items() if len(words) < 30] == []


def test_there_are_pictures_of_all_that_the_script_makes() -> None:
    made = {f"{name}.svg" for name in (*pictures.COMMANDS, "run")}
    made |= {f"page-{look.scheme}.webp" for look in pictures.LOOKS}

    assert {path.name for path in FILES} == made


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_picture_is_small_and_loads_nothing(path: Path) -> None:
    data = path.read_bytes()

    assert len(data) <= pictures.LARGEST
    if path.suffix == ".svg":
        text = data.decode()
        assert re.findall(r"(?:https?:)?//[^\s\"')]+", text) == ["http://www.w3.org/2000/svg"]
        assert {element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()} == {
            *("svg", "title", "style", "rect", "g", "text", "tspan")
        }
        assert str(CHECKOUT) not in text
        assert "/tmp" not in text


def test_text_of_a_terminal_becomes_text_of_a_picture_with_its_colours() -> None:
    drawn = svg.picture("a & b", "\x1b[31m<failed>\x1b[0m  ok\nsecond", 40)

    root = ET.fromstring(drawn)
    lines = ["".join(line.itertext()) for line in root.iter("{http://www.w3.org/2000/svg}text")]
    assert lines == ["<failed>  ok", "second"]
    assert ".c0 { fill: #f07178; }" in drawn
    assert 'class="c0">&lt;failed&gt;<' in drawn


def test_a_recording_has_the_screens_that_were_seen_long_enough() -> None:
    pieces = [
        (0.2, "\rone\x1b[K\r\n\x1b[J"),
        (0.5, "\r\x1b[1Aone 1 s\x1b[K\r\nmore\x1b[K\r\n\x1b[J"),
        (0.1, "\r\x1b[2Aflash\x1b[K\r\n\x1b[J"),
        (0.01, "\r\x1b[1A\x1b[J\x1b[1mdone\x1b[0m\r\n"),
    ]
    typed = b"Script started\n" + "".join(text for _, text in pieces).encode()
    timing = "".join(f"{seconds} {len(text.encode())}\n" for seconds, text in pieces)

    seen = typescript.screens(typed, timing, "$ x\n")

    assert [text for text, _ in seen] == ["$ x", "$ x\none", "$ x\n\x1b[1mdone\x1b[0m"]

"""The parts of reports and messages: only what the program wrote begins one."""

from scheduled.views.page import prose
from scheduled.views.page.prose import Kind


def kinds(text: str, heading: str = "") -> list[tuple[str, ...]]:
    return [(part.kind.value, *part.lines) for part in prose.parts(text, heading)]


def test_markdown_has_headings_lists_and_paragraphs() -> None:
    text = "# Title\n\n## One\n- a\n- b\n  - c\n- d\n\nWords\nmore\n\nother\n### Two"

    assert prose.title(text) == "Title"
    assert kinds(text) == [
        ("heading", "One"),
        ("item", "a", "b"),
        ("sub_item", "c"),
        ("item", "d"),
        ("paragraph", "Words", "more"),
        ("paragraph", "other"),
        ("heading", "Two"),
    ]
    assert [part.level for part in prose.parts(text) if part.kind is Kind.HEADING] == [2, 3]


def test_what_a_program_printed_is_no_markdown_and_its_indentation_stays() -> None:
    text = "backup: failing\n  exit code 3\n  | # no title\n  |   - no item\n\n# still text"

    assert prose.title(text) == ""
    assert kinds(text, "backup: failing") == [
        ("facts", "exit code 3"),
        ("output", "# no title", "  - no item"),
        ("paragraph", "# still text"),
    ]
    assert kinds(text, "else")[0] == ("paragraph", "backup: failing")


def test_chapters_are_those_of_the_second_level() -> None:
    chapters = prose.chapters("# Title\nabove\n## One\n- a\n### Part\n- b\n## Two")

    assert [(chapter.title, len(chapter.parts)) for chapter in chapters] == [
        ("", 1),
        ("One", 3),
        ("Two", 0),
    ]


def test_of_many_lines_the_rest_is_counted() -> None:
    text = "# Title\n" + "- a\n" * (prose.MOST_LINES + 7)

    assert kinds(text)[0] == ("item", *["a"] * prose.MOST_LINES)
    assert kinds(text)[1:] == [("paragraph", "And 7 more lines.")]


def test_nothing_is_nothing() -> None:
    assert (kinds(""), prose.title(""), prose.chapters("")) == ([], "", [])

"""Lines of logs are found quickly: the same ones as by looking at each line by itself."""

import json
import re
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled.ecosystem import log_lines, timestamps
from scheduled.ecosystem.log_counts import Found, LogCounts

HEAD = re.compile(
    rb"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\]? *( - | \| )"
)
WORDS = (b"ERROR", b"CRITICAL", b"FATAL", b"WARN", b'"error"', b'"critical"', b'"fatal"', b'"warn')

levels = st.sampled_from(
    ["ERROR", "CRITICAL", "FATAL", "WARN", "WARNING", "INFO", "DEBUG", "ERRORS", "error", "RROR"]
)
padding = st.sampled_from(["", " ", "  ", "\t"])
texts = st.sampled_from(["core", "an ERROR", "x - ERROR", "| WARN |", "{", '"error"', "[-]", ""])
times = st.builds(
    "2026-03-07 11:{:02}:{:02}{}".format,
    st.integers(0, 61),
    st.sampled_from([0, 1, 59]),
    st.sampled_from(["", ",123", "Z", "+0200"]),
)


@st.composite
def plain(draw: st.DrawFn) -> str:
    separator = draw(st.sampled_from([" - ", " | "]))
    fields = draw(st.lists(st.one_of(levels, texts), min_size=1, max_size=4))
    padded = [draw(padding) + field + draw(padding) for field in fields]
    other = draw(st.sampled_from([separator, separator, separator, " - "]))
    return draw(st.one_of(times, texts)) + separator + other.join(padded)


objects = st.fixed_dictionaries(
    {"level": st.one_of(levels, st.just("warning"), st.none()), "msg": texts},
    optional={
        "ts": st.sampled_from([1772880900, 1772880901.5, "2026-03-07T11:00:00", None, [1], "x"])
    },
).map(json.dumps)
lines = st.one_of(plain(), plain(), objects, texts, objects.map(lambda text: text[:-1]))


def one_by_one(data: bytes) -> Found:
    """Count as is done without looking for signs in all lines at once."""
    found: Found = {}
    has_json = data.startswith(b"{") or b"\n{" in data
    for line in data.split(b"\n"):
        if not any(word in line for word in (WORDS if has_json else WORDS[:4])):
            continue
        time, level = fields(line)
        place = {"ERROR": 0, "CRITICAL": 0, "FATAL": 0, "WARNING": 1, "WARN": 1}.get(level)
        moment = timestamps.readable(time, UTC)
        if place is not None and moment is not None:
            found.setdefault(int(moment.timestamp()), [0, 0])[place] += 1
    return found


def fields(line: bytes) -> tuple[object, str]:
    if line.startswith(b"{"):
        try:
            document = json.loads(line)
        except ValueError:
            return None, ""
        level = document["level"]
        return document.get("ts"), level.upper() if isinstance(level, str) else ""
    head = HEAD.match(line)
    if head is None:
        return None, ""
    known = {"TRACE", "DEBUG", "INFO", "NOTICE", "SUCCESS", *("ERROR", "CRITICAL", "FATAL")}
    rest = [field.strip().decode() for field in line[head.end() :].split(head[2], 2)[:2]]
    level = next((field for field in rest if field in known | {"WARN", "WARNING"}), "")
    return head[1].decode(), level


@given(st.lists(lines, max_size=8), st.sampled_from(["", "\n"]))
def test_the_lines_found_are_those_that_report_something(written: list[str], end: str) -> None:
    data = ("\n".join(written) + end).encode()
    found: Found = {}

    log_lines.count(data, UTC, found)

    assert found == one_by_one(data)


counts = st.dictionaries(
    st.integers(0, 50), st.lists(st.integers(0, 5), min_size=2, max_size=2), max_size=8
)


@given(st.lists(counts, max_size=4), st.integers(-1, 51), st.integers(-1, 51))
def test_counts_in_any_order_add_up_to_the_same(added: list[Found], after: int, until: int) -> None:
    kept = LogCounts()
    for found in added:
        kept = LogCounts.load(kept.plus(found).text())

    within = [pair for found in added for second, pair in found.items() if after < second <= until]
    expected = sum(pair[0] for pair in within), sum(pair[1] for pair in within)
    assert kept.between(after, until) == expected
    assert kept.since(after).between(after, until) == expected
    assert list(kept.seconds) == sorted(set(kept.seconds))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("AAAA", "not a multiple of item size"),
        ("AAAAAAAAAAA=", "three numbers"),
        ("not base64!", "base64"),
        ("é", "ASCII"),
    ],
)
def test_counts_that_were_damaged_are_not_loaded(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        LogCounts.load(text)

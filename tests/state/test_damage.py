"""Damage to state and journal: no slot runs again, no pause is forgotten, it is said once."""

import random
import re
import shutil
from pathlib import Path

import pytest

from scheduled.jobs.model import Job
from scheduled.state import events, records
from scheduled.state.maintenance.check import examine
from scheduled.state.maintenance.rebuild import rebuild
from scheduled.state.store import FILE_NAME, Store
from tests.builders import soak
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

pytestmark = pytest.mark.slow

DAY = "2026-11-21.jsonl"
JOURNAL = f"journal/{DAY}"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Two days of runs; then one job was paused, and one disabled."""
    engine = Engine(tmp_path_factory.mktemp("sound"), _jobs())
    for when in ("2026-11-20T11:30", "2026-11-20T12:00", "11:30", "12:00"):
        engine.run_at(when)
    engine.record("12:00:10", events.job_enabled("disabled", enabled=False))
    engine.record("12:00:20", events.job_paused("paused", None, "on holiday"))
    engine.run_at("12:01")
    assert len(engine.lines()) == 9
    return engine


def _jobs() -> list[Job]:
    names = ("count", "paused", "disabled")
    return [job(name, command=f"echo {name} >> out") for name in names]


@pytest.fixture
def engine(sound: Engine, tmp_path: Path) -> Engine:
    return _copy(sound, tmp_path / "copy")


def _copy(sound: Engine, folder: Path) -> Engine:
    """The same installation, whose root owns the state, with a copy of the state."""
    engine = Engine(sound.folder, _jobs())
    engine.state_dir = Path(shutil.copytree(sound.state_dir, folder))
    return engine


def test_h1_a_journal_cut_at_any_byte_of_its_last_lines(sound: Engine, tmp_path: Path) -> None:
    whole = (sound.state_dir / JOURNAL).read_bytes()
    starts = [match.end() for match in re.finditer(b"\n", whole)]

    for length in range(starts[-4], len(whole), 1 if soak.SOAK else 37):
        state_dir = Path(shutil.copytree(sound.state_dir, tmp_path / "state"))
        with open(state_dir / JOURNAL, "r+b") as stream:
            stream.truncate(length)

        store = Store(state_dir).load()
        assert store.state == sound.state
        store.record(at("12:02"), events.tick_ended(0))
        store.checkpoint(at("12:02"))

        assert len(store.recovered) in (3, 4), length  # the loss, two copies, a torn line
        assert Store(state_dir).load().recovered == []
        assert examine(state_dir).is_fine
        assert Store(state_dir).replay().state == Store(state_dir).load().state
        assert _numbers(state_dir) == sorted(set(_numbers(state_dir)))
        shutil.rmtree(state_dir)


def test_h1_a_journal_that_is_emptied_or_lacks_its_newest_day(
    sound: Engine, tmp_path: Path
) -> None:
    for name in ("emptied", "missing", "all missing", "all emptied", "half a line"):
        engine = _copy(sound, tmp_path / name)
        for path in sorted((engine.state_dir / "journal").iterdir())[-2 if "all" in name else -1 :]:
            path.unlink() if "missing" in name else path.write_bytes(b'{"seq":' * ("half" in name))

        _assert_mended(engine, sound)


def test_h1_what_was_lost_and_what_is_kept_is_said(engine: Engine) -> None:
    journal, state = engine.state_dir / JOURNAL, engine.state_dir / FILE_NAME
    cut, before = journal.read_bytes()[:-100], state.read_bytes()
    journal.write_bytes(cut)

    report = engine.run_at("12:05")

    assert re.fullmatch(
        rf"{journal.parent}: events \d+ to \d+ that the state file contains are missing; "
        "the state file was used",
        report.recovered[0],
    )
    (copy_of_state,) = engine.state_dir.glob("*.replaced-*")
    (copy_of_journal,) = journal.parent.glob("*.replaced-*")
    assert copy_of_state.read_bytes() == before
    assert copy_of_journal.read_bytes() == cut
    assert f"a copy is kept as {copy_of_state}" in report.recovered
    assert f"a copy is kept as {copy_of_journal}" in report.recovered


def test_h1_a_journal_that_is_cut_while_a_tick_works(engine: Engine) -> None:
    store = Store(engine.state_dir).load()
    path = engine.state_dir / JOURNAL
    path.write_bytes(path.read_bytes()[:200])

    store.record(at("12:02"), events.job_enabled("count", enabled=True))
    store.checkpoint(at("12:02"))

    assert store.state["jobs"]["count"]["enabled"] is True
    assert records.pauses(Store(engine.state_dir).load().state).keys() == {"paused"}
    assert Store(engine.state_dir).load().recovered == []
    assert examine(engine.state_dir).is_fine


def test_h1_a_state_of_0_1_0_whose_journal_is_cut_keeps_what_either_knows(tmp_path: Path) -> None:
    written = Path(__file__).parent / "written_by_0.1.0"
    state_dir = Path(shutil.copytree(written, tmp_path / "state"))
    path = max((state_dir / "journal").iterdir())
    known = Store(state_dir).load().state
    snapshot = path.read_bytes().partition(b"\n")[0]
    path.write_bytes(snapshot + b"\n")

    store = Store(state_dir).load()

    assert "what either knows counts" in " ".join(store.recovered)
    assert records.pauses(store.state) == records.pauses(known)
    for name, entry in known["jobs"].items():
        assert store.state["jobs"][name].get("watermark") == entry.get("watermark")
        assert store.state["jobs"][name].get("enabled") == entry.get("enabled")


@pytest.mark.parametrize("which", ["state", "journal", "both"])
def test_h7_a_flipped_bit_anywhere(sound: Engine, tmp_path: Path, which: str) -> None:
    for seed in range(soak.count(12, 400)):
        engine = _copy(sound, tmp_path / str(seed))
        chance = random.Random(f"{which} {seed}")
        if which != "journal":
            _flip(engine.state_dir / FILE_NAME, chance)
        if which != "state":
            _flip(engine.state_dir / JOURNAL, chance)

        _assert_mended(engine, sound, codes=(0, 4) if which == "journal" else (4,))
        shutil.rmtree(engine.state_dir)


def test_h7_every_single_bit_of_a_line_and_of_a_state_is_noticed(engine: Engine) -> None:
    path = engine.state_dir / FILE_NAME
    known, whole = engine.state, path.read_bytes()
    places = random.Random(7).sample(range(len(whole) * 8), soak.count(60, 5000))

    for place in places:
        path.write_bytes(_flipped(whole, place))
        store = Store(engine.state_dir).load()
        assert store.recovered == [f"{path}: a bit was wrong, and was corrected"], place
        assert store.state == known


def test_h7_a_damaged_line_before_the_checkpoint_is_named_by_the_check(engine: Engine) -> None:
    path = engine.state_dir / JOURNAL
    last = path.read_bytes().splitlines(keepends=True)
    last[-1] = last[-1].replace(b'"tick"', b'"tock"')
    path.write_bytes(b"".join(last))

    found = examine(engine.state_dir)
    rebuild(engine.state_dir, at("12:05"))

    assert any("is damaged, ignored" in problem for problem in found.problems)
    assert examine(engine.state_dir).is_fine


def test_h7_of_two_wrong_bits_the_line_is_left_out_and_the_union_counts(engine: Engine) -> None:
    """Neither file is sound; each still knows what the other has lost."""
    journal, state = engine.state_dir / JOURNAL, engine.state_dir / FILE_NAME
    texts = journal.read_bytes().splitlines(keepends=True)
    texts = [text.replace(b"on holiday", b"at holidax") for text in texts]
    journal.write_bytes(b"".join(texts))
    state.write_bytes(state.read_bytes().replace(b'"program"', b'"pragrem"'))

    store = Store(engine.state_dir).load()

    assert records.pauses(store.state).keys() == {"paused"}
    assert store.state["jobs"]["disabled"]["enabled"] is False
    assert any("paused: until when it is paused is not certain" in text for text in store.recovered)


def test_h6_a_torn_last_line_is_news_once(engine: Engine) -> None:
    with open(engine.state_dir / JOURNAL, "ab") as stream:
        stream.write(b'{"seq":999,"at":"2026-11-21T12:02:00Z","event":"ti')
    assert examine(engine.state_dir).is_fine  # it may be in the middle of being written

    first, second = engine.run_at("12:05"), engine.run_at("12:06")

    assert (first.exit_code, second.exit_code) == (4, 0)
    found = examine(engine.state_dir)
    assert found.is_fine
    assert "1 older line cannot be read" in " ".join(found.notes)
    assert not rebuild(engine.state_dir, at("12:10")).written


def test_h6_check_and_rebuild_agree_on_a_torn_line_that_no_tick_has_seen(engine: Engine) -> None:
    with open(engine.state_dir / JOURNAL, "ab") as stream:
        stream.write(b'{"seq":999,"at":"2026-11-21T12:02:00Z","event":"ti\n')
    assert not examine(engine.state_dir).is_fine

    assert rebuild(engine.state_dir, at("12:05")).written

    assert examine(engine.state_dir).is_fine
    assert engine.run_at("12:06").exit_code == 0


def test_h4_a_clock_set_back_by_days_while_several_ticks_run(engine: Engine) -> None:
    ours, theirs = Store(engine.state_dir).load(), Store(engine.state_dir).load()
    ours.record(at("2026-11-28T12:00"), events.job_enabled("a", enabled=True))
    for day in ("2026-11-18", "2026-11-25", "2026-11-17", "2026-11-28", "2027-11-28", "2026-11-18"):
        for number, store in enumerate((theirs, ours)):
            name = f"{day}-{number}"
            store.record(at(f"{day}T12:00"), events.job_enabled(name, enabled=True))
            assert store.state["jobs"][name]["enabled"] is True
    ours.checkpoint(at("2026-11-18T12:01"))
    theirs.refresh()

    assert theirs.state == ours.state == Store(engine.state_dir).load().state
    assert theirs.recovered == ours.recovered == []
    assert Store(engine.state_dir).replay().state == ours.state
    assert examine(engine.state_dir).is_fine
    assert _numbers(engine.state_dir) == [*range(1, len(_numbers(engine.state_dir)) + 1)]


def test_h4_no_intent_without_a_run_after_the_clock_was_set_back(engine: Engine) -> None:
    engine.run_at("2026-11-26T12:00")
    before = len(engine.lines())
    early = Store(engine.state_dir).load()

    report = engine.run_at("12:30", only=("count",))
    early.record(at("12:31"), events.tick_ended(0))

    starts = [event["run_id"] for event in engine.events if event["event"] == "begin"]
    ends = [event["run_id"] for event in engine.events if event["event"] == "end"]
    assert report.exit_code == 0
    assert sorted(starts) == sorted(ends)
    assert len(engine.lines()) == before


def _assert_mended(engine: Engine, sound: Engine, codes: tuple[int, ...] = (4,)) -> None:
    """Check that nothing runs again, all is known, and after one report all is sound."""
    before = engine.lines()
    first, second = engine.run_at("12:05"), engine.run_at("12:06")

    assert first.exit_code in codes, first.recovered
    assert second.exit_code == 0
    assert engine.lines() == before
    assert records.pauses(engine.state) == records.pauses(sound.state)
    assert engine.state["jobs"]["disabled"]["enabled"] is False
    assert first.exit_code == 0 or examine(engine.state_dir).is_fine
    engine.run_at("13:00")
    assert engine.lines() == [*before, "count"]


def _numbers(state_dir: Path) -> list[int]:
    return [event["seq"] for event in Store(state_dir).journal.read(None).events]


def _flip(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(_flipped(data, chance.randrange(len(data) * 8)))


def _flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)

"""`scheduled metrics`, read by Prometheus's own parser and held to promtool's rules."""

import os
import re
import stat
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from scheduled.cli.main import main
from scheduled.planning import decide
from scheduled.planning.incidents import Kind
from scheduled.state import events, incident_events
from scheduled.views import metrics
from scheduled.views.metrics import Sample
from tests.builders.configuration import written
from tests.builders.disks import mounted
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end, seen

UNITS = re.compile(r"_(milliseconds|minutes|hours|days|ms|percent|kilobytes|mb|kb)(_|$)")


def parsed(text: str) -> dict[str, Metric]:
    """What Prometheus reads, each metric once and complete, by the rules of `promtool check`."""
    families = [*text_string_to_metric_families(text)]
    assert text.endswith("\n")
    for family in families:
        assert re.fullmatch(r"scheduled_[a-z_]+", family.name)
        assert family.documentation
        assert family.type in ("gauge", "counter")
        assert not UNITS.search(family.name)
        assert not family.name.endswith(
            ("_count", "_sum", "_bucket", "_total", "_gauge", "_counter")
        )
        names = {sample.name for sample in family.samples}
        assert names == {family.name + ("_total" if family.type == "counter" else "")}
        labels = [tuple(sorted(sample.labels.items())) for sample in family.samples]
        assert len(set(labels)) == len(labels) > 0
    found = {family.name: family for family in families}
    assert len(found) == len(families) == text.count("# TYPE ") == text.count("# HELP ")
    return found


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    (found,) = [sample.value for sample in families[name].samples if sample.labels == labels]
    return found


def test_it_is_what_prometheus_reads(home: Home) -> None:
    home.record(begin("r2", at("11:30")), end("r2", at("11:30"), "failed"))

    families = parsed(home.call("metrics").out)

    outcomes = {"job": "backup", "outcome": "succeeded"}
    assert value(families, "scheduled_job_outcomes", **outcomes) == 1
    assert value(families, "scheduled_job_outcomes", job="backup", outcome="failed") == 1
    assert value(families, "scheduled_job_failures", job="backup") == 1
    assert value(families, "scheduled_job_enabled", job="poll") == 0
    success = value(families, "scheduled_job_last_success_timestamp_seconds", job="backup")
    assert success == at("11:00").timestamp() + 2
    first_seen = value(families, "scheduled_job_first_seen_timestamp_seconds", job="backup")
    assert first_seen == at("10:30").timestamp()
    assert value(families, "scheduled_jobs") == 7


def test_of_a_job_that_was_removed_only_counters_are_left(home: Home) -> None:
    home.record(seen(home.jobs()["poll"], at("11:00")))
    home.record(begin("p1", at("11:00"), "poll"), end("p1", at("11:00"), job="poll"))
    home.configure("jobs: {}\n")
    home.record({"at": "2026-11-21T11:40:00Z", **events.job_missing("poll", "not configured")})
    removed = events.job_registered("backup", at("11:50"), decide.REMOVED, at("11:50"))
    home.record({"at": "2026-11-21T11:50:00Z", **removed})

    families = parsed(home.call("metrics").out)

    success = families["scheduled_job_last_success_timestamp_seconds"]
    assert [sample.labels["job"] for sample in success.samples] == ["poll"]  # it may come back
    assert value(families, "scheduled_job_outcomes", job="backup", outcome="succeeded") == 1
    assert "backup" not in {
        sample.labels["job"] for sample in families["scheduled_job_failures"].samples
    }


def test_open_incidents_are_counted_by_kind(home: Home) -> None:
    for event in (
        incident_events.opened("failing: a", "a", "failing", "a", "oops"),
        incident_events.opened("failing: b", "b", "failing", "b", "oops"),
        incident_events.opened("no space: x", "c", "disk", "", "full"),
        incident_events.closed("failing: a", "a", "succeeded"),
    ):
        home.record({"at": "2026-11-21T11:30:00Z", **event})

    families = parsed(home.call("metrics").out)

    counts = {kind: value(families, "scheduled_incidents", kind=kind) for kind in Kind}
    assert counts == {kind: {"failing": 1, "disk": 1}.get(kind, 0) for kind in Kind}


def test_nothing_has_happened_yet(tmp_path: Path) -> None:
    families = parsed(Home(tmp_path).call("metrics").out)

    assert "scheduled_last_tick_timestamp_seconds" not in families
    assert value(families, "scheduled_ticks") == 0


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "a\r\x00b", "\ud83d", "ü" * 100, "\\n"])
def test_a_label_may_be_anything(name: str) -> None:
    text = "\n".join(
        metrics.Metric("scheduled_x", "gauge", "X.", [Sample(1, {"job": name})]).lines()
    )

    (family,) = text_string_to_metric_families(text)

    assert family.samples[0].labels == {"job": name.replace("\ud83d", "\ufffd")}


@pytest.mark.parametrize("number", [0, 1.0, 0.1, 1e300, 1795926839.257152, True])
def test_numbers_are_those_of_the_format(number: float) -> None:
    text = "\n".join(metrics.Metric("scheduled_x", "gauge", "X.", [Sample(number)]).lines())

    (family,) = text_string_to_metric_families(text)

    assert family.samples[0].value == number


def test_the_file_is_replaced_at_once_and_everybody_may_read_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = home.folder / "out" / "scheduled.prom"
    target.parent.mkdir()
    before = os.umask(0o027)
    try:
        said = home.call("metrics", "--output", "out/scheduled.prom")
    finally:
        os.umask(before)
    first = target.stat()
    home.call("metrics", "--output", str(target))

    assert (said.code, said.out) == (0, "")
    assert stat.S_IMODE(first.st_mode) == 0o640
    assert target.stat().st_ino != first.st_ino
    assert [path.name for path in target.parent.iterdir()] == ["scheduled.prom"]
    parsed(target.read_text())


def test_no_directory_is_made_for_a_file_that_is_named(home: Home) -> None:
    said = home.call("metrics", "--output", "typo/x/scheduled.prom")

    place = f"--output typo/x/scheduled.prom: {home.folder}/typo/x"
    assert (said.code, said.out) == (2, "")
    assert said.err == f"{place}: no such directory; make it first"
    assert not (home.folder / "typo").exists()


@pytest.mark.parametrize("name", ["scheduled.yaml", "jobs/backup.yaml"])
def test_the_configuration_is_not_overwritten(home: Home, name: str) -> None:
    path = home.folder / "jobs" / "backup.yaml"
    path.parent.mkdir(mode=0o755)
    path.write_text('id: backup\nschedule: daily\ncommand: "true"\n')
    path.chmod(0o644)
    before = (home.folder / name).read_bytes()

    said = home.call("metrics", "--output", name)

    assert said.code == 2
    assert "choose another file" in said.err
    assert (home.folder / name).read_bytes() == before


def test_a_file_in_place_of_its_directory_is_named(home: Home) -> None:
    (home.folder / "out").write_text("")

    said = home.call("metrics", "--output", "out/scheduled.prom")

    assert said.code == 2
    assert said.err.endswith(f"{home.folder}/out: not a directory")


def test_a_file_that_cannot_be_written_is_named(home: Home) -> None:
    (home.folder / "out").mkdir()

    said = home.call("metrics", "--output", "out")

    assert said.code == 2
    assert f"{home.folder}/out: cannot be written: not a regular file" in said.err


def test_no_directory_is_made_for_the_file_that_is_configured(home: Home) -> None:
    home.configure("timezone: UTC\nmetrics_file: typo/scheduled.prom\n")

    codes, told = [], []
    for minute in ("12:00", "12:01", "12:02"):
        said = home.call("run", now=at(minute))
        codes.append(said.code)
        told.append(said.err)
        if minute == "12:01":
            (home.folder / "typo").mkdir()

    sentence = f"scheduled.yaml:2: metrics_file: {home.folder}/typo: no such directory"
    assert codes == [2, 2, 0]
    assert told[0].startswith(f"scheduled: {sentence}; make it first\n")
    assert told[1] == ""
    assert "configuration broken: over" in told[2]
    assert [path.name for path in (home.folder / "typo").iterdir()] == ["scheduled.prom"]


def test_a_file_that_ticks_cannot_write_is_printed_once_an_hour(home: Home) -> None:
    home.configure("timezone: UTC\nmetrics_file: out/prom\n")
    (home.folder / "out/prom").mkdir(parents=True)
    cached = Home(home.folder, {"XDG_CACHE_HOME": str(home.folder / "notes")})

    told = [cached.call("run", now=at(time)).err for time in ("12:17", "12:18", "12:59", "13:00")]
    by_hand = cached.call("run", "--force", now=at("13:01")).err

    assert [bool(err) for err in told] == [True, False, False, True]
    for err in (told[0], by_hand):
        assert f"metrics_file: {home.folder}/out/prom: cannot be written: not a regular file" in err


def test_full_ticks_write_the_file_that_is_configured(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(root, "metrics_file: out/scheduled.prom\n")
    (root / "out").mkdir()
    options = ["--root", str(root), "--state-dir", str(root / "state")]

    code = main([*options, "run"])
    families = parsed((root / "out" / "scheduled.prom").read_text())
    (root / "out" / "scheduled.prom").unlink()
    (root / "out").rmdir()
    (root / "out").write_text("in the way")
    again = main([*options, "run", "-v"])

    assert (code, again) == (0, 2)
    assert value(families, "scheduled_ticks") == 1
    assert "metrics_file:" in capsys.readouterr().err


def test_a_full_disk_of_the_file_is_an_incident_until_there_is_room(home: Home) -> None:
    home.configure("timezone: UTC\nmetrics_file: out/prom\n")
    for disk in mounted(home.folder / "out"):
        disk.fill()
        told = [home.call("run", now=at(time)) for time in ("12:00", "12:01")]
        disk.free()
        told.append(home.call("run", now=at("12:02")))

    assert [said.code for said in told] == [0, 0, 0]
    assert told[0].err.startswith("no space or resource left\n")
    assert f"{home.folder}/out/prom: cannot be written: no space left" in told[0].err
    assert told[1].err == ""
    assert told[2].err.startswith("no space or resource left: over after")

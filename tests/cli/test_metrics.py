"""`scheduled metrics`, read by Prometheus's own parser and held to promtool's rules."""

import os
import re
import stat
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from scheduled.cli.main import main
from scheduled.views import metrics
from scheduled.views.metrics import Sample
from tests.builders.configuration import written
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end

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
    assert value(families, "scheduled_jobs") == 7


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


def test_a_file_that_cannot_be_written_is_named(home: Home) -> None:
    (home.folder / "out").write_text("")

    said = home.call("metrics", "--output", "out/scheduled.prom")

    assert said.code == 2
    assert f"{home.folder}/out/scheduled.prom: cannot be written: not a directory" in said.err


def test_full_ticks_write_the_file_that_is_configured(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(root, "metrics_file: out/scheduled.prom\n")
    options = ["--root", str(root), "--state-dir", str(root / "state")]

    code = main([*options, "run"])
    families = parsed((root / "out" / "scheduled.prom").read_text())
    (root / "out" / "scheduled.prom").unlink()
    (root / "out").rmdir()
    (root / "out").write_text("in the way")
    again = main([*options, "run", "-v"])

    assert (code, again) == (0, 0)
    assert value(families, "scheduled_ticks") == 1
    assert "metrics_file:" in capsys.readouterr().err

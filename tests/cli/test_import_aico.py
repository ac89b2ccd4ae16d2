"""AICO's configuration becomes jobs that run and return what its documentation says."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import needs
from tests.builders.command import Said, scheduled
from tests.builders.installed import configure

BLOCK = """\
scheduler:
  enabled: true
  max_concurrent_tasks: 10
  max_cpu_percent: 80
  max_memory_percent: 80
  auto_discover: true
  task_modules: [aico.scheduler.tasks.maintenance, aico.scheduler.tasks.agency]
  scheduler_interval: 1.0
  batch_size: 100
  cache_size: 10000
  default_retry_count: 3
  default_retry_delay: 60
  max_retry_delay: 3600
  resource_check_interval: 30
  idle_threshold_cpu: 20
  idle_threshold_memory: 70
  log_level: WARNING
  log_file: logs/scheduler.log
tasks:
  maintenance:
    log_cleanup:
      enabled: true
      schedule: "0 3 * * *"
      retention_days: 30
      max_size_mb: 500
    health_check:
      enabled: true
      schedule: "*/5 * * * *"
      check_database: true
      check_message_bus: true
      check_disk_space: true
    key_rotation:
      enabled: true
      schedule: "0 1 1 * *"
      rotate_session_keys: true
      rotate_database_keys: false
    database_vacuum: {enabled: false, schedule: "0 5 * * 0", analyze_tables: true}
  agency:
    background_learning:
      enabled: true
      schedule: "*/30 * * * *"
      max_duration: 600
      idle_only: true
  ams:
    consolidate: {schedule: "0 2 * * *", depth: 3}
"""
DATA = {
    "maintenance.log_cleanup": {"files_deleted", "files_cleaned_mb", "runs_deleted"},
    "maintenance.health_check": {"status", "checks"},
}
"""What the results have, by AICO's documentation."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    (root / "core.yaml").write_text(BLOCK)
    return root


def imported(root: Path, *words: str) -> Said:
    said = scheduled(root, "config", "import", str(root / "core.yaml"), *words)
    assert said.is_plain_speech
    return said


@pytest.mark.parametrize("text", ["scheduler:\n", "tasks: {}\n"])
def test_a_file_without_tasks_is_not_called_one_of_comments(root: Path, text: str) -> None:
    (root / "core.yaml").write_text(text)

    assert imported(root).out.endswith("Nothing to write: there is no job in it.\n")


def test_of_an_import_that_cannot_be_written_nothing_is_left(root: Path) -> None:
    (root / "jobs").symlink_to("nowhere")  # the settings can be written, this cannot

    said = imported(root, "--yes")

    assert said.code == 2
    assert said.err.endswith("; nothing was written\n")
    assert sorted(path.name for path in root.iterdir()) == ["core.yaml", "jobs"]
    (root / "jobs").unlink()
    assert imported(root, "--yes").code == 0


def run(root: Path, job: str) -> Any:
    (row,) = json.loads(scheduled(root, "run", "--only", job, "--force", "--json").out)["runs"]
    return row


def test_one_table_says_what_runs_and_what_does_not(root: Path) -> None:
    out = imported(root).out

    rows = [
        line.split(maxsplit=2)
        for line in out.partition("RUNS\n")[2].partition("\n\n")[0].splitlines()
    ]
    told = {name: rest for _, name, rest in rows}
    assert out.startswith(f"6 jobs from AICO's configuration, for {root}/scheduled.yaml and files")
    assert told["auto_discover:"].endswith("not imported: job files are always read")
    assert told["maintenance.health_check"] == "*/5 * * * *   built-in"
    assert told["maintenance.log_cleanup"].endswith(
        "built-in: cleans up after scheduled alone until params.paths names more logs"
    )
    assert told["maintenance.database_vacuum"].endswith(
        "built-in: skipped until params.databases names databases (disabled)"
    )
    assert told["security.key_rotation"].endswith(
        "built-in: skipped until params.ring names a key ring"
    )
    assert told["agency.background_learning"].endswith(
        "built-in: skipped until a command or a handler is bound"
    )
    assert told["ams.consolidate"].endswith("nothing yet: AICO's own class (disabled)")
    assert not (root / "scheduled.yaml").exists()


def test_the_jobs_run_and_return_the_documented_data(root: Path) -> None:
    assert imported(root, "--yes").code == 0

    checked = scheduled(root, "config", "validate")
    results = {job: run(root, job) for job in DATA}
    skipped = run(root, "agency.background_learning")
    ringless = run(root, "security.key_rotation")

    assert (checked.code, checked.out, checked.err) == (0, "ok: 11 jobs\n", "")
    assert {job: row["outcome"] for job, row in results.items()} == dict.fromkeys(DATA, "succeeded")
    assert all(set(results[job]["result"]) >= keys for job, keys in DATA.items())
    assert set(results["maintenance.health_check"]["result"]["checks"]) >= {
        "database", "message_bus", "disk_space", "memory",
    }  # fmt: skip
    assert (skipped["outcome"], skipped["reason"][:13]) == ("skipped", "nothing bound")
    assert (ringless["outcome"], ringless["reason"][:11]) == ("skipped", "no key ring")
    assert scheduled(root, "run").code == 0


def test_keys_are_rotated_once_the_configuration_names_a_ring(root: Path) -> None:
    pytest.importorskip("cryptography", reason="needs the package cryptography: extra [keys]")
    block = BLOCK.replace(
        "rotate_session_keys: true", "rotate_session_keys: true\n      ring: ring.json"
    )
    (root / "core.yaml").write_text(block)
    imported(root, "--yes")

    row = run(root, "security.key_rotation")

    assert (row["outcome"], row["error"]) == ("succeeded", None)
    assert row["result"].keys() >= {"session_keys_rotated", "database_key_rotated"}
    assert row["result"]["database_key_rotated"] == "skipped (disabled)"


def test_every_setting_of_the_block_is_in_effect_or_named(root: Path) -> None:
    imported(root, "--yes")

    job = json.loads(scheduled(root, "show", "maintenance.health_check", "--json").out)
    learning = json.loads(scheduled(root, "show", "agency.background_learning", "--json").out)
    shown = json.loads(scheduled(root, "config", "show", "--json").out)["settings"]
    values = {**job["definition"], **job["job"]}
    assert (values["max_cpu_percent"], values["max_memory_percent"]) == (80, 80)
    assert (values["max_retries"], values["retry_delay"], values["max_retry_delay"]) == (
        3,
        60,
        3600,
    )
    assert {**learning["definition"], **learning["job"]}["timeout"] == 600
    assert shown["max_concurrent"]["value"] == 10
    assert (shown["log_file"]["value"], shown["log_level"]["value"]) == (
        "logs/scheduler.log", "WARNING",
    )  # fmt: skip


def test_an_existing_configuration_is_told_what_to_add_and_never_twice(root: Path) -> None:
    configure(root, "max_cpu_percent: 50\njobs:\n  maintenance.log_cleanup: {enabled: false}\n")

    said = imported(root, "--yes")
    _, _, lines = said.out.partition("Add to it, the jobs below its own `jobs:`:\n")
    added = "".join(f"{line[2:]}\n" for line in lines.splitlines() if line.startswith("  "))
    first, jobs = added.split("jobs:\n")
    before = (root / "scheduled.yaml").read_text()
    configure(root, first + before + jobs)

    assert "max_cpu_percent: stays as it is: scheduled.yaml:1" in said.out
    assert "not imported: already configured: scheduled.yaml:3" in said.out
    assert scheduled(root, "config", "validate").code == 0
    assert run(root, "maintenance.health_check")["outcome"] == "succeeded"


def test_a_wrong_value_keeps_only_its_own_job_out(root: Path) -> None:
    (root / "core.yaml").write_text(BLOCK.replace("retention_days: 30", "retention_days: long"))

    said = imported(root, "--yes")

    assert "not imported: params.retention_days" in said.out
    assert scheduled(root, "config", "validate").code == 0
    assert "maintenance.log_cleanup" not in (root / "scheduled.yaml").read_text()


def test_a_task_that_is_there_twice_is_imported_once(root: Path) -> None:
    (root / "core.yaml").write_text(
        "tasks:\n"
        "  maintenance: {health_check: {schedule: daily}}\n"
        "  maintenance.health_check: {schedule: hourly}\n"
    )

    said = imported(root, "--yes")

    assert "not imported: already configured: line 2" in said.out
    assert (root / "scheduled.yaml").read_text().count("maintenance.health_check") == 1


def test_aicos_own_file_is_imported_and_ticks_go_on(root: Path) -> None:
    real = needs.real_data("aico/core.yaml")

    said = scheduled(root, "config", "import", str(real), "--yes")

    assert (said.code, said.is_plain_speech) == (0, True)
    assert scheduled(root, "config", "validate").code == 0
    assert scheduled(root, "run").code == 0

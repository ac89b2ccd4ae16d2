"""`config import` of timers, CronJobs, ofelia and agents' jobs: shown, written, and run."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders.command import Said, scheduled

TIMER = "[Timer]\nOnCalendar=Mon..Fri 08:00\nPersistent=true\n"
SERVICE = """\
[Unit]
Description=Backup
ConditionPathExists=%h
[Service]
Type=oneshot
Environment=WHERE=there
ExecStart=/bin/sh -c 'echo to $WHERE >out'
ExecStart=/bin/sh -c 'echo "$1" >>out' sh ${WHERE}
"""
CRON_JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec:
  schedule: "0/15 6 * * ?"
  timeZone: Europe/Berlin
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 600
  suspend: true
  jobTemplate:
    spec:
      backoffLimit: 2
      activeDeadlineSeconds: 3600
      template:
        spec:
          restartPolicy: OnFailure
          volumes: [{name: data}]
          containers:
            - name: report
              image: shop/report:1.2
              command: [/bin/report, "--all"]
              args: ["a b"]
              env:
                - {name: LEVEL, value: "info"}
                - name: TOKEN
                  valueFrom: {secretKeyRef: {name: t, key: k}}
"""
OFELIA = """\
[global]
save-folder = /var/log
[job-local "tidy"]
schedule = 0 30 2 * * *
command = touch "a b"
dir = {}
environment = A=1
no-overlap = true
[job-exec "dump"]
schedule = @every 2h
container = db
command = pg_dump shop
[job-local "fast"]
schedule = @every 10s
command = true
[job-service-run "x"]
schedule = @daily
command = true
"""
OPENCLAW = {
    "version": 1,
    "jobs": [
        {
            "id": "5f0c",
            "name": "Morning brief",
            "enabled": True,
            "createdAtMs": 1750000000000,
            "schedule": {"kind": "cron", "expr": "0 7 * * *", "tz": "Europe/Berlin"},
            "sessionTarget": "isolated",
            "wakeMode": "now",
            "payload": {"kind": "agentTurn", "message": "Summarise: my 'mail'\nand calendar"},
            "delivery": {"mode": "announce", "channel": "telegram", "to": None},
            "state": {"nextRunAtMs": 1},
        },
        {"id": "2", "name": "poll", "schedule": {"kind": "every", "everyMs": 1800000}},
        {"id": "3", "name": "fast", "schedule": {"kind": "every", "everyMs": 5000}},
        {"id": "4", "name": "past", "schedule": {"kind": "at", "at": "2020-01-01T00:00:00Z"}},
        {"id": "5", "name": "later", "schedule": {"kind": "at", "atMs": 4070908800000}},
        {"id": "6", "name": "odd", "schedule": {"kind": "sun"}},
        "text",
    ],
}
HERMES = {
    "jobs": [
        {
            "id": "a1b2",
            "name": "Watch",
            "prompt": "Look at the site",
            "skills": ["web"],
            "schedule": {"kind": "interval", "minutes": 90, "display": "every 90m"},
            "schedule_display": "every 90m",
            "repeat": {"times": None, "completed": 4},
            "enabled": False,
            "state": "paused",
            "deliver": "origin",
        },
        {
            "id": "c3",
            "prompt": "x",
            "schedule": {"kind": "once", "run_at": "2099-01-01T09:00:00+01:00"},
        },
        {"id": "d4", "prompt": "x", "schedule": {"kind": "cron", "expr": "0 9 * * mon"}},
    ],
    "updated_at": "2026-11-01T00:00:00+00:00",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir(mode=0o755)
    return path


def put(root: Path, name: str, text: str | dict[str, Any]) -> Path:
    path = root.parent / "from" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text, indent=1))
    return path


def imported(root: Path, path: Path, *words: str) -> dict[str, Any]:
    """The JSON of an import that has written."""
    said = scheduled(root, "config", "import", str(path), "--yes", "--json", *words)
    assert said.code == 0, said.err
    document: dict[str, Any] = json.loads(said.out)
    return document


def shown(root: Path, job: str) -> dict[str, Any]:
    document = json.loads(scheduled(root, "show", job, "--json").out)
    return {**document["definition"], **document["job"]}


def refused(root: Path, path: Path) -> Said:
    said = scheduled(root, "config", "import", str(path), "--yes")
    assert said.code == 2
    assert not (root / "jobs").exists()
    return said


def test_e15_a_timer_of_systemd_runs_here(root: Path) -> None:
    put(root, "backup.service", SERVICE + f"WorkingDirectory={root}\n")
    document = imported(root, put(root, "backup.timer", TIMER))
    run = scheduled(root, "trigger", "backup")

    assert [job["id"] for job in document["jobs"]] == ["backup"]
    assert document["jobs"][0]["remove"] is True
    assert run.code == 0, run.err
    assert (root / "out").read_text() == "to there\nthere\n"
    assert shown(root, "backup")["schedule"] == "0 8 * * 1-5"


def test_e15_a_directory_of_timers(root: Path) -> None:
    for name in ("a", "b"):
        put(root, f"{name}.service", SERVICE)
        put(root, f"{name}.timer", TIMER)
    put(root, "alone.timer", TIMER)
    put(root, "broken.timer", "nothing\n")

    out = scheduled(root, "config", "import", str(root.parent / "from")).out

    assert out.startswith("2 jobs from timers of systemd, for files in ")
    assert "not imported: its alone.service is not there" in out
    assert "not imported: broken.timer:1: neither [Section] nor Key=Value" in out
    assert "Nothing has been written" in out


def test_e15_a_cronjob_is_a_draft(root: Path) -> None:
    again = CRON_JOB.replace("name: report,", "name: other,").replace("6 * * ?", "25 * * *")
    text = f"# all\n---\n{CRON_JOB}---\nkind: Service\n---\n{again}"
    document = imported(root, put(root, "cron.yaml", text))
    job = shown(root, "report")

    assert [row["id"] for row in document["jobs"]] == ["report"]
    assert [row["line"] for row in document["left_out"]] == [
        text[: text.rindex("apiVersion")].count("\n") + 1
    ]
    assert "hour 25 is out of range" in document["left_out"][0]["reason"]
    assert (job["schedule"], job["timezone"], job["enabled"]) == (
        *("0-59/15 6 * * *", "Europe/Berlin", False),
    )
    assert (job["overlap"], job["timeout"], job["max_lateness"], job["max_retries"]) == (
        *("skip", 3600, 600, 2),
    )
    assert job["command"] == [
        *("docker", "run", "--rm", "--env", "LEVEL", "--entrypoint", "/bin/report"),
        *("shop/report:1.2", "--all", "a b"),
    ]
    assert "report: suspended there; not kept: volumes, env TOKEN" in document["notes"]


def test_e15_variables_in_the_words_of_a_container_are_those_of_kubernetes(root: Path) -> None:
    words = '["-c", "echo $(LEVEL) $$(LEVEL) $(TOKEN) $HOME"]'
    text = CRON_JOB.replace('["a b"]', words).replace("shop/report:1.2", "image")
    imported(root, put(root, "cron.yaml", text))

    assert shown(root, "report")["command"][-2:] == ["-c", "echo info $(LEVEL) $(TOKEN) $HOME"]


def test_e15_what_is_an_option_of_docker_is_no_image(root: Path) -> None:
    text = CRON_JOB.replace("shop/report:1.2", "--privileged")
    document = imported(root, put(root, "cron.yaml", text))
    ofelia = '[job-run "x"]\nschedule = @daily\nimage = -v/:/host\ncommand = x\n'
    left_out = imported(root, put(root, "config.ini", ofelia))["left_out"]

    assert "report: suspended there; no image, so it has no command yet" in document["notes"]
    assert "exit 75" in shown(root, "report")["command"]
    assert "would be an option of docker" in left_out[0]["reason"]


def test_e15_cronjobs_of_several_namespaces_may_have_one_name(root: Path) -> None:
    text = f"{CRON_JOB}---\n{CRON_JOB.replace('shop', 'test')}---\n" + CRON_JOB.replace(
        "name: report,", "name: health,"
    )
    path = put(root, "cron.yaml", text)
    document, again = imported(root, path), imported(root, path)

    assert [row["id"] for row in document["jobs"]] == ["report", "report-2", "health-2"]
    assert shown(root, "report-2")["tags"] == ["kubernetes", "test"]
    assert [row["reason"].partition(":")[0] for row in again["left_out"]] == ["already exists"] * 3


def test_e15_what_holds_for_many_jobs_is_said_once(root: Path) -> None:
    text = "---\n".join(
        f"kind: CronJob\nmetadata: {{name: a{number}}}\nspec: {{schedule: '@daily'}}\n"
        for number in range(40)
    )
    notes = imported(root, put(root, "cron.yaml", text))["notes"]

    first = ", ".join(f"a{number}" for number in range(12))
    assert f"{first} and 28 more: 0 containers, so it has no command yet" in notes
    assert len(notes) == 4


def test_e15_a_list_of_cronjobs_as_json(root: Path) -> None:
    item = {
        "kind": "CronJob",
        "metadata": {"name": "x"},
        "spec": {"schedule": "@every 1h30m", "jobTemplate": {}},
    }
    document = imported(root, put(root, "list.json", {"kind": "List", "items": [item]}))

    assert [row["id"] for row in document["jobs"]] == ["x"]
    assert shown(root, "x")["schedule"] == "every 1h30m"
    assert "exit 75" in shown(root, "x")["command"]


def test_e15_ofelia_s_jobs_are_drafts(root: Path) -> None:
    document = imported(root, put(root, "config.ini", OFELIA.format(root)))
    scheduled(root, "enable", "tidy")
    run = scheduled(root, "trigger", "tidy")

    assert [row["id"] for row in document["jobs"]] == ["tidy", "dump"]
    assert [row["reason"].partition(":")[0] for row in document["left_out"]] == [
        *("schedule", "job-service-run"),
    ]
    assert run.code in (0, 2), run.err
    assert shown(root, "tidy")["schedule"] == "30 2 * * *"
    assert shown(root, "dump")["command"] == ["docker", "exec", "db", "pg_dump", "shop"]
    assert shown(root, "tidy")["command"] == ["touch", "a b"]


def test_e15_labels_for_ofelia_in_a_compose_file(root: Path) -> None:
    text = (
        "services:\n  db:\n    image: postgres\n    labels:\n"
        '      ofelia.enabled: "true"\n'
        '      ofelia.job-exec.dump.schedule: "0 0 3 * * *"\n'
        '      ofelia.job-exec.dump.command: "pg_dump shop"\n'
        "  ofelia:\n    labels:\n"
        '      - "ofelia.job-local.tidy.schedule=@daily"\n'
        '      - "ofelia.job-local.tidy.command=rm -rf /tmp/x"\n'
    )

    document = imported(root, put(root, "compose.yaml", text))

    assert [row["id"] for row in document["jobs"]] == ["dump", "tidy"]
    assert shown(root, "dump")["command"] == ["docker", "exec", "db", "pg_dump", "shop"]
    assert shown(root, "tidy")["enabled"] is False


@pytest.mark.parametrize("words", [(), ("--from", "openclaw")])
def test_e15_openclaw_s_jobs_keep_their_prompts_and_are_disabled(
    root: Path, words: tuple[str, ...]
) -> None:
    document = imported(root, put(root, "jobs.json", OPENCLAW), *words)
    job = shown(root, "Morning-brief")

    assert document["kind"] == "openclaw"
    assert [row["id"] for row in document["jobs"]] == ["Morning-brief", "poll", "later"]
    assert [row["text"] for row in document["left_out"]] == ["fast", "past", "odd", "text"]
    assert (job["enabled"], job["timezone"]) == (False, "Europe/Berlin")
    assert job["params"]["payload"]["message"] == "Summarise: my 'mail'\nand calendar"
    assert shown(root, "poll")["schedule"] == "every 30m"
    assert any("a prompt for an agent of OpenClaw" in note for note in document["notes"])


def test_e15_hermes_jobs_keep_their_prompts_and_are_disabled(root: Path) -> None:
    document = imported(root, put(root, "jobs.json", HERMES))
    job = shown(root, "Watch")

    assert document["kind"] == "hermes"
    assert [row["id"] for row in document["jobs"]] == ["Watch", "c3", "d4"]
    assert (job["schedule"], job["enabled"]) == ("every 1h30m", False)
    assert job["params"]["prompt"] == "Look at the site"
    assert shown(root, "c3")["schedule"] == "at:2099-01-01T08:00:00Z"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "schedule.rb",
            "set :output, 'x.log'\nevery 1.day, at: '4:30 am' do\n  runner 'A.b'\nend\n",
            "whenever prints it as a crontab: bundle exec whenever | scheduled config import -",
        ),
        (
            "Kernel.php",
            "<?php\nclass Kernel {\n  $schedule->command('x')->daily();\n}\n",
            "--command 'php artisan schedule:run'",
        ),
        (
            "schedule.rb",
            "every '0 0 27-31 * *' do command 'echo' end\n",
            "a schedule.rb of whenever",
        ),
        ("console.php", "<?php\nSchedule::command('x')->hourly();\n", "schedule of Laravel's"),
        (
            "ci.yml",
            "on:\n  schedule:\n    - cron: '30 5 * * 1'\njobs:\n  a:\n    steps: []\n",
            'scheduled create NAME "30 5 * * 1" --timezone UTC',
        ),
    ],
)
def test_e15_what_is_not_imported_is_answered_with_what_to_do(
    root: Path, name: str, text: str, words: str
) -> None:
    assert words in refused(root, put(root, name, text)).err


BOMB = "a: &a [x,x]\n" + "".join(
    f"{c}: &{c} [*{chr(ord(c) - 1)},*{chr(ord(c) - 1)}]\n" for c in "bcdefg"
)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.yaml", f"kind: CronJob\nspec: {{schedule: x}}\n{BOMB}", "an anchor"),
        ("x.yaml", "kind: CronJob\nspec: {schedule: '{{ .Values.x }}'\n", "x.yaml:"),
        ("x.yaml", "kind: CronJob\nspec:\n  schedule: {{ .Values.x }}\n", "x.yaml:3"),
        ("jobs.json", json.dumps(OPENCLAW)[:300], "not JSON"),
        ("jobs.json", '{"sessionTarget": 1, "schedule": ' + "[" * 100_000, "not JSON"),
        ("x.ini", '[job-local "a"]\nnothing\n', "x.ini:2"),
        ("x.yaml", "kind: CronJob\nschedule: x\n" + "---\n" * 3000, "more than 2000 documents"),
    ],
)
def test_e15_bad_input_is_a_clear_error(root: Path, name: str, text: str, words: str) -> None:
    said = refused(root, put(root, name, text))

    assert words in said.err
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) == 1

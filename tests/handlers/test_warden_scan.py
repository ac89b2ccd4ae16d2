"""Compliance of projects: our own rules, and scanners of somebody else's."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from handlers.gaia import warden_scan
from scheduled.errors import UsageError
from scheduled.handler import Skip
from tests.builders import needs, people
from tests.builders.project_sweeps import context
from tests.builders.repositories import git, made, registry

AWS = "AKIA" + "ABCDEFGHIJKLMNOP"


MADE_FOR_A_PATH = """\
def __init__(self, path): self.path = path
def scan(self):
    self.passed, self.issues, self.scanned_files = False, ['x', 'y'], 7
    return self
"""


def scan(root: Path, **params: Any) -> dict[str, Any]:
    return warden_scan.run(context(root, **params))


def scan_one(root: Path, project: Path, **params: Any) -> dict[str, Any]:
    registry(root, {"one": project})
    entry: dict[str, Any] = scan(root, **params)["one"]
    return entry


def scanner(root: Path, body: str, name: str = "scanner") -> dict[str, Any]:
    """The params for a class `Check` with that body in a folder of scanners."""
    folder = root / "_WARDEN"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (folder / f"{name}.py").write_text(f"import os, time\nclass Check:\n{lines}\n")
    (folder / f"{name}.py").chmod(0o644)
    return {"scanners": [f"{name}:Check"], "scanner_dir": "_WARDEN"}


def test_without_rules_there_is_nothing_to_do(projects: Path) -> None:
    registry(projects, {"a": made(projects / "a")})

    with pytest.raises(Skip, match=r"^no rules configured$"):
        scan(projects, ignore=["x"])


def test_d6_only_projects_that_exist_have_a_result(projects: Path) -> None:
    registry(projects, {"a": made(projects / "a"), "b": projects / "b", "c": {"path": "X:/c"}})

    found = scan(projects, required=["readme"])

    assert found == {"a": {"passed": True, "issues": 0, "scanned_files": 1, "findings": []}}
    document = json.loads((projects / "central" / "PROJECTS.central.json").read_text())
    assert document["warden_scan"]["projects"] == found


def test_files_that_are_required(projects: Path) -> None:
    project = made(projects / "a")
    (project / "docs").mkdir()
    (project / "docs" / "one.md").touch()
    wanted = ["readme", "docs/*.md", "LICENSE", "tests/test_*.py", "**/one.md"]

    assert scan_one(projects, project, required=wanted)["findings"] == [
        "LICENSE: required, and missing",
        "tests/test_*.py: required, and missing",
    ]


def test_a_forbidden_file_counts_if_it_is_tracked(projects: Path) -> None:
    project = made(projects / "a", **{".env": "", "key.pem": "", "old.pem": ""})
    (project / "untracked.pem").touch()

    entry = scan_one(projects, project, forbidden=[".env", "*.pem"], ignore=["old.pem"])

    assert entry["findings"] == [".env: forbidden", "key.pem: forbidden"]
    assert (entry["passed"], entry["issues"], entry["scanned_files"]) == (False, 2, 3)


def test_without_a_repository_all_files_count_but_those_that_tools_make(projects: Path) -> None:
    for name in ("src", "node_modules", "__pycache__"):
        (projects / "a" / name).mkdir(parents=True)
        (projects / "a" / name / "x.pem").touch()

    entry = scan_one(projects, projects / "a", forbidden=["*.pem"])

    assert entry["findings"] == ["src/x.pem: forbidden"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"),
        (f"aws = {AWS}", "an access key of AWS"),
        ("x = 'gh" + "p_" + "a1" * 18 + "'", "a token of GitHub"),
        ("url = postgres://me:tr0ub4dor@db/x", "a password in an address"),
        ("API_KEY = 'd41d8cd98f00b204'", "a secret"),
        ('"password": "correct-horse-battery"', "a secret"),
    ],
)
def test_secrets_are_found_and_not_repeated(projects: Path, line: str, kind: str) -> None:
    entry = scan_one(projects, made(projects / "a", conf=f"# one\n{line}\n"), secrets=True)

    assert entry["findings"] == [f"conf:2: looks like {kind}"]
    assert line not in json.dumps(entry)


@pytest.mark.parametrize(
    "line",
    [
        "password = os.environ['DATABASE_PASSWORD']",
        'password: "${PASSWORD_OF_DATABASE}"',
        "https://user:password@example.org",
        'api_key = "your-api-key-goes-here"',
        'token = "short"',
        "https://example.org:8080/a@b",
    ],
)
def test_what_is_plainly_no_secret_is_none(projects: Path, line: str) -> None:
    assert scan_one(projects, made(projects / "a", conf=line), secrets=True)["passed"]


def test_large_and_binary_files(projects: Path) -> None:
    project = made(projects / "a", large="x" * 3_000_000 + AWS, binary=f"\0{AWS}")

    entry = scan_one(projects, project, secrets=True, max_file_mb=1)

    assert entry["findings"] == ["large: 2.9 MiB"]


def test_no_link_leads_out_of_the_project(projects: Path) -> None:
    (projects / "outside").mkdir()
    (projects / "outside" / "conf").write_text(AWS)
    project = made(projects / "a")
    (project / "dir").mkdir()
    (project / "dir" / "conf").touch()
    (project / "link").symlink_to(projects / "outside" / "conf")
    git(project, "add", ".")
    (project / "dir" / "conf").unlink()
    (project / "dir").rmdir()
    (project / "dir").symlink_to(projects / "outside")

    assert scan_one(projects, project, secrets=True)["findings"] == []


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../x", "a/../../x", " "])
def test_a_rule_that_leads_out_is_refused(projects: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match=r"params\.required"):
        scan_one(projects, made(projects / "a"), required=[pattern])


def test_a_corrupt_repository_is_an_error_of_that_project(projects: Path) -> None:
    broken = made(projects / "broken")
    (broken / ".git" / "index").write_bytes(b"nonsense")
    registry(projects, {"a": made(projects / "a"), "b": broken})

    found = scan(projects, secrets=True)

    assert found["a"]["passed"] is True
    assert [*found["b"]] == ["error"]


# ---------------------------------------------------------------- scanners


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "def scan_project(self, path): return {'passed': 1, 'issues': [], 'scanned_files': 2}",
            (True, 0, 2),
        ),
        (MADE_FOR_A_PATH, (False, 2, 7)),
        ("def check(self, path): print('noise'); return [path.name]", (False, 1, 0)),
        ("def run(self): return True", (True, 0, 0)),
    ],
)
def test_a_scanner_is_called_and_understood(
    projects: Path, body: str, expected: tuple[Any, ...]
) -> None:
    entry = scan_one(projects, made(projects / "a"), **scanner(projects, body))

    assert (entry["passed"], entry["issues"], entry["scanned_files"]) == expected


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("def scan(self, path): raise ValueError('no good')", "ValueError: no good"),
        ("def scan(self, path): return None", "it returned nothing"),
        ("def scan(self, path): os._exit(3)", "ended with 3"),
        ("def scan(self, path): os.kill(os.getpid(), 9)", "ended with -9"),
        ("pass", "has none of the methods"),
        ("def scan(self, path): time.sleep(100)", "took longer than 2 seconds"),
        ("def scan(self, path): return {'issues': os.environ['SECRET']}", "KeyError: 'SECRET'"),
    ],
)
def test_a_scanner_that_fails_is_an_error_of_that_project(
    projects: Path, body: str, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "s3cret")
    params = scanner(projects, body)

    entry = scan_one(projects, made(projects / "a"), scanner_seconds=2, **params)

    assert [*entry] == ["error"]
    assert entry["error"].startswith("scanner:Check: ")
    assert error in entry["error"]


def test_rules_and_scanners_count_together(projects: Path) -> None:
    params = scanner(projects, "def scan(self, path): return ['x']")

    entry = scan_one(projects, made(projects / "a"), required=["LICENSE"], **params)

    assert (entry["passed"], entry["issues"], entry["scanned_files"]) == (False, 2, 1)


def test_what_a_scanner_started_is_ended_with_it(projects: Path) -> None:
    body = (
        "def scan(self, path):\n"
        f"    child = os.fork()\n"
        "    if child == 0:\n"
        "        os.setsid()\n"
        "        time.sleep(1000)\n"
        f"    open({str(projects / 'pid')!r}, 'w').write(str(child))\n"
        "    time.sleep(1000)"
    )

    scan_one(projects, made(projects / "a"), scanner_seconds=2, **scanner(projects, body))

    child = (projects / "pid").read_text()
    assert people.wait_for(lambda: not os.path.exists(f"/proc/{child}/exe"))


@pytest.mark.parametrize("what", ["folder", "file", "another file", "a folder in it"])
def test_scanners_that_others_could_have_written_are_not_run(projects: Path, what: str) -> None:
    mark = projects / "mark"
    params = scanner(projects, f"open({str(mark)!r}, 'w').close()")
    folder = projects / "_WARDEN"
    (folder / "inner").mkdir()
    (folder / "inner" / "helper.py").touch()
    places = {
        "folder": folder,
        "file": folder / "scanner.py",
        "another file": folder / "inner" / "helper.py",
        "a folder in it": folder / "inner",
    }
    places[what].chmod(0o777)

    with pytest.raises(UsageError, match="scanners are not run"):
        scan_one(projects, made(projects / "a"), **params)

    assert not mark.exists()


@pytest.mark.parametrize("name", ["scanner", "scanner:", ":Check", "../x:Check", "a b:Check"])
def test_a_scanner_that_is_not_named_as_one_is_refused(projects: Path, name: str) -> None:
    params = {**scanner(projects, "pass"), "scanners": [name]}

    with pytest.raises(UsageError, match="expected a scanner as module:Class"):
        scan_one(projects, made(projects / "a"), **params)


def test_a_folder_of_scanners_has_to_be_named_and_to_exist(projects: Path) -> None:
    for folder in ("", "nowhere"):
        with pytest.raises(UsageError, match="scanner_dir"):
            scan_one(projects, made_once(projects), scanners=["a:B"], scanner_dir=folder)


def made_once(projects: Path) -> Path:
    return projects / "a" if (projects / "a").exists() else made(projects / "a")


def test_root_scans_as_the_owner(projects: Path) -> None:
    needs.root()
    project = made(projects / "a", conf=AWS)
    (project / "conf").chmod(0o600)
    people.give(project)
    private = projects / "private"
    private.write_text(AWS)
    private.chmod(0o600)
    params = scanner(
        projects, f"def scan(self, path): return [os.geteuid(), open({str(private)!r})]"
    )

    entry = scan_one(projects, project, secrets=True, **params)

    assert entry["findings"] == ["conf:1: looks like an access key of AWS"]
    assert "PermissionError" in entry["error"] or "cannot be started" in entry["error"]

"""Fail while a project needs a person, so that one is told, and told again when it is over."""

import json

from scheduled.handler import Context, GiveUp, NotNow


def run(context: Context) -> dict[str, object]:
    """Read what `project_health` and `warden_scan` found last."""
    path = context.central_dir / "PROJECTS.central.json"
    if not path.exists():
        raise NotNow("project_health has not looked yet")
    document = json.loads(path.read_text(encoding="utf-8"))
    scanned = document.get("warden_scan", {}).get("projects", {})
    problems = [
        f"{name}: {finding}"
        for projects in (document["projects"], scanned)
        for name, project in projects.items()
        for finding in project.get("findings", [])
    ]
    for problem in problems:
        context.log(problem)
    if problems:
        raise GiveUp(f"{len(problems)} findings")  # another try would find the same
    return {"projects": len(document["projects"])}

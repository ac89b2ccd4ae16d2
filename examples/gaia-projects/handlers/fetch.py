"""Fetch from the remotes of all registered projects: the built-in jobs only look, and never do."""

import json
import os
import subprocess

from scheduled.handler import Context, Incomplete

QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oConnectTimeout=10"}
"""Nobody is there to type a password: fail instead of waiting."""


def run(context: Context) -> dict[str, object]:
    """Fetch in each repository that is ours; one that fails stops no other."""
    registry = json.loads((context.root / "registry.json").read_text(encoding="utf-8"))
    fetched, failed = 0, []
    for name, project in registry["projects"].items():
        path = context.root / project["path"]
        # Settings of a repository can name programs for git to run: so only in our own.
        if not (path / ".git").is_dir() or path.stat().st_uid != os.geteuid():
            continue
        done = subprocess.run(
            ["git", "-C", str(path), "fetch", "--quiet", "--all", "--prune"],
            env={**os.environ, **QUIET},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            context.log(f"{name}: {done.stderr.strip()}")
            failed.append(name)
        else:
            fetched += 1
    result = {"fetched": fetched, "failed": failed}
    if failed:
        raise Incomplete(f"cannot fetch: {', '.join(failed)}", result)
    return result

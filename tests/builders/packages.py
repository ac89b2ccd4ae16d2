"""Packages of other people that offer handlers, and environments in which they are installed."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

from tests.builders.command import BARE, Said, options
from tests.builders.manual import Page

CHECKOUT = Path(__file__).parents[2]
DECORATED = """\
from scheduled.handler import Context, Kind, Param, handler

PARAMS = {"size": Param("how wide, in pixels", Kind.COUNT, default=128)}


@handler(schedule="hourly", params={"size": 64})
def thumbnails(context: Context) -> dict[str, object]:
    \"\"\"Make the thumbnails that are missing.\"\"\"
    return {"size": context.params["size"]}
"""


class Packages:
    """A directory with installed packages."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.site.mkdir(parents=True, exist_ok=True)

    def install(
        self,
        package: str = "photos-jobs",
        version: str = "1.2",
        entries: str = "thumbnails = photos.jobs:thumbnails",
        files: dict[str, str] | None = None,
        *,
        age: int = 3600,
    ) -> Path:
        """A package as pip leaves it, installed `age` seconds ago; returns its metadata."""
        sources = {"photos/jobs.py": DECORATED} if files is None else files
        for name, text in sources.items():
            path = self.site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        about = self.site / f"{package.replace('-', '_')}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n\nx\n"
        )
        (about / "entry_points.txt").write_text(
            f"[console_scripts]\na = b:c\n\n[scheduled.handlers]\n{entries}\n"
        )
        (about / "RECORD").write_text("")
        self._date(about, age)
        return about

    def remove(self, about: Path, *, age: int = 1800) -> None:
        """Uninstall a package but for its modules, `age` seconds ago."""
        shutil.rmtree(about)
        self._date(self.site, age)

    def _date(self, path: Path, age: int) -> None:
        """Date a change back: what is young is looked at again each time."""
        then = path.stat().st_mtime - age
        for each in {path, *path.glob("*"), self.site}:
            os.utime(each, (then, then))


def of_manual(page: Page, site: Path) -> Path:
    """A directory in which the package is installed that a page of the manual shows."""
    (entry,) = re.findall(r'^previews = "(.*)"$', page.blocks("toml")[0], re.MULTILINE)
    code = page.blocks("python")[3]
    Packages(site).install(entries=f"previews = {entry}", files={"photos/jobs.py": code})
    return site


class Environment(Packages):
    """A virtual environment with this program in it, to install packages into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.EnvBuilder(symlinks=True).create(folder)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        super().__init__(folder / "lib" / version / "site-packages")
        self.python = folder / "bin" / "python"
        (self.site / "ours.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
        (self.site / "scheduled").mkdir()
        for path in (*(CHECKOUT / "scheduled").iterdir(), CHECKOUT / "handlers"):
            (self.site / "scheduled" / path.name).symlink_to(path)
        self._date(self.site, 3600)

    def run(self, root: Path, *words: str, **more: Any) -> Said:
        """`scheduled WORDS` as it is called from this environment."""
        process = subprocess.run(
            [self.python, "-P", "-m", "scheduled", *options(root), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={**BARE, **more},
        )
        return Said(process.returncode, process.stdout, process.stderr)

    def tick(self, root: Path) -> int:
        """The exit code of a tick as cron calls it, which may be an idle one."""
        entry = self.site / "scheduled" / "__main__.py"
        command = [str(self.python), "-I", "-S", "-X", "utf8", str(entry), *options(root), "run"]
        return subprocess.run(command, capture_output=True, env=BARE, check=False).returncode

    def python_says(self, code: str) -> str:
        """What Python code prints in this environment."""
        command = [str(self.python), "-P", "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, env=BARE, check=True)
        return done.stdout.strip()

    def rows(self, root: Path) -> dict[str, dict[str, Any]]:
        """Return what `handlers --json` has, by name, without the built-in ones."""
        every = json.loads(self.run(root, "handlers", "--json").out)["handlers"]
        return {row["name"]: row for row in every if row["origin"] != "built-in"}

    def jobs(self, root: Path) -> list[str]:
        """Return the ids of the jobs that are not shipped."""
        every = json.loads(self.run(root, "config", "show", "--json").out)["jobs"]
        return [job["id"] for job in every if not job["source"].startswith("built-in")]

    def result(self, root: Path, job: str, **more: str) -> Any:
        """Return the result of a run by hand, with `more` in the environment."""
        (run,) = json.loads(self.run(root, "trigger", job, "--json", **more).out)["runs"]
        return run["result"]

    def problems(self, root: Path) -> list[str]:
        """Return what `config validate` finds wrong."""
        document = json.loads(self.run(root, "config", "validate", "--json").out)
        sentences: list[str] = document["problems"]
        return sentences

"""The first minute: the main job on a small ecosystem that is made for it.

`python -m scheduled.demo` grows the built-in example ecosystem in a folder of its own, ticks
twice, and shows what there is to see. It touches nothing else.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration; return the exit code of the last command that failed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m scheduled.demo", description=__doc__)
    parser.add_argument("--into", metavar="DIR", type=Path, help="an empty directory to use")
    parser.add_argument("--quiet", action="store_true", help="only check that it works")
    asked = parser.parse_args(arguments)
    folder = (asked.into or Path(tempfile.mkdtemp(prefix="scheduled-demo-"))).absolute()
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"--into {folder}: not empty; name an empty or a new directory")
    return _Demo(folder, quiet=asked.quiet).show()


class _Demo:
    def __init__(self, folder: Path, *, quiet: bool) -> None:
        self.home = folder / "home"
        self.state = folder / "state"
        self.quiet = quiet
        self.worst = 0

    def show(self) -> int:
        """Show the demonstration, from an empty folder to the first reports."""
        from scheduled.cli.context import clock
        from scheduled.demo import example

        example.create_example(self.home, clock())
        self._say(f"An example ecosystem has been grown in {self.home}.")
        self._run("run", "-v", about="The first tick runs the five sweeps.")
        self._run("run", "-v", about="A second one finds nothing to do.")
        self._run("status", about="The current status:")
        self._run("daily-report", "--stdout", "--no-send", about="The report of the day:")
        self._say("Central files:")
        for path in sorted(self.home.rglob("*.central.json")):
            self._say(f"  {path}")
        look = [*_program(), *self._places(), "list"]
        self._say(f"\nLook around:\n  {shlex.join(look)}")
        self._say(f"Delete the example:\n  {shlex.join(['rm', '-r', str(self.home.parent)])}")
        return self.worst

    def _run(self, command: str, *options: str, about: str) -> None:
        verbose = [option for option in options if option == "-v"]
        others = [option for option in options if option != "-v"]
        words = [*self._places(), *verbose, command, *others]
        self._say(f"\n{about}\n$ scheduled {' '.join([command, *options])}")
        done = subprocess.run(
            [sys.executable, "-P", "-m", "scheduled", *words],
            stdout=subprocess.DEVNULL if self.quiet else None,
            env={key: value for key, value in os.environ.items() if "SCHEDULED" not in key},
            check=False,
        )
        self.worst = done.returncode or self.worst

    def _places(self) -> list[str]:
        return ["--root", str(self.home), "--state-dir", str(self.state)]

    def _say(self, text: str) -> None:
        if not self.quiet:
            print(text, flush=True)


def _program() -> list[str]:
    """Return the words that call this copy of the program from any folder."""
    command = Path(sys.executable).with_name("scheduled")
    return [str(command)] if command.exists() else [sys.executable, "-m", "scheduled"]


if __name__ == "__main__":
    sys.exit(main())

"""`scheduled edit`: open the file of a job in an editor, and check it on the way back.

Nothing that has a mistake is installed, and nothing that somebody has typed is lost.
"""

import itertools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from scheduled.cli import context, editor, registering
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.job_file import print_result
from scheduled.config import directories, edited_text, job_files, paths
from scheduled.config.conflicts import BUILTIN_IDS
from scheduled.config.edited_text import Check, Checked
from scheduled.config.load import Config
from scheduled.config.lookup import find_job
from scheduled.errors import ConfigError, UsageError, reason_of
from scheduled.quick_classes import NamedTuple, replace
from scheduled.system import files, owners
from scheduled.system.text import diff, one_line

EDIT, INSTALL, DISCARD, KEEP = "e", "i", "d", "k"
_ANSWERS = {
    EDIT: "edit it again (e)",
    INSTALL: "install it all the same (i)",
    DISCARD: "discard it (d)",
    KEEP: "keep it in a file of its own (k)",
}
_LEFT_BEHIND = (
    "warning: {path}: is a hard link, and its other names still have the text of before;"
    " `ln -f` links them anew"
)


class Target(NamedTuple):
    """What is to be edited."""

    path: Path
    line: int
    job: str
    """The id of the job that is meant; '' for the whole configuration."""
    check: Check


@command()
@click.argument("job", required=False)
@click.pass_obj
def edit(session: Session, job: str | None) -> int:
    """Edit the file of JOB, or scheduled.yaml, and check it.

    The editor is $VISUAL or $EDITOR. After a mistake you can edit again, discard the text, or keep
    it in a file of its own; the file is replaced only by one without.
    """
    session.is_changing = True
    try:
        _ = session.config
    except ConfigError as error:
        if job is not None:
            raise ConfigError([*error.problems, "`scheduled edit` opens it"]) from None
        target = _configuration(session, 1, "")
    else:
        target = _target(session, job)
        session.own_state()
    if not (sys.stdin.isatty() and session.is_terminal):
        raise UsageError(
            "edit needs a terminal; without one, change the file yourself, and check it with"
            " `scheduled config validate`"
        )
    _refuse_unwritable(target.path)
    data = _read(target.path)
    program = editor.command(session.environ)
    with editor.Copy(target.path.name, data) as copy:
        return _Editing(session, target, data, copy).run(program)


def _target(session: Session, job: str | None) -> Target:
    """Return where a job is defined. Raise UsageError if that is no file to be edited here."""
    if job is None:
        return _configuration(session, 1, "")
    config = session.config
    place = config.taken.get(job) or _broken(config, job) or find_job(config, job).source
    file, _, line = place.rpartition(", ")[2].rpartition(":")
    number = int(line) if line.isdecimal() else 1
    config_path = config.places.config_path
    if config_path is not None and file == config_path.name:
        return _configuration(session, number, job)
    path = _job_file(config, file)
    if path is None:
        raise UsageError(_defined_elsewhere(config, job, place))

    def check(data: bytes) -> Checked:
        return edited_text.of_job_file(config, data, file)

    return Target(path, number, job, check)


def _broken(config: Config, job: str) -> str:
    """Return the place of a file that cannot be read and is named after the job; '' for none."""
    for directory, suffix in itertools.product(config.jobs_dirs, job_files.KIND.suffixes):
        name = f"{job}{suffix}"
        if os.sep not in job and (directory / name).is_file():
            return f"{_label(config, directory)}/{name}:1"
    return ""


def _label(config: Config, directory: Path) -> str:
    return directories.label(directory, (config.places.config_path or directory).parent)


def _configuration(session: Session, line: int, job: str) -> Target:
    options = session.path_options
    path = paths.find_early(options).config_path
    if path is None:
        raise UsageError("there is no scheduled.yaml; `scheduled config init` writes one")

    def check(data: bytes) -> Checked:
        return edited_text.of_configuration(options, path, data)

    return Target(path, line, job, check)


def _job_file(config: Config, file: str) -> Path | None:
    """Return the path of what messages call `jobs/backup.yaml`; None if it is no job file."""
    folder, _, name = file.rpartition("/")
    for directory in config.jobs_dirs:
        path = directory / name
        if folder == _label(config, directory) and job_files.KIND.matches(name) and path.is_file():
            return path
    return None


def _defined_elsewhere(config: Config, job: str, place: str) -> str:
    where = config.places.config_file
    settings = f"settings of it are written below jobs: in {where}, which `scheduled edit` opens"
    if job in BUILTIN_IDS:
        return f"{job}: is a built-in job, which no file here defines; {settings}"
    package = next(
        (each for each in config.handlers if each.name == job and each.package is not None), None
    )
    if package is not None and package.package:
        return f"{job}: comes with the package {package.package}; {settings}"
    return f"{job}: is defined in {place}, which is no job file; {settings}"


def _refuse_unwritable(path: Path) -> None:
    """Raise UsageError where the file is not ours to replace."""
    try:
        status = path.stat()
        folder = os.path.dirname(os.path.realpath(path))
    except OSError as error:
        raise UsageError(f"{path}: {reason_of(error)}") from error
    if status.st_uid != os.geteuid():
        owner = owners.name_of(status.st_uid)
        raise UsageError(f"{path}: belongs to {owner}; type: {owners.as_user(owner)}")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder}: cannot be written to, so {path.name} cannot be replaced")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {reason_of(error)}") from error


class _Editing:
    """A file while somebody edits it."""

    def __init__(self, session: Session, target: Target, data: bytes, copy: editor.Copy) -> None:
        self.session, self.target, self.copy = session, target, copy
        self.original = data
        self.real = os.path.realpath(target.path)
        self.before = target.check(data)
        """What was wrong with the file at first: a mistake that was there stops nothing."""
        self.text = data

    def run(self, program: str) -> int:
        """Edit until the text is installed, discarded or kept; return the exit code."""
        line = self.target.line
        try:
            while True:
                self._edit(program, line)
                if self.text == self.original:
                    click.echo(f"{self.target.path}: nothing was changed")
                    return 0
                answer, line = self._judge()
                if answer == INSTALL:
                    return self._install()
                if answer == DISCARD:
                    click.echo(f"{self.target.path}: nothing was changed; the text is discarded")
                    return UsageError.exit_code
                if answer == KEEP:
                    self._keep()
                    return UsageError.exit_code
        except BaseException:
            if self.text != self.original:
                self._keep()
            raise

    def _edit(self, program: str, line: int) -> None:
        try:
            editor.run(program, self.copy.path, line, self.session.environ)
        finally:
            left = self.copy.read()
            if left is not None:  # else what was typed before counts
                self.text = left

    def _judge(self) -> tuple[str, int]:
        """Return what to do with the text, as somebody answers, and the line of a mistake."""
        if self._has_changed():
            return self._ask([EDIT, DISCARD, KEEP]), 1
        found = self.target.check(self.text).without(self.before)
        if not (found.problems or found.warnings):
            return INSTALL, 1
        for text in found.problems:
            click.echo(one_line(text), err=True)
        for text in found.warnings:
            click.echo(f"warning: {one_line(text)}", err=True)
        is_better = self.before.is_fatal and not found.is_fatal
        choices = [EDIT, DISCARD, KEEP]
        if is_better or not found.problems:
            choices.insert(1, INSTALL)
        return self._ask(choices), _line_of((*found.problems, *found.warnings)[0])

    def _has_changed(self) -> bool:
        """Whether somebody else has changed the file; says so, once for each change."""
        try:
            now = self.target.path.read_bytes()
        except OSError:
            now = b""
        is_same = now == self.original and os.path.realpath(self.target.path) == self.real
        if is_same:
            return False
        click.echo(f"{self.target.path}: was changed by somebody else meanwhile:", err=True)
        click.echo(diff(self.original, now, str(self.target.path)), nl=False, err=True)
        click.echo("Your text is not installed. To edit it again is to have seen this.", err=True)
        self.original, self.real = now, os.path.realpath(self.target.path)
        return True

    def _ask(self, choices: Sequence[str]) -> str:
        words = [_ANSWERS[choice] for choice in choices]
        question = f"{', '.join(words[:-1])} or {words[-1]}?"
        while True:
            answer: str = click.prompt(f"{question[:1].upper()}{question[1:]}", default=EDIT)
            if answer[:1].lower() in choices:
                return answer[:1].lower()

    def _keep(self) -> None:
        kept = self.copy.keep(self.target.path, self.text)
        click.echo(f"{self.target.path}: nothing was changed; your text is in {kept}", err=True)

    def _install(self) -> int:
        """Replace the file, and put what it changes on record; return the exit code."""
        path = self.target.path
        now = replace(self.session, now=context.clock(), owns_state=False)
        if self.session.owns_state:
            now.own_state()
            # What was edited before counts from then, as in a tick; what is new counts from now.
            registering.put_on_record(now, _ids(now))
        try:
            is_linked = path.exists() and path.stat().st_nlink > 1
            files.replace(path, self.text)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {reason_of(error)}") from error
        self.text = self.original  # it is not lost any more
        if is_linked:
            click.echo(_LEFT_BEHIND.format(path=path), err=True)
        after = replace(now, owns_state=False)
        after.own_state()
        code = registering.register(after, _ids(after))
        job = next((each for each in after.config.jobs if each.id == self.target.job), None)
        if job is not None:
            print_result(after, job, path, "", done="changed", as_json=False, code=code)
        else:
            after.say(f"{path}: changed")
        after.tell_subscribers()
        return code


def _ids(session: Session) -> list[str]:
    return [job.id for job in session.config.jobs]


def _line_of(problem: str) -> int:
    _, _, rest = problem.partition(":")
    number = rest.partition(":")[0]
    return int(number) if number.isdecimal() else 1

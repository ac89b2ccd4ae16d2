"""Files that others could have changed are opened in the modules that check them, and only there.

What is executed by `system/trusted.py`, the state by `system/private.py`, files in directories of
others by `system/folder.py`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACES = ("config", "ecosystem", "notify", "runs", "state", "ticks", "handlers")
FORBIDDEN = {
    "open", "os.open", "os.replace", "os.rename", "io.open", "read_text", "read_bytes",
    "write_text", "write_bytes", "files.replace", "files.replace_json", "files.read_json",
    "files.read_stamped", "replace_json", "read_json", "read_stamped",
    "os.listdir", "os.scandir", "os.walk", "os.mkdir", "os.makedirs", "os.unlink", "os.remove",
    "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.utime", "os.truncate",
    "os.mkfifo", "tarfile.open",
}  # fmt: skip
METHODS = {
    "read_text", "read_bytes", "write_text", "write_bytes", "open", "iterdir", "glob", "rglob",
    "walk", "mkdir", "unlink", "rmdir", "touch", "chmod", "rename", "symlink_to", "hardlink_to",
}  # fmt: skip
OTHER_METHODS = {
    "Folder.open",
    "output.open",
    "tick.open",
    "ast.walk",
    "calendar.walk",
    "folder.rename",
    "folder.unlink",
    "self._opener.open",
}
"""Those that are called the same and open nothing by a path, or through the modules that check."""
EXCEPTIONS = {
    # The text of this program itself.
    "scheduled/runs/executors/bundle.py": {"(folder / f'{name}.py').read_text"},
    # A certificate about which `settings` has asked `Trust`.
    "scheduled/runs/executors/tls.py": {"Path(files['tls_cert']).read_bytes"},
    # They are sent to other machines, where nothing of ours is: /proc, and a directory of its user.
    "scheduled/runs/executors/outpost/environment.py": {"open"},
    "scheduled/runs/executors/outpost/family.py": {"open", "os.listdir"},
    "scheduled/runs/executors/outpost/guard.py": {"os.open"},
    "scheduled/runs/executors/outpost/handler.py": {"open", "os.mkdir"},
    "scheduled/runs/executors/outpost/spool.py": {
        *("open", "os.open", "os.listdir", "os.makedirs", "os.chmod", "os.rename", "os.unlink"),
    },
    # It lists directories that `Trust` has judged, as `config/load.py` has the root directory.
    "scheduled/config/directories.py": {"os.scandir"},
    "scheduled/config/paths.py": {"os.listdir"},
    # What is installed beside this program; `Trust` judges what that names before it counts.
    "scheduled/config/entry_points.py": {"os.scandir", "files.read_bytes"},
    # The names of the states of this user.
    "scheduled/config/state_place.py": {"os.listdir"},
    # They write job files for a person, in directories that `Trust` has judged.
    "scheduled/config/importers/proposal.py": {
        "directory.iterdir",
        "path.unlink",  # what it has just written
        "settings.path.parent.mkdir",
    },
    # The text that a person has just typed, checked beside the file that it is to replace.
    "scheduled/config/edited_text.py": {"os.unlink"},
    # The units in a directory that a person has named; only what they say is read.
    "scheduled/config/importers/systemd_units.py": {"folder.glob", "folder.iterdir", "read_bytes"},
    # The id of this machine.
    "scheduled/config/importers/this_machine.py": {"machine.ID_FILE.read_text"},
    # Which directories there are; what lies in them is opened through `Folder`.
    "scheduled/config/importers/aipass_files.py": {"os.scandir"},
    "scheduled/config/job_file_editor.py": {
        "file.path.unlink",
        "files.read_bytes",
        "files.replace",
        "os.mkdir",
    },
    # It renames within the directory of its own run, after opening with O_NOFOLLOW.
    "scheduled/runs/exit_file.py": {"os.rename"},
    # They look into the projects and repositories of others, by descriptors or at names alone, and
    # take nothing that is no regular file; nothing there is executed, and only bytecode is removed.
    "scheduled/ecosystem/bytecode.py": {"os.listdir", "os.open", "os.scandir", "os.unlink"},
    "scheduled/ecosystem/compliance.py": {"glob.glob", "os.listdir", "os.walk"},
    "scheduled/ecosystem/formats.py": {"os.open"},
    "scheduled/ecosystem/project.py": {"os.listdir"},
    "scheduled/ecosystem/git/reading.py": {"os.open"},
    "scheduled/ecosystem/git/refs.py": {"os.walk"},
    "scheduled/ecosystem/git/repository.py": {"os.scandir"},
    # A directory of its own for git, made by `tempfile`.
    "scheduled/ecosystem/git/scratch.py": {
        "open",
        "os.listdir",
        "os.makedirs",
        "os.mkdir",
        "os.scandir",
        "os.symlink",
        "os.unlink",
    },
    # It asks `Trust` about each file.
    "scheduled/ecosystem/scanner.py": {"os.walk"},
    # A descriptor that was handed over.
    "scheduled/runs/handler_child.py": {"open"},
    # The file that a person has named, opened without following a link.
    "scheduled/ticks/log_file.py": {"os.open"},
    # /dev/null
    "scheduled/runs/keeper.py": {"os.open"},
    "scheduled/notify/forked.py": {"os.open"},
    # A memory file, and a pipe, by their descriptors.
    "scheduled/notify/command.py": {"open"},
    "scheduled/notify/pinger.py": {"open"},
    "scheduled/runs/process.py": {"open"},
    # The temporary directory of a run, the file system as a run may see it, /proc, and a pipe.
    "scheduled/runs/confined_child.py": {
        "open",
        "os.chown",
        "os.listdir",
        "os.mkdir",
        "os.open",
    },
    # It renames what it has read through `private`, within the state directory.
    "scheduled/state/aside.py": {"path.rename"},
    # They write to streams that `private`, or a person's own choice of a file, has opened.
    "scheduled/state/maintenance/backup.py": {"tarfile.open"},
    "scheduled/state/upgrade.py": {"tarfile.open"},
}


def test_no_other_module_opens_lists_makes_or_removes_by_path() -> None:
    found: dict[str, set[str]] = {}
    for place in PLACES:
        base = ROOT / "handlers" if place == "handlers" else ROOT / "scheduled" / place
        for path in sorted(base.rglob("*.py")):
            if calls := set(openings(path)):
                found[str(path.relative_to(ROOT))] = calls

    assert found == EXCEPTIONS


def openings(path: Path) -> Iterator[str]:
    """The calls in a module that open, list, make, rename or remove something by its path."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            method = name.rpartition(".")[2]
            is_method = method in METHODS and name not in OTHER_METHODS
            if name in FORBIDDEN or (is_method and isinstance(node.func, ast.Attribute)):
                yield name

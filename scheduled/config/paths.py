"""Where things are: the root, the configuration file, the state folder, the central folder.

What is asked for on the command line comes first, then the environment, then the configuration
file, then what lies on the disk. The file's own default place depends on the root, and the file
may name another root, so there are two steps: `find_early` before the file is read, `resolve`
after.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scheduled.ecosystem.formats import REGISTRY_PATTERN
from scheduled.errors import UsageError
from scheduled.system.user_dirs import home, xdg

CONFIG_NAME = "scheduled.yaml"
STATE_IN_ROOT = ("aipass_core/trigger/trigger_json", "src/aipass/trigger/trigger_json")
"""The trigger's own folder: the seed keeps `scheduled_state.json` there. Layout A, layout B."""
BY_CONFIG = "the configuration"
CENTRAL_IN_ROOT = ("aipass_os/AI_CENTRAL", "AI_CENTRAL", ".ai_central", ".aicentral")


@dataclass(frozen=True)
class PathOptions:
    """What the command line and its surroundings say, as it was typed."""

    root: str | None = None
    config: str | None = None
    state_dir: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")


@dataclass(frozen=True)
class EarlyPaths:
    """What is known before the configuration is read."""

    root: Path
    config_path: Path | None
    """None where none was named and none lies in the default places."""
    looked_for: tuple[Path, ...]
    """The configuration files that would have been taken, up to the one found, best first."""
    root_is_asked: bool
    """Whether somebody named the root, so that the configuration cannot."""
    origins: Mapping[str, str]


@dataclass(frozen=True)
class Paths:
    """Where everything is; all paths absolute. Only the root and `config_path` surely exist."""

    root: Path
    config_path: Path | None
    state_dir: Path
    central_dir: Path
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What decided each of them, as a person would say it: `--root`, `SCHEDULED_ROOT`."""


def find(options: PathOptions) -> Paths:
    """The places as they are without the configuration's say. Raises as `find_early` does."""
    return resolve(options, find_early(options), {})


def find_early(options: PathOptions) -> EarlyPaths:
    """The root and the configuration file.

    Raises UsageError for a root that is no folder and for a named file that does not exist.
    """
    root, root_origin, root_is_asked = _root(options)
    config_path, config_origin, looked_for = _config_file(options, root)
    origins = {"root": root_origin, "config_path": config_origin}
    return EarlyPaths(root, config_path, looked_for, root_is_asked, origins)


def root_of(options: PathOptions) -> Path:
    """Return the root unless the configuration names another. Raise as `find_early` does."""
    return _root(options)[0]


def config_to_write(options: PathOptions) -> Path:
    """Where a new configuration file belongs: where one is named, there or not, else the root."""
    named = _named(options, "--config", options.config, "SCHEDULED_CONFIG")
    return named[0] if named is not None else root_of(options) / CONFIG_NAME


def resolve(options: PathOptions, early: EarlyPaths, configured: Mapping[str, Path]) -> Paths:
    """All places; `configured` is what the configuration says about `root` and the folders."""
    root, root_origin = early.root, early.origins["root"]
    if "root" in configured and not early.root_is_asked:
        root, root_origin = configured["root"], BY_CONFIG
    state_dir, state_origin = _state_dir(options, root, configured)
    central_dir, central_origin = _central_dir(root, state_dir, configured)
    origins = {
        **early.origins,
        "root": root_origin,
        "state_dir": state_origin,
        "central_dir": central_origin,
    }
    return Paths(root, early.config_path, state_dir, central_dir, origins)


def has_registry(root: Path) -> bool:
    """Whether an ecosystem lies here."""
    return any(root.glob(REGISTRY_PATTERN))


def is_ecosystem(root: Path) -> bool:
    """Whether branches live here, or did: a registry, or the folders that belong to one."""
    return has_registry(root) or any(
        os.path.isdir(root / inside) for inside in (*STATE_IN_ROOT, *CENTRAL_IN_ROOT)
    )


def absolute(text: str, base: Path, environ: Mapping[str, str]) -> Path:
    """`text` as an absolute path, counted from `base`, with `~` and `~user` expanded.

    Raises UsageError for a user nobody has. Links are left as they are.
    """
    if text == "~" or text.startswith("~/"):
        text = str(home(environ)) + text[1:]
    elif text.startswith("~"):
        text = os.path.expanduser(text)
        if text.startswith("~"):
            raise UsageError(f"{text}: no user of that name; write ./{text} for a folder")
    return Path(os.path.abspath(base / text))


def _root(options: PathOptions) -> tuple[Path, str, bool]:
    named = _named(options, "--root", options.root, "SCHEDULED_ROOT", "AIPASS_HOME")
    if named is not None:
        path, origin = named
        if not os.path.isdir(path):
            raise UsageError(f"{origin}: {path}: no such folder")
        return path, origin, True
    if has_registry(options.cwd) or _exists(options.cwd / CONFIG_NAME):
        return options.cwd, "the current folder", False
    return home(options.environ), "the home folder", False


def _config_file(options: PathOptions, root: Path) -> tuple[Path | None, str, tuple[Path, ...]]:
    named = _named(options, "--config", options.config, "SCHEDULED_CONFIG")
    if named is not None:
        path, origin = named
        if not _exists(path):
            raise UsageError(
                f"{origin}: {path}: no such file; `scheduled config init --path {path}` writes one"
            )
        return path, origin, (path,)
    usual = xdg(options.environ, "XDG_CONFIG_HOME", ".config") / "scheduled" / CONFIG_NAME
    if _exists(root / CONFIG_NAME):
        return root / CONFIG_NAME, "in the root", (root / CONFIG_NAME,)
    if _exists(usual):
        return usual, "in the folder for configuration", (root / CONFIG_NAME, usual)
    return None, "none found", (root / CONFIG_NAME, usual)


def _exists(path: Path) -> bool:
    """Whether there is anything, a broken link too: passed over, its settings would be ignored."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # something we may not see; reading it will say so
        return True
    return True


def _state_dir(
    options: PathOptions, root: Path, configured: Mapping[str, Path]
) -> tuple[Path, str]:
    named = _named(options, "--state-dir", options.state_dir, "SCHEDULED_STATE_DIR")
    if named is not None:
        return named
    if "state_dir" in configured:
        return configured["state_dir"], BY_CONFIG
    for inside in STATE_IN_ROOT:
        if os.path.isdir(root / inside):
            return root / inside, "in the root"
    folder = xdg(options.environ, "XDG_STATE_HOME", ".local/state") / "scheduled"
    return folder, "the folder for state"


def _central_dir(root: Path, state_dir: Path, configured: Mapping[str, Path]) -> tuple[Path, str]:
    if "central_dir" in configured:
        return configured["central_dir"], BY_CONFIG
    for inside in CENTRAL_IN_ROOT:
        if os.path.isdir(root / inside):
            return root / inside, "in the root"
    if has_registry(root):
        return root / CENTRAL_IN_ROOT[0], "the root has a registry"
    return state_dir / "central", "beside the state: the root has no registry"


def _named(
    options: PathOptions, option: str, value: str | None, *variables: str
) -> tuple[Path, str] | None:
    """What a person named, and how; an empty variable is as good as none."""
    if value is not None:
        if not value:
            raise UsageError(f"{option}: nothing after it; name a path, or leave the option out")
        return absolute(value, options.cwd, options.environ), option
    for variable in variables:
        if options.environ.get(variable):
            return absolute(options.environ[variable], options.cwd, options.environ), variable
    return None

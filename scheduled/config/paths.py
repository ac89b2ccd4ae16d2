"""The paths: the root, the configuration file, the state directory, the central directory.

Each is taken from the command line, else the environment, else the configuration file, else what
exists. The default place of the file depends on the root, and the file may name another root, so
there are two steps: `find_early` before the file is read, `resolve` after.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scheduled.config import state_place
from scheduled.ecosystem.formats import (
    HOME_REGISTRY,
    PROJECT_REGISTRY,
    REPOSITORY_REGISTRY,
    is_project_registry,
    is_registry,
    is_repository,
)
from scheduled.errors import ConfigError, UsageError
from scheduled.quick_classes import dataclass, field
from scheduled.system.user_dirs import home, xdg

STATE_IN_ROOT = ("aipass_core/trigger/trigger_json", "src/aipass/trigger/trigger_json")
"""The trigger's own directory, where the seed keeps `scheduled_state.json`: layouts A and B."""
CONFIG_NAME = "scheduled.yaml"
KEYS = ("root", "state_dir", "central_dir")
"""The settings that are paths of these."""
BY_CONFIG = "the configuration"
BY_HOME = "the home directory"
BY_DEFAULT = "the default state directory"
CENTRAL_IN_HOME = ("aipass_os/AI_CENTRAL", "AI_CENTRAL", ".ai_central", ".aicentral")
CENTRAL_IN_REPOSITORY = (".ai_central", ".aicentral", "aipass_os/AI_CENTRAL", "AI_CENTRAL")
"""In the order in which AIPass of each layout reads them; the first is made if there is none."""


@dataclass(frozen=True)
class PathOptions:
    """The options of the command line as typed, and its environment."""

    root: str | None = None
    config: str | None = None
    state_dir: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")
    year: int | None = None
    """The present one, around which calendars are read; None: that of the clock."""


@dataclass(frozen=True)
class EarlyPaths:
    """The paths that are known before the configuration is read."""

    root: Path
    config_path: Path | None
    """None if none was named and none exists in the default places."""
    candidates: tuple[Path, ...]
    """The possible configuration files up to the one that exists, in order of precedence."""
    root_is_fixed: bool
    """Whether option or environment name the root, so that the configuration cannot."""
    origins: Mapping[str, str]


@dataclass(frozen=True)
class Paths:
    """All paths, absolute. Only the root and `config_path` are known to exist."""

    root: Path
    config_path: Path | None
    state_dir: Path
    central_dir: Path
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each of them comes from: `--root`, `SCHEDULED_ROOT`."""

    @property
    def config_file(self) -> Path:
        """The configuration; without any, where it would be."""
        return self.config_path or self.root / CONFIG_NAME

    @property
    def config_folder(self) -> Path:
        """The directory that paths in the configuration are relative to."""
        return self.config_file.parent


def find(options: PathOptions) -> Paths:
    """Return the paths as if the configuration set none. Raise as `find_early` does."""
    return resolve(options, find_early(options), {})


def find_early(options: PathOptions) -> EarlyPaths:
    """Return the root and the configuration file.

    Raise UsageError for a root that is not a directory, or a named file that does not exist.
    """
    root, root_origin, root_is_fixed = _root(options)
    config_path, config_origin, candidates = _config_file(options, root)
    origins = {"root": root_origin, "config_path": config_origin}
    return EarlyPaths(root, config_path, candidates, root_is_fixed, origins)


def root_of(options: PathOptions) -> Path:
    """Return the root unless the configuration names another. Raise as `find_early` does."""
    return _root(options)[0]


def config_to_write(options: PathOptions) -> Path:
    """Return where to write a new configuration file: the path that is named, else in the root."""
    named = _named(options, "--config", options.config, "SCHEDULED_CONFIG")
    return named[0] if named is not None else root_of(options) / CONFIG_NAME


def resolve(options: PathOptions, early: EarlyPaths, configured: Mapping[str, Path]) -> Paths:
    """Return all paths; `configured` are those that the configuration sets."""
    root, root_origin = early.root, early.origins["root"]
    if "root" in configured and not early.root_is_fixed:
        root, root_origin = configured["root"], BY_CONFIG
    state_dir, state_origin = _state_dir(options, root, early.candidates, configured)
    central_dir, central_origin = _central_dir(root, state_dir, configured)
    origins = {
        **early.origins,
        "root": root_origin,
        "state_dir": state_origin,
        "central_dir": central_origin,
    }
    return Paths(root, early.config_path, state_dir, central_dir, origins)


def configured(
    options: PathOptions, early: EarlyPaths, settings: Mapping[str, Any], lines: Mapping[str, int]
) -> dict[str, Path]:
    """Return the paths that the file sets. Raise ConfigError for those that cannot be used."""
    found: dict[str, Path] = {}
    problems = []
    for key in KEYS:
        if key not in settings:
            continue
        assert early.config_path is not None
        try:
            found[key] = absolute(settings[key], early.config_path.parent, options.environ)
            if key == "root" and not os.path.isdir(found[key]):
                raise UsageError(f"{found[key]}: no such directory")
        except UsageError as error:
            problems.append(f"{early.config_path.name}:{lines[key]}: {key}: {error}")
    if problems:
        raise ConfigError(problems)
    return found


def has_registry(root: Path) -> bool:
    """Whether there is a registry of branches."""
    try:
        names = os.listdir(root)
    except OSError:
        return False
    return any(map(is_registry, names))


def is_ecosystem(root: Path) -> bool:
    """Whether there is a registry of branches, or one of the directories that belong to one."""
    return has_registry(root) or any(
        os.path.isdir(root / inside) for inside in (*STATE_IN_ROOT, *CENTRAL_IN_HOME)
    )


def signs_of_ecosystem(root: Path) -> list[Path]:
    """Return what makes a root an ecosystem when it appears."""
    inside = (HOME_REGISTRY, REPOSITORY_REGISTRY, *STATE_IN_ROOT, *CENTRAL_IN_HOME)
    return [root / name for name in inside]


def project_registry(root: Path) -> Path:
    """Return where a root has a registry of projects, if it is GAIA's."""
    return root / PROJECT_REGISTRY


def absolute(text: str, base: Path, environ: Mapping[str, str]) -> Path:
    """Return `text` as an absolute path, relative to `base`, with `~` and `~user` expanded.

    Links are not followed. Raise UsageError for an unknown user.
    """
    if text == "~" or text.startswith("~/"):
        text = str(home(environ)) + text[1:]
    elif text.startswith("~"):
        text = os.path.expanduser(text)
        if text.startswith("~"):
            raise UsageError(f"{text}: no user of that name; write ./{text} for a directory")
    return Path(os.path.abspath(base / text))


def beside_config(places: Paths, file: str) -> Path | None:
    """Return the path that a setting names, relative to the configuration's directory."""
    return places.config_folder / os.path.expanduser(file) if file else None


def missing(folder: Path) -> str:
    """Return why there is no such directory, as part of a sentence; '' if there is one."""
    if os.path.isdir(folder):
        return ""
    return "not a directory" if os.path.lexists(folder) else "no such directory; make it first"


def _root(options: PathOptions) -> tuple[Path, str, bool]:
    named = _named(options, "--root", options.root, "SCHEDULED_ROOT", "AIPASS_HOME")
    if named is not None:
        path, origin = named
        if not os.path.isdir(path):
            raise UsageError(f"{origin}: {path}: no such directory")
        return path, origin, True
    cwd = options.cwd
    if (
        has_registry(cwd)
        or _exists(cwd / CONFIG_NAME)
        or is_project_registry(project_registry(cwd))
    ):
        return cwd, "the current directory", False
    return home(options.environ), BY_HOME, False


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
        return usual, "in the configuration directory", (root / CONFIG_NAME, usual)
    return None, "none found", (root / CONFIG_NAME, usual)


def _exists(path: Path) -> bool:
    """Whether the path exists; a broken link does, lest its settings be ignored silently."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # not accessible; reading it will say so
        return True
    return True


def _state_dir(
    options: PathOptions, root: Path, candidates: Sequence[Path], configured: Mapping[str, Path]
) -> tuple[Path, str]:
    named = _named(options, "--state-dir", options.state_dir, "SCHEDULED_STATE_DIR")
    if named is not None:
        return named
    if "state_dir" in configured:
        return configured["state_dir"], BY_CONFIG
    for inside in STATE_IN_ROOT:
        if os.path.isdir(root / inside):
            return root / inside, "in the root"
    return state_place.default(root, candidates, options.environ), BY_DEFAULT


def _central_dir(root: Path, state_dir: Path, configured: Mapping[str, Path]) -> tuple[Path, str]:
    if "central_dir" in configured:
        return configured["central_dir"], BY_CONFIG
    places = CENTRAL_IN_REPOSITORY if is_repository(root) else CENTRAL_IN_HOME
    for inside in places:
        if os.path.isdir(root / inside):
            return root / inside, "in the root"
    if has_registry(root):
        return root / places[0], "the root has a registry"
    return state_dir / "central", "beside the state: the root has no registry"


def _named(
    options: PathOptions, option: str, value: str | None, *variables: str
) -> tuple[Path, str] | None:
    """Return the path that option or environment name, and which; an empty variable names none."""
    if value is not None:
        if not value:
            raise UsageError(f"{option}: an empty path; name one, or omit the option")
        return absolute(value, options.cwd, options.environ), option
    for variable in variables:
        if options.environ.get(variable):
            return absolute(options.environ[variable], options.cwd, options.environ), variable
    return None

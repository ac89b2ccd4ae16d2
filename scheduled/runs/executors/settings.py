"""The settings of an executor: with absolute paths, and the transport that they make."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scheduled.runs import environment
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.executors.transport import Transport
from scheduled.system.trusted import Trust

FILES = ("ssh_config", "tls_ca", "tls_cert", "tls_key")
"""The settings that name a file; each may run commands, or decides whom to trust."""


def with_files(
    settings: Mapping[str, Any], folder: Path, environ: Mapping[str, str], trust: Trust
) -> dict[str, Any]:
    """Return settings with absolute paths; relative ones are relative to `folder`.

    Raises UnusableEnvironmentError for a file that others can change, or that is not there.
    """
    found = dict(settings)
    for key in FILES:
        if not found.get(key):
            continue
        path = environment.resolve(found[key], folder, environ)
        if not path.is_file():
            raise UnusableEnvironmentError(f"{key}: {path}: no such file")
        if problems := trust.problems(path):
            raise UnusableEnvironmentError(f"{key}: {problems[0]}")
        found[key] = str(path)
    return found


def transport(settings: Mapping[str, Any], where: Mapping[str, Any] | None = None) -> Transport:
    """Return a new stream to an executor; with `where`, to the machine that is named there."""
    match settings["kind"]:
        case "ssh":
            from scheduled.runs.executors.ssh import SshTransport

            return SshTransport(settings)
        case "dask":
            from scheduled.runs.executors.dask import DaskTransport

            return DaskTransport(settings, (where or {}).get("worker", ""))
    raise ValueError(settings["kind"])

"""Real servers, and a root whose jobs run there.

Ticks run in a process space of their own: else the search for the processes of a run would find
what the server has started, and kill that.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.builders import dask_cluster, process_space, ssh_server
from tests.builders.elsewhere import Home
from tests.builders.process_space import ProcessSpace


@pytest.fixture(scope="module", params=["ssh", "dask"])
def executor(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, object]]:
    folder = tmp_path_factory.mktemp(request.param) / "server"
    if request.param == "ssh":
        with ssh_server.running(folder) as server:
            yield server.executor(python=sys.executable)
    else:
        with dask_cluster.running(folder, "one", "two") as cluster:
            yield cluster.executor()


@pytest.fixture(scope="module")
def space() -> Iterator[ProcessSpace]:
    with process_space.opened() as space:
        yield space


@pytest.fixture
def home(tmp_path: Path, space: ProcessSpace, executor: Mapping[str, object]) -> Iterator[Home]:
    home = Home(tmp_path / "home", space, executor)
    yield home
    home.close()

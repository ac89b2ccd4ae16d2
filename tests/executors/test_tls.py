"""Why a Dask scheduler and we refuse each other, and which certificates end soon."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.runs.executors import tls
from scheduled.runs.executors.dask import DaskTransport
from scheduled.runs.executors.transport import UnreachableError
from tests.builders import needs
from tests.builders.certificates import Authority
from tests.builders.dask_cluster import DaskCluster

OVER = timedelta(days=-1)
DAY = 86400.0


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@contextmanager
def scheduler(folder: Path, *files: Path) -> Iterator[str]:
    """Yield the address of a scheduler with these files: its authority, certificate and key."""
    pytest.importorskip("distributed", reason="needs distributed, which is in the extra `dask`")
    needs.root()
    options = ("--tls-ca-file", "--tls-cert", "--tls-key")
    words = [f"{option}={path}" for option, path in zip(options, files, strict=False)]
    cluster = DaskCluster(folder, words, "tls" if files else "tcp")
    try:
        cluster.start()
        yield cluster.address
    finally:
        cluster.close()


@contextmanager
def closing() -> Iterator[str]:
    """Yield the address of somebody who ends each connection at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                listener.accept()[0].close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"tls://127.0.0.1:{listener.getsockname()[1]}"


def settings(ours: Authority, address: str, files: tuple[Path, Path]) -> dict[str, Any]:
    """The settings of an executor at an address, with a certificate and its key."""
    cert, key = map(str, files)
    said = {"tls_ca": str(ours.ca), "tls_cert": cert, "tls_key": key}
    return {"address": address, "connect_timeout": 10.0, "lease": 10.0, **said}


def refused(found: dict[str, Any]) -> str:
    """What is told of a scheduler that cannot be used."""
    transport = DaskTransport(found)
    with pytest.raises(UnreachableError) as told:
        transport.connect()
    transport.close()
    return str(told.value)


@pytest.mark.slow
def test_a_scheduler_that_does_not_accept_us_is_told_with_our_certificate(
    ours: Authority, tmp_path: Path
) -> None:
    strange = Authority(tmp_path / "strange").sign("mine")
    old = ours.sign("old", OVER)
    with scheduler(tmp_path / "cluster", ours.ca, *ours.sign("server")) as address:
        for files in (strange, old):
            told = refused(settings(ours, address, files))
            assert told.startswith(f"{address}: ")
            assert f"tls_cert {files[0]}" in told
            assert "_ssl.c" not in told
        plain = address.replace("tls://", "tcp://")
        told = refused(settings(ours, plain, ours.sign("mine")))
        assert told.startswith(f"{plain}: it answers with TLS alone: write tls://")


@pytest.mark.slow
def test_a_scheduler_whose_certificate_has_ended_is_told_with_our_authority(
    ours: Authority, tmp_path: Path
) -> None:
    with scheduler(tmp_path / "cluster", ours.ca, *ours.sign("old", OVER)) as address:
        told = refused(settings(ours, address, ours.sign("mine")))

    assert told.startswith(f"{address}: its certificate is not accepted by tls_ca {ours.ca}: ")


@pytest.mark.slow
def test_a_scheduler_without_tls_is_told_as_such(ours: Authority, tmp_path: Path) -> None:
    with scheduler(tmp_path / "cluster") as address:
        encrypted = address.replace("tcp://", "tls://")
        told = refused(settings(ours, encrypted, ours.sign("mine")))

    assert told.startswith(f"{encrypted}: it does not answer with TLS; ")


@pytest.mark.slow
def test_certificates_that_end_soon_are_remarked_upon(ours: Authority, tmp_path: Path) -> None:
    mine = ours.sign("mine", timedelta(days=100))
    with scheduler(tmp_path / "cluster", ours.ca, *ours.sign("server")) as address:
        found = settings(ours, address, mine)
        then = time.time() + 100 * DAY

        assert [*tls.remarks(found, 10.0, then - tls.SOON - DAY)] == []
        (told,) = tls.remarks(found, 10.0, then - tls.SOON + DAY)
        assert told.startswith(f"tls_cert {mine[0]} ends on ")
        (_, of_scheduler) = tls.remarks(found, 10.0, then + 30_000 * DAY)
        assert of_scheduler.startswith("the certificate of the scheduler ends on ")


def test_who_only_ends_the_connection_may_not_accept_us(ours: Authority, tmp_path: Path) -> None:
    mine, strange = ours.sign("mine"), Authority(tmp_path / "strange").sign("mine")
    with closing() as address:
        told = tls.refusal(settings(ours, address, mine), 10.0)
        assert told == (
            f"it ended the connection, as one does that does not accept tls_cert {mine[0]}"
        )
        told = tls.refusal(settings(ours, address, strange), 10.0)
        assert told.startswith(f"tls_cert {strange[0]}: ")


def test_where_nobody_is_it_is_not_for_tls(ours: Authority) -> None:
    assert tls.refusal(settings(ours, "tls://127.0.0.1:1", ours.sign("mine")), 10.0) == ""
    assert tls.refusal(settings(ours, "tcp://127.0.0.1:1", ours.sign("mine")), 10.0) == ""

"""examples/certificates with real certificates, signed by an authority of its own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builders import needs
from tests.builders.examples import Example
from tests.builders.message_servers import Server

CHAIN, KEY = "live/example.org/fullchain.pem", "live/example.org/key.pem"


@pytest.fixture
def example(tmp_path: Path, smtp: Server) -> Example:
    needs.programs("openssl")
    example = Example("certificates", tmp_path)
    example.change("scheduled.yaml", port=str(smtp.port))
    example.change("certificates.env", DOMAINS="example.org", RELOAD="'echo reloaded >> reloads'")
    return example


def openssl(example: Example, *words: str) -> str:
    done = subprocess.run(
        ["openssl", *words], cwd=example.root, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else f"{done.returncode}: {done.stderr}"


def reloads(example: Example) -> int:
    path = example.root / "reloads"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_the_first_run_gets_a_certificate_and_the_next_has_nothing_to_do(example: Example) -> None:
    example.tick("2026-11-20 12:00")

    first = example.tick("2026-11-21 12:00")["renew"]
    chain = (example.root / CHAIN).read_bytes()
    second = example.tick("2026-11-22 12:00")["renew"]

    assert (first["result"], first["missed"]) == ({"renewed": 1, "failed": 0}, 1)
    assert second["result"] == {"renewed": 0, "failed": 0}
    assert (example.root / CHAIN).read_bytes() == chain
    assert openssl(example, "verify", "-CAfile", "ca/authority.pem", CHAIN) == f"{CHAIN}: OK"
    assert "DNS:example.org" in openssl(
        example, "x509", "-in", CHAIN, "-noout", "-ext", "subjectAltName"
    )
    assert (example.root / KEY).stat().st_mode & 0o077 == 0
    assert reloads(example) == 1


def test_one_that_expires_soon_is_replaced_with_its_key_and_the_old_one_deleted(
    example: Example,
) -> None:
    example.tick("2026-11-20 12:00", "renew")
    before = openssl(example, "pkey", "-in", KEY, "-pubout")
    example.change("certificates.env", RENEW_DAYS="89", ISSUE_DAYS="90")
    example.tick("2026-11-20 12:01", "renew")
    kept = openssl(example, "pkey", "-in", KEY, "-pubout")
    example.change("certificates.env", RENEW_DAYS="120", ISSUE_DAYS="180")

    row = example.tick("2026-11-20 12:02", "renew")["renew"]

    assert kept == before
    assert row["result"] == {"renewed": 1, "failed": 0}
    after = openssl(example, "pkey", "-in", KEY, "-pubout")
    assert after not in ("", before)
    assert openssl(example, "x509", "-in", CHAIN, "-noout", "-pubkey") == after
    assert len([path for path in (example.root / "live").iterdir() if path.is_dir()]) == 2


@pytest.mark.parametrize(
    ("file", "script"),
    [
        ("failing", "exit 1"),
        ("empty", ': > "$3"'),
        ("of-another-key", 'bin/issue-local.sh "$@" && cp "$OTHER" "$3"'),
        ("too-short", 'ISSUE_DAYS=29 bin/issue-local.sh "$@"'),
    ],
)
def test_what_an_authority_gets_wrong_leaves_the_old_certificate_in_use(
    example: Example, file: str, script: str
) -> None:
    example.tick("2026-11-20 12:00", "renew")
    before = (example.root / CHAIN).read_bytes()
    other = example.root / "other.pem"
    other.write_bytes(before)
    example.stand_in(file, script)
    example.change("certificates.env", ISSUE=file, RENEW_DAYS="100")
    if file in ("of-another-key", "too-short"):
        example.change("certificates.env", RENEW_DAYS="30", DOMAINS="'example.org b.org'")

    row = example.tick("2026-11-20 12:01", "renew", OTHER=str(other))["renew"]

    assert row["outcome"] == "failed"
    assert (example.root / CHAIN).read_bytes() == before
    assert not (example.root / "live/b.org").exists()
    assert reloads(example) == 1


def test_one_domain_that_fails_stops_no_other(example: Example) -> None:
    example.stand_in("picky", 'test "$1" != a.org && exec bin/issue-local.sh "$@"')
    example.change("certificates.env", ISSUE="picky", DOMAINS="'a.org example.org'")

    row = example.tick("2026-11-20 12:00", "renew")["renew"]

    assert (row["outcome"], row["result"]) == ("failed", {"renewed": 1, "failed": 1})
    assert (example.root / CHAIN).exists()
    assert reloads(example) == 1


def test_a_reload_that_fails_is_tried_again(example: Example) -> None:
    example.change("certificates.env", RELOAD="false")
    first = example.tick("2026-11-20 12:00", "renew")["renew"]
    example.change("certificates.env", RELOAD="'echo reloaded >> reloads'")

    second = example.tick("2026-11-20 12:01", "renew")["renew"]

    assert first["outcome"] == "failed"
    assert second["result"] == {"renewed": 0, "failed": 0}
    assert reloads(example) == 1


def test_a_certificate_that_expires_is_told_by_mail_once_and_so_is_its_end(
    example: Example, smtp: Server
) -> None:
    example.change("certificates.env", ISSUE_DAYS="10", RENEW_DAYS="5")
    example.tick("2026-11-20 12:00", "renew")
    for when in ("20 12:30", "21 12:30", "21 13:00"):
        example.tick(f"2026-11-{when}")
    told = list(smtp.accepted)
    example.change("certificates.env", ISSUE_DAYS="90", RENEW_DAYS="30")

    example.tick("2026-11-22 00:00")
    example.tick("2026-11-22 12:00")

    assert len(told) == 1
    assert "expiry: failing" in told[0]["mail"]
    assert "example.org: notAfter=" in told[0]["mail"]
    assert told[0]["to"] == ["root@localhost"]
    assert len(smtp.accepted) == 2
    assert example.outcomes("expiry")[-1] == "succeeded"


def test_an_authority_out_of_reach_is_news_only_after_three_runs(
    example: Example, smtp: Server
) -> None:
    example.change("certificates.env", ISSUE="false", RENEW_DAYS="30", WARN_DAYS="0")
    example.tick("2026-11-20 23:59")
    told = []
    for day, hour in ((21, 12), (22, 0), (22, 12)):
        for minutes in (0, 15, 40, 90):  # the run and its three retries
            example.tick(f"2026-11-{day} {hour + minutes // 60:02}:{minutes % 60:02}")
        told.append([mail["mail"] for mail in smtp.accepted if "renew: failing" in mail["mail"]])

    assert [len(mails) for mails in told] == [0, 0, 1]


@contextmanager
def served(example: Example, port: int) -> Iterator[None]:
    command = ["openssl", "s_server", "-quiet", "-port", str(port), "-cert", CHAIN, "-key", KEY]
    with subprocess.Popen(
        command, cwd=example.root, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        probe = ["s_client", "-connect", f"localhost:{port}"]
        while "CONNECTED" not in openssl(example, *probe):
            assert server.poll() is None
            time.sleep(0.05)
        yield
        server.kill()


def test_what_a_server_uses_counts_not_what_is_on_the_disk(
    example: Example, unused_port: int
) -> None:
    example.change("certificates.env", ISSUE_DAYS="10", RENEW_DAYS="5")
    example.tick("2026-11-20 12:00", "renew")
    example.change("certificates.env", CONNECT=f"localhost:{unused_port}")
    with served(example, unused_port):  # it goes on with what it has read
        example.change("certificates.env", ISSUE_DAYS="90", RENEW_DAYS="30")
        example.tick("2026-11-20 12:01", "renew")
        stale = example.tick("2026-11-20 12:02", "expiry")["expiry"]
    down = example.tick("2026-11-20 12:03", "expiry")["expiry"]
    with served(example, unused_port):
        fresh = example.tick("2026-11-20 12:04", "expiry")["expiry"]

    assert [row["outcome"] for row in (stale, down, fresh)] == ["failed", "failed", "succeeded"]


def test_certbot_is_asked_with_the_request_and_writes_where_it_is_told(example: Example) -> None:
    """A stand-in for certbot: it records its arguments, and signs the request as it would."""
    example.stand_in(
        "certbot",
        """printf '%s\\n' "$@" > calls
        while [ $# -gt 0 ]; do
            case $1 in --csr) csr=$2 ;; --fullchain-path) chain=$2 ;; esac
            shift
        done
        bin/issue-local.sh example.org "$csr" "$chain" """,
    )
    example.change("certificates.env", ISSUE="bin/issue-certbot.sh", EMAIL="me@example.org")

    row = example.tick("2026-11-20 12:00", "renew")["renew"]

    assert row["result"] == {"renewed": 1, "failed": 0}
    calls = (example.root / "calls").read_text().splitlines()
    assert calls[:2] == ["certonly", "--non-interactive"]
    assert calls[calls.index("--email") + 1] == "me@example.org"
    assert calls[calls.index("--csr") + 1].endswith("/request.pem")

"""What a scan of the logs costs, when nothing was read before and when a little was added."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bench.cost import Cost, found, process, work
from bench.row import Effort, Row
from scheduled.ecosystem import logs

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
FILES = 10
MIB = 1 << 20
PATTERN = " - (ERROR|WARNING) - "
LEVELS = ("INFO",) * 94 + ("WARNING",) * 4 + ("ERROR",) * 2
TEXTS = (
    "[close_plan] Closed FPLAN-0041 and refreshed the dashboard of its branch",
    "[mail] Delivered to @drone (id a7b3c9d2), inbox now holds 3 messages",
    "[-] openrouter_client - request took 1832 ms, 3 attempts, model kept",
    "[watch] 12 files looked at, none of them changed since the last time",
    "[router] @flow close plan 0041: done in 412 ms",
    "[mail] Delivered to @seed (id 0c11f09a); 0 calls ended in ERROR",
    "[registry] 41 branches, all of them active",
)
"""Seven, so that text and level meet in all combinations."""


def log_scan(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure scans of the logs of a month, of the last hour only, and of a little more."""
    size = effort.of(1024, 4) * MIB
    added = effort.of(MIB, MIB // 16)
    spans = (("a month", timedelta(days=30), 3.0), ("one hour", timedelta(hours=1), 5.0))
    for name, span, target in spans:
        root = folder / name.replace(" ", "-")
        paths = _write(root, size // FILES, span)
        yield effort.row(
            f"logs of {name}, cold",
            f"log scan, {_size(size)} of {name}, cold",
            partial(work, "logscan:cold", root),
            f"grep -c -E '{PATTERN}'",
            partial(_grep, *paths),
        )
        addition = root / "addition"
        addition.write_bytes(_lines(added, timedelta(minutes=1)))
        yield effort.row(
            f"logs of {name}, warm",
            f"log scan, {_size(added)} added to {_size(size)} of {name}",
            partial(work, "logscan:warm", root),
            f"grep -c of the {_size(added)}",
            partial(_grep, addition),
            target=target,
        )
        shutil.rmtree(root)


def cold(root: str) -> Callable[[], object]:
    """Scan without remembering anything."""
    cache = Path(root, "cache")
    cache.unlink(missing_ok=True)
    return lambda: logs.scan(Path(root), [], NOW, UTC, cache)


def warm(root: str) -> Callable[[], object]:
    """Scan with the positions of the scan before, after which one log has grown."""
    cache = Path(root, "cache")
    logs.scan(Path(root), [], NOW, UTC, cache)
    with Path(root, logs.SYSTEM_LOGS, "flow_0.log").open("ab") as stream:
        stream.write(Path(root, "addition").read_bytes())
    return lambda: logs.scan(Path(root), [], NOW, UTC, cache)


def _grep(*paths: Path) -> Cost:
    # It ends with 1 where nothing matches, which is as good an answer.
    return process(found("grep"), "-c", "-E", PATTERN, *paths, fails=True)


def _write(root: Path, size: int, span: timedelta) -> list[Path]:
    """Write logs of that size each, all lines of which lie within `span` before now."""
    folder = root / logs.SYSTEM_LOGS
    folder.mkdir(parents=True)
    paths = [folder / f"flow_{number}.log" for number in range(FILES)]
    content = _lines(size, span)
    for path in paths:
        path.write_bytes(content)
    return paths


def _lines(size: int, span: timedelta) -> bytes:
    """Return about that many bytes of log, evenly spread over `span` before now."""
    rest = f" - captured_flow - INFO - {TEXTS[0]}\n"
    count = size // (19 + len(rest))
    tails = [
        f" - captured_flow - {LEVELS[n % len(LEVELS)]} - {TEXTS[n % len(TEXTS)]}\n"
        for n in range(len(LEVELS) * len(TEXTS))
    ]
    per_second = max(1, int(count // span.total_seconds()))
    lines: list[str] = []
    for group in range(count // per_second):
        moment = NOW - span + span * (group * per_second / count)
        stamp = f"{moment:%Y-%m-%d %H:%M:%S}"
        first = group * per_second
        lines += [stamp + tails[n % len(tails)] for n in range(first, first + per_second)]
    return "".join(lines).encode()


def _size(size: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (MIB, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"

"""Compact vector stores that are kept in SQLite, such as those of Chroma, where much is free.

    jobs:
      maintenance.vector_optimization: {params: {stores: [~/.aico/chroma]}}

Stores of another kind are optimized by a command or a handler that is bound to the job instead.
"""

import os

from scheduled.ecosystem import sqlite_upkeep
from scheduled.ecosystem.sqlite_upkeep import COMPACTED
from scheduled.handler import Context, Incomplete, Kind, Param, Skip, values

PARAMS = {
    "stores": Param("directories of Chroma, or files of SQLite, or patterns", Kind.TEXTS, []),
    "max_fragmentation": Param(
        "how much of a store, in percent, may be free without compacting it", Kind.PERCENT, 20
    ),
}
OF_CHROMA = "chroma.sqlite3"


def run(context: Context) -> dict[str, object]:
    """Compact the stores that are too fragmented; what cannot be done is said once the rest is."""
    params = values(PARAMS, context.params)
    if not params["stores"]:
        raise Skip(f"nothing bound: give {context.job} params.stores, a command or a handler")
    done = sqlite_upkeep.upkeep(
        context, "stores", _database_of, least_free=params["max_fragmentation"], analyze=False
    )
    result: dict[str, object] = {
        "optimized": sum(entry["status"] == COMPACTED for entry in done.entries),
        "bytes_freed": done.sum_of("bytes_freed"),
        "stores": done.listed(),
    }
    if done.problems:
        raise Incomplete(done.reason(), result)
    return result


def _database_of(path: str) -> str:
    """Return the database of a store that is a directory; a file is one itself."""
    is_directory = os.path.isdir(path) and not os.path.islink(path)
    return os.path.join(path, OF_CHROMA) if is_directory else path

"""Compact databases of SQLite in which much is free, and analyze them.

    jobs:
      maintenance.database_vacuum: {params: {databases: [/srv/app/*.db]}}

A database is checked first: a damaged one is an error and is not written to. One that is in use
is put off, once the others are done.
"""

from scheduled.ecosystem import sqlite_upkeep
from scheduled.ecosystem.sqlite_upkeep import COMPACTED
from scheduled.handler import Context, Incomplete, Kind, Param, Skip, values

PARAMS = {
    "analyze_tables": Param("whether statistics for queries are collected", Kind.FLAG, True),
    "databases": Param("files of SQLite, or patterns such as `/srv/app/*.db`", Kind.TEXTS, []),
    "min_free_percent": Param(
        "how much of a database has to be free for it to be compacted", Kind.PERCENT, 10
    ),
}


def run(context: Context) -> dict[str, object]:
    """Tend the databases that are named; what cannot be done is said once the rest is."""
    params = values(PARAMS, context.params)
    if not params["databases"]:
        raise Skip("nothing to do: params.databases names no database")
    done = sqlite_upkeep.upkeep(
        context,
        "databases",
        least_free=params["min_free_percent"],
        analyze=params["analyze_tables"],
    )
    is_compacted = any(entry["status"] == COMPACTED for entry in done.entries)
    result: dict[str, object] = {
        "vacuum_type": "full" if is_compacted else "none",
        "tables_analyzed": done.sum_of("tables_analyzed"),
        "bytes_freed": done.sum_of("bytes_freed"),
        "databases": done.listed(),
    }
    if done.problems:
        raise Incomplete(done.reason(), result)
    return result

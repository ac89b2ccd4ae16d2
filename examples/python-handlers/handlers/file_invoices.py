"""File invoices: sum up what was dropped into a folder, and move it to an archive by month."""

import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path

from scheduled.handler import Context, Incomplete, Kind, NotNow, Param, handler

# With this table, `config validate` and every start refuse params that do not fit.
PARAMS = {
    "inbox": Param("where invoices are dropped, in the root", Kind.TEXT, "inbox"),
    "archive": Param("where they are filed, in the root", Kind.TEXT, "archive"),
    "quiet_seconds": Param("how long a file must be unchanged", Kind.COUNT, 60),
}


@handler(
    schedule="every 15m",
    description="Sum up new invoices and file them by month",
    timeout="5m",
    max_retries=2,
    # Nothing is lost while the machine is off: the files are still there, and one run takes all.
    catch_up="latest",
)
def file_invoices(context: Context) -> dict[str, object]:
    """File every invoice that is complete; a file that is none goes to `rejected`."""
    inbox = context.root / context.params.get("inbox", "inbox")
    archive = context.root / context.params.get("archive", "archive")
    found = sorted(inbox.glob("*.csv"))
    ready = [path for path in found if _is_complete(path, context)]
    if found and not ready:
        # No failure: somebody is still writing. The scheduled time stays pending, and each tick
        # asks again.
        raise NotNow(f"{len(found)} files are still being written")
    filed, total, rejected = 0, Decimal(0), []
    for path in ready:
        try:
            amount = _amount(path)
        except (ValueError, KeyError, InvalidOperation) as error:
            context.log(f"{path.name}: {error!r}")
            _move(path, inbox / "rejected")
            rejected.append(path.name)
            # Becomes an event for those who subscribe, once this run is on record.
            context.fire("invoice_rejected", file=path.name)
        else:
            _move(path, archive / f"{context.local_now:%Y-%m}")
            filed, total = filed + 1, total + amount
    # What is put into memory is there in the next run.
    context.memory["filed"] = context.memory.get("filed", 0) + filed
    result = {"filed": filed, "total": str(total), "rejected": rejected}
    if rejected:
        # A failure, of which people are told; but what was filed stays filed and counted.
        raise Incomplete(f"{len(rejected)} files are no invoices", result)
    return result


def _is_complete(path: Path, context: Context) -> bool:
    quiet = context.params.get("quiet_seconds", 60)
    # `context.now`, not a clock: so a test, and a catch-up run, have the time they are for.
    return path.stat().st_mtime <= context.now.timestamp() - quiet


def _amount(path: Path) -> Decimal:
    with path.open(encoding="utf-8", newline="") as stream:
        return sum((Decimal(row["amount"]) for row in csv.DictReader(stream)), Decimal(0))


def _move(path: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    number = 1
    while target.exists():  # an invoice of the same name is not overwritten
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    path.rename(target)

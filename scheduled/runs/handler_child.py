"""The child process in which a handler runs.

It is started as `python -m scheduled.runs.handler_child RESULT`, with a description of the run on
standard input. It calls the handler and writes a report to the file RESULT, completely or not at
all. A handler that crashes the interpreter takes only this process with it.
"""

import io
import json
import os
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.errors import ScheduledError, UsageError, is_no_space, reason_of
from scheduled.handler import Context, GiveUp, Incomplete, NotNow, Skip, loader, params
from scheduled.runs import exit_file
from scheduled.system import files, private
from scheduled.system.trusted import Trust
from scheduled.timing.timezones import zone_info


def main() -> int:
    """Run the handler described on standard input; return 0, 1 if it failed, 75 for "not now".

    120 if its report cannot be written, as if what it printed could not.
    """
    started = time.monotonic()
    description = json.load(sys.stdin)
    _make_output_lenient()
    trust = Trust(description["owners"])
    report = _call(description["handler"], trust, _context(description))
    if part := _too_deep(report):
        report = {"error": f"{part} is nested more than {files.MAX_NESTING} deep"}
    report["seconds"] = round(time.monotonic() - started, 3)
    try:
        data = files.json_bytes(report)
    except (TypeError, ValueError) as error:
        report = {"error": f"what the handler returned or fired is not JSON: {error}"}
        data = files.json_bytes(report)
    try:
        _write(sys.argv[1], data)
    except (OSError, ScheduledError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        _log(f"The result could not be written: {reason}")
        return exit_file.UNWRITTEN
    if "not_now" in report:
        return os.EX_TEMPFAIL
    return 1 if "error" in report else 0


def _write(report: str, data: bytes) -> None:
    """Write the report to a file, or to the descriptor `fd:3`; a torn one counts as none."""
    if report.startswith("fd:"):
        with open(int(report.removeprefix("fd:")), "wb") as stream:
            stream.write(data)
    else:
        private.replace(Path(report), data, "nothing")


def _make_output_lenient() -> None:
    """Let no line of output fail a handler, whatever PYTHONIOENCODING says or names contain."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _call(handler: str, trust: Trust, context: Context) -> dict[str, Any]:
    try:
        function = loader.load(handler, trust)
        declared = loader.params(handler, trust)
        if declared is not None:
            params.check(declared, context.params)
        result = function(context)
        if result is not None and not isinstance(result, dict):
            raise GiveUp(f"the handler returned {type(result).__name__}, expected a dict or None")
    except NotNow as error:
        return {"not_now": str(error) or "the handler could not work now"}
    except Skip as error:
        return {"skipped": str(error) or "the handler had nothing to do"}
    except Incomplete as error:
        _log(f"{error}")
        done = _done_report(error.result, context)
        return {"error": str(error), "no_space": is_no_space(error), **done}
    except ScheduledError as error:
        _log(f"{error}")
        final = isinstance(error, UsageError)
        return {"error": str(error), "final": final, "no_space": is_no_space(error)}
    except Exception as error:  # noqa: BLE001 - any exception of a handler fails its run alone
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        _show(error, text)
        final = isinstance(error, GiveUp | ValueError | TypeError)
        return {"error": text, "final": final, "no_space": is_no_space(error)}
    return {**_done_report(result, context), "file": loader.file_of(handler)}


def _show(error: Exception, text: str) -> None:
    """Print where a handler failed; a full disk is nobody's mistake in a program."""
    if is_no_space(error):
        _log(text)
        return
    import traceback  # it imports tokenize and more

    with suppress(OSError):
        traceback.print_exception(error)


def _done_report(result: dict[str, Any] | None, context: Context) -> dict[str, Any]:
    return {"result": result, "memory": context.memory, "events": context.events}


def _too_deep(report: dict[str, Any]) -> str:
    """Return which part of a report is nested too deep to be kept, or ''."""
    if files.is_too_deep(report.get("result")):
        return "the result"
    if files.is_too_deep(report.get("memory")):
        return "the memory"
    events = (name for name, data in report.get("events", ()) if files.is_too_deep(data))
    return next((f"the event {name!r}" for name in events), "")


def _context(description: dict[str, Any]) -> Context:
    def instant(name: str) -> datetime | None:
        text = description.get(name)
        return datetime.fromisoformat(text) if text else None

    now = instant("now")
    assert now is not None
    return Context(
        job=description["job"],
        run_id=description["run_id"],
        now=now,
        zone=zone_info(description["zone"]),
        root=Path(description["root"]),
        central_dir=Path(description["central_dir"]),
        cache_dir=Path(description["cache_dir"]),
        state_dir=Path(description["state_dir"]),
        configuration=tuple(map(Path, description.get("configuration", ()))),
        slot=instant("slot"),
        attempt=description["attempt"],
        catch_up=description["catch_up"],
        missed=description["missed"],
        last_success=instant("last_success"),
        params=description["params"],
        memory=description["memory"],
        log=_log,
    )


def _log(line: str) -> None:
    """Print a line. What the run did counts all the same where its output has no room."""
    with suppress(OSError):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())

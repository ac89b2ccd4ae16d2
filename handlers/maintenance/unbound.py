"""What stands in for the work of a job until a command or a handler is bound to it.

    jobs:
      agency.background_learning: {command: learn --quietly}

It skips the run and says so, which is never taken for a success.
"""

from typing import Never

from scheduled.handler import Context, Param, Skip

PARAMS: dict[str, Param] = {}


def run(context: Context) -> Never:
    """Skip the run: nothing is bound to this job."""
    raise Skip(f"nothing bound: give {context.job} a command or a handler")

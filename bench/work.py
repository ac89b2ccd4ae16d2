"""The inside of a process that `bench.cost.work` starts: prepare, time the one part, say it.

`python -m bench.work MODULE:FUNCTION ARGUMENT...` calls the function, which prepares and returns
what is to be timed. The garbage collector runs as it does in production.
"""

import gc
import sys
import time
from importlib import import_module


def main() -> None:
    """Time what was asked for in the arguments, and print the seconds."""
    module, _, name = sys.argv[1].partition(":")
    part = getattr(import_module(f"bench.{module}"), name)(*sys.argv[2:])
    gc.collect()
    start = time.perf_counter()
    part()
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()

"""Start a program, wait for it, and say what it took: called as a file, by `bench.cost`.

A process is charged with the peak memory of the one it was started from. So it is started from
one that has next to none: a bare interpreter that only knows these few lines.
"""

import posix
import sys
import time


def main() -> None:
    """Run the command in the arguments; seconds, peak in KiB and wait status go to stderr."""
    words = sys.argv[1:]
    start = time.perf_counter()
    child = posix.posix_spawn(words[0], words, posix.environ)
    _, status, usage = posix.wait4(child, 0)
    seconds = time.perf_counter() - start
    sys.stderr.write(f"\n{seconds} {usage.ru_maxrss} {status}")


if __name__ == "__main__":
    main()

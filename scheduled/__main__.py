"""The way in: the idle tick first, then the command line.

cron calls this file itself, with `-I -S`, which leaves out everything an idle tick does not
need. The rest of the interpreter's start is made up for only when there is something to do.
"""

import sys


def main() -> int:
    """Run the command line in `sys.argv`; return the exit code for `sys.exit`."""
    from scheduled import idle

    code = idle.exit_code(sys.argv[1:])
    if code is not None:
        return code
    try:
        return _work()
    except (ImportError, OSError, MemoryError) as error:
        return _not_loaded(error)


def _work() -> int:
    _begin_again_in_utf8()
    import gc

    gc.disable()  # all that is imported stays: to look through it takes a twentieth of a tick
    _complete()
    from scheduled.cli import plain_tick

    gc.freeze()
    gc.enable()
    code = plain_tick.run(sys.argv[1:])
    if code is not None:
        return code
    from scheduled.cli.main import main as command_line

    return command_line(sys.argv[1:])


def _not_loaded(error: Exception) -> int:
    """Say what is missing of this program, or what the machine lacks to load it."""
    import errno  # these two are part of the interpreter: there may be no descriptor for a file
    import posix

    lacks = (posix.strerror(number) for number in (errno.EMFILE, errno.ENFILE, errno.ENOMEM))
    is_shortage = isinstance(error, MemoryError) or any(words in str(error) for words in lacks)
    print(f"scheduled: cannot be loaded: {error or 'out of memory'}", file=sys.stderr)
    return 75 if is_shortage else 1


def _started_as_file() -> None:
    """Make `scheduled` importable, and keep its modules from shadowing others of the same name."""
    package = __file__.rpartition("/")[0]
    while package in sys.path:
        sys.path.remove(package)
    sys.path.insert(0, package.rpartition("/")[0])


def _begin_again_in_utf8() -> None:
    """Start this process anew where Python would read and write names in another encoding.

    Names of files are bytes, and those of configurations are UTF-8, whatever the locale is; only
    when it starts can Python be told so. The environment, which jobs inherit, stays as it is.
    """
    is_fine = sys.flags.utf8_mode or sys.getfilesystemencoding() == "utf-8"
    if is_fine or not sys.executable or any("utf8" in word for word in sys.orig_argv):
        return
    import posix

    posix.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _complete() -> None:
    """Make up for `-S` once there is something to do."""
    if not sys.flags.no_site:
        return
    import site

    above = sys.path.pop(0)
    site.main()
    if above not in sys.path:
        sys.path.append(above)


if __name__ == "__main__":
    if not __package__:
        _started_as_file()
    sys.exit(main())

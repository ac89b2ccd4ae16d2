"""Landlock: a process gives up rights to files for itself and all that it starts (landlock(7)).

Raw system calls, as no library is there for them. What is not asked for is not loaded: no tick that
confines nothing comes here.
"""

import ctypes
import os
import struct
import sys

from scheduled.errors import reason_of

EXECUTE, WRITE_FILE, READ_FILE = 1 << 0, 1 << 1, 1 << 2
TRUNCATE = 1 << 14
CHANGES = 0b111_1111_1111_0000 | WRITE_FILE
"""All rights to change something: to remove, to make whatever kind, to move, to truncate."""
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
"""The rights that make sense for something that is not a directory."""
NEEDED = 3
"""Before this version, whoever may not write to a file may still cut it."""
SCOPES = 6
"""From this version on, signals can be kept from processes outside."""
_SCOPED = 0b11
"""Abstract sockets, and signals."""
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_QUERY_VERSION, _PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


def version() -> int:
    """Return the version of Landlock that this kernel offers; 0 if it has none."""
    if sys.platform != "linux":
        return 0
    try:
        return _call(_CREATE_RULESET, None, 0, _QUERY_VERSION)
    except OSError:
        return 0


class Ruleset:
    """The rights that are given up, and where some of them are kept."""

    def __init__(self, handled: int, *, scoped: bool) -> None:
        """Begin with rights that are kept nowhere. Raises OSError."""
        known = version()
        attributes = _Ruleset(handled, 0, _SCOPED if scoped and known >= SCOPES else 0)
        # An older kernel knows a shorter structure, and refuses what it does not know.
        length = 24 if known >= SCOPES else 16 if known >= 4 else 8
        self._handled = handled
        self.descriptor = _call(_CREATE_RULESET, ctypes.byref(attributes), length, 0)

    def keep(self, descriptor: int, rights: int, *, is_directory: bool) -> None:
        """Keep rights to a file, or to all that is below a directory. Raises OSError."""
        rights &= self._handled if is_directory else self._handled & _OF_FILES
        if rights:
            rule = struct.pack("=Qi", rights, descriptor)
            _call(_ADD_RULE, self.descriptor, _PATH_BENEATH, rule, 0)

    def enter(self) -> None:
        """Give up the rights for good. Raises OSError; needs `give_up_new_privileges` before."""
        _call(_RESTRICT_SELF, self.descriptor, 0)
        os.close(self.descriptor)


def give_up_new_privileges() -> None:
    """Have no program that is started give more rights, whatever its mode says: prctl(2).

    Raises OSError.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise _error()


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    plain = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    library.syscall.restype = ctypes.c_long
    answer = int(library.syscall(ctypes.c_long(number), *plain))
    if answer < 0:
        raise _error()
    return answer


def _error() -> OSError:
    number = ctypes.get_errno()
    error = OSError(number, os.strerror(number))
    return OSError(number, f"landlock: {reason_of(error)}")

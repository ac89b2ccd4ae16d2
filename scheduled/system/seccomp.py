"""Calls by which a process could reach others of its user: refused by a filter (seccomp(2)).

The kernel lets a user set limits, priority and processors of all processes of that user. What is
asked for of the calling process itself, as 0 stands for it, goes on to work. Keys that the kernel
keeps, shared memory and queues belong to a user as well, are no files, and outlast who made them.
"""

import ctypes
import os
import platform

from scheduled.errors import reason_of
from scheduled.quick_classes import NamedTuple

_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1
"""To go on, or to end with EPERM."""
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Where they stand in what a filter sees; the lower half of an argument comes first."""
_X32 = 0x40000000
_PR_SET_SECCOMP, _FILTER = 22, 2

CALLS = (
    *("prlimit64", "setpriority", "sched_setscheduler", "sched_setparam", "sched_setattr"),
    *("sched_setaffinity", "ioprio_set"),
)
_WHO = {"setpriority": 1, "ioprio_set": 1}
"""Which argument names a process, where it is not the first."""
_ALL_OF_USER = {"setpriority": 2, "ioprio_set": 3}
"""The first argument that means all processes of a user, ours if 0 is the second."""
_SHARED = {
    0xC000003E: (29, 30, 31, 64, 65, 66, 68, 69, 70, 71, 220, 240, 241, 248, 249, 250),
    0x40000003: (117, *range(393, 398), *range(399, 403), 420, 277, 278, 286, 287, 288),
    0xC00000B7: (*range(186, 197), 180, 181, 217, 218, 219),
    0x40000028: (*range(298, 306), 307, 308, 312, 420, 274, 275, 309, 310, 311),
}
"""What is refused whomever it is about, by architecture: shared memory, semaphores and queues of
System V (`shmget` and others), `mq_open` and `mq_unlink`, `add_key`, `request_key`, `keyctl`."""


class _Table(NamedTuple):
    """The numbers of the calls, in their order, for programs of one architecture."""

    architecture: int
    numbers: tuple[int, ...]


_X86 = (
    _Table(0xC000003E, (302, 141, 144, 142, 314, 203, 251)),
    _Table(0x40000003, (340, 97, 156, 154, 351, 241, 289)),  # of 32 bits
)
_ARM = (
    _Table(0xC00000B7, (261, 140, 119, 118, 274, 122, 30)),
    _Table(0x40000028, (369, 97, 156, 154, 380, 241, 314)),
)
TABLES = {"x86_64": _X86, "aarch64": _ARM}
"""By what uname(1) calls a machine."""


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def leave_others_alone() -> bool:
    """Refuse to this process, and to all that it starts, what reaches others of its user.

    Return whether that is known for this kind of machine. Raises OSError; needs
    `landlock.give_up_new_privileges` before.
    """
    tables = TABLES.get(platform.machine(), ())
    if not tables:
        return False
    code = [instruction for table in tables for instruction in _of(table)]
    code.append((_RETURN, 0, 0, _REFUSE))  # of an architecture that this machine should not have
    instructions = (_Instruction * len(code))(*(_Instruction(*each) for each in code))
    program = _Program(len(code), instructions)
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {reason_of(OSError(number, os.strerror(number)))}")
    return True


def _of(table: _Table) -> list[tuple[int, int, int, int]]:
    """Return what is done about calls of programs of one architecture; it ends with a decision."""
    checks: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _NUMBER),
        (_AND, 0, 0, 0xFFFFFFFF ^ _X32),
    ]
    for name, number in zip(CALLS, table.numbers, strict=True):
        decision = [
            (_LOAD, 0, 0, _ARGUMENTS + 8 * _WHO.get(name, 0)),
            (_EQUAL, 0, 1, 0),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _REFUSE),
        ]
        if name in _ALL_OF_USER:
            decision[:0] = [(_LOAD, 0, 0, _ARGUMENTS), (_EQUAL, 3, 0, _ALL_OF_USER[name])]
        checks += [(_EQUAL, 0, len(decision), number), *decision]
    for number in _SHARED[table.architecture]:
        checks += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    checks.append((_RETURN, 0, 0, _ALLOW))
    return [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 0, len(checks), table.architecture), *checks]

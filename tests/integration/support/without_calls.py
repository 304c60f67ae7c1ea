"""A kernel that lacks some system calls: `python3 without_calls.py NUMBER... -- PROGRAM ARGUMENT...` runs the program with
each of those calls answering ENOSYS, as on a kernel that does not know them. x86-64 and aarch64.

The program runs with no_new_privs, which a filter of an ordinary user needs.
"""

import ctypes
import errno
import os
import pathlib
import platform
import struct
import sys

SUPPORTED = platform.machine() in ('x86_64', 'aarch64')
LANDLOCK = (444, 445, 446)  # landlock_create_ruleset, landlock_add_rule, landlock_restrict_self
SECCOMP = (317 if platform.machine() == 'x86_64' else 277,)

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD_NUMBER, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7fff0000, 0x00050000


class _Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('code', ctypes.c_char_p)]


def command(numbers, arguments):
    """The command line that runs `arguments` without those calls."""
    return [sys.executable, '-B', str(pathlib.Path(__file__)), *map(str, numbers), '--', *arguments]


def without(monkeypatch, server, numbers):
    """The server, not started yet, on a kernel without these calls."""
    whole = server.command
    monkeypatch.setattr(server, 'command', lambda *rest: command(numbers, whole(*rest)))
    return server


def _forbid(numbers):
    code = struct.pack('=HBBI', _LOAD_NUMBER, 0, 0, 0)
    for number in numbers:
        code += struct.pack('=HBBI', _EQUALS, 0, 1, number) + struct.pack('=HBBI', _RETURN, 0, 0, _ERRNO | errno.ENOSYS)
    code += struct.pack('=HBBI', _RETURN, 0, 0, _ALLOW)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                      (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(_Program(len(code) // 8, code)), 0, 0)):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), 'prctl')


if __name__ == '__main__':
    cut = sys.argv.index('--')
    _forbid([int(number) for number in sys.argv[1:cut]])
    os.execvp(sys.argv[cut + 1], sys.argv[cut + 1:])

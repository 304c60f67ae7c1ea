"""System calls made in the name of another process, to see what the kernel lets it do.

The process is stopped with ptrace(2), its registers are set to a call at a `syscall` instruction of its own code, one step
is made, and everything is put back. x86-64 alone.
"""

import ctypes
import os
import platform
import re
import signal

SUPPORTED = platform.machine() == 'x86_64'

_ATTACH, _DETACH, _GETREGS, _SETREGS, _SINGLESTEP = 16, 17, 12, 13, 9
_SYSCALL = b'\x0f\x05'
_NAMES = ('r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es '
          'fs gs').split()
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


class _Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in _NAMES]


def _ptrace(request, pid, data=None):
    if _libc.ptrace(request, pid, None, data) == -1:
        raise OSError(ctypes.get_errno(), 'ptrace')


def _syscall_instruction(pid):
    """The address of a `syscall` instruction in the process' C library."""
    with open(f'/proc/{pid}/maps', encoding='ascii') as maps, open(f'/proc/{pid}/mem', 'rb') as memory:
        for line in maps:
            found = re.match(r'([0-9a-f]+)-([0-9a-f]+) r-xp .*/libc[.-]', line)
            if found is None:
                continue
            begin, end = (int(text, 16) for text in found.groups())
            memory.seek(begin)
            at = memory.read(end - begin).find(_SYSCALL)
            if at >= 0:
                return begin + at
    raise LookupError(f'no syscall instruction found in process {pid}')


class Injector:
    """Holds a process stopped; `call` makes one system call in it and returns its result, -errno for a failure."""

    def __init__(self, pid):
        self.pid = pid
        self.code = _syscall_instruction(pid)
        _ptrace(_ATTACH, pid)
        os.waitpid(pid, 0)
        self.signals = set()  # that came meanwhile: they are sent again at the end
        self.before = _Registers()
        _ptrace(_GETREGS, pid, ctypes.addressof(self.before))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _ptrace(_SETREGS, self.pid, ctypes.addressof(self.before))
        _ptrace(_DETACH, self.pid)
        for number in self.signals:
            os.kill(self.pid, number)

    def call(self, number, *arguments):
        """Arguments are integers, or bytes: those are put below the stack, and their address is passed."""
        registers = _Registers.from_buffer_copy(self.before)
        free = (self.before.rsp - 4096) & ~0xf
        values = []
        with open(f'/proc/{self.pid}/mem', 'r+b', buffering=0) as memory:
            for argument in arguments:
                if isinstance(argument, bytes):
                    free -= (len(argument) + 16) & ~0xf
                    memory.seek(free)
                    memory.write(argument)
                    argument = free
                values.append(argument & 0xffffffffffffffff)
        for name, value in zip(('rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'), values):
            setattr(registers, name, value)
        registers.rax = number
        registers.orig_rax = 0xffffffffffffffff  # this is no call that a signal interrupted
        registers.rip = self.code
        _ptrace(_SETREGS, self.pid, ctypes.addressof(registers))
        number = 0
        while number != signal.SIGTRAP:
            _ptrace(_SINGLESTEP, self.pid)
            number = os.WSTOPSIG(os.waitpid(self.pid, 0)[1])
            if number != signal.SIGTRAP:
                self.signals.add(number)
        _ptrace(_GETREGS, self.pid, ctypes.addressof(registers))
        return ctypes.c_int64(registers.rax).value

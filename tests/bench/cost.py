"""What a server has used so far: CPU time and memory of all its processes, as /proc tells it.

CPU time is that of every process of the server, master included, in nanoseconds: the scheduler's own exact sum
(/proc/PID/task/TID/schedstat). How it divides into user and system the kernel only samples, at each tick (/proc/PID/stat),
so that part is coarse over a second; the table takes it over all rounds together.
"""

import os
import pathlib
import re
import resource

from support import processes

TICK = 1.0 / os.sysconf('SC_CLK_TCK')


class Use:
    """CPU time in seconds: in all, and the ticks that were seen in user and in system mode."""

    def __init__(self, total=0.0, user=0.0, system=0.0):
        self.total = total
        self.user = user
        self.system = system

    def __sub__(self, other):
        return Use(self.total - other.total, self.user - other.user, self.system - other.system)


def _fields(path):
    text = pathlib.Path(path).read_text(encoding='utf-8', errors='replace')
    return text[text.rindex(')') + 2:].split()


def cpu(pid):
    """The Use of a server whose first process is `pid`: its living processes, and those that it has reaped."""
    use = Use()
    for member in processes.family(pid):
        try:
            for task in os.listdir(f'/proc/{member}/task'):
                nanoseconds = pathlib.Path(f'/proc/{member}/task/{task}/schedstat').read_text(encoding='utf-8').split()[0]
                use.total += int(nanoseconds) / 1e9
            fields = _fields(f'/proc/{member}/stat')
        except (FileNotFoundError, ProcessLookupError):
            continue
        use.user += int(fields[11]) * TICK
        use.system += int(fields[12]) * TICK
        reaped = int(fields[13]) * TICK, int(fields[14]) * TICK
        use.user += reaped[0]
        use.system += reaped[1]
        use.total += sum(reaped)
    return use


def reaped():
    """CPU time in seconds of all children of ours that have ended, which is wrk's."""
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def pss(pids):
    """Memory of processes in bytes, each shared page divided among those that share it."""
    total = 0
    for pid in pids:
        try:
            rollup = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text(encoding='utf-8')
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(re.search(r'^Pss: +(\d+) kB', rollup, re.MULTILINE).group(1)) * 1024
    return total

"""What /proc says about processes."""

import ctypes
import os
import pathlib
import signal

from support.waiting import wait_for

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans():
    """Makes this process the parent of whatever its descendants leave behind, so that a daemon can be waited for."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(number=signal.SIGKILL):
    """For a fresh child: gets this signal when the test dies, whatever happens to the test."""
    _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def stat(pid):
    """(state, parent's pid) of a process; None when it is gone."""
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8', errors='replace')
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(')') + 2:].split()
    return fields[0], int(fields[1])


def is_alive(pid):
    """Whether a process runs: a zombie does not."""
    found = stat(pid)
    return found is not None and found[0] not in 'ZX'


def stop(pid):
    """Stops a process and returns when it stands still: kill(2) may return while it runs on, on another CPU."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: (stat(pid) or 'Z')[0] in 'TZ', f'process {pid} to stand still')


def title(pid):
    """The command line of a process as one string."""
    try:
        raw = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ''
    return raw.replace(b'\0', b' ').decode('utf-8', 'replace').strip()


def children(pid):
    """Pids of the living children of a process, oldest first."""
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            facts = stat(entry)
            if facts and facts[1] == pid and facts[0] not in 'ZX':
                found.append(int(entry))
    return sorted(found)


def family(pid):
    """A process and its living descendants, eldest first."""
    found = [pid]
    for member in found:
        found.extend(children(member))
    return found


def status(pid):
    """/proc/PID/status as a dictionary of strings."""
    text = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8')
    return {name: value.strip() for name, _, value in (line.partition(':') for line in text.splitlines())}


def descriptors(pid):
    """{number: what it points to} of a process's open descriptors."""
    folder = f'/proc/{pid}/fd'
    targets = {}
    for number in os.listdir(folder):
        try:
            targets[int(number)] = os.readlink(f'{folder}/{number}')
        except FileNotFoundError:  # closed meanwhile
            continue
    return targets


def memory(pid):
    """The writable memory of a process in one piece of bytes; regions that are mostly reserved are left out."""
    found = []
    with open(f'/proc/{pid}/maps', encoding='utf-8') as maps, open(f'/proc/{pid}/mem', 'rb', buffering=0) as bytes_of:
        for line in maps:
            region, rights = line.split()[:2]
            start, end = (int(number, 16) for number in region.split('-'))
            if rights.startswith('rw') and end - start <= 1 << 24:
                try:
                    bytes_of.seek(start)
                    found.append(bytes_of.read(end - start))
                except OSError:
                    pass
    return b''.join(found)

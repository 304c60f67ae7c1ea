#!/usr/bin/env python3
"""Fails when a test was skipped for a reason that is not on the list below.

    skips.py BUILD_FOLDER

Reads what CTest kept of its last run. A test that skips itself proves nothing, so each reason is named here, with what
must be true of the machine for it to count. `./dev test` calls this after the tests.
"""

import os
import pathlib
import re
import sys

ORDINARY_USER = os.geteuid() != 0
ANYWHERE = True

# What a test says when it skips itself, where that is accepted, and why nothing can be done about it here.
ACCEPTED = [
    (r'needs root', ORDINARY_USER, 'only root can become another user'),
    (r'changing the user of a worker needs root', ORDINARY_USER, 'only root can become another user'),
    (r'needs root, and an x86-64 CPU', ORDINARY_USER or os.uname().machine != 'x86_64',
     'system calls are injected into a worker by ptrace, by registers of that CPU'),
    (r'only root can .*', ORDINARY_USER, 'ownership is root\'s to give'),
    (r'root may read everything', not ORDINARY_USER, 'nothing is unreadable for root'),
    (r'a build with sanitizers: its numbers are not for comparison', ANYWHERE, 'the bare build is measured by ./dev lab'),
    (r'the numbers of its calls are not known here', os.uname().machine != 'x86_64',
     'system calls are refused by number, and the table has those of that CPU'),
    (r'root may without', not ORDINARY_USER, 'the right that the test looks for is root\'s anyway'),
    (r'this kernel .*CAP_NET_ADMIN only', ORDINARY_USER, 'newer kernels ask for a right that an ordinary user lacks'),
    (r'needs Landlock \d+ \(Linux [\d.]+\)|this kernel.* Landlock.*|this kernel has no system call filters', ANYWHERE,
     'the kernel is the machine\'s'),
    (r'.*(may not attach|not let us trace|no right to trace|may not trace).*', ANYWHERE,
     'some containers forbid ptrace, whoever asks'),
    (r'this machine leaves no core files beside the process', ANYWHERE, 'where cores go is the machine\'s to say'),
    (r'the first usable CPU has a high number', ANYWHERE, 'a mask of that CPU cannot be written in the configuration'),
    (r'this file system cannot .*', ANYWHERE, 'tmpfs, for one, has nothing colder than memory'),
    (r'this machine has no documentation', ANYWHERE, 'small images leave /usr/share/doc out'),
    (r'.*Address family not supported.*|.*Cannot assign requested address.*', ANYWHERE, 'the machine has no IPv6'),
]


def skipped(text):
    """The reasons in the output of pytest (-rs) and GoogleTest, each with a line that says where."""
    for where, reason in re.findall(r'^SKIPPED \[\d+\] (\S+?:\d+): (.*)$', text, re.MULTILINE):
        yield where, reason.removeprefix('Skipped: ')
    for where, reason in re.findall(r'^(\S+\.cc:\d+): Skipped\n(.*)$', text, re.MULTILINE):
        yield where, reason


def main():
    log = pathlib.Path(sys.argv[1]) / 'Testing' / 'Temporary' / 'LastTest.log'
    seen = sorted(set(skipped(log.read_text(encoding='utf-8', errors='replace'))))
    refused = 0
    for where, reason in seen:
        row = next((row for row in ACCEPTED if re.fullmatch(row[0], reason) and row[1]), None)
        refused += row is None
        print(f'skipped: {where}: {reason}' + ('' if row is None else f' ({row[2]})'))
    if refused:
        print(f'{refused} of these reasons are not accepted here: let ./dev install what the test needs, or name the reason '
              f'in tests/check/skips.py', file=sys.stderr)
    return 1 if refused else 0


sys.exit(main())

"""Workers that crash: what they say of themselves in the error log before they die."""

import os
import pathlib
import re
import resource
import shutil
import subprocess
from signal import SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV

import pytest

from support import processes

SITE = 'worker_processes 1; http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello'}

# Sanitizers have handlers of their own, and ours leaves them alone.
OURS = {'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0:exitcode=99:disable_coredump=0:handle_segv=0:handle_sigbus=0:'
                        'handle_sigfpe=0:handle_sigill=0:handle_abort=0'}


def crash(server, number):
    """Sends a deadly signal to the one worker; its pid and its report."""
    (victim,) = server.workers()
    os.kill(victim, number)
    server.wait_for_error(rf'pid {victim}\) was killed by signal {int(number)}')
    return victim, server.error_log


@pytest.mark.parametrize('number', [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT])
def test_each_deadly_signal_is_reported_and_kills_as_itself(hive, number):
    server = hive(SITE, files=FILES, env=OURS)

    victim, log = crash(server, number)

    stamp = rf'\d+/\d\d/\d\d \d\d:\d\d:\d\d \[alert\] {victim}#{victim}: '
    assert re.search(rf'^{stamp}worker ends by signal {int(number)} \({number.name}\), sent by process {os.getpid()}$', log,
                     re.MULTILINE)
    assert re.search(r'^  serving no request\n  colmeia [\d.]+, build id [0-9a-f]{16,}\n  #0 ', log, re.MULTILINE)


def test_a_crashed_worker_is_replaced(hive):
    server = hive(SITE, files=FILES, env=OURS)

    victim, _ = crash(server, SIGSEGV)

    server.wait_for(lambda: len(now := server.workers()) == 1 and victim not in now, 'another worker')
    assert server.get('/').status == 200


def test_the_backtrace_names_functions_and_leads_to_the_source(hive):
    server = hive(SITE, files=FILES, env=OURS)

    victim, log = crash(server, SIGSEGV)

    frames = re.findall(r'^  #\d+ (.+)\+(0x[0-9a-f]+) (\S+)$', log, re.MULTILINE)
    assert 'main' in [function for _, _, function in frames], log
    if shutil.which('addr2line') is None:
        return
    file, offset, _ = next(frame for frame in frames if frame[2] == 'main')
    source = subprocess.run(['addr2line', '-e', file, offset], capture_output=True, text=True, check=True).stdout
    assert re.search(r'main\.cc:\d+', source), f'{file} {offset}: {source}'


def test_a_crash_without_a_master_is_reported_as_well(prepare):
    server = prepare('master_process off;' + SITE, files=FILES, env=OURS)
    server.expected_status = None
    server.launch()
    server.wait_for(server.answers, 'an answer')  # it listens before it is prepared for a crash

    server.signal(SIGSEGV)

    assert server.wait_exit() == -SIGSEGV
    assert 'worker ends by signal 11 (SIGSEGV)' in server.error_log + server.stderr


def test_a_core_is_dumped_all_the_same(hive):
    pattern = pathlib.Path('/proc/sys/kernel/core_pattern').read_text(encoding='utf-8').strip()
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if pattern.startswith('|') or '/' in pattern or hard == 0:
        pytest.skip('this machine leaves no core files beside the process')
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        server = hive('working_directory %%PREFIX%%/cores;' + SITE, files={**FILES, 'cores/.keep': ''}, env=OURS)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    (server.prefix / 'cores').chmod(0o777)

    crash(server, SIGSEGV)

    assert [path for path in (server.prefix / 'cores').iterdir() if path.name.startswith('core')]


def test_no_worker_dies_of_a_report_alone(hive):
    """What is prepared for a crash costs the living nothing that can be seen: no thread, no descriptor."""
    server = hive(SITE, files=FILES, env=OURS)
    (worker,) = server.workers()

    assert server.get('/').status == 200
    assert processes.status(worker)['Threads'] == '1'
    assert not [target for target in processes.descriptors(worker).values() if target.endswith('/colmeia')]

"""Workers that hang: found, described, killed and replaced; and those that only look like it, which are not."""

import ctypes
import os
import re
import time
from signal import SIGCONT, SIGKILL, SIGQUIT

import pytest

from support import processes
from support.waiting import pass_time

SITE = 'worker_processes 2; worker_watchdog 1s; http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello'}
PERIOD = 1.0

# A worker that serves this computes for longer than any watchdog waits: it turns its loop no more.
TRAP_SITE = ('study on; worker_processes 1; worker_watchdog 1s; http { server { listen 127.0.0.1:%%PORT%%; root html; '
             'location = /hang { cpu_bound 60s; } } }')
TRAP = '/hang'

PTRACE_ATTACH = 16
PTRACE_DETACH = 17
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def replaced(server, victim, count=2):
    workers = server.workers()
    return victim not in workers and len(workers) == count


def test_a_stopped_worker_is_described_and_replaced(hive):
    server = hive(SITE, files=FILES)
    victim = server.workers()[0]

    processes.stop(victim)
    told = server.wait_for_error(rf'pid {victim}\) has shown no sign of life for (\S+) s .*state T \(stopped\)')
    server.wait_for(lambda: replaced(server, victim), 'the hung worker to be replaced')

    assert PERIOD <= float(told.group(1)) <= PERIOD + 3.0  # the latter is generous for slow machines
    server.wait_for(lambda: processes.stat(victim) is None, 'the hung worker to be reaped')
    assert server.get('/').status == 200


def test_a_worker_caught_in_a_request_tells_which(hive):
    server = hive(TRAP_SITE, files=FILES)
    (victim,) = server.workers()

    with server.connect() as client:
        client.request('GET', TRAP)
        server.wait_for_error(rf'{victim}#{victim}: worker ends by signal 6 \(SIGABRT\), sent by the master, pid {server.pid}')

    assert f'  serving "GET {TRAP} HTTP/1.1"\n' in server.error_log
    assert re.search(rf'pid {victim}\).*state R \(running\)', server.error_log)
    server.wait_for(lambda: replaced(server, victim, count=1), 'the hung worker to be replaced')
    assert server.get('/').status == 200


def test_a_busy_worker_is_left_alone(hive):
    server = hive(SITE.replace('root html;', 'root html; keepalive_requests 1000000;'), files=FILES)
    before = server.workers()
    connections = [server.connect() for _ in range(8)]

    end = time.monotonic() + 3 * PERIOD
    while time.monotonic() < end:
        for connection in connections:
            assert len(connection.pipeline([('GET', '/')] * 20)) == 20

    assert server.workers() == before
    for connection in connections:
        connection.close()


def test_an_idle_worker_is_left_alone(hive):
    server = hive(SITE, files=FILES)
    before = server.workers()

    pass_time(3 * PERIOD)

    assert server.workers() == before


def test_a_draining_worker_is_watched_too(hive):
    server = hive(SITE.replace('worker_processes 2', 'worker_processes 1'), files=FILES)
    (victim,) = server.workers()
    with server.connect() as client:
        assert client.get('/').status == 200  # so it is this worker's connection
        client.send('GET / HTTP/1.1\r\nHost: x\r\n')
        os.kill(victim, SIGQUIT)
        server.wait_for(lambda: 'shutting down' in processes.title(victim), 'the worker to drain')

        processes.stop(victim)

        server.wait_for_error(rf'pid {victim}\).*state T \(stopped\)')
        server.wait_for(lambda: not processes.is_alive(victim), 'the hung worker to be killed')


def test_a_worker_in_a_debugger_is_reported_and_left_alone(hive):
    server = hive(SITE, files=FILES)
    victim = server.workers()[0]
    if _libc.ptrace(PTRACE_ATTACH, victim, None, None) != 0:
        pytest.skip(f'no right to trace a worker: {os.strerror(ctypes.get_errno())}')

    try:
        server.wait_for_error(rf'pid {victim}\).*traced by process {os.getpid()}')
        pass_time(2 * PERIOD)
        assert processes.is_alive(victim)
    finally:
        os.waitpid(victim, 0x40000000)  # __WALL: the stop that the attachment brought
        _libc.ptrace(PTRACE_DETACH, victim, None, None)

    pass_time(2 * PERIOD)
    assert victim in server.workers()


def test_a_hive_that_stood_still_as_a_whole_loses_nobody(hive):
    server = hive(SITE, files=FILES)
    before = server.workers()
    everybody = [*before, server.pid]

    for pid in everybody:
        processes.stop(pid)
    pass_time(3 * PERIOD)
    os.kill(server.pid, SIGCONT)
    pass_time(0.3 * PERIOD)  # the master looks first
    for pid in before:
        os.kill(pid, SIGCONT)
    pass_time(2 * PERIOD)

    assert server.workers() == before
    assert server.get('/').status == 200


def test_without_a_watchdog_nobody_is_killed(hive):
    server = hive(SITE.replace('worker_watchdog 1s', 'worker_watchdog off'), files=FILES)
    victim = server.workers()[0]

    processes.stop(victim)
    pass_time(3 * PERIOD)

    assert victim in server.workers()
    os.kill(victim, SIGCONT)


def test_a_worker_that_ignores_the_question_is_killed(hive):
    """SIGSTOP keeps SIGABRT waiting; SIGKILL does not wait."""
    server = hive(SITE, files=FILES)
    victim = server.workers()[0]

    processes.stop(victim)

    server.wait_for_error(rf'pid {victim}\) was killed by signal {int(SIGKILL)} \(SIGKILL\)')

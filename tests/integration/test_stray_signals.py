"""Signals that mean nothing to a server and would end a process: nobody ends by them, and children begin as usual."""

import signal
import subprocess

import pytest

from support import processes
from test_upgrade import SITE as UPGRADE_SITE, begin, install  # noqa: F401 (a fixture)

SITE = 'worker_processes 2; http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello'}
NAMED = [signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGSTKFLT, signal.SIGPWR, signal.SIGXCPU,
         signal.SIGXFSZ]
STRAY = NAMED + list(range(32, signal.SIGRTMAX + 1))


def send_all(pid):
    for number in STRAY:
        subprocess.run(['/bin/kill', f'-{int(number)}', str(pid)], check=True)


def test_the_master_and_its_workers_outlive_them(hive):
    server = hive(SITE, files=FILES)
    before = server.workers()

    for pid in [server.pid, *before]:
        send_all(pid)

    assert server.get('/').status == 200
    assert server.run('-s', 'reopen').returncode == 0  # the master still hears
    assert server.workers() == before and server.poll_exit() is None


def test_a_lone_process_outlives_them(prepare):
    server = prepare('master_process off;' + SITE, files=FILES)
    server.launch()
    server.wait_for(lambda: server.read('logs/colmeia.pid') == f'{server.pid}\n', 'the pid file')
    server.wait_for(server.answers, 'an answer')

    send_all(server.pid)

    assert server.get('/').status == 200
    assert server.stop() == 0


def test_a_stand_in_outlives_them(install):  # noqa: F811
    server = install('daemon off;' + UPGRADE_SITE).start()
    server.daemon = False
    pid = begin(server)
    server.signal(signal.SIGQUIT)
    server.wait_for(lambda: not (server.prefix / 'logs/colmeia.pid.oldbin').exists(), 'the old master to retire')

    send_all(server.pid)
    send_all(pid)

    assert server.poll_exit() is None and processes.is_alive(pid)
    assert server.get('/').status == 200
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0


def test_nothing_is_blocked_or_ignored_that_was_not(hive):
    server = hive(SITE, files=FILES)
    named = sum(1 << (number - 1) for number in NAMED) | sum(1 << (n - 1) for n in range(34, signal.SIGRTMAX + 1))

    for pid in [server.pid, *server.workers()]:
        masks = processes.status(pid)
        assert int(masks['SigIgn'], 16) & named == 0 and int(masks['SigBlk'], 16) & named == 0
        assert int(masks['SigCgt'], 16) & named == named


@pytest.mark.parametrize('number', [signal.SIGABRT, signal.SIGTRAP])
def test_a_fault_still_ends_the_master(prepare, number):
    server = prepare(SITE, files=FILES).start()
    server.expected_status = None
    workers = server.workers()

    server.signal(number)

    assert server.wait_exit() == -number
    server.wait_for(lambda: not any(processes.is_alive(pid) for pid in workers), 'the workers to leave')

"""What a service manager is told: sd_notify(3) with the test as the manager."""

import os
import re
import socket
import subprocess
from signal import SIGHUP, SIGQUIT

import pytest

from support import server as server_module

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello'}


class Manager:
    """Binds NOTIFY_SOCKET and keeps what comes."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(path)
        os.chmod(path, 0o777)
        self.lines = []

    def receive(self):
        while True:
            try:
                self.lines += self.socket.recv(4096).decode().split('\n')
            except BlockingIOError:
                return self.lines

    def has(self, pattern):
        return next((match for line in self.receive() if (match := re.fullmatch(pattern, line))), None)


@pytest.fixture
def manager(tmp_path):
    made = Manager(str(tmp_path / 'notify'))
    yield made
    made.socket.close()


def test_ready_means_that_all_workers_serve(prepare, manager):
    server = prepare(SITE, files=FILES, env={'NOTIFY_SOCKET': manager.path})
    server.launch()

    server.wait_for(lambda: manager.has('READY=1'), 'READY=1')

    assert server.get('/').status == 200
    assert manager.lines.index('READY=1') >= 0
    server.wait_for(lambda: manager.has('STATUS=.+'), 'a status')


def test_a_start_that_fails_is_never_ready(prepare, manager):
    # An address for documentation, which no machine has (RFC 5737).
    server = prepare('http { server { listen 192.0.2.1:%%PORT%%; } }', env={'NOTIFY_SOCKET': manager.path})
    server.expected_status = None

    server.launch()
    server.wait_exit()

    assert not manager.has('READY=1')


@pytest.mark.parametrize('config', [SITE, 'nonsense'])
def test_a_reload_begins_with_its_time_and_ends_ready_whatever_comes_of_it(prepare, manager, config):
    server = prepare(SITE, files=FILES, env={'NOTIFY_SOCKET': manager.path})
    server.start()
    server.wait_for(lambda: manager.has('READY=1'), 'READY=1')
    manager.lines.clear()

    server.configure(config)
    server.signal(SIGHUP)
    server.wait_for(lambda: manager.has('READY=1'), 'the end of the reload')

    lines = manager.lines
    assert lines.index('RELOADING=1') < lines.index('READY=1')
    assert manager.has(r'MONOTONIC_USEC=\d+')


def test_stopping_is_said(prepare, manager):
    server = prepare(SITE, files=FILES, env={'NOTIFY_SOCKET': manager.path}).start()

    assert server.stop(SIGQUIT) == 0

    assert manager.has('STOPPING=1')


def test_after_an_upgrade_the_new_master_is_the_service_and_nothing_has_stopped(prepare, manager):
    server = prepare(SITE, files=FILES, env={'NOTIFY_SOCKET': manager.path, 'WATCHDOG_USEC': '60000000'}).start()
    server.wait_for(lambda: manager.has('READY=1'), 'READY=1')
    old = server.pid
    manager.lines.clear()

    done = subprocess.run([os.path.abspath(server_module.BINARY), 'ctl', '--socket', f'{server.prefix}/logs/colmeia.control',
                           'upgrade'], capture_output=True, text=True, timeout=60, check=False, env=server.env)
    assert done.returncode == 0, done.stderr
    told = server.wait_for(lambda: manager.has(r'MAINPID=(\d+)'), 'the new main process')
    said = ('READY=1', 'STATUS=generation 1: serving', 'WATCHDOG=1')  # one datagram each
    server.wait_for(lambda: all(map(manager.has, said)), 'the new master to speak')

    new = int(told.group(1))
    assert new != old
    assert 'STOPPING=1' not in manager.lines
    # The manager hears nobody but the main process: what the new one says before is lost.
    assert all(manager.lines.index(line) > manager.lines.index(told.group(0)) for line in said)
    server.adopt(new)
    server.signal(SIGQUIT)
    server.wait_for(lambda: manager.has('STOPPING=1'), 'the end')


def test_the_watchdog_is_fed_while_workers_beat(prepare, manager):
    server = prepare('worker_watchdog 5s;' + SITE, files=FILES,
                     env={'NOTIFY_SOCKET': manager.path, 'WATCHDOG_USEC': '100000'})
    server.start()
    server.wait_for(lambda: manager.receive().count('WATCHDOG=1') >= 3, 'the watchdog to be fed')
    assert server.get('/').status == 200


def test_a_watchdog_of_another_process_is_not_fed(prepare, manager):
    server = prepare(SITE, files=FILES,
                     env={'NOTIFY_SOCKET': manager.path, 'WATCHDOG_USEC': '1000', 'WATCHDOG_PID': '1'})
    server.start()
    server.stop()

    assert not manager.has('WATCHDOG=1')

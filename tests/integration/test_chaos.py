"""Nothing is lost: the drills of `./dev chaos` in a short form, with every request accounted for."""

import os
import re
import shutil
from signal import SIGKILL, SIGTTIN, SIGTTOU
import subprocess

import pytest

from support import processes
from support.control import in_service
from support.load import Load
from support.server import BINARY

SITE = 'http { access_log off; server { listen 127.0.0.1:%%PORT%%; root html; } }'
REUSEPORT = SITE.replace('%%PORT%%;', '%%PORT%% reuseport;')
FILES = {'html/index.html': b'x' * 1024}
CLIENTS = {'keep': 3, 'close': 2, 'pausing': 16, 'patience': 8}  # few that never rest, and patient: the machine is shared

KILLS = 4
UNCOUNTED = 1  # connection at most that a worker has accepted and not yet counted when it is stopped

both_kinds_of_listener = pytest.mark.parametrize('site', [SITE, REUSEPORT], ids=['shared', 'reuseport'])


def ctl(server, *arguments):
    line = [BINARY, 'ctl', '--socket', f'{server.prefix}/logs/colmeia.control', *arguments]
    done = subprocess.run(line, env=server.env, capture_output=True, text=True, timeout=60, check=False, cwd='/')
    return done.returncode, done.stderr


def ready(server):
    """{pid: open connections} of the workers that serve."""
    return {pid: worker['counts']['connections'] for pid, worker in in_service(server).items()}


def assert_nothing_lost(load):
    assert load.result['kinds'] == {}, load.result['losses'][:5]
    assert load.result['requests'] == load.result['issued'] > 0


@both_kinds_of_listener
def test_reloads_lose_nothing(hive, site):
    server = hive(site, files=FILES)

    with Load(server.port, **CLIENTS) as load:
        for _ in range(3):
            assert ctl(server, 'reload') == (0, '')

    assert_nothing_lost(load)


@both_kinds_of_listener
def test_more_and_fewer_workers_lose_nothing(hive, site):
    server = hive('worker_processes 1;' + site, files=FILES)

    with Load(server.port, **CLIENTS) as load:
        for count in (4, 1):
            assert ctl(server, 'workers', str(count)) == (0, '')
        for signal, count in ((SIGTTIN, 2), (SIGTTOU, 1)):
            server.signal(signal)
            server.wait_for(lambda: len(ready(server)) == count, f'{count} workers')

    assert_nothing_lost(load)


def test_a_rolling_restart_loses_nothing_and_leaves_no_old_worker(hive):
    server = hive('worker_processes 3;' + SITE, files=FILES)
    before = ready(server)

    with Load(server.port, **CLIENTS) as load:
        assert ctl(server, 'restart') == (0, '')

    assert_nothing_lost(load)
    assert len(ready(server)) == 3 and not set(before) & set(ready(server))


def test_a_killed_worker_loses_what_it_held_and_nothing_else(hive):
    server = hive('worker_processes 4;' + SITE, files=FILES)
    held = 0

    with Load(server.port, **CLIENTS) as load:
        for _ in range(KILLS):
            victim = server.wait_for(lambda: min(ready(server), default=None), 'a worker')
            processes.stop(victim)  # so that what it holds can be read before it is gone
            held += ready(server)[victim]
            os.kill(victim, SIGKILL)
            server.wait_for(lambda: len(ready(server)) == 4 and victim not in ready(server), 'its replacement')

    assert load.result['lost'] <= held + KILLS * UNCOUNTED


def test_a_stopped_worker_is_replaced_and_loses_what_it_held(hive):
    server = hive('worker_watchdog 2s;' + SITE, files=FILES)

    with Load(server.port, **CLIENTS) as load:
        victim = min(ready(server))
        processes.stop(victim)
        held = ready(server)[victim]
        server.wait_for(lambda: not processes.is_alive(victim), 'the watchdog')
        server.wait_for(lambda: len(ready(server)) == 2, 'its replacement')

    assert load.result['lost'] <= held + UNCOUNTED


def test_changes_that_fail_lose_nothing(hive):
    server = hive(SITE, files=FILES)
    before = set(ready(server))

    with Load(server.port, **CLIENTS) as load:
        for config, code in ((SITE.replace('root', 'rot'), 1),
                             (SITE.replace('root', 'listen 192.0.2.1:%%PORT%%; root'), 2),
                             ('working_directory /absent/folder;' + SITE, 5)):
            server.configure(config)
            assert ctl(server, 'reload')[0] == code

    assert_nothing_lost(load)
    assert set(ready(server)) == before


def test_each_line_is_in_one_log_over_rotations_under_load(hive):
    server = hive(SITE.replace('access_log off;', ''), files=FILES)
    logs = server.prefix / 'logs'
    sizes = {}

    with Load(server.port, **CLIENTS) as load:
        for number in range(5):
            old = logs / f'access.log.{number}'
            (logs / 'access.log').rename(old)
            assert ctl(server, 'reopen') == (0, '')
            sizes[old] = old.stat().st_size

    assert_nothing_lost(load)

    def lines():
        texts = [log.read_text(encoding='latin-1') for log in logs.glob('access.log*')]
        return sorted(int(number) for text in texts for number in re.findall(r'n=(\d+) ', text))
    server.wait_for(lambda: len(lines()) >= load.result['issued'], 'the last lines')
    assert lines() == list(range(1, load.result['issued'] + 1))
    assert {old: old.stat().st_size for old in sizes} == sizes


def test_a_new_binary_takes_over_without_a_loss_and_a_bad_one_does_not(prepare):
    server = prepare(SITE, files=FILES)
    binary = server.prefix / 'colmeia'
    shutil.copy2(BINARY, binary)
    server.command = lambda *arguments: [str(binary), '-p', f'{server.prefix}/', '-c', f'{server.prefix}/colmeia.conf',
                                         *arguments]
    server.configure('daemon on;' + SITE)
    server.start_daemon()
    before = server.pid

    with Load(server.port, **CLIENTS) as load:
        bad = server.prefix / 'bad'
        bad.write_text('#!/bin/sh\nkill -KILL $$\n', encoding='utf-8')
        bad.chmod(0o755)
        good = server.prefix / 'good'
        shutil.copy2(BINARY, good)
        os.rename(bad, binary)
        assert ctl(server, 'upgrade')[0] == 5
        os.rename(good, binary)
        assert ctl(server, 'upgrade') == (0, '')

    assert_nothing_lost(load)
    server.wait_for(lambda: not processes.is_alive(before) or processes.stat(before)[0] == 'Z', 'the old master to end')
    os.waitpid(before, 0)
    server.adopt(int(server.read('logs/colmeia.pid')))
    assert server.pid != before


def test_a_killed_master_does_not_hold_the_port(hive, prepare):
    first = hive(SITE, files=FILES)
    first.expected_status = None
    second = prepare(SITE.replace('%%PORT%%', str(first.port)), files=FILES)

    with Load(first.port, keep=4, pausing=4, patience=8) as load:
        first.signal(SIGKILL)
        first.wait_exit()
        second.start()

    # While nobody listens, connecting is refused; what was connected is answered.
    assert set(load.result['kinds']) <= {'refused'}, load.result['losses'][:5]
    assert second.get('/index.html', port=first.port).status == 200

"""Workers that die: who takes their seat, when, and what the log says of it."""

import os
import re
import time
from signal import SIGCONT, SIGKILL, SIGQUIT, SIGSTOP, SIGTERM

from support import processes

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello'}


def wait_for_workers(server, count, without=()):
    """The workers, once there are so many of them and none of those; seen in one look, for a dying one comes and goes."""
    def look():
        workers = server.workers()
        return workers if len(workers) == count and not set(workers) & set(without) else None
    return server.wait_for(look, f'{count} workers other than {without}')


def test_each_killed_worker_is_replaced(hive):
    server = hive('worker_processes 3;' + SITE, files=FILES)

    for victim in server.workers():
        os.kill(victim, SIGKILL)
        wait_for_workers(server, 3, without=[victim])
        assert server.get('/').status == 200

    assert len(re.findall(r'was killed by signal 9 \(SIGKILL\)', server.error_log)) == 3


def test_a_replacement_takes_the_seat_of_the_dead(hive):
    server = hive(SITE)
    victim, sibling = server.workers()
    seat = re.search(rf'worker (\d+) \(pid {victim}\) is ready', server.error_log).group(1)

    os.kill(victim, SIGKILL)
    (successor,) = set(wait_for_workers(server, 2, without=[victim])) - {sibling}

    server.wait_for_error(rf'worker {seat} \(pid {successor}\) is ready')


def test_all_workers_killed_at_once_come_back(hive):
    server = hive('worker_processes 4;' + SITE, files=FILES)
    before = server.workers()

    for victim in before:
        os.kill(victim, SIGKILL)

    wait_for_workers(server, 4, without=before)
    assert server.get('/').status == 200


def test_a_connection_in_the_queue_outlives_the_workers(hive):
    server = hive('worker_processes 1;' + SITE, files=FILES)
    (victim,) = server.workers()

    os.kill(victim, SIGKILL)
    response = server.get('/')

    assert response.status == 200


def test_a_worker_told_to_quit_by_somebody_else_is_replaced(hive):
    server = hive(SITE, files=FILES)

    for number in (SIGQUIT, SIGTERM):
        victim = server.workers()[0]
        os.kill(victim, number)
        wait_for_workers(server, 2, without=[victim])

    assert server.get('/').status == 200


def test_other_connections_do_not_notice_a_death(hive):
    server = hive('http { server { listen 127.0.0.1:%%PORT%%; root html; add_header X-Worker $pid; } }', files=FILES)
    with server.connect() as client:
        mine = int(client.get('/').header('X-Worker'))
        (victim,) = set(server.workers()) - {mine}

        os.kill(victim, SIGKILL)
        wait_for_workers(server, 2, without=[victim])

        assert int(client.get('/').header('X-Worker')) == mine


def test_a_crash_loop_is_slowed_down_and_said(hive):
    """Workers that can no longer start, under a master that serves: the folder they change to was removed."""
    server = hive('working_directory %%PREFIX%%/home;' + SITE, files={**FILES, 'home/x': ''})
    (server.prefix / 'home/x').unlink()
    (server.prefix / 'home').rmdir()
    victims = server.workers()

    started = time.monotonic()
    server.signal(SIGSTOP)  # so that the master hears of both deaths at once, and not of a failed start between them
    for victim in victims:
        os.kill(victim, SIGKILL)
    server.wait_for(lambda: not any(processes.is_alive(victim) for victim in victims), 'both workers to end')
    server.signal(SIGCONT)
    server.wait_for(lambda: server.error_log.count('before it was ready') >= 6, 'six failed starts')
    elapsed = time.monotonic() - started

    assert elapsed > 0.25, 'three starts of one seat have two delays between them: 0.1 and 0.2 s'
    server.wait_for_error(r'degraded: 0 of 2 workers serve')

    (server.prefix / 'home').mkdir()
    (server.prefix / 'home').chmod(0o755)
    wait_for_workers(server, 2)
    server.wait_for_error(r'no longer degraded: all 2 workers serve again')
    assert server.get('/').status == 200


def test_gauges_of_the_dead_vanish_and_their_totals_stay(hive):
    server = hive('''worker_processes 1;
        http { server { listen 127.0.0.1:%%PORT%%; root html; location = /status { stub_status; } } }''', files=FILES)
    held = [server.connect() for _ in range(5)]
    for connection in held:
        connection.get('/')
    (victim,) = server.workers()

    os.kill(victim, SIGKILL)
    wait_for_workers(server, 1, without=[victim])
    status = server.get('/status').text

    active, accepts, handled, requests, reading, writing, waiting = map(int, re.findall(r'\d+', status))
    assert (active, reading, writing, waiting) == (1, 0, 1, 0)
    assert (accepts, handled, requests) == (6, 6, 6)
    for connection in held:
        connection.close()


def test_no_zombie_is_left(hive):
    server = hive(SITE)
    victim = server.workers()[0]

    os.kill(victim, SIGKILL)

    server.wait_for(lambda: processes.stat(victim) is None, 'the dead worker to be reaped')

"""`reuseport` sockets and fewer seats: no connection is lost, and what nobody needs is closed after a silence."""

from signal import SIGHUP, SIGTTIN, SIGTTOU

import pytest

from support.clients import Clients
from support.control import ctl
from support.ports import listening

FILES = {'html/index.html': 'hello'}


def site(workers, option=' reuseport'):
    return f'worker_processes {workers}; http {{ server {{ listen 127.0.0.1:%%PORT%%{option}; root html; }} }}'


def reload_into(server, config, generation):
    server.configure(config)
    server.signal(SIGHUP)
    server.wait_for_error(rf'generation {generation} serves with')


def test_reloads_with_more_and_fewer_workers_lose_nothing(hive):
    server = hive(site(4), files=FILES)

    with Clients(server.port) as clients:
        for generation, workers in enumerate([1, 3, 2, 4, 1], start=2):
            reload_into(server, site(workers), generation)
            asked = clients.asked
            server.wait_for(lambda: clients.asked > asked + 30, 'more requests')

    assert not clients.lost
    assert len(listening(server.port)) == 4


def test_scaling_loses_nothing(hive):
    server = hive(site(3), files=FILES)

    with Clients(server.port) as clients:
        for number, count in [(SIGTTOU, 2), (SIGTTOU, 1), (SIGTTIN, 2), (SIGTTIN, 3), (SIGTTIN, 4)]:
            server.signal(number)
            server.wait_for(lambda: len(server.workers()) == count, f'{count} workers')
            asked = clients.asked
            server.wait_for(lambda: clients.asked > asked + 30, 'more requests')

    assert not clients.lost


def test_growing_gives_each_worker_one_socket_and_leaves_none_without_a_worker(hive):
    server = hive(site(1), files=FILES)

    for count in (6, 2, 8):
        assert ctl(server, 'workers', str(count)).returncode == 0
        # Whoever connects now and waits stands in a queue that nobody looks at.
        for _ in range(8 * count):
            assert server.get('/').status == 200

    assert len(listening(server.port)) == 8


@pytest.mark.parametrize('before, after', [('', ' reuseport'), (' reuseport', '')])
def test_reuseport_comes_and_goes_by_reload(hive, before, after):
    server = hive(site(3, before), files=FILES)

    with Clients(server.port) as clients:
        reload_into(server, site(3, after), 2)
        asked = clients.asked
        server.wait_for(lambda: clients.asked > asked + 60, 'more requests')

    assert not clients.lost


def test_sockets_without_a_seat_are_closed_after_a_silence(hive):
    server = hive(site(4), files=FILES)
    assert len(listening(server.port)) == 4

    with Clients(server.port) as clients:
        reload_into(server, site(2), 2)
        assert len(listening(server.port)) == 4
        server.wait_for(lambda: len(listening(server.port)) == 2, 'the sockets to be closed')
        asked = clients.asked
        server.wait_for(lambda: clients.asked > asked + 30, 'more requests')

    assert not clients.lost
    server.wait_for_error('closed 2 of its sockets')


def test_a_reload_that_fails_leaves_the_old_sockets_and_no_others(hive):
    server = hive(site(2), files=FILES)

    with Clients(server.port) as clients:
        server.configure('working_directory /nonexistent;' + site(4))
        server.signal(SIGHUP)
        server.wait_for_error('generation 2 .*(failed|given up|rolled back)')
        server.wait_for(lambda: len(listening(server.port)) == 2, 'the new sockets to be closed')

    assert not clients.lost
    assert len(server.workers()) == 2

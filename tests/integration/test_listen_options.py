"""Options of `listen` that tune the socket, at the start and by a reload."""

import json
from signal import SIGHUP

from support.http_client import Connection

FILES = {'html/index.html': 'hello'}


def site(options=''):
    return f'http {{ server {{ listen 127.0.0.1:%%PORT%% {options}; root html; }} }}'


def accepts(server):
    with Connection(f'{server.prefix}/logs/colmeia.control') as connection:
        return json.loads(connection.get('/status').body)['totals']['accepts']


def silent_clients_wait(server):
    """Whether only the one of two that has asked was accepted. The kernel holds the other one back for a second: who sees
    both may have been too slow, and tries again."""
    before = accepts(server)
    with server.connect() as silent, server.connect() as client:
        assert client.get('/').status == 200
        accepted = accepts(server) - before
        assert silent.get('/').status == 200
    assert accepts(server) == before + 2
    return accepted == 1


def test_a_deferred_client_is_accepted_when_it_asks(hive):
    server = hive(site('deferred fastopen=16 rcvbuf=64k sndbuf=256k so_keepalive=30s:5s:3'), files=FILES)

    server.wait_for(lambda: silent_clients_wait(server), 'a silent client to wait')


def test_a_reload_tunes_the_socket_that_is_open(hive):
    server = hive(site(), files=FILES)
    with server.connect():
        server.wait_for(lambda: accepts(server) == 1, 'the silent client to be accepted')

    server.configure(site('deferred backlog=64'))
    server.signal(SIGHUP)
    server.wait_for_error('generation 2 serves with')

    server.wait_for(lambda: silent_clients_wait(server), 'a silent client to wait')

"""The graceful end, as clients see it."""

import os
from signal import SIGCONT, SIGQUIT
import socket

from support import processes

SITE = 'worker_processes 1; http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello', 'html/big.bin': b'0123456789' * 3_000_000}


def is_draining(server):
    return any(processes.title(pid).endswith('is shutting down') for pid in server.workers())


def test_idle_connections_are_closed_and_the_server_leaves(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as client:
        client.get('/')

        server.signal(SIGQUIT)

        assert client.at_end()
        assert server.wait_exit() == 0


def test_a_request_on_its_way_is_answered_with_close(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as client:
        client.get('/')
        (worker,) = server.workers()
        processes.stop(worker)  # a drained connection waits for a request, but not for one that is late

        server.signal(SIGQUIT)
        server.wait_for_error(r'signal 3 \(SIGQUIT\) received')
        client.request('GET', '/')
        os.kill(worker, SIGCONT)
        answer = client.response()

        assert (answer.status, answer.header('Connection')) in ((200, 'close'), (200, 'keep-alive'))
        if answer.header('Connection') == 'close':
            assert client.at_end()
    assert server.wait_exit() == 0


def test_what_is_in_flight_is_finished(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as large, server.connect() as half:
        half.get('/')  # from here on the worker holds it: one that waits in the queue ends with the listener
        large.request('GET', '/big.bin')
        half.send('GET / HTTP/1.1\r\nHo')
        server.wait_for(lambda: large.socket.recv(1, socket.MSG_PEEK), 'the first byte')

        server.signal(SIGQUIT)
        server.wait_for(lambda: is_draining(server), 'the worker to drain')
        half.send('st: a\r\n\r\n')

        assert half.response().header('Connection') == 'close'
        half.close()
        assert len(large.response().body) == 30_000_000
    assert server.wait_exit() == 0

"""How long a connection lives: keep-alive, its limits and timeouts, and what clients are told about it."""

import itertools
import socket
import time

import pytest

from support.http_client import Connection
from support.waiting import DEADLINE

SITE = 'http { %s server { listen 127.0.0.1:%%%%PORT%%%%; root html; } }'
FILES = {'html/index.html': 'hello', 'html/big.bin': b'0123456789' * 1_000_000}


def site(directives=''):
    return SITE % directives


def test_a_connection_serves_one_request_after_another(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        for _ in range(5):
            response = client.get('/')
            assert (response.status, response.text) == (200, 'hello')
            assert response.header('Connection') == 'keep-alive'
        assert client.is_open()


def test_pipelined_requests_are_answered_in_order(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        answers = client.pipeline([('GET', '/'), ('HEAD', '/'), ('GET', '/none'), ('GET', '/big.bin'), ('GET', '/')])

    assert [answer.status for answer in answers] == [200, 200, 404, 200, 200]
    assert [len(answer.body) for answer in answers] == [5, 0, len(answers[2].body), 10_000_000, 5]
    assert answers[1].header('Content-Length') == '5'


def test_answers_to_pipelined_requests_arrive_together(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.get('/')
        client.send(b'GET / HTTP/1.1\r\nHost: a\r\n\r\n' * 10)
        server.wait_for(lambda: client.socket.recv(1, socket.MSG_PEEK), 'the first byte')

        assert client.socket.recv(65536).count(b'HTTP/1.1 200 OK') == 10


def test_http_1_0_persists_only_when_asked(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.request('GET', '/', {'Connection': 'keep-alive'}, version='HTTP/1.0')
        assert client.response().header('Connection') == 'keep-alive'
        client.request('GET', '/', version='HTTP/1.0')
        assert client.response().header('Connection') == 'close'
        assert client.at_end()


def test_close_wins_over_keep_alive_and_ends_the_connection(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        assert client.get('/', {'Connection': 'keep-alive, close'}).header('Connection') == 'close'
        assert client.at_end()


def test_keepalive_requests_announces_the_last_one(hive):
    server = hive(site('keepalive_requests 3;'), files=FILES)

    with server.connect() as client:
        said = [client.get('/').header('Connection') for _ in range(3)]
        assert said == ['keep-alive', 'keep-alive', 'close']
        assert client.at_end()


def test_keepalive_timeout_ends_idle_connections_and_is_told(hive):
    server = hive(site('keepalive_timeout 300ms 20s;'), files=FILES)

    with server.connect() as client:
        begin = time.monotonic()
        response = client.get('/')
        assert response.header('Keep-Alive') == 'timeout=20'
        assert client.at_end()
        assert 0.29 < time.monotonic() - begin < 15


def test_keepalive_timeout_0_turns_it_off(hive):
    server = hive(site('keepalive_timeout 0;'), files=FILES)

    with server.connect() as client:
        assert client.get('/').header('Connection') == 'close'
        assert client.at_end()


def test_a_silent_client_is_closed_without_a_word(hive):
    server = hive(site('client_header_timeout 200ms;'), files=FILES)

    with server.connect() as client:
        assert client.at_end()

    assert server.get('/').status == 200
    assert len(server.wait_for_access(1)) == 1


def test_half_a_head_is_closed_at_client_header_timeout_and_logged_as_408(hive):
    server = hive(site('client_header_timeout 300ms;'), files=FILES)

    with server.connect() as client:
        client.send('GET /slow HTTP/1.1\r\nHost: a\r\nX-Long')
        assert client.at_end()

    assert '"GET /slow HTTP/1.1" 408 0' in server.wait_for_access(1)[0]
    server.wait_for_error(r'\[info\].*client timed out.*while reading client request headers, client: 127\.0\.0\.1')


def test_bytes_that_trickle_do_not_prolong_client_header_timeout(hive):
    server = hive(site('client_header_timeout 500ms;'), files=FILES)

    with server.connect() as client:
        begin = time.monotonic()
        for byte in itertools.chain(b'GET /', itertools.repeat(ord('x'), 200)):
            try:
                client.send(bytes([byte]))
            except (ConnectionResetError, BrokenPipeError):
                break
            if not client.is_open():
                break
            time.sleep(0.05)  # the client's pace, not a wait for the server

    assert time.monotonic() - begin < 5


def test_a_reader_that_stops_is_closed_at_send_timeout(hive):
    server = hive(site('send_timeout 300ms;'), files=FILES)

    with server.connect() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.request('GET', '/big.bin')
        server.wait_for_access(1)

    line = server.access_log.splitlines()[0]
    assert '"GET /big.bin HTTP/1.1" 200 ' in line
    assert int(line.split('" 200 ')[1].split(' ')[0]) < 10_000_000
    server.wait_for_error(r'client timed out.*while sending response to client')


def test_a_slow_reader_gets_every_byte(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.request('GET', '/big.bin')
        server.wait_for(lambda: client.socket.recv(1, socket.MSG_PEEK), 'the first byte')
        for _ in range(20):
            client._more()
            time.sleep(0.005)  # the client's pace, not a wait for the server

        assert client.response().body == FILES['html/big.bin']


def test_large_files_are_the_same_with_and_without_sendfile(hive):
    server = hive('''http {
        server { listen 127.0.0.1:%%PORT%%; root html;
                 location /on/ { alias %%PREFIX%%/html/; sendfile on; sendfile_max_chunk 100k; tcp_nopush on; }
                 location /off/ { alias %%PREFIX%%/html/; sendfile off; } } }''', files=FILES)

    with server.connect() as client:
        for way in ('on', 'off'):
            assert client.get(f'/{way}/big.bin').body == FILES['html/big.bin']
            part = client.get(f'/{way}/big.bin', {'Range': 'bytes=5000001-5000009'})
            assert (part.status, part.body) == (206, b'123456789')


def test_a_half_closed_client_gets_all_its_answers(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.send(b'GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')
        client.half_close()

        assert len(client.response().body) == 10_000_000
        assert client.response().text == 'hello'
        assert client.at_end()


def test_clients_that_reset_cost_nobody_else_anything(hive):
    server = hive(site(), files=FILES)
    for _ in range(20):
        client = server.connect()
        client.request('GET', '/big.bin')
        client.socket.recv(10)
        client.reset()

    assert server.get('/').status == 200


def test_idle_connections_make_room_at_worker_connections(hive):
    server = hive('worker_processes 1; events { worker_connections 4; }' + site(), files=FILES)
    idle = [server.connect() for _ in range(4)]
    for client in idle:
        assert client.get('/').status == 200

    with server.connect() as another:
        assert another.get('/').status == 200

    assert idle[0].at_end(), 'the one that was idle for longest'
    assert [client.is_open() for client in idle[1:]] == [True, True, True]


def test_at_worker_connections_clients_wait_instead_of_being_dropped(hive):
    server = hive('worker_processes 1; events { worker_connections 2; }' + site(), files=FILES)
    busy = [server.connect() for _ in range(2)]
    for client in busy:
        client.send('GET / HT')
    with server.connect() as waiting:
        waiting.request('GET', '/')
        waiting.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            waiting.socket.recv(1)
        waiting.socket.settimeout(DEADLINE)

        busy[0].close()

        assert waiting.response().status == 200
    busy[1].send('TP/1.1\r\nHost: a\r\n\r\n')
    assert busy[1].response().status == 200


def test_unix_clients_are_shown_as_unix(hive):
    server = hive('http { server { listen unix:%%PREFIX%%/web.sock; root html; } }', files=FILES)

    with Connection(f'{server.prefix}/web.sock') as client:
        assert client.get('/').status == 200

    assert server.wait_for_access(1)[0].startswith('unix: - - [')


def test_stub_status_counts_every_connection_in_its_state(hive):
    server = hive('''worker_processes 1; http { server { listen 127.0.0.1:%%PORT%%; root html;
        location = /status { stub_status; } } }''', files=FILES)
    with server.connect() as idle, server.connect() as half, server.connect() as full, server.connect() as watcher:
        idle.get('/')
        half.send('GET / HT')
        full.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        full.request('GET', '/big.bin')

        def status():
            return watcher.get('/status').text

        server.wait_for(lambda: 'Active connections: 4' in status(), 'four connections')
        server.wait_for(lambda: 'Reading: 1 Writing: 2 Waiting: 1' in status(), 'each in its state')

    server.wait_for(lambda: 'Active connections: 1 ' in server.get('/status').text, 'the end of all')

"""Full: a worker out of connections or descriptors makes room for newcomers, and whoever loses something is told."""

import json
import os
import re
import resource
import socket
import time
from signal import SIGHUP

import pytest

from support.control import ask, ctl
from support.http_client import Connection

WAYS = ('exclusive', 'shared', 'reuseport', 'mutex', 'handoff')
FILES = {'html/index.html': 'hello', 'html/big.bin': b'x' * 200_000}

every_way = pytest.mark.parametrize('way', WAYS)


def site(connections, way='exclusive', workers=1, main='', http='', server=''):
    return (f'worker_processes {workers}; {main} events {{ accept_by {way}; worker_connections {connections}; }} '
            f'http {{ access_log off; {http} server {{ listen 127.0.0.1:%%PORT%%; root html; {server} }} }}')


def totals(server):
    return ask(server, '/status')[1]['totals']


def open_connections(server):
    return totals(server)['connections']


def silent_ones(server, count):
    """So many clients that connect and say nothing; those that find no place wait in the kernel's queue."""
    return [server.connect() for _ in range(count)]


# --- Room for newcomers


@every_way
def test_silent_connections_lock_nobody_out(hive, way):
    server = hive(site(16, way, workers=2), files=FILES)
    silent = silent_ones(server, 40)
    began = time.monotonic()

    answers = [server.get('/').status for _ in range(4)]

    took = time.monotonic() - began
    assert answers == [200] * 4
    assert took < 30, f'silent clients have 60 s each, and lock others out for as long: {took:.1f} s'
    assert totals(server)['connections_full'] > 0
    assert not silent[0].is_open()


def test_the_silent_ones_time_is_half_of_client_header_timeout_when_that_is_shorter(hive):
    server = hive(site(2, http='client_header_timeout 200ms;'), files=FILES)
    silent = silent_ones(server, 2)

    assert server.get('/').status == 200
    for client in silent:
        assert client.at_end()


def test_a_silent_one_whose_request_has_just_come_is_answered(hive):
    server = hive(site(1), files=FILES)
    first = server.connect()
    server.wait_for(lambda: open_connections(server) == 1, 'the first one to be accepted')
    second = server.connect()
    second.request('GET', '/')
    first.request('GET', '/')

    assert first.response().status == 200
    assert second.response().status == 200


@every_way
def test_newcomers_do_not_starve_beside_connections_that_became_idle_while_they_waited(hive, way):
    server = hive(site(4, way), files=FILES)
    busy = [server.connect() for _ in range(4)]
    for client in busy:
        client.send('GET / HTTP/1.1\r\nHost: a\r\n')
    server.wait_for(lambda: totals(server)['reading'] == 4, 'all places to be taken')
    waiting = server.connect()
    waiting.request('GET', '/')
    server.wait_for(lambda: totals(server)['connections_full'] > 0, 'the worker to be full')

    for client in busy:
        client.send('\r\n')
        assert client.response().status == 200

    assert waiting.response().status == 200


def test_nobody_is_closed_while_his_request_is_answered(hive):
    server = hive(site(2), files={**FILES, 'html/huge.bin': b'x' * 30_000_000})
    loading = server.connect()
    loading.request('GET', '/huge.bin')
    loading.socket.recv(10)
    reading = server.connect()
    reading.send('GET / HT')
    server.wait_for(lambda: totals(server)['reading'] == 1, 'half a request to be read')
    waiting = server.connect()
    waiting.request('GET', '/')
    server.wait_for(lambda: totals(server)['connections_full'] > 0, 'the worker to be full')

    reading.send('TP/1.1\r\nHost: a\r\n\r\n')

    assert reading.response().status == 200
    assert waiting.response().status == 200
    assert loading.is_open()


def upload_without_end(server, length='1000000'):
    client = server.connect()
    client.send(f'POST /index.html HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n')
    assert client.response().status == 405
    return client


def test_a_body_that_nobody_wants_goes_for_a_newcomer(hive):
    server = hive(site(1), files=FILES)
    client = upload_without_end(server)

    assert server.get('/').status == 200

    assert client.read_to_end() == b''


def drip(client, until):
    """A byte each 20 ms until the server has closed; how long it took."""
    began = time.monotonic()
    while time.monotonic() < until:
        try:
            client.send('x')
            client.socket.settimeout(0.02)
            if client.socket.recv(100) == b'':
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


@pytest.mark.parametrize('close', [False, True])
def test_lingering_time_bounds_a_dropped_body_that_never_stops(hive, close):
    server = hive(site(16, http='lingering_time 1s; lingering_timeout 1s; client_body_timeout 40s;'), files=FILES)
    client = server.connect()
    more = 'Connection: close\r\n' if close else ''
    client.send(f'POST /index.html HTTP/1.1\r\nHost: a\r\n{more}Content-Length: 1000000\r\n\r\n')
    assert client.response().status == 405

    assert drip(client, time.monotonic() + 30) < 20


def test_an_answer_that_waits_for_a_chunked_body_waits_for_lingering_time_at_most(hive):
    server = hive(site(16, http='lingering_time 1s; lingering_timeout 1s; client_body_timeout 40s;'), files=FILES)
    client = server.connect()
    client.send('GET /index.html HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n')

    began = time.monotonic()
    answer = None
    while answer is None and time.monotonic() < began + 30:
        client.send('x')
        client.socket.settimeout(0.02)
        try:
            answer = client.response()
        except TimeoutError:
            pass

    assert (answer.status, answer.text, answer.header('Connection')) == (200, 'hello', 'close')
    assert drip(client, time.monotonic() + 30) < 20


# --- Descriptors


@every_way
def test_idle_ones_are_closed_for_newcomers_when_descriptors_run_out(hive, way):
    server = hive(site(512, way, main='worker_rlimit_nofile 64;', http='client_header_timeout 20s;'), files=FILES)

    idle = []
    for _ in range(100):
        client = server.connect()
        assert client.get('/big.bin').status == 200, 'a file wants a descriptor as well'
        idle.append(client)

    assert totals(server)['descriptors_out'] > 0
    assert not idle[0].is_open()
    assert idle[-1].get('/').status == 200
    server.wait_for_error(r'\[warn\] .* 64 open files are not enough \(worker_rlimit_nofile\)')


@every_way
def test_silent_ones_are_closed_when_descriptors_run_out(hive, way):
    server = hive(site(512, way, main='worker_rlimit_nofile 64;'), files=FILES)
    silent = silent_ones(server, 100)

    assert server.get('/big.bin').status == 200
    assert len(server.workers()) == 1
    assert 'replacing it' not in server.error_log
    for client in silent:
        client.close()


# --- Who is told


def test_one_warning_names_the_directive_and_every_time_is_counted(hive):
    server = hive(site(2, server='location /hive/ { hive; } location = /metrics { hive prometheus; }'), files=FILES)
    keep = []
    for _ in range(10):
        keep.append(server.connect())
        assert keep[-1].get('/').status == 200

    server.wait_for_error(r'\[warn\] .* 2 worker_connections are not enough, reusing connections')
    assert server.error_log.count('worker_connections are not enough') == 1
    count = totals(server)['connections_full']
    assert count >= 8
    text = ctl(server, 'status').stdout
    assert 'FULL' in text and 'NO FDS' in text and 'LOST LINES' in text
    assert json.loads(server.get('/hive/json').body)['totals']['connections_full'] >= count
    metrics = server.get('/metrics').text
    for name in ('connections_full', 'descriptors_out', 'log_lines_lost'):
        assert re.search(rf'^colmeia_{name}_total \d', metrics, re.MULTILINE)


def test_lost_lines_of_a_full_disk_are_counted_and_told(hive):
    server = hive('worker_processes 1; http { access_log /dev/full; server { listen 127.0.0.1:%%PORT%%; root html; } }',
                  files=FILES)
    for _ in range(3):
        assert server.get('/').status == 200

    server.wait_for(lambda: totals(server)['log_lines_lost'] == 3, 'three lost lines')
    server.wait_for_error(r'\[warn\] .* access_log "/dev/full" loses lines \(28: No space left on device\)')
    assert server.error_log.count('loses lines') == 1
    notes = ask(server, '/health')[1]['notes']
    assert '3 lines of access logs could not be written since the start (access_log)' in notes


def test_lost_lines_of_a_slow_reader_are_counted_and_told(prepare):
    server = prepare('worker_processes 1; http { log_format long "$request_uri"; access_log logs/pipe long; '
                     'server { listen 127.0.0.1:%%PORT%%; root html; } }', files=FILES)
    os.mkfifo(server.prefix / 'logs/pipe')
    os.chmod(server.prefix / 'logs/pipe', 0o666)
    reader = os.open(server.prefix / 'logs/pipe', os.O_RDONLY | os.O_NONBLOCK)
    server.start()
    with server.connect() as client:
        for _ in range(60):
            assert client.get('/?' + 'x' * 6000).status == 200

    server.wait_for(lambda: totals(server)['log_lines_lost'] > 0, 'lost lines')
    server.wait_for_error(r'\[warn\] .* access_log ".*/logs/pipe" loses lines \(its reader is too slow\)')
    os.close(reader)


def test_worker_connections_beyond_the_limit_of_descriptors_are_a_warning(hive):
    server = hive(site(4096, main='worker_rlimit_nofile 1024;'), files=FILES)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1000, limit[0]), limit[1]))
    try:
        told = server.run('-t')
        server.configure(site(4096))
        alone = server.run('-t')
        server.configure(site(900))
        enough = server.run('-t')
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)

    assert told.returncode == alone.returncode == enough.returncode == 0
    assert '4096 worker_connections exceed open file resource limit: 1024' in told.stderr
    assert '4096 worker_connections exceed open file resource limit: 1000' in alone.stderr
    assert 'exceed' not in enough.stderr


def unix_get(path):
    with Connection(path) as client:
        return client.get('/').status


@pytest.mark.parametrize('how', ['gone', 'replaced'])
def test_a_unix_socket_that_lost_its_name_is_told_and_bound_again_by_a_reload(hive, how):
    server = hive('worker_processes 1; http { access_log off; '
                  'server { listen 127.0.0.1:%%PORT%%; listen unix:%%PREFIX%%/web.sock; root html; } }', files=FILES)
    path = f'{server.prefix}/web.sock'
    before = Connection(path)
    assert before.get('/').status == 200
    os.unlink(path)
    if how == 'replaced':
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)

    server.wait_for_error(r'\[warn\] .* listen unix:.*/web\.sock: the socket.s file is gone or is another one')
    listeners = {one['address']: one for one in ask(server, '/status')[1]['listeners']}
    assert [one['name_lost'] for name, one in sorted(listeners.items())] == [False, True]

    server.signal(SIGHUP)
    server.wait_for_error('generation 2 serves with')
    assert unix_get(path) == 200
    assert before.get('/').status == 200 or before.at_end()
    server.wait_for(lambda: not any(one['name_lost'] for one in ask(server, '/status')[1]['listeners']), 'names again')
    assert server.stop() == 0
    assert not os.path.exists(path)

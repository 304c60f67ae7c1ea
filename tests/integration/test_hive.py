"""hive: master and workers at work, as JSON, metrics and events. Every request for them is counted like any other."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from support import processes
from support.http_client import Connection
from support.server import environment
from support.waiting import DEADLINE

SITE = """
    worker_processes %%WORKERS%%;
    http { server {
        listen 127.0.0.1:%%PORT%%; root html;
        location /hive/ { hive; allow 127.0.0.1; deny all; }
        location = /metrics { hive prometheus; }
    } }
    """
FILES = {'html/index.html': 'hello'}


def site(workers=2, more=''):
    return more + SITE.replace('%%WORKERS%%', str(workers))


def state_of(server):
    response = server.get('/hive/json')
    assert (response.status, response.header('Cache-Control')) == (200, 'no-store')
    return json.loads(response.body)


def metrics_of(server):
    """Samples by name and labels: {'colmeia_requests_total': 3, 'colmeia_reloads_total{result="failed"}': 0}."""
    lines = server.get('/metrics').text.splitlines()
    return {key: float(value) for key, _, value in (line.rpartition(' ') for line in lines if not line.startswith('#'))}


def h2load(server, requests, clients=8):
    """Sends exactly so many requests, and says what came of them."""
    result = subprocess.run(['h2load', '--h1', '-n', str(requests), '-c', str(clients), '-t', '1',
                             f'http://127.0.0.1:{server.port}/'], capture_output=True, text=True, timeout=60, check=True)
    assert f'{requests} succeeded, 0 failed, 0 errored, 0 timeout' in result.stdout, result.stdout
    return requests


@pytest.mark.parametrize('target', ['/hive/', '/hive/json', '/hive/prometheus', '/hive/events', '/hive/hive.js', '/metrics'])
def test_a_page_of_somebody_elses_name_gets_nothing(hive, target):
    """DNS rebinding: the name leads to this machine, and the Host is the name."""
    server = hive(site().replace('allow 127.0.0.1; deny all;', ''))

    for host in ('evil.example', f'evil.example:{server.port}', 'localhost.evil.example', '10.0.0.1', '[fe80::1]'):
        assert server.get(target, {'Host': host}).status == 403, host
    assert server.get(f'http://evil.example{target}', {'Host': 'localhost'}).status == 403
    server.wait_for_error(r'access forbidden: "hive" does not answer to the host "evil.example"')
    if target == '/hive/events':
        return  # an answer would not end
    for host in ('localhost', f'LocalHost:{server.port}', 'localhost.', f'127.0.0.1:{server.port}', f'[::1]:{server.port}'):
        assert server.get(target, {'Host': host}).status == 200, host


def test_stub_status_is_open_to_everybody_as_in_nginx(hive):
    server = hive('http { server { listen 127.0.0.1:%%PORT%%; location = /s { stub_status; } } }')

    assert server.get('/s', {'Host': 'evil.example'}).status == 200


class Events:
    """An event stream: (event, id, data) one after the other."""

    def __init__(self, server, target='/hive/events', headers=None, version='HTTP/1.1'):
        self.socket = socket.create_connection(('127.0.0.1', server.port), timeout=DEADLINE)
        fields = ''.join(f'{name}: {value}\r\n' for name, value in {'Host': 'localhost', **(headers or {})}.items())
        self.socket.sendall(f'GET {target} {version}\r\n{fields}\r\n'.encode())
        self._raw = b''
        while b'\r\n\r\n' not in self._raw:
            self._receive()
        head, _, self._raw = self._raw.partition(b'\r\n\r\n')
        self.head = head.decode()
        self.chunked = 'Transfer-Encoding: chunked' in self.head
        self.ended = False
        self.text = ''

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()

    def _receive(self):
        more = self.socket.recv(65536)
        if not more:
            raise EOFError('the stream ended')
        self._raw += more

    def _read_on(self):
        """Takes one chunk more into `text`."""
        if not self.chunked:
            if not self._raw:
                self._receive()
            self.text, self._raw = self.text + self._raw.decode(), b''
            return
        while b'\r\n' not in self._raw:
            self._receive()
        line, _, rest = self._raw.partition(b'\r\n')
        size = int(line, 16)
        while len(rest) < size + 2:
            self._receive()
            _, _, rest = self._raw.partition(b'\r\n')
        self.text, self._raw = self.text + rest[:size].decode(), rest[size + 2:]
        if size == 0:
            self.ended = True
            raise EOFError('the last chunk')

    def next(self):
        while '\n\n' not in self.text:
            self._read_on()
        block, _, self.text = self.text.partition('\n\n')
        fields = dict(line.split(': ', 1) for line in block.splitlines())
        return fields.get('event'), fields.get('id'), json.loads(fields['data'])

    def next_of(self, kind):
        while True:
            event, number, data = self.next()
            if event == kind:
                return number, data

    def records(self, until):
        """Trace records, one by one, up to the first for which `until` is true."""
        while True:
            number, records = self.next_of('trace')
            assert int(number) == records[-1]['seq']
            for record in records:
                yield record
                if until(record):
                    return


def test_the_state_names_every_process(hive):
    server = hive(site(3), files=FILES)

    def settled():  # a worker notes what it uses after it is ready
        state = state_of(server)
        return all(worker['rss_bytes'] and worker['cpu_us'] for worker in state['workers']) and state
    state = server.wait_for(settled, 'what the workers use to be noted')

    assert state['server']['state'] == 'serving'
    assert state['server']['generation'] == 1
    assert state['master']['pid'] == server.pid
    assert state['master']['rss_bytes'] > 1_000_000
    assert sorted(worker['pid'] for worker in state['workers']) == sorted(server.workers())
    assert [worker['state'] for worker in state['workers']] == ['ready'] * 3
    assert state['server']['answered_by']['pid'] in server.workers()
    assert all(worker['rss_bytes'] > 1_000_000 for worker in state['workers'])
    assert state['reloads'] == {'succeeded': 0, 'failed': 0, 'last': None, 'last_failed': None}


@pytest.mark.parametrize('way', ['exclusive', 'handoff'])
def test_the_state_says_how_workers_accept(hive, way):
    server = hive(site(2, more=f'events {{ accept_by {way}; }}'), files=FILES)

    assert state_of(server)['server']['accept_by'] == way
    assert metrics_of(server)[f'colmeia_accept_by_info{{accept_by="{way}"}}'] == 1


def sums_up(state):
    """Whether past and workers are the totals, member by member."""
    for member in ('requests', 'accepts', 'wasted_wakeups', 'bytes_sent', 'bytes_received', 'cpu_us', 'loop_turns'):
        parts = state['past'][member] + sum(worker[member] for worker in state['workers'])
        assert parts == state['totals'][member], member
    for status in ('1xx', '2xx', '3xx', '4xx', '5xx'):
        parts = state['past']['responses'][status] + sum(worker['responses'][status] for worker in state['workers'])
        assert parts == state['totals']['responses'][status], status
    return True


def test_the_sum_over_workers_is_what_the_clients_sent_exactly(hive):
    """Through a killed worker and a reload; each look at the state is a request, and counted before it is answered."""
    server = hive(site(3), files=FILES)

    sent = h2load(server, 3001)

    def look():
        nonlocal sent
        sent += 1
        state = state_of(server)
        assert state['totals']['requests'] == sent
        assert sums_up(state)
        return state

    def shared():  # on a busy machine the first to get a CPU may take all of the load's connections
        state = look()
        return sum(1 for worker in state['workers'] if worker['requests'] > 0) > 1 and state
    state = server.wait_for(shared, 'several workers to have a share')

    victim = max(state['workers'], key=lambda worker: worker['requests'])
    os.kill(victim['pid'], signal.SIGKILL)

    def is_replaced():
        state = look()
        return victim['pid'] not in [worker['pid'] for worker in state['workers']] and \
            [worker['state'] for worker in state['workers']] == ['ready'] * 3
    server.wait_for(is_replaced, 'a successor')
    sent += h2load(server, 2003)
    state = look()
    assert state['past']['requests'] >= victim['requests']
    assert state['respawns'] == 1

    assert server.run('-s', 'reload').returncode == 0
    server.wait_for(lambda: len(server.workers()) == 3, 'the old workers to leave')
    sent += h2load(server, 1009)
    assert look()['server']['generation'] == 2
    assert metrics_of(server)['colmeia_requests_total'] == sent + 1


def test_a_reload_is_told_with_its_result(hive):
    server = hive(site(), files=FILES)

    assert server.run('-s', 'reload').returncode == 0
    last = state_of(server)['reloads']['last']
    assert (last['generation'], last['result'], last['why']) == (2, 'succeeded', '')
    assert abs(last['wall_ms'] / 1000 - time.time()) < 60

    server.configure('nonsense;')
    server.signal(signal.SIGHUP)
    reloads = server.wait_for(lambda: (found := state_of(server)['reloads'])['failed'] and found, 'a reload that fails')
    assert (reloads['succeeded'], reloads['failed'], reloads['last']['result']) == (1, 1, 'failed')
    assert 'nonsense' in reloads['last']['why']


def test_counters_never_go_down(hive):
    server = hive(site(), files=FILES)
    h2load(server, 500)
    before = metrics_of(server)

    for ready, pid in enumerate(server.workers(), start=3):
        os.kill(pid, signal.SIGKILL)
        server.wait_for(lambda: server.error_log.count('is ready') == ready, 'a successor that is ready')
    after = metrics_of(server)

    # What is of one process ends with it; all else grows or stays.
    counters = [name for name in before if name.split('{')[0].endswith(('_total', '_count', '_sum', '_bucket'))
                and not name.startswith('colmeia_worker_')]
    assert len(counters) > 40
    assert not [name for name in counters if after[name] < before[name]]
    assert after['colmeia_respawns_total'] == 2
    workers = sum(value for name, value in after.items() if name.startswith('colmeia_worker_requests_total'))
    assert after['colmeia_ended_workers_requests_total'] + workers == after['colmeia_requests_total']
    assert sum(value for name, value in after.items() if name.startswith('colmeia_worker_up')) == 2


def test_prometheus_understands_the_metrics(hive):
    server = hive(site(), files=FILES)
    server.run('-s', 'reload')

    check = subprocess.run(['promtool', 'check', 'metrics'], input=server.get('/metrics').body, capture_output=True,
                           timeout=DEADLINE, check=False)

    assert (check.returncode, check.stdout, check.stderr) == (0, b'', b'')


def test_events_tell_the_state_each_second_and_what_happens(hive):
    server = hive(site(), files=FILES)
    with Events(server) as events:
        assert 'Content-Type: text/event-stream' in events.head
        event, _, hello = events.next()
        assert (event, hello['version']) == ('hello', state_of(server)['server']['version'])
        _, first = events.next_of('state')
        assert len(first['workers']) == 2
        victim = next(worker['pid'] for worker in first['workers']
                      if worker['pid'] != first['server']['answered_by']['pid'])

        os.kill(victim, signal.SIGKILL)

        told = list(events.records(lambda record: record['kind'] == 'state' and record['text'] == 'ready'
                                   and record['seq'] > hello['trace_newest']))
        exit_of = next(record for record in told if record['kind'] == 'exit' and record['pid'] == victim)
        assert any(record['kind'] == 'spawn' and record['seq'] > exit_of['seq'] for record in told)
        assert [record['seq'] for record in told] == list(range(told[0]['seq'], told[-1]['seq'] + 1))
        while True:
            _, state = events.next_of('state')
            pids = [worker['pid'] for worker in state['workers'] if worker['serving']]
            if len(pids) == 2 and victim not in pids:
                break


@pytest.mark.parametrize('how', ['Last-Event-ID', 'after'])
def test_a_reader_that_comes_back_misses_nothing_and_gets_nothing_twice(hive, how):
    server = hive(site(), files=FILES)
    with Events(server) as events:
        number, before = events.next_of('trace')
    assert int(number) == before[-1]['seq']

    assert server.run('-s', 'reload').returncode == 0
    target, headers = (f'/hive/events?after={number}', {}) if how == 'after' else ('/hive/events', {how: number})
    with Events(server, target, headers) as events:
        after = list(events.records(lambda record: record['kind'] == 'generation' and record['text'] == 'current'))

    assert [record['seq'] for record in after] == list(range(int(number) + 1, after[-1]['seq'] + 1))


def test_a_reload_ends_a_stream_with_its_last_chunk(hive):
    server = hive(site(1), files=FILES)
    old = server.workers()
    with Events(server) as events:
        events.next_of('state')

        assert server.run('-s', 'reload').returncode == 0
        with pytest.raises(EOFError, match='the last chunk'):
            while True:
                events.next()
        assert events.ended
        # No deadline of ours: the stream is what the old worker was waiting for.
        server.wait_for(lambda: not set(old) & set(server.workers()), 'the old worker to leave')


def test_a_reader_that_does_not_read_costs_no_memory_and_is_closed(hive):
    # A sanitizer keeps what was freed; then memory would say nothing.
    own = environment()
    own['ASAN_OPTIONS'] += ':quarantine_size_mb=1:thread_local_quarantine_size_kb=64'
    server = hive(site(1).replace('root html;', 'root html; send_timeout 2s;'), files=FILES, env=own)
    worker = server.workers()[0]
    with Connection(f'{server.prefix}/logs/colmeia.control') as control:
        for _ in range(400):  # a long trace
            assert control.get('/reopen', [('Content-Length', '0')], method='POST').status == 200
    before = int(processes.status(worker)['VmRSS'].split()[0])

    readers = [socket.socket() for _ in range(50)]
    for reader in readers:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        reader.connect(('127.0.0.1', server.port))
        reader.sendall(b'GET /hive/events?after=1 HTTP/1.1\r\nHost: x\r\n\r\n')

    server.wait_for(lambda: server.error_log.count('while sending response to client') == 50, 'send_timeout')
    # A chunk for each, and not the megabyte that each has asked for.
    assert int(processes.status(worker)['VmRSS'].split()[0]) < before + 20 * 1024
    assert state_of(server)['totals']['connections']['active'] == 1
    for reader in readers:
        reader.close()


def test_a_reader_that_leaves_is_noticed(hive):
    server = hive(site(1), files=FILES)
    with Events(server) as events:
        events.next_of('state')
        assert state_of(server)['totals']['connections']['active'] == 2

    server.wait_for(lambda: state_of(server)['totals']['connections']['active'] == 1, 'the connection to be closed')


def test_http_1_0_gets_events_until_the_connection_ends(hive):
    server = hive(site(), files=FILES)
    with Events(server, version='HTTP/1.0') as events:
        assert 'chunked' not in events.head
        assert 'Connection: close' in events.head
        events.next_of('state')
        events.next_of('state')


def test_head_gets_the_head_of_events_and_nothing_else(hive):
    server = hive(site(), files=FILES)
    with server.connect() as client:
        head = client.get('/hive/events', method='HEAD')
        assert (head.status, head.header('Content-Type'), head.header('Transfer-Encoding')) == (200, 'text/event-stream', None)
        assert client.get('/').body == b'hello'


def test_the_page_and_all_that_it_names_are_served(hive):
    server = hive(site(), files=FILES)
    moved = server.get('/hive')
    assert (moved.status, moved.header('Location')) == (301, f'http://localhost:{server.port}/hive/')

    page = server.get('/hive/')
    assert page.header('Content-Security-Policy') == "default-src 'self'"
    names = re.findall(r'(?:src|href)="([^"#:]+\.(?:js|css|svg))"', page.text)
    assert names
    for name in names:
        asset = server.get(f'/hive/{name}')
        assert asset.status == 200, name
        again = server.get(f'/hive/{name}', headers={'If-None-Match': asset.header('ETag')})
        assert (again.status, again.body) == (304, b'')


def test_without_a_master_there_is_a_state_too(prepare):
    server = prepare(site(1, more='master_process off;'), files=FILES)
    server.launch()
    server.wait_for(lambda: server.read('logs/colmeia.pid'), 'the pid file')

    state = server.wait_for(lambda: state_or_none(server), 'an answer')

    assert state['master'] is None
    assert state['server']['state'] == 'serving'
    assert [worker['pid'] for worker in state['workers']] == [server.pid]
    with Events(server) as events:
        events.next_of('state')


def state_or_none(server):
    try:
        return state_of(server)
    except ConnectionRefusedError:
        return None

"""Who accepts: how evenly, how wastefully and how fast the five ways of `accept_by` spread connections over workers.

    accept.py BINARY [ROUNDS [WAY...]]

Prints a Markdown table. For each way, ROUNDS (5) fresh servers with 8 workers get 64 connections one by one (each is answered
before the next one comes) and 64 in a burst (all are connected before the first is asked); after these a server with 2
workers answers a connection for each request, from 8 clients, for a second. Medians of the rounds:

- max/min: the accepts of the busiest worker over those of the least busy one; "-" when one had none
- wasted: accept4() in vain, because another worker had taken the client, per connection
- wakes: how often a worker stopped sleeping (voluntary context switches), per connection. A woken worker that finds, still
  inside epoll_wait(), that the client is gone falls asleep again: that is no wasted accept, and costs all the same
- p50, p99: from connect() to the end of the answer, in microseconds
"""

import json
import os
import pathlib
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'integration'))

from support import processes  # noqa: E402  the path has to be set first
from support.http_client import Connection  # noqa: E402
from support.ports import free_port  # noqa: E402

WAYS = ('exclusive', 'shared', 'reuseport', 'mutex', 'handoff')
CONNECTIONS = 64
CONFIG = """
daemon off; pid colmeia.pid; error_log error.log; worker_processes {workers};
events {{ accept_by {way}; worker_connections 1024; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; root html; }} }}
"""
REQUEST = b'GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n'
LAST_REQUEST = b'GET /index.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
DEADLINE = 20.0


class Server:
    """A master with its workers in a folder of its own, until close()."""

    def __init__(self, binary, way, workers):
        self.port = free_port()
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix='colmeia-accept-'))
        self.prefix.chmod(0o755)
        (self.prefix / 'html').mkdir()
        (self.prefix / 'html/index.html').write_bytes(b'x' * 1024)
        config = self.prefix / 'colmeia.conf'
        config.write_text(CONFIG.format(way=way, workers=workers, port=self.port), encoding='utf-8')
        self.process = subprocess.Popen([binary, '-p', f'{self.prefix}/', '-c', str(config)], cwd='/')
        deadline = time.monotonic() + DEADLINE
        while len(self.counts()) < workers:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'it does not serve:\n{(self.prefix / "error.log").read_text(encoding="utf-8")}')
            time.sleep(0.05)

    def counts(self):
        """What each serving worker has counted."""
        try:
            with Connection(f'{self.prefix}/colmeia.control') as connection:
                workers = json.loads(connection.get('/workers').body)['workers']
        except (OSError, EOFError):
            return []
        return [worker['counts'] | {'wakes': wakes(worker['pid'])} for worker in workers if worker['state'] == 'ready']

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.prefix)


def wakes(pid):
    """How often a process has gone to sleep by itself."""
    return int(processes.status(pid)['voluntary_ctxt_switches'])


def ask(client, request=REQUEST):
    client.sendall(request)
    answer = b''
    while len(answer) < 1024 or b'\r\n\r\n' not in answer:
        part = client.recv(65536)
        if not part:
            raise EOFError('the server closed a connection')
        answer += part


def one_by_one(port):
    clients = []
    for _ in range(CONNECTIONS):
        clients.append(socket.create_connection(('127.0.0.1', port)))
        ask(clients[-1])
    return clients


def burst(port):
    clients = [socket.create_connection(('127.0.0.1', port)) for _ in range(CONNECTIONS)]
    for client in clients:
        ask(client)
    return clients


def spread(binary, way, pattern):
    """(max/min or None, wasted accepts per connection, wakes per connection) of one fresh server."""
    server = Server(binary, way, 8)
    try:
        time.sleep(0.2)  # until all of them sleep
        before = server.counts()
        clients = pattern(server.port)
        after = server.counts()
        accepts = [new['accepts'] - old['accepts'] for old, new in zip(before, after)]
        wasted, woken = (sum(new[name] - old[name] for old, new in zip(before, after)) / CONNECTIONS
                         for name in ('wasted_accepts', 'wakes'))
        for client in clients:
            client.close()
        if sum(accepts) != CONNECTIONS:
            raise RuntimeError(f'{sum(accepts)} connections were accepted instead of {CONNECTIONS}')
        return (max(accepts) / min(accepts) if min(accepts) else None), wasted, woken
    finally:
        server.close()


def latency(binary, way, seconds=1.0, clients=8):
    """(p50, p99) in microseconds of a connection for each request, so many of them at a time."""
    server = Server(binary, way, 2)
    times = []
    try:
        with selectors.DefaultSelector() as selector:
            def begin():
                client = socket.socket()
                client.setblocking(False)
                start = time.perf_counter_ns()
                client.connect_ex(('127.0.0.1', server.port))
                selector.register(client, selectors.EVENT_WRITE, start)
            for _ in range(clients):
                begin()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for key, events in selector.select(1.0):
                    client = key.fileobj
                    if events & selectors.EVENT_WRITE:
                        client.send(LAST_REQUEST)
                        selector.modify(client, selectors.EVENT_READ, key.data)
                    elif not client.recv(65536):
                        times.append((time.perf_counter_ns() - key.data) / 1000)
                        selector.unregister(client)
                        client.close()
                        begin()
            for key in list(selector.get_map().values()):
                key.fileobj.close()
        times.sort()
        return times[len(times) // 2], times[len(times) * 99 // 100]
    finally:
        server.close()


def median(values):
    """Of numbers, None counting as more than any."""
    value = sorted(values, key=lambda one: float('inf') if one is None else one)[len(values) // 2]
    return '-' if value is None else f'{value:.2f}'


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    ways = sys.argv[3:] or WAYS
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs, {rounds} rounds', file=sys.stderr)
    print('| accept_by | one by one: max/min | wasted | wakes | burst: max/min | wasted | wakes | p50 us | p99 us |')
    print('|---|--:|--:|--:|--:|--:|--:|--:|--:|')
    for way in ways:
        one = [spread(binary, way, one_by_one) for _ in range(rounds)]
        all_at_once = [spread(binary, way, burst) for _ in range(rounds)]
        times = [latency(binary, way) for _ in range(rounds)]
        cells = [median([row[column] for row in rows]) for rows in (one, all_at_once) for column in (0, 1, 2)]
        cells += [f'{statistics.median(row[column] for row in times):.0f}' for column in (0, 1)]
        print(f'| {way} | {" | ".join(cells)} |', flush=True)


if __name__ == '__main__':
    main()

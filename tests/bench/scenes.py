"""What one load cannot show: idle crowds, slow readers, reloads, a hung worker, latency at a pace, starting, sharing out.

A scene is a function of a server and a Stage; it returns {measure: value} of one round, or {} where it does not apply to that
server. SCENES says how many rounds each takes at most, about how many seconds, and what its measures are.
"""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Callable

import cost
import load
import peers
import rows
from support import processes
from support.http_client import Connection
from support.waiting import wait_for

ROW = next(row for row in rows.ROWS if row.name == '1k')
IDLE = 10000            # connections
SLOW = 200              # readers
SLOW_PIECE = 2048       # bytes that a slow reader takes
SLOW_PAUSE = 0.05       # seconds between two pieces
RELOAD_EVERY = 0.25     # seconds
RELOADS_FOR = 3         # seconds of load
HUNG_WORKERS = 4
HUNG_FOR = 5.0          # seconds of load with one worker stopped
HUNG_PATIENCE = 1000    # ms until a client gives up
HUNG_RATE = 2000
SPREAD_WORKERS = 8
SPREAD = 64             # connections
SPREAD_PAUSE = 0.004    # seconds between two connections that arrive one by one
GET = b'GET /1k.html HTTP/1.1\r\nHost: localhost\r\n\r\n'


@dataclass
class Stage:
    """What a scene needs beside its server."""

    pace: str                   # path of bench_pace
    seconds: int
    half_rate: float = 0.0      # half of what the slower of nginx and colmeia answers in a second


@dataclass(frozen=True)
class Scene:
    name: str
    title: str
    act: Callable
    rounds: int                 # at most
    takes: float                # seconds for one server and one round
    measures: tuple             # (key, title, unit); units are those of table.with_unit
    servers: tuple = ('limit', 'colmeia', 'nginx', 'h2o', 'lighttpd')   # names of those that it is for


# -- clients

def crowd(port, count):
    """`count` connections that have each been answered once and are idle now."""
    sockets = []
    for first in range(0, count, 200):
        batch = []
        for _ in range(min(200, count - first)):
            client = socket.create_connection(('127.0.0.1', port), timeout=peers.PATIENCE)
            client.sendall(GET)
            batch.append(client)
        for client in batch:
            left = 1024
            while left > 0:   # the head is shorter than the body, so this waits for a whole response
                got = len(client.recv(65536))
                if got == 0:
                    raise load.Broken(f'a connection was closed while {len(sockets)} were open')
                left -= got
        sockets += batch
    return sockets


class SlowReaders:
    """Clients that take a megabyte in small pieces, all in one thread; `with`."""

    def __init__(self, port, count):
        self.sockets = []
        self.ended = False
        for _ in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(('127.0.0.1', port))
            client.sendall(GET.replace(b'1k', b'1m'))
            client.setblocking(False)
            self.sockets.append(client)
        self.thread = threading.Thread(target=self.read, daemon=True)

    def read(self):
        while not self.ended:
            for client in self.sockets:
                try:
                    client.recv(SLOW_PIECE)
                except BlockingIOError:
                    pass
            time.sleep(SLOW_PAUSE)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.ended = True
        self.thread.join()
        for client in self.sockets:
            client.close()


def pace(stage, server, rate, connections, seconds, patience=10000):
    """Starts bench_pace, which prints its result as JSON."""
    line = [stage.pace, str(server.port), '/1k.html', f'{rate:.0f}', str(connections), str(seconds), str(patience)]
    return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, preexec_fn=load.on_load_cpu)


def established(server):
    """{pid: open connections} of each worker, as the kernel has it."""
    inodes = set()
    with open('/proc/net/tcp', encoding='ascii') as table:
        for line in list(table)[1:]:
            fields = line.split()
            if int(fields[1].rpartition(':')[2], 16) == server.port and fields[3] == '01':
                inodes.add(f'socket:[{fields[9]}]')
    return {pid: sum(1 for target in processes.descriptors(pid).values() if target in inodes) for pid in server.workers()}


# -- scenes

def idle(server, stage):
    if server.name == 'lighttpd' and peers.DESCRIPTORS < 2 * (IDLE + ROW.connections):
        return {}  # it wants two descriptors for each connection
    with server.start(cache=True):
        with Connection(('127.0.0.1', server.port)) as first:
            first.get('/1k.html')
        before = cost.pss(server.pids())
        sockets = crowd(server.port, IDLE)
        memory = cost.pss(server.pids()) - before
        measured = load.measure(server, ROW, stage.seconds)
        for client in sockets:
            client.close()
    return {'bytes': memory / IDLE, 'cpu': measured['cpu'], 'p99': measured['p99']}


def slow(server, stage):
    with server.start(cache=True):
        with SlowReaders(server.port, SLOW):
            measured = load.measure(server, ROW, stage.seconds)
    return {'cpu': measured['cpu'], 'p99': measured['p99'], 'memory': measured['memory']}


def reload(server, stage):
    with server.start(cache=True):
        before = cost.cpu(server.process.pid)
        process = load.start(server.port, ROW, RELOADS_FOR)
        end = time.monotonic() + RELOADS_FOR - 2 * RELOAD_EVERY
        count = 0
        while time.monotonic() < end:
            begun = time.monotonic()
            server.reload()
            count += 1
            time.sleep(max(0.0, RELOAD_EVERY - (time.monotonic() - begun)))
        result = load.finish(process, ROW, forgive=True)
        used = cost.cpu(server.process.pid) - before
    return {'reloads': count, 'failed': result['failed'], 'cpu': used.total / result['requests'] * 1e6, 'p99': result['p99'],
            'most': result['max']}


def hung(server, stage):
    # nginx has no such thing; where it does not know the directive it would not start.
    main = 'worker_watchdog 1s;' if server.name == 'colmeia' else ''
    with server.start(cache=True, workers=HUNG_WORKERS, main=main):
        wait_for(lambda: len(server.workers()) == HUNG_WORKERS, 'all workers')
        client = pace(stage, server, HUNG_RATE, 64, HUNG_FOR, HUNG_PATIENCE)
        time.sleep(0.5)
        victim = server.workers()[0]
        os.kill(victim, signal.SIGSTOP)
        result = json.loads(client.communicate()[0])
        if processes.is_alive(victim):
            os.kill(victim, signal.SIGCONT)
    return {'lost': result['stuck'] + result['failed'], 'last': max(0.0, result['last_loss'] - 0.5) * 1e6,
            'p99': result['p99'], 'asked': result['requests'] + result['stuck'] + result['failed']}


def half(server, stage):
    with server.start(cache=True):
        before = cost.cpu(server.process.pid)
        said = pace(stage, server, stage.half_rate, 64, stage.seconds).communicate()[0]
        used = cost.cpu(server.process.pid) - before
    result = json.loads(said)
    if result['failed'] or result['stuck'] or not result['requests']:
        raise load.Broken(f'requests failed: {said}')
    return {'p50': result['p50'], 'p99': result['p99'], 'p999': result['p999'], 'cpu': used.total / result['requests'] * 1e6}


def rest(server, stage):
    with server.start(cache=True):
        return {'worker': cost.pss(server.workers()[:1]), 'all': cost.pss(server.pids())}


def begin(server, stage):
    """Start to serving, and for colmeia from the making of a worker's process to its Ready."""
    with server.start(cache=True, workers=2, free=True):
        measured = {'serving': server.started * 1e6}
        if server.name == 'colmeia':
            with Connection(server.control()) as control:
                known = {one['pid'] for one in json.loads(control.get('/workers').body)['workers']}
                server.process.send_signal(signal.SIGTTIN)

                def ready():
                    found = json.loads(control.get('/workers').body)['workers']
                    return next((one for one in found if one['pid'] not in known and one['state'] == 'ready'), None)
                until = time.monotonic() + peers.PATIENCE
                while not (one := ready()):
                    if time.monotonic() > until:
                        raise load.Broken('a further worker does not become ready')
                    time.sleep(0.001)
                measured['ready'] = one['uptime_ms'] * 1000
    return measured


def spread(server, stage):
    measured = {}
    for way in ('single', 'burst'):
        with server.start(cache=True, workers=SPREAD_WORKERS, free=True):
            wait_for(lambda: len(server.workers()) == SPREAD_WORKERS, 'all workers')
            time.sleep(0.2)
            wasted = wasted_accepts(server)
            sockets = []
            for _ in range(SPREAD):
                client = socket.socket()
                client.setblocking(way == 'single')
                client.connect_ex(('127.0.0.1', server.port))
                sockets.append(client)
                if way == 'single':
                    time.sleep(SPREAD_PAUSE)
            wait_for(lambda: sum(established(server).values()) == SPREAD, f'{SPREAD} connections to be accepted')
            shares = sorted(established(server).values())
            time.sleep(0.05)
            measured[f'{way}_spread'] = shares[-1] / shares[0] if shares[0] else float('inf')
            if wasted is not None:
                measured[f'{way}_wasted'] = (wasted_accepts(server) - wasted) / SPREAD
            for client in sockets:
                client.close()
    return measured


def wasted_accepts(server):
    """How often colmeia's workers woke for a connection that another had taken; None for others, who do not count it."""
    if server.name != 'colmeia':
        return None
    with Connection(server.control()) as control:
        workers = json.loads(control.get('/workers').body)['workers']
    return sum(one['counts']['wasted_accepts'] for one in workers)


SCENES = (
    Scene('half', 'latency at half the rate of the slower of nginx and colmeia', half, 5, 1.6,
          (('p50', 'p50', 'us'), ('p99', 'p99', 'us'), ('p999', 'p99.9', 'us'), ('cpu', 'CPU per request', 'us'))),
    Scene('idle', f'{IDLE} idle connections', idle, 3, 4.0,
          (('bytes', 'memory for each', 'bytes'), ('cpu', 'CPU per request beside them', 'us'),
           ('p99', 'p99 beside them', 'us'))),
    Scene('slow', f'{SLOW} slow readers of 1 MiB', slow, 3, 1.6,
          (('cpu', 'CPU per request beside them', 'us'), ('p99', 'p99 beside them', 'us'), ('memory', 'memory', 'bytes'))),
    Scene('reload', f'a reload each {RELOAD_EVERY:g} s', reload, 3, 3.6,
          (('reloads', 'reloads', 'count'), ('failed', 'requests lost', 'count'), ('cpu', 'CPU per request, reloads included', 'us'),
           ('p99', 'p99', 'us'), ('most', 'longest', 'us')), ('colmeia', 'nginx')),
    Scene('hung', f'one of {HUNG_WORKERS} workers hangs, clients give up after {HUNG_PATIENCE / 1000:g} s', hung, 2, 7.0,
          (('asked', 'requests', 'count'), ('lost', 'requests lost', 'count'), ('last', 'last one lost after', 'us'),
           ('p99', 'p99', 'us')), ('colmeia', 'nginx')),
    Scene('rest', 'at rest', rest, 1, 0.3, (('worker', "a worker's memory", 'bytes'), ('all', 'with its master', 'bytes'))),
    Scene('start', 'start, two workers', begin, 5, 0.4,
          (('serving', 'until the first response', 'us'), ('ready', 'of these, from spawn to Ready', 'us'))),
    Scene('spread', f'{SPREAD} connections on {SPREAD_WORKERS} workers', spread, 5, 1.5,
          (('single_spread', 'one by one: most / fewest', 'ratio'), ('single_wasted', 'one by one: wasted wake-ups for each', 'ratio'),
           ('burst_spread', 'burst: most / fewest', 'ratio'), ('burst_wasted', 'burst: wasted wake-ups for each', 'ratio')),
          ('colmeia', 'nginx')),
)

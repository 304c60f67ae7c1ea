"""How the cost grows as the work grows: one axis of work each, measured at several points, nginx beside colmeia.

An axis is data: its points, what is done at one point, and which measures come of it. What is asked for is flat or logarithmic growth where nginx
has that: `steepness` compares how much each grew from the first point to the last.
"""

import pathlib
import random
import signal
import time
from dataclasses import dataclass
from typing import Callable

import cost
import load
import peers
import rows
import scenes
from support.http_client import Connection
from support.waiting import wait_for

BOTH = ('colmeia', 'nginx')
HASHES = 'server_names_hash_max_size 65536; server_names_hash_bucket_size 128;'
FEW = 100                   # connections, from which on their memory can be told
MANY = 'many'               # folder of the tree with the files of the axis `files`
PER_FOLDER = 1000
CACHED_FILES = 10000        # places in open_file_cache: peers.CACHE
CONTROL_ASKS = 20
LINE = '        location /l{number}/ {{ root {tree}; index index.html; etag on; }}\n'


@dataclass(frozen=True)
class Axis:
    name: str
    title: str
    along: str                  # what the points count
    points: tuple
    act: Callable               # (server, point, stage) -> {measure: value}
    measures: tuple             # (key, title, unit); the first ones are drawn
    drawn: int = 1              # how many of them
    servers: tuple = BOTH
    quick: tuple = ()           # points of a quick run


def children(pid):
    """The children of a process, without a look at every other one."""
    return pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text(encoding='ascii').split()


def replaced(server, workers):
    """Sends HUP and waits until none of the old workers is left and as many new ones are there: seconds."""
    master = server.process.pid
    old = set(children(master))
    begun = time.monotonic()
    server.process.send_signal(signal.SIGHUP)
    while True:
        now = set(children(master))
        if not now & old and len(now) == workers:
            return time.monotonic() - begun
        if time.monotonic() - begun > peers.PATIENCE:
            raise load.Broken('the old workers do not leave after a reload')
        time.sleep(0.001)


def loaded(server, stage, **changes):
    """wrk's row of 1 KiB files, with these changes: what load.measure gives."""
    fields = {**vars(scenes.ROW), **changes}
    return load.measure(server, rows.Row(**fields), stage.seconds)


# -- axes

def active(server, count, stage):
    with server.start(cache=True):
        measured = loaded(server, stage, connections=count)
    return {'cpu': measured['cpu'], 'p99': measured['p99'], 'memory': measured['memory']}


def idle(server, count, stage):
    with server.start(cache=True):
        with Connection(('127.0.0.1', server.port)) as first:
            first.get('/1k.html')
        before = cost.pss(server.pids())
        sockets = scenes.crowd(server.port, count)
        each = (cost.pss(server.pids()) - before) / count
        measured = loaded(server, stage)
        for client in sockets:
            client.close()
    # A page more or less is all that a few connections show.
    return {'cpu': measured['cpu'], 'each': each if count >= FEW else None}


def server_blocks(count):
    return lambda server: HASHES + ''.join(
        f'server {{ listen 127.0.0.1:{server.port}; server_name host{number}.example.org; root {server.tree}; }}\n'
        for number in range(count))


def names(server, count, stage):
    with server.start(cache=True, http=server_blocks(count)):
        measured = loaded(server, stage, headers=(('Host', f'host{count // 2}.example.org'),))
        reload = replaced(server, 1)
        started = server.started
    return {'cpu': measured['cpu'], 'memory': measured['memory'], 'start': started * 1e6, 'reload': reload * 1e6}


def prefixes(server, count, stage):
    blocks = ''.join(f'location /folder{number}/ {{ }}\n' for number in range(count - 1))
    with server.start(cache=True, server=blocks + 'location /1k.html { }'):
        return {'cpu': loaded(server, stage)['cpu']}


def regexes(server, count, stage):
    """None of them matches, so each is tried for each request: linear in nginx, too."""
    blocks = ''.join(f'location ~ ^/never{number}/.*\\.php$ {{ }}\n' for number in range(count))
    with server.start(cache=True, server=blocks):
        return {'cpu': loaded(server, stage)['cpu']}


def plant(tree, count):
    """Makes sure that the tree holds so many files of 1 KiB."""
    for number in range(count):
        folder = tree / MANY / str(number // PER_FOLDER)
        if number % PER_FOLDER == 0:
            folder.mkdir(parents=True, exist_ok=True)
            for place in (folder.parent, folder):
                place.chmod(0o755)
        path = folder / f'{number}.html'
        if not path.exists():
            path.write_bytes(b'x' * 1024)
            path.chmod(0o644)


def files(server, count, stage):
    plant(server.tree, count)
    measured = {}
    for kind in ('cached', 'fresh'):
        with server.start(cache=kind == 'cached'):
            touch(server, count)
            one = loaded(server, stage, script=f'files {count}')
            measured[kind] = one['cpu']
            measured[f'{kind}_memory'] = one['memory']
    return measured


def touch(server, count):
    """Warms up: every file once, as far as the cache has places."""
    chosen = range(count) if count <= CACHED_FILES else random.Random(1).sample(range(count), CACHED_FILES)
    with Connection(('127.0.0.1', server.port)) as connection:
        asked = list(chosen)
        for first in range(0, len(asked), 100):
            part = asked[first:first + 100]
            connection.send(b''.join(f'GET /{MANY}/{number // PER_FOLDER}/{number}.html HTTP/1.1\r\nHost: x\r\n\r\n'.encode()
                                     for number in part))
            for _ in part:
                connection.response()


def workers(server, count, stage):
    with server.start(cache=True, workers=count, free=True, connections=1024):
        wait_for(lambda: len(children(server.process.pid)) == count, f'{count} workers', peers.PATIENCE)
        measured = {'start': server.started * 1e6, 'memory': cost.pss(server.pids()), 'reload': replaced(server, count) * 1e6}
        if server.name == 'colmeia':
            took = []
            with Connection(server.control()) as control:
                for _ in range(CONTROL_ASKS):
                    begun = time.monotonic()
                    control.get('/status')
                    took.append(time.monotonic() - begun)
            measured['control'] = sorted(took)[len(took) // 2] * 1e6
    return measured


def configuration(server, size, stage):
    """Locations in server blocks of a hundred, until the text is so large."""
    line = LINE.format(number=100000, tree=server.tree)

    def text(server):
        count = max(1, size // len(line))
        blocks = []
        for first in range(0, count, 100):
            lines = ''.join(LINE.format(number=number, tree=server.tree) for number in range(first, min(first + 100, count)))
            blocks.append(f'    server {{ listen 127.0.0.1:{server.port}; server_name host{first}.example.org;\n{lines}    }}\n')
        return HASHES + ''.join(blocks)
    with server.start(cache=True, http=text):
        started = server.started
        reload = replaced(server, 1)
        memory = cost.pss(server.pids())
    return {'start': started * 1e6, 'reload': reload * 1e6, 'memory': memory}


def heads(server, count, stage):
    fields = list(rows.BROWSER[:max(0, min(len(rows.BROWSER), count - 1))])  # Host is the first field
    fields += [(f'X-Field-{number}', 'a value of a usual length') for number in range(len(fields) + 1, count)]
    with server.start(cache=True):
        return {'cpu': loaded(server, stage, headers=tuple(fields))['cpu']}


CPU = ('cpu', 'CPU per request', 'us')
MEMORY = ('memory', 'memory', 'bytes')
START = ('start', 'start to the first response', 'us')
RELOAD = ('reload', 'reload, until the old workers are gone', 'us')

AXES = (
    Axis('active', 'active connections', 'connections', (10, 100, 1000, 10000), active,
         (CPU, ('p99', 'p99', 'us'), MEMORY), servers=('limit', *BOTH, 'h2o', 'lighttpd'), quick=(10, 1000)),
    Axis('idle', 'idle connections beside 64 active ones', 'connections', (10, 100, 1000, 10000), idle,
         (CPU, ('each', 'memory for each', 'bytes')), quick=(10, 1000)),
    Axis('names', 'server blocks, one name each', 'names', (1, 10, 100, 1000, 10000), names, (CPU, RELOAD, START, MEMORY), 2,
         quick=(1, 100)),
    Axis('prefixes', 'prefix locations', 'locations', (1, 10, 100, 1000), prefixes, (CPU,), quick=(1, 100)),
    Axis('regexes', 'regex locations, none of which matches', 'locations', (1, 10, 100, 1000), regexes, (CPU,), quick=(1, 100)),
    Axis('files', f'distinct files, asked for at random; open_file_cache has {CACHED_FILES} places', 'files',
         (1, 100, 1000, 10000, 100000), files,
         (('cached', 'CPU per request, open_file_cache', 'us'), ('fresh', 'CPU per request, without it', 'us'),
          ('cached_memory', 'memory, open_file_cache', 'bytes'), ('fresh_memory', 'memory, without it', 'bytes')), 2,
         quick=(1, 1000)),
    Axis('workers', 'workers', 'workers', (1, 4, 16, 64), workers,
         (START, RELOAD, MEMORY, ('control', 'the control socket\'s answer', 'us')), 4, quick=(1, 4)),
    Axis('configuration', 'size of the configuration', 'bytes', (1 << 10, 10 << 10, 100 << 10, 1 << 20, 10 << 20), configuration,
         (START, RELOAD, MEMORY), 2, quick=(1 << 10, 100 << 10)),
    Axis('heads', 'fields in the request head', 'fields', (5, 10, 20, 50, 100), heads, (CPU,), quick=(5, 100)),
)


def measure(servers, axes, rounds, stage, take, rotated, quick):
    """{axis name: {label: {point: [round or None...]}}}."""
    measured = {}
    for number in range(rounds):
        for axis in axes:
            chosen = [server for server in servers if server.name in axis.servers]
            for point in axis.quick if quick else axis.points:
                for server in rotated(chosen, number):
                    one = take(f'round {number + 1}, {axis.title}, {point}', server.label,
                               lambda: axis.act(server, point, stage))
                    measured.setdefault(axis.name, {}).setdefault(server.label, {}).setdefault(point, []).append(one)
    return measured


def steps(servers, axes, quick):
    return sum(len(axis.quick if quick else axis.points) * sum(1 for server in servers if server.name in axis.servers)
               for axis in axes)

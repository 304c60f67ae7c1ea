"""How many instructions a warm request takes in user space, counted by callgrind: repeatable where times are not.

The release binary runs as one process (`master_process off`) under valgrind and is asked N and then, in a fresh process, 2 N
times; the difference divided by N is the cost of one request, without start-up and without the first one. The kernel's part is not counted.
"""

import pathlib
import re
import subprocess

import peers
import rows
import table
from support.http_client import Connection

REQUESTS = 2000
BATCH = 16      # pipelined requests that go out at once
COLLECTED = re.compile(r'Collected\s*: (\d+)')
ROWS = ('1k', 'defaults', 'log', 'browser', 'pipelined', '404', '100k', 'close')
ONE_PROCESS = 'master_process off;'


def ask(port, row, count):
    """`count` warm requests on one connection (or one for each, where the row closes), each answered before the next."""
    head = ''.join(f'{name}: {value}\r\n' for name, value in row.headers)
    request = f'GET {row.path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n'.encode()
    closes = row.settings.get('close', False)
    connection = None
    batch = BATCH if row.pipelined > 1 else 1
    for _ in range(count // batch):
        if connection is None:
            connection = Connection(('127.0.0.1', port), timeout=60.0)
        connection.send(request * batch)
        for _ in range(batch):
            answer = connection.response()
            assert answer.status == row.status, answer
        if closes:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()


def count(server, row, requests, folder, preloaded):
    """Instructions of a whole life with so many requests."""
    server.under = ['valgrind', '--tool=callgrind', '--vgdb=no',
                    f'--callgrind-out-file={folder}/{server.label}-{row.name}.out']
    if server.name == 'colmeia':  # it starts a child, to compile its configuration: see self.c
        server.variables = {'LD_PRELOAD': preloaded, 'BENCH_PROGRAM': server.program.path}
    try:
        with server.start(**{**row.settings, 'main': ONE_PROCESS, 'free': True, 'stays': True}):
            ask(server.port, row, requests)
            server.process.terminate()
            server.process.wait(peers.PATIENCE)
            said = (server.prefix / 'said').read_text(encoding='utf-8', errors='replace')
    finally:
        server.under, server.variables = [], {}
    found = COLLECTED.search(said)
    if not found:
        raise RuntimeError(f'callgrind counted nothing: {said[-2000:]}')
    return int(found.group(1))


def measure(servers, wanted, folder, preloaded, progress):
    """{row name: {label: instructions per request}}."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for row in wanted:
        for server in servers:
            progress.show(f'{row.title}: {server.label}')
            once = count(server, row, REQUESTS, folder, preloaded)
            twice = count(server, row, 2 * REQUESTS, folder, preloaded)
            found.setdefault(row.name, {})[server.label] = (twice - once) / REQUESTS
            progress.step()
    return found


def report(wanted, labels, found):
    return table.markdown(('instructions per warm request, user space', *labels),
                          [(row.title, *(f'{found[row.name][label]:.0f}' for label in labels)) for row in wanted], left=1)


def choose(names):
    """The rows to count: those named, of those that can be."""
    return [row for row in rows.ROWS if row.name in (names or ROWS) and row.name in ROWS]


def hint(folder):
    return f'functions by cost: callgrind_annotate --inclusive=yes {pathlib.Path(folder)}/colmeia-1k.out | less'


def missing():
    """Why it cannot be counted here; '' where it can."""
    try:
        subprocess.run(['valgrind', '--version'], capture_output=True, check=True)
        return ''
    except (OSError, subprocess.CalledProcessError):
        return 'valgrind is missing: apt-get install valgrind'

"""Large files that are on the disk and not in memory: with `aio threads` a thread reads them, and the loop sends them."""

import ctypes
import gzip
import mmap
import os
import shutil
import subprocess
from signal import SIGQUIT

import pytest

SIZE = 4_000_000
BYTES = bytes(range(251)) * (SIZE // 251 + 1)
BYTES = BYTES[:SIZE]
SITE = """
    worker_processes 1; {main} thread_pool few threads=2;
    http {{ types {{ text/html html; }} root html; access_log logs/access.log;
      server {{ listen 127.0.0.1:%%PORT%%; {server}
        location / {{ aio threads; sendfile on; }}
        location /few/ {{ alias html/; aio threads=few; sendfile on; }}
        location /read/ {{ alias html/; aio threads; }}
        location /gzip/ {{ alias html/; aio threads; sendfile on; gzip on; gzip_types *; }}
        location /around/ {{ alias html/; aio threads; addition_types *; add_after_body /small.bin; }}
        location /nopool/ {{ alias html/; aio threads=none$server_port; }}
        location /off/ {{ alias html/; aio off; sendfile on; }}
        location /on/ {{ alias html/; aio on; sendfile on; }} }} }}
    """
FILES = {'html/big.bin': BYTES, 'html/small.bin': b'small'}


def site(main='', server=''):
    return SITE.format(main=main, server=server)


LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
LIBC.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def resident(file):
    """How many pages of the file are in memory; asking reads none."""
    size = os.fstat(file).st_size
    memory = LIBC.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, file, 0)
    pages = ctypes.create_string_buffer(-(-size // mmap.PAGESIZE))
    LIBC.mincore(memory, size, pages)
    LIBC.munmap(memory, size)
    return sum(page & 1 for page in pages.raw)


def chill(server, name='html/big.bin'):
    """Takes the file out of the system's memory, where the file system of this machine lets us and tells."""
    with open(f'{server.prefix}/{name}', 'rb') as file:
        os.fsync(file.fileno())
        try:
            os.preadv(file.fileno(), [bytearray(1)], 0, os.RWF_NOWAIT)
        except BlockingIOError:
            pass
        except OSError:
            pytest.skip('this file system cannot read without waiting')
        for _ in range(1000):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            if resident(file.fileno()) == 0:
                return
        pytest.skip('this file system cannot be made to forget')


def threads(server):
    (worker,) = server.workers()
    return len(os.listdir(f'/proc/{worker}/task'))


@pytest.mark.parametrize('path', ['/big.bin', '/few/big.bin', '/read/big.bin'])
def test_a_thread_reads_what_is_cold(hive, path):
    server = hive(site(), files=FILES)
    alone = threads(server)
    for _ in range(20):
        chill(server)
        assert server.get(path).body == BYTES
        if threads(server) > alone:
            break
    else:
        pytest.skip('this disk is quicker than the question')

    assert threads(server) <= alone + 2


@pytest.mark.parametrize('path', ['/big.bin', '/read/big.bin', '/small.bin'])
def test_what_is_warm_needs_no_thread(hive, path):
    server = hive(site(), files=FILES)
    chill(server)
    with open(f'{server.prefix}/html/big.bin', 'rb') as file:
        file.read()
    alone = threads(server)

    assert server.get(path).body == FILES['html' + path.replace('/read', '')]

    assert threads(server) == alone


@pytest.mark.parametrize('path', ['/off/big.bin', '/on/big.bin'])
def test_without_it_the_loop_reads(hive, path):
    server = hive(site(), files=FILES)
    alone = threads(server)
    chill(server)

    assert server.get(path).body == BYTES

    assert threads(server) == alone


def test_the_head_is_that_of_a_file(hive):
    server = hive(site(), files=FILES)
    chill(server)
    with server.connect() as client:
        head = client.get('/big.bin', method='HEAD')
        whole = client.get('/big.bin')
        part = client.get('/big.bin', {'Range': 'bytes=1000000-2999999'})
        parts = client.get('/big.bin', {'Range': 'bytes=0-0, 3999999-'})
        same = client.get('/big.bin', {'If-None-Match': whole.header('ETag')})

    for answer in (head, whole):
        assert (answer.header('Content-Length'), answer.header('Accept-Ranges')) == (str(SIZE), 'bytes')
        assert not answer.header('ETag').startswith('W/')
    assert (part.status, part.body) == (206, BYTES[1_000_000:3_000_000])
    assert parts.status == 206 and len(parts.body) == int(parts.header('Content-Length'))
    assert same.status == 304


def test_requests_behind_it_are_answered_in_their_order(hive):
    server = hive(site(), files=FILES)
    chill(server)
    with server.connect() as client:
        answers = client.pipeline([('GET', '/small.bin'), ('GET', '/big.bin'), ('GET', '/small.bin'), ('HEAD', '/big.bin'),
                                   ('GET', '/big.bin')])

    assert [len(answer.body) for answer in answers] == [5, SIZE, 5, 0, SIZE]
    assert answers[4].body == BYTES


def test_http_1_0_ends_with_the_connection(hive):
    server = hive(site(), files=FILES)
    chill(server)
    with server.connect() as client:
        client.request('GET', '/big.bin', version='HTTP/1.0')
        assert client.response().body == BYTES
        assert client.at_end()


def test_it_is_compressed_and_added_to(hive):
    server = hive(site(), files=FILES)
    chill(server)
    coded = server.get('/gzip/big.bin', {'Accept-Encoding': 'gzip'})
    chill(server)
    around = server.get('/around/big.bin')

    assert gzip.decompress(coded.body) == BYTES
    assert around.body == BYTES + b'small'


def test_many_clients_share_the_threads(hive):
    names = [f'{number}.bin' for number in range(8)]
    server = hive(site(), files={f'html/{name}': BYTES[number:] for number, name in enumerate(names)} | FILES)
    for name in names:
        chill(server, f'html/{name}')
    clients = [server.connect() for _ in names]
    for client, name in zip(clients, names):
        client.request('GET', f'/few/{name}')

    assert server.get('/small.bin').body == b'small'

    for number, client in enumerate(clients):
        assert client.response().body == BYTES[number:]
        client.close()
    assert threads(server) <= 3


def test_clients_that_leave_cost_nothing(hive):
    server = hive(site(), files=FILES)
    for leave in ('close', 'reset') * 10:
        chill(server)
        client = server.connect()
        client.request('GET', '/few/big.bin')
        getattr(client, leave)()

    assert server.get('/few/big.bin').body == BYTES
    assert not server.reports()
    server.wait_for_access(21)


def test_quit_sends_all_of_it(hive):
    server = hive(site(), files=FILES)
    chill(server)
    with server.connect() as client:
        client.request('GET', '/big.bin')
        head = client.socket.recv(10)
        server.signal(SIGQUIT)
        assert len(head + client.read_to_end()) > SIZE
    assert server.wait_exit() == 0


def test_a_pool_that_is_not_there_is_told_when_it_is_needed(hive):
    server = hive(site(), files=FILES)
    for _ in range(20):
        chill(server)
        with server.connect() as client:
            client.request('GET', '/nopool/big.bin', version='HTTP/1.0')
            if len(client.read_to_end()) < SIZE:
                break
    else:
        pytest.skip('this disk is quicker than the question')

    server.wait_for_error(rf'\[error\] .*thread pool "none{server.port}" not found, client: 127\.0\.0\.1')
    assert server.get('/nopool/small.bin').body == b'small'


@pytest.mark.skipif(shutil.which('strace') is None, reason='needs strace')
@pytest.mark.parametrize('path, looks', [('/small.bin', False), ('/off/big.bin', False), ('/off/small.bin', False),
                                         ('/big.bin', True)])
def test_what_it_costs_in_system_calls(hive, path, looks):
    server = hive(site(), files=FILES)
    if looks:
        chill(server)  # or this file system is none that can be asked
    assert server.get(path).status == 200
    (worker,) = server.workers()
    trace = f'{server.prefix}/trace'
    with subprocess.Popen(['strace', '-f', '-o', trace, '-p', str(worker)], stderr=subprocess.PIPE, text=True) as tracer:
        if 'attached' not in tracer.stderr.readline():
            pytest.skip('strace may not attach here')
        assert server.get(path).status == 200
        tracer.terminate()

    with open(trace, encoding='utf-8') as lines:
        calls = [line for line in lines if 'preadv2' in line]
    assert len(calls) == (2 * 8 if looks else 0), 'the ends of each of eight ranges'


@pytest.mark.parametrize('line, message', [
    ('aio threads=unknown;', 'unknown thread pool "unknown"'),
    ('aio sometimes;', 'expected off, on, threads or threads=POOL'),
])
def test_mistakes_are_told(prepare, line, message):
    result = prepare(site(server=line), files=FILES).run('-t')

    assert result.returncode == 1
    assert message in result.stderr

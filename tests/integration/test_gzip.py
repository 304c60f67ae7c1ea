"""Content codings: gzip, gunzip, files that were compressed before, and the memory of compressed files."""

import gzip
import json
import os
import re
import socket

import pytest

from support import processes
from support.control import ctl

TEXT = b''.join(b'line %d of a text\n' % number for number in range(4000))
GZIP = {'Accept-Encoding': 'gzip'}
SITE = """
    worker_processes 1;
    http { types { text/html html; text/plain txt; } default_type application/octet-stream; root html;
      log_format ratio '$request $status $body_bytes_sent $gzip_ratio'; access_log logs/access.log ratio;
      server { listen 127.0.0.1:%%PORT%%; gzip_vary on;
        location / { gzip on; gzip_types text/plain; }
        location /old/ { alias html/; gzip on; gzip_http_version 1.0; }
        location /static/ { alias html/; gzip_static on; }
        location /always/ { alias html/; gzip_static always; gunzip on; }
        location = /say { gzip on; default_type text/html; return 200 "a text that is long enough for gzip"; }
        location = /moved { gzip on; return 301 /x; }
        location = /no { gzip on; return 403; } } }
    """
FILES = {'html/a.txt': TEXT, 'html/a.html': TEXT, 'html/a.txt.gz': gzip.compress(TEXT), 'html/small.html': 'x' * 19,
         'html/only.txt.gz': gzip.compress(TEXT), 'html/broken.txt.gz': b'this is no gzip',
         'html/cut.txt.gz': gzip.compress(os.urandom(200_000))[:100_000]}


def facts(response):
    """What the head says of the coding, in short."""
    etag = response.header('ETag')
    said = {'type': response.header('Content-Type'), 'coding': response.header('Content-Encoding'),
            'vary': response.header('Vary'), 'tag': etag and ('weak' if etag.startswith('W/') else 'strong'),
            'length': response.header('Content-Length') is not None,
            'chunked': response.header('Transfer-Encoding') == 'chunked', 'ranges': response.header('Accept-Ranges')}
    return ' '.join(f'{key}={value}' if value is not True else key for key, value in said.items() if value)


# As Debian's nginx 1.22 answers the same requests.
@pytest.mark.parametrize('method, path, fields, status, said', [
    ('GET', '/a.txt', GZIP, 200, 'type=text/plain coding=gzip vary=Accept-Encoding tag=weak chunked'),
    ('HEAD', '/a.txt', GZIP, 200, 'type=text/plain coding=gzip vary=Accept-Encoding tag=weak'),
    ('GET', '/a.txt', {}, 200, 'type=text/plain vary=Accept-Encoding tag=strong length ranges=bytes'),
    ('GET', '/small.html', GZIP, 200, 'type=text/html tag=strong length ranges=bytes'),
    ('GET', '/missing', GZIP, 404, 'type=text/html coding=gzip vary=Accept-Encoding chunked'),
    ('GET', '/no', GZIP, 403, 'type=text/html coding=gzip vary=Accept-Encoding chunked'),
    ('GET', '/moved', GZIP, 301, 'type=text/html length'),
    ('GET', '/say', GZIP, 200, 'type=text/html coding=gzip vary=Accept-Encoding chunked'),
    ('GET', '/a.txt', GZIP | {'Range': 'bytes=0-9'}, 200,
     'type=text/plain coding=gzip vary=Accept-Encoding tag=weak chunked'),
    ('GET', '/a.txt', GZIP | {'Via': '1.1 proxy'}, 200,
     'type=text/plain vary=Accept-Encoding tag=strong length ranges=bytes'),
    ('GET', '/static/a.txt', GZIP, 200, 'type=text/plain coding=gzip vary=Accept-Encoding tag=strong length'),
    ('HEAD', '/static/a.txt', GZIP, 200, 'type=text/plain coding=gzip vary=Accept-Encoding tag=strong length'),
    ('GET', '/static/a.txt', GZIP | {'Range': 'bytes=0-9'}, 200,
     'type=text/plain coding=gzip vary=Accept-Encoding tag=strong length'),
    ('GET', '/static/a.txt', {}, 200, 'type=text/plain vary=Accept-Encoding tag=strong length ranges=bytes'),
    ('GET', '/static/only.txt', {}, 404, 'type=text/html vary=Accept-Encoding length'),
    ('GET', '/always/a.txt', {}, 200, 'type=text/plain vary=Accept-Encoding tag=weak chunked'),
    ('HEAD', '/always/a.txt', {}, 200, 'type=text/plain vary=Accept-Encoding tag=weak'),
    ('GET', '/always/a.txt', GZIP, 200, 'type=text/plain coding=gzip vary=Accept-Encoding tag=strong length'),
    ('POST', '/always/only.txt', {}, 404, 'type=text/html length'),
])
def test_heads_are_nginxs(hive, method, path, fields, status, said):
    server = hive(SITE, files=FILES)

    response = server.get(path, fields, method=method)

    assert (response.status, facts(response)) == (status, said)
    if method == 'GET' and path.endswith('a.txt'):
        body = gzip.decompress(response.body) if response.header('Content-Encoding') else response.body
        assert body == TEXT


def test_a_client_of_http_1_0_gets_bytes_to_the_end_of_the_connection(hive):
    server = hive(SITE, files=FILES)

    for path, coding in (('/old/a.html', 'gzip'), ('/always/a.txt', None)):
        with server.connect() as client:
            client.request('GET', path, GZIP if coding else {}, version='HTTP/1.0')
            response = client.response()
            assert (response.header('Transfer-Encoding'), response.header('Content-Length')) == (None, None)
            assert response.header('Connection') == 'close'
            assert response.header('Content-Encoding') == coding
            assert (gzip.decompress(response.body) if coding else response.body) == TEXT
    assert server.get('/a.html').status == 200


def test_responses_in_a_row_on_one_connection(hive):
    server = hive(SITE, files=FILES)

    with server.connect() as client:
        answers = client.pipeline([('GET', '/a.txt', GZIP), ('HEAD', '/a.txt', GZIP), ('GET', '/a.txt'),
                                   ('GET', '/always/a.txt'), ('GET', '/say', GZIP)])

    assert [len(answer.body) > 0 for answer in answers] == [True, False, True, True, True]
    assert gzip.decompress(answers[0].body) == answers[2].body == answers[3].body == TEXT


def test_the_ratio_is_in_the_access_log(hive):
    server = hive(SITE, files=FILES)

    server.get('/a.txt', GZIP)
    server.get('/a.txt')

    first, second = server.wait_for_access(2)
    assert re.fullmatch(r'GET /a.txt HTTP/1.1 200 \d+ \d+\.\d\d', first)
    assert second.endswith(f'200 {len(TEXT)} -')


@pytest.mark.parametrize('name', ['broken', 'cut'])
def test_a_damaged_file_ends_the_connection_and_costs_one_line(hive, name):
    server = hive(SITE, files=FILES)

    with server.connect() as client:
        client.request('GET', f'/always/{name}.txt')
        with pytest.raises(EOFError):
            client.response()

    server.wait_for_error(r'\[alert\] .* inflate\(\) failed after \d+ bytes of the response')
    assert server.error_log.count('inflate()') == 1
    assert server.get(f'/always/{name}.txt', GZIP).body == FILES[f'html/{name}.txt.gz']


def test_a_file_that_shrinks_ends_the_connection(hive):
    server = hive(SITE, files={'html/large.txt': os.urandom(20_000_000)})

    with server.connect() as client:
        client.request('GET', '/large.txt', GZIP)
        client.socket.recv(1000)
        os.truncate(server.prefix / 'html/large.txt', 1000)
        client.read_to_end()

    server.wait_for_error(r'\[alert\] .* file became shorter while it was sent')
    assert server.error_log.count('became shorter') == 1


def test_a_slow_client_keeps_memory_flat(hive):
    server = hive(SITE, files={'html/big.txt': ''})
    with open(server.prefix / 'html/big.txt', 'wb') as file:
        noise = os.urandom(1 << 20)
        for _ in range(64):
            file.write(noise)
        os.truncate(file.fileno(), 1 << 30)
    pid, = server.workers()
    server.get('/a')
    before = int(processes.status(pid)['VmRSS'].split()[0])

    clients = [server.connect() for _ in range(8)]
    for client in clients:
        if client is not clients[7]:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.request('GET', '/big.txt', GZIP)
        client.socket.recv(1000)
    for client in clients[:4]:
        client.reset()
    for _ in range(200):
        assert clients[7].socket.recv(65536)
    after = int(processes.status(pid)['VmRSS'].split()[0])
    for client in clients[4:]:
        client.close()

    assert after - before < 24 * 1024, 'kilobytes for eight clients'
    assert server.get('/say').status == 200


def test_compressed_files_are_kept_and_counted(hive):
    server = hive(SITE, files=FILES)
    os.utime(server.prefix / 'html/a.txt', (1_000_000_000, 1_000_000_000))

    def totals():
        return json.loads(ctl(server, 'status', '--json').stdout)['totals']

    def is_kept():
        return server.get('/a.txt', GZIP).header('Content-Length') is not None

    server.wait_for(is_kept, 'the file in memory')
    with server.connect() as client:
        kept = client.get('/a.txt', GZIP)
        head = client.get('/a.txt', GZIP, method='HEAD')
    assert gzip.decompress(kept.body) == TEXT
    assert facts(kept) == facts(head) == ('type=text/plain coding=gzip vary=Accept-Encoding tag=weak length')
    assert kept.header('Content-Length') == head.header('Content-Length') == str(len(kept.body))
    server.wait_for(lambda: totals()['gzip_cache_hits'] >= 2, 'two hits')
    assert totals()['gzip_cache_misses'] >= 2

    server.write('html/a.txt', b'changed' * 100)
    assert gzip.decompress(server.get('/a.txt', GZIP).body) == b'changed' * 100


def test_a_large_file_is_kept_without_holding_the_loop(hive):
    server = hive(SITE, files={'html/large.txt': TEXT * 20})

    server.wait_for(lambda: server.get('/large.txt', GZIP).header('Content-Length') is not None, 'the file in memory')

    assert gzip.decompress(server.get('/large.txt', GZIP).body) == TEXT * 20


def test_no_memory_for_compressed_files_where_there_is_to_be_none(hive):
    server = hive(SITE.replace('root html;', 'root html; gzip_cache 0;'), files=FILES)

    for _ in range(5):
        assert server.get('/a.txt', GZIP).header('Content-Length') is None

"""Range: parts of files."""

import os
import time

import pytest

SITE = """
    http { default_type text/plain; server { listen 127.0.0.1:%%PORT%%; root html;
           location /one/ { max_ranges 1; } location /off/ { max_ranges 0; } } }
    """
CONTENT = os.urandom(200_000)
FILES = {'html/small': '0123456789', 'html/large': CONTENT, 'html/one/a': '0123456789', 'html/off/a': '0123456789'}


@pytest.mark.parametrize('value, first, last', [('0-0', 0, 0), ('100-65535', 100, 65535), ('199999-', 199999, 199999),
                                                ('-5', 199995, 199999), ('5-999999999', 5, 199999)])
def test_one_part(hive, value, first, last):
    server = hive(SITE, files=FILES)

    response = server.get('/large', {'Range': f'bytes={value}'})

    assert response.status == 206
    assert response.body == CONTENT[first:last + 1]
    assert response.header('Content-Range') == f'bytes {first}-{last}/200000'
    assert response.header('Content-Length') == str(last - first + 1)


@pytest.mark.parametrize('name, content', [('small', b'0123456789'), ('large', CONTENT)])
def test_several_parts(hive, name, content):
    server = hive(SITE, files=FILES)

    response = server.get(f'/{name}', {'Range': 'bytes=1-2, 5-5, -3'})

    kind, boundary = response.header('Content-Type').split('; boundary=')
    assert (response.status, kind) == (206, 'multipart/byteranges')
    parts = response.body.split(b'\r\n--' + boundary.encode())
    assert (parts[0], parts[-1], len(parts)) == (b'', b'--\r\n', 5)
    size = len(content)
    for part, (first, last) in zip(parts[1:-1], [(1, 2), (5, 5), (size - 3, size - 1)]):
        head, _, body = part.partition(b'\r\n\r\n')
        assert head.decode() == f'\r\nContent-Type: text/plain\r\nContent-Range: bytes {first}-{last}/{size}'
        assert body == content[first:last + 1]


def test_what_cannot_be_satisfied_is_416(hive):
    server = hive(SITE, files=FILES)

    response = server.get('/small', {'Range': 'bytes=10-'})

    assert response.status == 416
    assert response.header('Content-Range') == 'bytes */10'
    assert response.header('Accept-Ranges') is None


def test_what_is_no_range_gets_the_whole(hive):
    server = hive(SITE, files=FILES)
    a_minute_ago = time.time() - 60  # within the second of a change its date tells too little for a part (RFC 9110 8.8.2.2)
    os.utime(server.prefix / 'html/small', (a_minute_ago, a_minute_ago))
    tag, date = (server.get('/small').header(name) for name in ('ETag', 'Last-Modified'))

    for headers in [{'Range': 'bees=0-1'}, {'Range': 'bytes=0-1', 'If-Range': '"other"'},
                    {'Range': 'bytes=0-1', 'If-Range': 'Sun, 06 Nov 1994 08:49:37 GMT'}]:
        response = server.get('/small', headers)
        assert (response.status, response.text, response.header('Accept-Ranges')) == (200, '0123456789', 'bytes')
    for validator in [tag, date]:
        assert server.get('/small', {'Range': 'bytes=0-1', 'If-Range': validator}).status == 206
    head = server.get('/small', {'Range': 'bytes=0-1'}, method='HEAD')
    assert (head.status, head.header('Content-Length')) == (200, '10')


def test_their_number_is_limited(hive):
    server = hive(SITE, files=FILES)

    assert server.get('/one/a', {'Range': 'bytes=0-1'}).status == 206
    assert server.get('/one/a', {'Range': 'bytes=0-1,4-5'}).status == 200
    assert server.get('/off/a', {'Range': 'bytes=0-1'}).status == 200
    assert server.get('/off/a').header('Accept-Ranges') is None

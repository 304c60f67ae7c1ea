"""What is a request and what is not: errors, bodies and their limits, hosts, and the answers' own fields."""

import re

import pytest

SITE = '''http { %s
    server { listen 127.0.0.1:%%%%PORT%%%%; root html; server_name first;
             location /say { return 200 "$request_uri\\n"; }
             location = /small { client_max_body_size 10; return 200 ok; }
             location = /gone { return 444; } }
    server { listen 127.0.0.1:%%%%PORT%%%%; server_name second; return 200 "second $host\\n"; } }'''
FILES = {'html/index.html': 'hello', 'html/dir/index.html': 'in a folder'}


def site(directives=''):
    return SITE % directives


BAD_REQUESTS = {
    'nonsense': (b'nonsense\r\n\r\n', 400),
    'no host': (b'GET / HTTP/1.1\r\n\r\n', 400),
    'two hosts': (b'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400),
    'no valid host': (b'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400),
    'a folded field': (b'GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n', 400),
    'a space before the colon': (b'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400),
    'no version': (b'GET /\r\n\r\n', 400),
    'a host of high bytes': (b'GET http://\xfc/ HTTP/1.1\r\nHost: a\r\n\r\n', 400),
    'a NUL': (b'GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n', 400),
    'above the root': (b'GET /../x HTTP/1.1\r\nHost: a\r\n\r\n', 400),
    'above the root, encoded': (b'GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\n\r\n', 400),
    'another version': (b'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505),
    'a long line': (b'GET /' + b'a' * 9000 + b' HTTP/1.1\r\nHost: a\r\n\r\n', 414),
    'a long field': (b'GET / HTTP/1.1\r\nHost: a\r\nX: ' + b'a' * 9000 + b'\r\n\r\n', 400),
    'both lengths': (b'POST /say HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400),
    'a signed length': (b'POST /say HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n', 400),
    'a broken chunk': (b'POST /say HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n', 400),
}


@pytest.mark.parametrize('request_bytes, status', BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_a_bad_request_gets_one_error_after_the_answers_before_it(hive, request_bytes, status):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.send(b'GET / HTTP/1.1\r\nHost: a\r\n\r\n' + request_bytes + b'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
        assert client.response().status == 200
        refused = client.response()
        assert (refused.status, refused.header('Connection')) == (status, 'close')
        assert client.at_end()

    assert server.get('/').status == 200


def test_a_refusal_is_explained_in_the_error_log(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.send('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n')
        assert client.response().status == 400

    server.wait_for_error(r'\[info\] \d+#\d+: \*\d+ client sent .* while reading client request headers, '
                          r'client: 127\.0\.0\.1, server: first, request: "GET / HTTP/1\.1"')


def test_a_request_byte_by_byte_is_a_request(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        for byte in b'GET /say?x=1 HTTP/1.1\r\nHost: a\r\n\r\n':
            client.send(bytes([byte]))

        assert client.response().text == '/say?x=1\n'


def test_the_host_chooses_the_server(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        assert client.get('/', {'Host': 'SECOND:8080'}).text == 'second second\n'
        assert client.get('http://second/x', {'Host': 'first'}).text == 'second second\n'
        assert client.get('/', {'Host': 'unknown'}).text == 'hello'


def test_an_answer_says_who_and_when(hive):
    server = hive(site('server_tokens off;'), files=FILES)

    response = server.get('/')

    assert response.header('Server') == 'colmeia'
    assert re.fullmatch(r'\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT', response.header('Date'))
    assert response.header('Content-Length') == '5'
    assert response.header('Accept-Ranges') == 'bytes'
    assert response.header('ETag') and response.header('Last-Modified')


def test_not_modified_has_neither_type_nor_length(hive):
    server = hive(site(), files=FILES)
    etag = server.get('/').header('ETag')

    response = server.get('/', {'If-None-Match': etag})

    assert (response.status, response.body) == (304, b'')
    assert (response.header('Content-Type'), response.header('Content-Length')) == (None, None)
    assert response.header('ETag') == etag


def test_folders_are_redirected_to_with_host_and_port(hive):
    server = hive(site(), files=FILES)

    response = server.get('/dir', {'Host': 'first'})

    assert response.status == 301
    assert response.header('Location') == f'http://first:{server.port}/dir/'


def test_bodies_are_read_and_dropped(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        assert client.get('/say', method='POST', body=b'x' * 300_000).status == 200
        client.send('POST /say HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
                    '3;a=b\r\nabc\r\n0\r\nTrailer: x\r\n\r\n')
        assert client.response().text == '/say\n'
        assert client.get('/').text == 'hello'


def test_bodies_beyond_client_max_body_size_get_413(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        assert client.get('/small', method='POST', body=b'x' * 10).status == 200
        refused = client.get('/small', method='POST', body=b'x' * 11)
        assert (refused.status, refused.header('Connection')) == (413, 'close')
        assert client.at_end()
    with server.connect() as client:
        client.send('POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n')
        client.send('6\r\nabcdef\r\n')
        assert client.response().status == 413
        assert client.at_end()
    with server.connect() as client:
        client.request('POST', '/small', {'Content-Length': str(2 ** 64 - 1)})
        assert client.response().status == 413


def test_a_large_refused_upload_still_gets_its_answer(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.request('POST', '/small', {'Content-Length': '3000000'})
        try:
            client.send(b'x' * 3_000_000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert client.response().status == 413


def test_expect_100_continue_is_answered_before_the_body(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.request('POST', '/say', {'Content-Length': '5', 'Expect': '100-continue'})
        assert client.response().status == 100
        client.send('abcde')
        assert client.response().status == 200
        assert client.get('/').status == 200


def test_expect_100_continue_is_not_answered_when_the_body_is_refused(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.request('POST', '/small', {'Content-Length': '50', 'Expect': '100-continue'})
        assert client.response().status == 413
        assert client.at_end()


def test_a_body_that_stops_ends_at_client_body_timeout(hive):
    server = hive(site('client_body_timeout 300ms;'), files=FILES)

    with server.connect() as client:
        client.send('POST /say HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na')
        assert client.at_end()

    assert '"POST /say HTTP/1.1" 408 0' in server.wait_for_access(1)[0]


def test_444_closes_without_a_word(hive):
    server = hive(site(), files=FILES)

    with server.connect() as client:
        client.request('GET', '/gone')
        assert client.at_end()

    assert '"GET /gone HTTP/1.1" 444 0' in server.wait_for_access(1)[0]


def test_high_bytes_of_a_target_are_sent_as_they_are(hive):
    server = hive(SITE % "log_format line '$request'; access_log logs/access.log line;",
                  files={**FILES, 'html/\u00fc.txt': 'umlaut'})

    with server.connect() as client:
        for target in ['/\u00fc.txt?q=\u00fc', '/%C3%BC.txt', '/\u00fc.txt#\u00e9']:
            client.send(f'GET {target} HTTP/1.1\r\nHost: a\r\n\r\n'.encode())
            assert client.response().text == 'umlaut'
        client.send(b'GET /say/\xff?\xe4 HTTP/1.1\r\nHost: a\r\n\r\n')
        assert client.response().body == b'/say/\xff?\xe4\n'

    lines = server.wait_for_access(4)
    assert lines[0] == r'GET /\xC3\xBC.txt?q=\xC3\xBC HTTP/1.1'


def test_path_and_arguments_end_at_a_number_sign(hive):
    server = hive("""http { server { listen 127.0.0.1:%%PORT%%; return 200 "$uri|$args|$request_uri"; } }""")

    with server.connect() as client:
        for target, answer in {'/a#b': '/a||/a#b', '/a?b#c?d': '/a|b|/a?b#c?d', '/a#b?c': '/a||/a#b?c',
                               '/a%23b': '/a#b||/a%23b', 'http://x/a?b#c': '/a|b|http://x/a?b#c'}.items():
            client.send(f'GET {target} HTTP/1.1\r\nHost: a\r\n\r\n')
            assert client.response().text == answer


def test_a_head_has_as_many_fields_as_allowed(hive):
    server = hive("""http { server { listen 127.0.0.1:%%PORT%%; max_headers 3; return 200 few; } }""")

    with server.connect() as client:
        client.send('GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n')
        assert client.response().text == 'few'
        client.send('GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n')
        assert client.response().status == 400
    server.wait_for_error('client sent too many header lines')


def test_a_thousand_fields_are_as_many_as_usual(hive):
    server = hive("""http { server { listen 127.0.0.1:%%PORT%%; return 200 $http_a; } }""")

    with server.connect() as client:
        client.send('GET / HTTP/1.1\r\nHost: a\r\n' + 'A: b\r\n' * 999 + '\r\n')
        assert client.response().text == ', '.join('b' * 999)

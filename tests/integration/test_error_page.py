"""error_page: what answers in place of an error."""

import pytest

SITE = """
    http { server { listen 127.0.0.1:%%PORT%%; root html;
           error_page 404 /404.html;
           error_page 500 502 /5xx.html;
           location /five { return 502; }
           location /changed { error_page 404 =200 /404.html; }
           location /taken { error_page 404 = /teapot; }
           location = /teapot { return 418 tea; }
           location /named { error_page 404 @named; }
           location @named { return 200 "named $uri"; }
           location /away { error_page 404 https://example.org/; }
           location /permanent { error_page 404 =301 https://example.org/; }
           location /twice { error_page 404 /none.html; }
           location /post { error_page 405 =200 /404.html; } } }
    """
FILES = {'html/404.html': '<p>not here', 'html/5xx.html': '<p>broken'}


@pytest.mark.parametrize('path, status, text', [
    ('/missing', 404, '<p>not here'),
    ('/five', 502, '<p>broken'),
    ('/changed', 200, '<p>not here'),
    ('/taken', 418, 'tea'),
    ('/404.html', 200, '<p>not here'),
])
def test_a_page_answers(hive, path, status, text):
    server = hive(SITE, files=FILES)

    response = server.get(path)

    assert (response.status, response.text) == (status, text)


def test_locations_and_addresses_answer(hive):
    server = hive(SITE, files=FILES)

    assert server.get('/named/x').text == 'named /named/x'
    assert (server.get('/away').status, server.get('/away').header('Location')) == (302, 'https://example.org/')
    assert (server.get('/permanent').status, server.get('/permanent').header('Location')) == (301, 'https://example.org/')
    assert '404 Not Found' in server.get('/twice').text
    assert server.get('/post', method='PUT').text == '<p>not here'
    assert server.get('/missing', method='HEAD').header('Content-Length') == '11'


def test_a_page_keeps_nothing_of_what_it_replaces_and_of_its_file(hive):
    server = hive(SITE, files=FILES)

    response = server.get('/missing')

    assert (response.status, response.header('Content-Type')) == (404, 'text/html')
    for name in ['Last-Modified', 'ETag', 'Accept-Ranges', 'Allow']:
        assert response.header(name) is None
    assert server.get('/missing', method='POST').text == '<p>not here'
    assert server.get('/post', method='PUT').header('Allow') is None


def test_a_returning_server_answers_before_its_own_pages(hive):
    server = hive("""
        http { server { listen 127.0.0.1:%%PORT%%; root html; error_page 404 /404.html; return 404; } }
        """, files=FILES)

    assert '404 Not Found' in server.get('/x').text


def test_the_page_of_an_error_knows_no_conditions(hive):
    server = hive(SITE, files=FILES)
    tag = server.get('/404.html').header('ETag')

    response = server.get('/missing', {'If-None-Match': tag, 'Range': 'bytes=0-1'})

    assert (response.status, response.text) == (404, '<p>not here')


REFUSED = """
    http { large_client_header_buffers 2 128; client_header_buffer_size 128; client_max_body_size 4;
           server { listen 127.0.0.1:%%PORT%%; root html;
           error_page 400 401 402 403 404 405 408 411 412 413 414 416 431 494 500 501 503 505 /page.html;
           location /takes { return 200 taken; }
           location = /inner { error_page 413 /inner.html; return 200 taken; }
           location /code/ { try_files /none =500; }
           location /named { error_page 412 416 @named; alias %%PREFIX%%/html/a; }
           location @named { return 200 "named"; } } }
    """
REFUSED_FILES = {'html/page.html': '<p>page', 'html/inner.html': '<p>inner', 'html/a': 'hello'}
CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n'


@pytest.mark.parametrize('text, status', [
    ('nonsense\r\n\r\n', 400),
    ('GET /a HTTP/1.1\r\n\r\n', 400),
    ('GET /../a HTTP/1.1\r\nHost: x\r\n\r\n', 400),
    ('TRACE /a HTTP/1.1\r\nHost: x\r\n\r\n', 405),
    ('CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', 405),
    ('PUT /a HTTP/1.1\r\nHost: x\r\n\r\n', 405),
    ('GET /a HTTP/1.1\r\nHost: x\r\nIf-Match: "y"\r\n\r\n', 412),
    ('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde', 413),
    (f'POST /takes HTTP/1.1\r\nHost: x\r\n{CHUNKED}5\r\nabcde\r\n0\r\n\r\n', 413),
    (f'GET /{"a" * 200} HTTP/1.1\r\nHost: x\r\n\r\n', 414),
    ('GET /a HTTP/1.1\r\nHost: x\r\nRange: bytes=9-\r\n\r\n', 416),
    (f'GET /a HTTP/1.1\r\nHost: x\r\nX: {"a" * 200}\r\n\r\n', 400),  # 494 of error_page, which is sent as 400
    ('GET /code/ HTTP/1.1\r\nHost: x\r\n\r\n', 500),
    ('POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: br, chunked\r\n\r\n', 501),
    ('GET /a HTTP/2.0\r\nHost: x\r\n\r\n', 505),
])
def test_every_status_of_the_server_may_have_a_page(hive, text, status):
    server = hive(REFUSED, files=REFUSED_FILES)

    with server.connect() as connection:
        connection.send(text)
        response = connection.response()

    assert (response.status, response.text) == (status, '<p>page')
    assert response.header('Content-Range') == ('bytes */5' if status == 416 else None)
    assert response.header('Allow') == ('GET, HEAD' if status == 405 else None)


def test_the_page_is_that_of_the_location(hive):
    server = hive(REFUSED, files=REFUSED_FILES)

    with server.connect() as connection:
        connection.send(f'POST /inner HTTP/1.1\r\nHost: x\r\n{CHUNKED}5\r\nabcde\r\n0\r\n\r\n')
        response = connection.response()

    assert (response.status, response.text) == (413, '<p>inner')
    for fields in [{'If-Match': '"y"'}, {'Range': 'bytes=9-'}]:
        assert server.get('/named', fields).text == 'named'

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

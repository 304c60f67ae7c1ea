"""Conditional requests: 304 and 412."""

import gzip
import os

SITE = """
    http { server { listen 127.0.0.1:%%PORT%%; root html; location /before/ { if_modified_since before; }
           location /off/ { if_modified_since off; } location /untagged/ { etag off; } } }
    """
FILES = {f'html/{name}a': 'hello' for name in ['', 'before/', 'off/', 'untagged/']}
DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'
TAG = '"2ebc98a1-5"'


def dated(server):
    for name in FILES:
        os.utime(server.prefix / name, (784111777, 784111777))
    return server


def test_a_good_copy_needs_no_body(hive):
    server = dated(hive(SITE, files=FILES))

    with server.connect() as connection:
        response = connection.get('/a', {'If-None-Match': f'"other", W/{TAG}'})
        assert response.status == 304
        assert {name for name, _ in response.headers} == {'Server', 'Date', 'Last-Modified', 'Connection', 'ETag'}
        assert connection.get('/a', {'If-None-Match': '*'}).status == 304
        assert connection.get('/a', {'If-None-Match': '"other"', 'If-Modified-Since': DATE}).status == 200
        assert connection.get('/a', {'If-Modified-Since': DATE}).status == 304
        assert connection.get('/a', {'If-Modified-Since': LATER}).status == 200
        assert connection.get('/a', {'If-Modified-Since': 'yesterday'}).status == 200
        assert connection.get('/a', {'If-None-Match': TAG}, method='HEAD').status == 304


def test_how_dates_compare_is_configurable(hive):
    server = dated(hive(SITE, files=FILES))

    assert server.get('/before/a', {'If-Modified-Since': LATER}).status == 304
    assert server.get('/off/a', {'If-Modified-Since': DATE}).status == 200
    assert server.get('/untagged/a').header('ETag') is None
    assert server.get('/untagged/a', {'If-Modified-Since': DATE}).status == 304


def test_a_precondition_that_fails_is_412(hive):
    server = dated(hive(SITE, files=FILES))

    assert server.get('/a', {'If-Match': '"other"'}).status == 412
    assert server.get('/a', {'If-Match': TAG}).status == 200
    assert server.get('/a', {'If-Unmodified-Since': 'Sun, 06 Nov 1994 08:49:36 GMT'}).status == 412
    assert server.get('/a', {'If-Unmodified-Since': DATE}).status == 200


def test_the_tag_of_a_large_file_outlives_its_body(hive):
    """What no cache keeps is gone with the body, and the head is written later."""
    server = hive(SITE, files={'html/large': b'x' * 2_000_000})

    with server.connect() as connection:
        tag = connection.get('/large').header('ETag')
        again = connection.get('/large', {'If-None-Match': tag})
        assert (again.status, again.header('ETag'), again.body) == (304, tag, b'')
        assert connection.get('/large', {'If-None-Match': tag}, method='HEAD').header('ETag') == tag


def test_the_log_tells_the_validators_of_a_body_that_was_pulled(hive):
    """The file is spent by the time the line is written."""
    server = hive("""
        worker_processes 1; http { log_format own escape=none '$uri $sent_http_last_modified $sent_http_etag'; access_log logs/access.log own;
               types { text/html html; }
               server { listen 127.0.0.1:%%PORT%%; root html; gzip on; gunzip on; add_after_body /after.html;
                        location = /after.html { } location /zipped/ { alias html/; add_after_body ""; }
                        location /unpacked/ { alias html/; gzip_static always; add_after_body ""; } } }
        """, files={'html/large.html': b'x' * 2_000_000, 'html/after.html': 'after',
                    'html/packed.html.gz': gzip.compress(os.urandom(2_000_000))})
    for name in ['html/large.html', 'html/packed.html.gz']:
        os.utime(server.prefix / name, (784111777, 784111777))

    tag = f'"2ebc98a1-{2_000_000:x}"'
    assert server.get('/large.html').body == b'x' * 2_000_000 + b'after'
    assert server.get('/zipped/large.html', {'Accept-Encoding': 'gzip'}).header('Content-Encoding') == 'gzip'
    assert len(server.get('/unpacked/packed.html').body) == 2_000_000
    server.stop()
    lines = (server.prefix / 'logs/access.log').read_text().splitlines()
    assert lines[:2] == [f'/large.html {DATE} W/{tag}', f'/zipped/large.html {DATE} W/{tag}']
    assert lines[2].startswith(f'/unpacked/packed.html {DATE} W/"2ebc98a1-')

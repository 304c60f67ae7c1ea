"""Who revalidates sees every version of a file, however little of it a clock shows."""

import os

import pytest

SITE = """
    http { server { listen 127.0.0.1:%%PORT%%; root html; location /strict/ { alias html/; etag strict; }
           location /nginx/ { alias html/; etag nginx; } location /off/ { alias html/; etag off; } } }
    """


@pytest.mark.parametrize('place', ['/', '/strict/'])
@pytest.mark.parametrize('size', [10, 100_000])
def test_a_rewrite_within_the_second_is_another_version(hive, place, size):
    server = hive(SITE, files={'html/a': ''})

    with server.connect() as client:
        for i in range(30):
            text = f'{i:0{size}}'
            (server.prefix / 'html/a').write_text(text)
            fresh = client.get(place + 'a')
            assert fresh.text == text
            tag = fresh.header('ETag')
            (server.prefix / 'html/a').write_text(f'{i + 1000:0{size}}')
            assert client.get(place + 'a', {'If-None-Match': tag}).status == 200
            part = client.get(place + 'a', {'If-Range': tag, 'Range': 'bytes=0-1'})
            assert part.status == 200


def test_a_copy_from_the_first_moment_stays_good(hive):
    server = hive(SITE, files={'html/a': ''})

    with server.connect() as client:
        (server.prefix / 'html/a').write_text('fresh')
        tag = client.get('/a').header('ETag')
        for _ in range(50):
            assert client.get('/a', {'If-None-Match': tag}).status == 304
            assert client.get('/a', {'If-Range': tag, 'Range': 'bytes=0-1'}).status == 206


def test_a_release_of_equal_times_is_another_version(hive):
    files = {f'html/{release}/a': f'release {release}' for release in [1, 2]}
    server = hive(SITE, files=files)
    html = server.prefix / 'html'
    for release in ['1', '2']:
        os.utime(html / release / 'a', (1, 1))
    (html / 'current').symlink_to('1')
    old = server.get('/current/a')
    assert (old.text, server.get('/current/a', {'If-None-Match': old.header('ETag')}).status) == ('release 1', 304)

    (html / 'next').symlink_to('2')
    os.rename(html / 'next', html / 'current')

    for headers in [{'If-None-Match': old.header('ETag')}, {'If-Range': old.header('ETag'), 'Range': 'bytes=0-1'}]:
        response = server.get('/current/a', headers)
        assert (response.status, response.text) == (200, 'release 2')


def test_strict_tells_copies_of_equal_times_apart(hive):
    server = hive(SITE, files={'html/1': 'one', 'html/2': 'two'})
    for name in ['1', '2']:
        os.utime(server.prefix / 'html' / name, (784111777, 784111777))

    assert server.get('/1').header('ETag') == server.get('/2').header('ETag') == '"2ebc98a1-3"'
    assert server.get('/nginx/1').header('ETag') == '"2ebc98a1-3"'
    assert server.get('/strict/1').header('ETag') != server.get('/strict/2').header('ETag')
    assert server.get('/off/1').header('ETag') is None


def test_nginxs_form_has_seconds_only(hive):
    server = hive(SITE, files={'html/a': 'a'})
    os.utime(server.prefix / 'html/a', ns=(784111777_000000005, 784111777_000000005))

    assert server.get('/a').header('ETag') == '"2ebc98a1.5-1"'
    assert server.get('/nginx/a').header('ETag') == '"2ebc98a1-1"'

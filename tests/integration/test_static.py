"""Files: what is on disk is what is served, and nothing outside of the root."""

import os
import re
import subprocess
import time

import pytest

SITE = 'http { default_type application/octet-stream; server { listen 127.0.0.1:%%PORT%%; root html; } }'


def test_a_file_comes_with_its_facts(hive):
    server = hive(SITE, files={'html/page.html': '<p>hello'})
    os.utime(server.prefix / 'html/page.html', (784111777, 784111777))

    response = server.get('/page.html?any=arguments')

    assert (response.status, response.text) == (200, '<p>hello')
    assert response.header('Content-Type') == 'text/html'
    assert response.header('Content-Length') == '8'
    assert response.header('Last-Modified') == 'Sun, 06 Nov 1994 08:49:37 GMT'
    assert response.header('ETag') == '"2ebc98a1-8"'
    assert response.header('Accept-Ranges') == 'bytes'


def test_head_has_the_same_head_and_no_body(hive):
    server = hive(SITE, files={'html/a.jpg': 'picture'})

    with server.connect() as connection:
        get, head = connection.get('/a.jpg'), connection.get('/a.jpg', method='HEAD')

    assert head.body == b''
    assert [field for field in head.headers if field[0] != 'Date'] == [field for field in get.headers if field[0] != 'Date']


def test_types_go_by_the_extension_in_any_case(hive):
    server = hive("""
        http { types { text/x-bee bee hive; } default_type text/x-default;
               server { listen 127.0.0.1:%%PORT%%; root html; location /own/ { types { text/x-own bee; } } } }
        """, files={'html/a.BEE': 'x', 'html/a.bee/b': 'x', 'html/c': 'x', 'html/own/a.bee': 'x', 'html/own/a.hive': 'x'})

    types = {path: server.get(path).header('Content-Type') for path in ['/a.BEE', '/a.bee/b', '/c', '/own/a.bee', '/own/a.hive']}

    assert types == {'/a.BEE': 'text/x-bee', '/a.bee/b': 'text/x-default', '/c': 'text/x-default',
                     '/own/a.bee': 'text/x-own', '/own/a.hive': 'text/x-default'}


def test_a_change_is_served_on_the_next_request(hive):
    server = hive(SITE, files={'html/a': '0000'})
    path = server.prefix / 'html/a'

    with server.connect() as connection:
        for number in range(300):
            text = f'{number:04}'
            with open(path, 'r+') as file:
                file.write(text)
            assert connection.get('/a').text == text

        os.replace(server.write('html/b', 'replaced'), path)
        assert connection.get('/a').text == 'replaced'
        path.unlink()
        assert connection.get('/a').status == 404
        server.write('html/a', 'back')
        assert connection.get('/a').text == 'back'


@pytest.mark.parametrize('sendfile', ['on', 'off'])
def test_large_files_arrive_whole(hive, sendfile):
    content = os.urandom(3_000_000)
    server = hive(f'http {{ sendfile {sendfile}; server {{ listen 127.0.0.1:%%PORT%%; root html; }} }}',
                  files={'html/large': content})

    with server.connect() as connection:
        for _ in range(3):
            assert connection.get('/large').body == content


def test_no_path_leads_out_of_the_root(hive):
    server = hive(SITE, files={'html/sub/a': 'inside', 'secret': 'outside', 'html2/secret': 'outside'})

    for target in ['/../secret', '/%2e%2e/secret', '/sub/..%2f..%2fsecret', '/sub/../../secret', '/%2e%2e%2fsecret',
                   '/..%2fhtml2/secret', '/sub/%2e%2e/%2e%2e/secret', '/.%2e/secret', '//../secret', '/sub/..;/../secret']:
        response = server.get(target)
        assert response.status in (400, 404), target
        assert b'outside' not in response.body
    assert server.get('/sub/../sub/./a').text == 'inside'
    assert server.get('/x/..//sub%2fa').text == 'inside'


def test_no_alias_and_no_variable_leads_out_of_its_place(hive):
    server = hive(r"""
        http { server { listen 127.0.0.1:%%PORT%%; root html; error_page 404 /errors/$arg_lang;
               location /i { alias %%PREFIX%%/pub/; } location ~ ^/m(.*)$ { alias %%PREFIX%%/pub/$1; }
               location /h { root sites/$http_site; error_page 404 /none; } } }
        """, files={'html/errors/en': 'english', 'pub/a': 'inside', 'secret': 'outside', 'sites/a/h': 'site', 'sites/h': 'outside'})

    assert (server.get('/i/a').text, server.get('/m/a').text) == ('inside', 'inside')
    assert server.get('/none?lang=en').text == 'english'
    assert server.get('/h', {'Site': 'a'}).text == 'site'
    for path, fields in [('/i../secret', {}), ('/m../secret', {}), ('/none?lang=../../secret', {}), ('/h', {'Site': '..'}),
                         ('/h', {'Site': 'a/..'})]:
        response = server.get(path, fields)
        assert response.status in (403, 404), path  # without a lang the page itself is the folder /errors/
        assert b'outside' not in response.body
    assert server.wait_for_error(r'"/errors/../../secret" leads out of "[^"]*/html"')


def test_links_are_followed(hive):
    server = hive(SITE, files={'elsewhere/a': 'linked'})
    (server.prefix / 'html/link').symlink_to(server.prefix / 'elsewhere')
    (server.prefix / 'html/loop').symlink_to('loop')

    assert server.get('/link/a').text == 'linked'
    assert server.get('/loop').status == 403
    assert server.wait_for_error(r'open\(\) "[^"]*/loop" failed \(40: Too many levels of symbolic links\)')


def test_a_missing_file_is_404_and_a_line_in_the_error_log(hive):
    server = hive("""
        http { server { listen 127.0.0.1:%%PORT%%; root html; location /quiet/ { log_not_found off; } } }
        """, files={'html/file': 'x'})

    assert server.get('/missing').status == 404
    assert server.get('/file/below').status == 404
    assert server.get('/' + 'n' * 300).status == 404
    assert server.get('/quiet/missing').status == 404

    line = server.wait_for_error(r'.*open\(\) "[^"]*/html/missing" failed \(2: No such file or directory\), client: .*').group()
    assert re.search(r'\[error\] \d+#\d+: \*\d+ open\(\)', line)
    assert line.endswith(', client: 127.0.0.1, server: , request: "GET /missing HTTP/1.1", host: "localhost"')
    assert server.wait_for_error(r'file/below" failed \(20: Not a directory\)')
    assert 'quiet' not in server.error_log


def test_a_file_that_workers_may_not_read_is_403(hive):
    server = hive(SITE, files={'html/secret': 'x'})
    os.chmod(server.prefix / 'html/secret', 0)

    assert server.get('/secret').status == 403
    assert server.wait_for_error(r'open\(\) "[^"]*/secret" failed \(13: Permission denied\)')


def test_only_files_are_sent(hive):
    server = hive(SITE)
    os.mkfifo(server.prefix / 'html/pipe')

    assert server.get('/pipe').status == 404
    assert server.wait_for_error(r'\[crit\].*/pipe" is not a regular file')


def test_a_folder_is_redirected_to_its_slash(hive):
    server = hive("""
        http { server { listen 127.0.0.1:%%PORT%%; root html; location /relative { absolute_redirect off; } } }
        """, files={'html/a folder/x': '', 'html/relative/x': ''})

    response = server.get('/a%20folder?b=c')

    assert response.status == 301
    assert response.header('Location') == f'http://localhost:{server.port}/a%20folder/?b=c'
    assert server.get('/relative').header('Location') == '/relative/'


def test_a_folder_that_nothing_shows_is_403(hive):
    server = hive(SITE, files={'html/folder/x': ''})

    assert server.get('/folder/').status == 403
    assert server.wait_for_error(r'directory index of "[^"]*/html/folder/" is forbidden')


def test_methods_that_do_not_read_are_405(hive):
    server = hive(SITE, files={'html/a': 'x'})

    for method in ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']:
        response = server.get('/a', method=method, body=b'body' if method == 'POST' else b'')
        assert response.status == 405, method
        assert response.header('Allow') == 'GET, HEAD'


def test_an_alias_replaces_the_location(hive):
    server = hive(r"""
        http { server { listen 127.0.0.1:%%PORT%%; root html;
                        location /pictures/ { alias %%PREFIX%%/img/; }
                        location ~ ^/thumb/(\w+)$ { alias %%PREFIX%%/img/$1.gif; } } }
        """, files={'img/bee.gif': 'GIF'})

    assert server.get('/pictures/bee.gif').text == 'GIF'
    assert server.get('/thumb/bee').text == 'GIF'
    assert server.get('/thumb/wasp').status == 404


def test_a_warm_request_costs_one_stat(hive):
    server = hive('worker_processes 1; ' + SITE, files={'html/index.html': 'hello'})
    os.utime(server.prefix / 'html/index.html', (784111777, 784111777))
    trace = server.prefix / 'trace'

    with server.connect() as connection:
        changed = os.stat(server.prefix / 'html/index.html').st_ctime
        server.wait_for(lambda: time.time() - changed > 0.1, 'the file to be older than any tick of a clock')
        connection.get('/')
        with subprocess.Popen(['strace', '-y', '-o', trace, '-p', str(server.workers()[0])], stderr=subprocess.PIPE, text=True) as strace:
            if 'attached' not in strace.stderr.readline():
                pytest.skip('strace may not attach here')
            for _ in range(5):
                connection.get('/')
            strace.terminate()

    # Once a second a worker looks at what it uses, whoever asks for what.
    calls = [line.split('(')[0] for line in trace.read_text().splitlines() if '/statm>' not in line]
    assert sum(call in ('newfstatat', 'stat', 'statx') for call in calls) == 5
    assert not [call for call in calls if call in ('open', 'openat', 'read', 'pread64', 'mmap')]

"""Other places' answers before and after a body (add_before_body, add_after_body), and child exchanges through them."""

import gzip
from signal import SIGHUP, SIGQUIT

import pytest

from support.control import ask

GZIP = {'Accept-Encoding': 'gzip'}
FILES = {'html/page.html': 'page\n', 'html/a.txt': 'text\n', 'html/empty.html': '', 'html/no.txt': 'no', 'html/before.txt': 'BEFORE\n',
         'html/after.txt': 'AFTER\n', 'html/dir/index.html': 'index\n', 'html/big.html': 'b' * 3_000_000,
         'html/gz.html': 'as it is', 'html/gz.html.gz': gzip.compress(b'unpacked')}
BOTH = 'add_before_body /before.txt; add_after_body /after.txt;'
SITE = """
    worker_processes 1; study on; {main}
    http {{ types {{ text/html html; text/plain txt; }} default_type application/octet-stream; root html;
      log_format child '$uri $status $body_bytes_sent $request'; access_log logs/access.log child;
      server {{ listen 127.0.0.1:%%PORT%%; {server}
        location / {{ {both} }}
        location /all/ {{ alias html/; add_before_body /before.txt; addition_types *; }}
        location /txt/ {{ alias html/; add_before_body /before.txt; addition_types text/plain; }}
        location /none/ {{ alias html/; add_before_body ""; }}
        location /missing/ {{ alias html/; add_before_body /nothing; add_after_body /after.txt; }}
        location /args/ {{ alias html/; add_after_body /after.txt?x=1; }}
        location /relative/ {{ alias html/; add_after_body after.txt; }}
        location /denied/ {{ alias html/; add_after_body /no.txt; }}
        location = /no.txt {{ deny all; }}
        location /n204/ {{ alias html/; add_after_body /c204; }}
        location = /c204 {{ return 204; }}
        location /moved/ {{ alias html/; add_after_body /c301; }}
        location = /c301 {{ return 301 /x; }}
        location /error/ {{ alias html/; add_after_body /c500; }}
        location = /c500 {{ return 500; }}
        location /cut/ {{ alias html/; add_after_body /c444; }}
        location = /c444 {{ return 444; }}
        location /said/ {{ alias html/; add_after_body /csaid; }}
        location = /csaid {{ return 200 "said $uri $request_uri $request_method $http_x $status"; }}
        location /folder/ {{ alias html/; add_after_body /dir/; }}
        location /slashless/ {{ alias html/; add_after_body /dir; }}
        location /instead/ {{ alias html/; add_after_body /pg; }}
        location = /pg {{ error_page 404 =200 /after.txt; return 404; }}
        location /secret/ {{ alias html/; add_after_body /internal; }}
        location = /internal {{ internal; return 200 internal; }}
        location /itself/ {{ alias html/; add_after_body /itself/page.html; }}
        location /gz/ {{ alias html/; {both} gzip on; gzip_min_length 1; }}
        location /gzchild/ {{ alias html/; add_after_body /gzc/gz.html; }}
        location /gzc/ {{ alias html/; gzip on; gzip_min_length 1; gzip_static always; gunzip on; }}
        location /charset/ {{ alias html/; add_before_body /before.txt; charset utf-8; }}
        location = /ret {{ default_type text/html; return 200 ret; {both} }}
        location = /ret0 {{ default_type text/html; return 200 ""; {both} }}
        location = /r404 {{ default_type text/html; return 404; {both} }}
        location = /r402 {{ error_page 402 =200 /page.html; return 402; {both} }}
        location ~ ^/re/(?<name>.*)$ {{ alias html/$name; add_after_body /group; }}
        location = /group {{ return 200 "[$name]"; }}
        location /waits/ {{ alias html/; add_before_body /nap; add_after_body /nap; }}
        location = /nap {{ internal; io_bound 50ms; log_subrequest on; }}
        location /long/ {{ alias html/; add_before_body /night; }}
        location = /night {{ io_bound 10m; log_subrequest on; }}
        location /fairly/ {{ alias html/; add_before_body /while; }}
        location = /while {{ io_bound 1s; }}
        location /logged/ {{ alias html/; add_before_body /nothing; add_after_body /after; log_subrequest on; }}
        location = /after {{ log_subrequest on; return 200 after; }} }} }}
    """


def site(main='', server=''):
    return SITE.format(main=main, server=server, both=BOTH)


def facts(response):
    """What the head says of the body, in short."""
    etag = response.header('ETag')
    said = {'type': response.header('Content-Type'), 'coding': response.header('Content-Encoding'),
            'tag': etag and ('weak' if etag.startswith('W/') else 'strong'),
            'length': response.header('Content-Length') is not None,
            'chunked': response.header('Transfer-Encoding') == 'chunked', 'ranges': response.header('Accept-Ranges'),
            'dated': response.header('Last-Modified') is not None}
    return ' '.join(f'{key}={value}' if value is not True else key for key, value in said.items() if value)


PAGE = 'type=text/html tag=weak chunked dated'
WHOLE = 'type=text/html tag=strong length ranges=bytes dated'


# As Debian's nginx 1.22 answers the same requests.
@pytest.mark.parametrize('path, fields, said, body', [
    ('/page.html', {}, PAGE, 'BEFORE\npage\nAFTER\n'),
    ('/a.txt', {}, 'type=text/plain tag=strong length ranges=bytes dated', 'text\n'),
    ('/all/a.txt', {}, 'type=text/plain tag=weak chunked dated', 'BEFORE\ntext\n'),
    ('/txt/a.txt', {}, 'type=text/plain tag=weak chunked dated', 'BEFORE\ntext\n'),
    ('/txt/page.html', {}, PAGE, 'BEFORE\npage\n'),
    ('/none/page.html', {}, WHOLE, 'page\n'),
    ('/denied/page.html', {}, PAGE, 'page\nno'),
    ('/n204/page.html', {}, PAGE, 'page\n'),
    ('/said/page.html', {'X': 'y'}, PAGE, 'page\nsaid /csaid /said/page.html GET y 200'),
    ('/folder/page.html', {}, PAGE, 'page\nindex\n'),
    ('/instead/page.html', {}, PAGE, 'page\nAFTER\n'),
    ('/secret/page.html', {}, PAGE, 'page\ninternal'),
    ('/itself/page.html', {}, PAGE, 'page\npage\n'),
    ('/gz/page.html', {}, PAGE, 'BEFORE\npage\nAFTER\n'),
    ('/gzchild/page.html', GZIP, PAGE, 'page\nunpacked'),
    ('/charset/page.html', {}, 'type=text/html; charset=utf-8 tag=weak chunked dated', 'BEFORE\npage\n'),
    ('/ret', {}, 'type=text/html chunked', 'BEFORE\nretAFTER\n'),
    ('/ret0', {}, 'type=text/html chunked', 'BEFORE\nAFTER\n'),
    ('/r402', {}, PAGE, 'BEFORE\npage\nAFTER\n'),
    ('/page.html', {'Range': 'bytes=0-3'}, PAGE, 'BEFORE\npage\nAFTER\n'),
    ('/empty.html', {}, PAGE, 'BEFORE\nAFTER\n'),
    ('/dir/', {}, PAGE, 'BEFORE\nindex\nAFTER\n'),
    ('/re/page.html', {}, PAGE, 'page\n[page.html]'),
])
def test_a_page_is_surrounded_as_in_nginx(served, path, fields, said, body):
    answer = served.get(path, fields)

    assert (answer.status, facts(answer), answer.text) == (200, said, body)


# The pages of errors are each server's own; that they stand in the body is nginx's way.
@pytest.mark.parametrize('path, before, status, after', [
    ('/missing/page.html', '', '404 Not Found', 'page\nAFTER\n'),
    ('/args/page.html', 'page\n', '404 Not Found', ''),
    ('/relative/page.html', 'page\n', '404 Not Found', ''),
    ('/moved/page.html', 'page\n', '301 Moved Permanently', ''),
    ('/slashless/page.html', 'page\n', '301 Moved Permanently', ''),
    ('/error/page.html', 'page\n', '500 Internal Server Error', ''),
])
def test_a_child_that_fails_adds_its_page_as_in_nginx(served, path, before, status, after):
    with served.connect() as client:
        answer = client.get(path)

    assert (answer.status, facts(answer)) == (200, PAGE)
    assert answer.text.startswith(before + '<!DOCTYPE html>') and answer.text.endswith('</html>\r\n' + after)
    assert f'<title>{status}</title>' in answer.text
    assert answer.header('Connection') == 'keep-alive'


@pytest.mark.parametrize('path, status', [('/r404', 404), ('/nothing.html', 404), ('/dir', 301)])
def test_other_statuses_have_nothing_added_as_in_nginx(served, path, status):
    answer = served.get(path)

    assert answer.status == status
    assert 'BEFORE' not in answer.text and 'AFTER' not in answer.text
    assert answer.header('Content-Length') is not None


@pytest.fixture(scope='module')
def served():
    from support.server import Server
    server = Server(site(), files=FILES)
    server.start()
    yield server
    server.stop()
    server.close()


def test_head_says_the_same_and_makes_no_child(hive):
    server = hive(site(), files=FILES)
    with server.connect() as client:
        answer = client.get('/logged/page.html', method='HEAD')
        assert (answer.status, facts(answer)) == (200, 'type=text/html tag=weak dated')
        assert client.get('/gz/page.html', GZIP, method='HEAD').header('Content-Encoding') == 'gzip'
    assert server.wait_for_access(2) == ['/logged/page.html 200 0 HEAD /logged/page.html HTTP/1.1',
                                         '/gz/page.html 200 0 HEAD /gz/page.html HTTP/1.1']


def test_a_copy_is_good_as_long_as_the_page_is(served):
    first = served.get('/page.html')

    by_tag = served.get('/page.html', {'If-None-Match': first.header('ETag')})
    by_date = served.get('/page.html', {'If-Modified-Since': first.header('Last-Modified')})

    assert (by_tag.status, by_tag.body, facts(by_tag)) == (304, b'', 'tag=strong dated')
    assert (by_date.status, by_date.body) == (304, b'')
    assert served.get('/page.html', {'If-Match': '"other"'}).status == 412


def test_all_of_it_is_compressed_together(served):
    answer = served.get('/gz/page.html', GZIP)

    assert facts(answer) == 'type=text/html coding=gzip tag=weak chunked dated'
    assert gzip.decompress(answer.body) == b'BEFORE\npage\nAFTER\n'


def test_http_1_0_has_the_connections_end(served):
    with served.connect() as client:
        client.request('GET', '/page.html', {'Connection': 'keep-alive'}, version='HTTP/1.0')
        answer = client.response()

    assert (facts(answer), answer.text) == ('type=text/html tag=weak dated', 'BEFORE\npage\nAFTER\n')
    assert answer.header('Connection') == 'close'


def test_pipelined_requests_keep_their_order(served):
    with served.connect() as client:
        answers = client.pipeline([('GET', '/page.html'), ('GET', '/waits/page.html'), ('HEAD', '/page.html'),
                                   ('GET', '/a.txt'), ('GET', '/page.html')])

    assert [answer.text[:6] for answer in answers] == ['BEFORE', 'worker', '', 'text\n', 'BEFORE']
    assert answers[1].text.count('waited for 50 ms') == 2 and '\npage\nworker' in answers[1].text


def test_large_files_go_through(hive):
    server = hive(site(server='sendfile on;'), files=FILES)

    assert server.get('/big.html').body == b'BEFORE\n' + b'b' * 3_000_000 + b'AFTER\n'


def test_a_child_without_an_answer_cuts_the_body(served):
    with served.connect() as client:
        client.request('GET', '/cut/page.html')
        rest = client.read_to_end()

    assert b'page\n' in rest and not rest.endswith(b'0\r\n\r\n'), 'the client could not tell that something is missing'


def test_children_are_logged_where_log_subrequest_is_on(hive):
    server = hive(site(), files=FILES)

    server.get('/logged/page.html')
    server.get('/page.html')

    lines = server.wait_for_access(3)
    assert lines[0] == '/after 200 5 GET /logged/page.html HTTP/1.1', 'where the child was answered'
    assert lines[1].startswith('/logged/page.html 200 ') and lines[1].endswith(' GET /logged/page.html HTTP/1.1')
    assert lines[2].startswith('/page.html 200 ')
    assert ', request: "GET /logged/page.html HTTP/1.1", subrequest: "/nothing", host: ' in server.error_log


def busy(server):
    """How many connections are being answered."""
    return ask(server, '/workers')[1]['workers'][0]['counts']['writing']


def start_waiting(server, client, target='/long/page.html'):
    before = busy(server)
    client.request('GET', target)
    server.wait_for(lambda: busy(server) > before, f'{target} to wait')


def test_children_that_wait_hold_nobody_up(hive):
    server = hive(site(), files=FILES)
    clients = [server.connect() for _ in range(50)]
    for client in clients:
        client.request('GET', '/fairly/page.html')
    server.wait_for(lambda: busy(server) == 50, 'all to wait')

    assert server.get('/page.html').body == b'BEFORE\npage\nAFTER\n'

    for client in clients:
        answer = client.response()
        assert answer.text.startswith('worker') and answer.text.endswith('\npage\n')
        client.close()


def test_a_client_that_leaves_ends_its_children(hive):
    server = hive(site(), files=FILES)
    for leave in ('close', 'reset'):
        with server.connect() as client:
            start_waiting(server, client)

            getattr(client, leave)()

            server.wait_for(lambda: busy(server) == 0, f'the worker to notice: {leave}')
    lines = server.wait_for_access(2)
    assert [line.split()[0] for line in lines] == ['/long/page.html'] * 2, 'a child that is cut short is not logged'


def test_quit_and_reload_wait_for_a_child(hive):
    server = hive(site(), files=FILES)
    with server.connect() as client:
        start_waiting(server, client, '/fairly/page.html')
        (old,) = server.workers()
        server.signal(SIGHUP)
        server.wait_for(lambda: len(server.workers()) == 2, 'the new worker beside the old one')
        assert client.response().text.endswith('\npage\n')
    server.wait_for(lambda: old not in server.workers(), 'the old worker to leave')
    with server.connect() as client:
        start_waiting(server, client, '/fairly/page.html')
        server.signal(SIGQUIT)
        assert client.response().text.endswith('\npage\n')
    assert server.wait_exit() == 0


def test_worker_shutdown_timeout_ends_children(hive):
    server = hive(site('worker_shutdown_timeout 200ms;'), files=FILES)
    with server.connect() as client:
        start_waiting(server, client)

        server.signal(SIGQUIT)

        assert server.wait_exit() == 0
    assert server.access_log.count('\n') == 1


def test_mistakes_are_told(prepare):
    server = prepare(site(server='add_before_body /a; add_before_body /b;'), files=FILES)

    result = server.run('-t')

    assert result.returncode == 1
    assert '"add_before_body" directive is duplicate' in result.stderr

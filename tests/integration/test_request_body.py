"""Bodies of requests: what is collected, where it lies, and what becomes of it."""

import os
import re
import resource
import subprocess

import pytest
from conftest import needs_root
from support import processes
from support.http_client import format_request

FILES = {'html/index.html': 'hello'}
SITE = '''worker_processes 1; {main}
http {{
    log_format body '$status "$request_body" "$request_body_file" $content_length';
    client_max_body_size 0; {http}
    server {{
        listen 127.0.0.1:%%PORT%%; root html; {server}
        location = /echo {{ return 200 "$request_body|$content_length"; }}
        location = /length {{ return 200 "[$content_length]"; }}
        location = /file {{ return 200 "$request_body_file"; }}
        location = /on {{ client_body_in_file_only on; return 200 "$request_body_file"; }}
        location = /clean {{ client_body_in_file_only clean; return 200 "$request_body_file"; }}
        location = /logged {{ access_log logs/body.log body; return 204; }}
        location /static {{ access_log logs/body.log body; alias html; }}
        location = /denied {{ access_log logs/body.log body; deny all; }}
        location = /limit {{ client_max_body_size 10; client_body_buffer_size 4; return 200 "$request_body|$content_length"; }}
        location = /slow {{ client_body_timeout 200ms; return 200 "$request_body"; }}
        {locations}
    }}
}}'''
TEMP = 'client_body_temp'


def site(main='', http='', server='', locations=''):
    return SITE.format(main=main, http=http, server=server, locations=locations)


def post(server, target, body, headers=None):
    return server.get(target, headers, method='POST', body=body)


def chunked(body, size):
    """The body in chunks of this size."""
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b''.join(b'%x\r\n%s\r\n' % (len(piece), piece) for piece in pieces) + b'0\r\n\r\n'


def head(target, *fields):
    return '\r\n'.join([f'POST {target} HTTP/1.1', 'Host: x', *fields, '', '']).encode()


def temp(server, folder=TEMP):
    """Paths below the folder, with their sizes."""
    top = server.prefix / folder
    return {str(path.relative_to(top)): path.stat().st_size for path in top.rglob('*') if path.is_file()}


def open_temp(server):
    """Files of the folder that the worker has open, named or not."""
    (worker,) = server.workers()
    return [name for name in processes.descriptors(worker).values() if f'/{TEMP}/' in name]


def resident(pid):
    """KiB of memory."""
    return int(processes.status(pid)['VmRSS'].split()[0])


@pytest.fixture
def server(hive):
    return hive(site(), files=FILES)


# What is collected


def test_naming_the_variable_collects_the_body(server):
    answer = post(server, '/echo', b'a=1&b=2')

    assert (answer.status, answer.body) == (200, b'a=1&b=2|7')


@pytest.mark.parametrize('method', ['GET', 'POST', 'DELETE'])
def test_a_request_without_a_body_has_none(server, method):
    assert server.get('/echo', method=method).body == b'|'
    assert server.get('/echo', {'Content-Length': '0'}, method=method).body == b'|0'


def test_a_chunked_body_has_a_length_once_it_is_collected(server):
    with server.connect() as client:
        client.send(head('/echo', 'Transfer-Encoding: chunked') + chunked(b'hello world', 3))
        assert client.response().body == b'hello world|11'
        client.send(head('/length', 'Transfer-Encoding: chunked') + chunked(b'hello world', 3))
        assert client.response().body == b'[]', 'nobody reads it here'


def test_a_chunked_body_cut_anywhere(server):
    request = head('/echo', 'Transfer-Encoding: chunked') + chunked(b'The bees are busy.', 7)
    with server.connect() as client:
        for cut in range(1, len(request)):
            client.send(request[:cut])
            client.send(request[cut:])
            assert client.response().body == b'The bees are busy.|18', cut
        client.send(head('/echo', 'Transfer-Encoding: chunked'))
        for byte in chunked(b'The bees are busy.', 7):
            client.send(bytes([byte]))
        assert client.response().body == b'The bees are busy.|18'


def test_the_next_request_is_behind_the_body(server):
    request = head('/echo', 'Content-Length: 5') + b'first'
    with server.connect() as client:
        client.send(request + request.replace(b'first', b'other') + head('/echo', 'Transfer-Encoding: chunked')
                    + chunked(b'third', 2) + format_request('GET', '/'))
        bodies = [client.response().body for _ in range(4)]
        client.send(request)
        last = client.response().body

    assert bodies == [b'first|5', b'other|5', b'third|5', b'hello']
    assert last == b'first|5'


def test_a_client_that_asks_first_is_told_to_send(server):
    with server.connect() as client:
        client.send(head('/echo', 'Content-Length: 4', 'Expect: 100-continue'))
        assert client.response().status == 100
        client.send(b'body')
        assert client.response().body == b'body|4'
        client.send(head('/limit', 'Content-Length: 11', 'Expect: 100-continue'))
        assert client.response().status == 413


def test_an_access_log_that_names_it_collects_it(server):
    assert post(server, '/logged', b'one').status == 204
    with server.connect() as client:
        client.send(head('/logged', 'Transfer-Encoding: chunked') + chunked(b'two', 1))
        assert client.response().status == 204
    assert post(server, '/static/index.html', b'three').status == 405
    assert post(server, '/denied', b'four').status == 403

    server.wait_for(lambda: server.read('logs/body.log').count('\n') == 4, 'four lines')
    assert server.read('logs/body.log').splitlines() == [
        '204 "one" "-" 3', '204 "two" "-" 3', '405 "three" "-" 5', '403 "-" "-" 4']


def test_other_places_collect_nothing(hive):
    server = hive(site(http='access_log logs/access.log;'), files=FILES)

    assert post(server, '/length', b'x' * 100000).body == b'[100000]'
    assert temp(server) == {}


def test_a_format_that_no_log_uses_collects_nothing(hive):
    server = hive('worker_processes 1; http { log_format body "$request_body"; server { listen 127.0.0.1:%%PORT%%; '
                  'location / { return 204; } } }', files=FILES)

    assert post(server, '/', b'x').status == 204
    assert not (server.prefix / TEMP).exists(), 'no folder is made where no body is collected'


def test_the_server_itself_may_return_it(hive):
    server = hive('worker_processes 1; http { server { listen 127.0.0.1:%%PORT%%; client_max_body_size 5; '
                  'return 200 "$request_body"; } }', files=FILES)

    assert post(server, '/', b'12345').body == b'12345'
    assert post(server, '/', b'123456').status == 413


def test_it_can_be_read_before_all_else(hive):
    server = hive(site(server='client_body_early_read $arg_early $http_x_early;'), files=FILES)

    assert post(server, '/length', b'abc').body == b'[3]'
    with server.connect() as client:
        for target, fields, length in [('/length?early=1', [], b'[3]'), ('/length?early=0', [], b'[]'),
                                       ('/length', ['X-Early: yes'], b'[3]'), ('/length', [], b'[]')]:
            client.send(head(target, 'Transfer-Encoding: chunked', *fields) + chunked(b'abc', 2))
            assert client.response().body == length, (target, fields)


# How long it may be


@pytest.mark.parametrize('size,status', [(0, 200), (9, 200), (10, 200), (11, 413), (5000, 413)])
def test_the_limit_is_exact(server, size, status):
    body = b'x' * size
    assert post(server, '/limit', body, {'Content-Length': str(size)}).status == status
    for piece in (1, 3, 10, 11, 8192):
        answer = server.raw(head('/limit', 'Transfer-Encoding: chunked', 'Connection: close') + chunked(body, piece),
                            responses=1)[0]
        assert answer.status == status, piece
    server.wait_for(lambda: not open_temp(server), 'files to be closed')


@pytest.mark.parametrize('size,in_memory', [(8192, True), (10239, True), (10240, False), (70000, False)])
def test_what_is_longer_than_the_buffer_lies_in_a_file(hive, size, in_memory):
    server = hive(site(http='client_body_buffer_size 8k;'), files=FILES)
    body = os.urandom(size).hex().encode()[:size]

    answer = post(server, '/echo', body)

    assert answer.body == (body if in_memory else b'') + b'|%d' % size
    assert temp(server) == {}
    if in_memory:
        assert 'temporary file' not in server.error_log
    else:
        server.wait_for_error(r'\[warn\] .* a client request body is buffered to a temporary file .*/client_body_temp, client')


def test_a_chunked_body_has_no_quarter_more(hive):
    server = hive(site(http='client_body_buffer_size 8k;'), files=FILES)
    with server.connect() as client:
        for size, in_memory in [(8192, True), (8193, False)]:
            client.send(head('/echo', 'Transfer-Encoding: chunked') + chunked(b'x' * size, 1000))
            assert client.response().body == b'x' * size * in_memory + b'|%d' % size


# Files


def test_files_of_nginx_names_stay(server):
    names = [post(server, '/on', b'%d' % number * 3).body.decode() for number in range(3)]
    chunks = server.raw(head('/on', 'Transfer-Encoding: chunked', 'Connection: close') + chunked(b'chunks', 4), responses=1)
    empty = post(server, '/on', b'', {'Content-Length': '0'}).body.decode()
    none = post(server, '/on', b'').body

    assert names == [f'{server.prefix}/{TEMP}/000000000{number}' for number in (1, 2, 3)]
    assert [open(name, 'rb').read() for name in names] == [b'000', b'111', b'222']
    assert open(chunks[0].body, 'rb').read() == b'chunks'
    assert open(empty, 'rb').read() == b''
    assert none == b'', 'no file without a body'
    assert os.stat(names[0]).st_mode & 0o777 == 0o600
    assert os.stat(server.prefix / TEMP).st_mode & 0o777 == 0o700
    assert not open_temp(server)


def test_a_large_one_is_whole(server):
    body = os.urandom(3_000_000)
    answer = post(server, '/on', body)

    assert open(answer.body, 'rb').read() == body


def test_a_name_that_is_taken_is_left_alone(prepare):
    server = prepare(site(), files={**FILES, f'{TEMP}/0000000001': 'mine'})
    os.chmod(server.prefix / TEMP, 0o777)
    server.start()

    name = post(server, '/on', b'new').body.decode()

    assert name == f'{server.prefix}/{TEMP}/0000123457'
    assert server.read(f'{TEMP}/0000000001') == 'mine'


def test_levels_are_folders(hive):
    server = hive(site(http='client_body_temp_path bodies/ 1 2;'), files=FILES)

    names = [post(server, '/on', b'x').body.decode() for _ in range(12)]

    assert names[0] == f'{server.prefix}/bodies/1/00/0000000001'
    assert names[11] == f'{server.prefix}/bodies/2/01/0000000012'
    assert len(temp(server, 'bodies')) == 12


def test_clean_files_are_there_as_long_as_the_request(server):
    name = post(server, '/clean', b'x').body.decode()
    assert name == f'{server.prefix}/{TEMP}/0000000001'
    server.wait_for(lambda: temp(server) == {}, 'the file to be removed')
    with server.connect() as client:
        client.send(head('/clean', 'Content-Length: 200000') + b'x' * 100000)
        server.wait_for(lambda: sum(temp(server).values()) > 60000, 'a part of the body in the file')
        client.send(b'y' * 100000)
        assert client.response().status == 200
    server.wait_for(lambda: temp(server) == {}, 'the file to be removed')


@pytest.mark.parametrize('target', ['/echo', '/on', '/clean'])
@pytest.mark.parametrize('way', ['half_close', 'close', 'reset'])
def test_a_client_that_leaves_amid_its_body_leaves_no_file(hive, target, way):
    server = hive(site(http='access_log logs/access.log;'), files=FILES)
    with server.connect() as client:
        client.send(head(target, 'Content-Length: 1000000') + b'x' * 300000)
        server.wait_for(lambda: open_temp(server), 'a file')
        getattr(client, way)()
        (line,) = server.wait_for_access()
        assert ' 400 ' in line

    server.wait_for(lambda: not open_temp(server) and temp(server) == {}, 'the file to be gone')
    assert post(server, '/echo', b'other').body == b'other|5'


def test_a_client_that_ends_its_side_behind_the_body_is_answered(server):
    body = b'x' * 500000
    (answer,) = server.raw(head('/on', f'Content-Length: {len(body)}') + body, half_close=True, responses=1)

    assert os.path.getsize(answer.body) == len(body)


def test_a_slow_client_is_given_up(hive):
    server = hive(site(http='access_log logs/access.log;'), files=FILES)
    with server.connect() as client:
        client.send(head('/slow', 'Content-Length: 10') + b'half')
        assert client.at_end()

    (line,) = server.wait_for_access()
    assert ' 408 0 ' in line
    server.wait_for_error('client timed out .* while reading client request body')


def test_broken_chunks_end_it(server):
    with server.connect() as client:
        client.send(head('/on', 'Transfer-Encoding: chunked') + chunked(b'x' * 100000, 1000)[:-5] + b'zz\r\n')
        assert client.response().status == 400
    server.wait_for(lambda: not open_temp(server) and temp(server) == {}, 'the file to be gone')


# When the folder cannot be used


def test_a_folder_that_is_gone_is_an_error_of_that_request(server):
    os.rmdir(server.prefix / TEMP)

    assert post(server, '/on', b'x').status == 500
    assert post(server, '/echo', b'x' * 100000).status == 500

    assert re.search(r'\[alert\] .*open\(\) ".*/client_body_temp/0000000001" failed \(2: No such file or directory\) while '
                     'reading client request body, client: ', server.error_log)
    assert post(server, '/echo', b'small').body == b'small|5'


@needs_root
def test_a_folder_of_others_is_a_warning_at_the_start(prepare):
    server = prepare(site(main='user nobody;'), files=FILES)
    os.mkdir(server.prefix / TEMP, 0o700)
    server.start()

    assert 'the user nobody of workers cannot write in the folder' in server.error_log
    assert post(server, '/on', b'x').status == 500
    server.wait_for_error(r'\[alert\] .*failed \(13: Permission denied\) while reading client request body')
    assert post(server, '/echo', b'small').body == b'small|5'


def test_a_folder_that_cannot_be_made_is_a_warning_at_the_start(hive):
    server = hive(site(http='client_body_temp_path no/such/folder;'), files=FILES)

    assert re.search(r'\[warn\] .*cannot make the folder .*/no/such/folder: No such file or directory', server.error_log)
    assert post(server, '/on', b'x').status == 500


@needs_root
@pytest.mark.parametrize('user', ['root', 'nobody'])
def test_a_full_disk_costs_its_request_alone(prepare, user):
    server = prepare(site(main=f'user {user};'), files=FILES)
    folder = server.prefix / TEMP
    os.mkdir(folder)
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m,mode=0777', 'bodies', folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip('nothing can be mounted here')
    try:
        server.start()
        (worker,) = server.workers()

        assert post(server, '/on', b'x' * 2_000_000).status == 500
        assert post(server, '/echo', b'x' * 2_000_000).status == 500

        server.wait_for_error(r'\[alert\] .*write\(\) ".*/0000000001" failed \(28: No space left on device\)')
        assert temp(server) == {}
        assert post(server, '/on', b'fits').status == 200
        assert server.workers() == [worker]
        server.stop()
    finally:
        subprocess.run(['umount', folder], check=True)


def test_a_limit_of_file_sizes_ends_no_worker(prepare):
    server = prepare(site(), files=FILES)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000_000, limits[1]))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (worker,) = server.workers()

    assert post(server, '/on', b'x' * 24_000_000).status == 500

    server.wait_for_error(r'\[alert\] .*write\(\) ".*" failed \(27: File too large\)')
    assert server.workers() == [worker]


# What it costs


def test_memory_stays_flat_while_a_large_body_streams_into_a_file(server):
    size = 1 << 30
    (worker,) = server.workers()
    post(server, '/clean', b'x' * 500000)
    before = resident(worker)
    block = bytes(1 << 20)
    most = 0
    with server.connect() as client:
        client.send(head('/clean', f'Content-Length: {size}'))
        for number in range(size // len(block)):
            client.send(block)
            if number % 64 == 0:
                most = max(most, resident(worker))
        answer = client.response()

    assert answer.status == 200
    assert most - before < 2048, f'{before} KiB before, {most} KiB meanwhile'


@needs_root
@pytest.mark.parametrize('sandbox', ['off', 'on', 'strict'])
def test_the_sandbox_lets_files_be_made_there_alone(hive, sandbox):
    server = hive(site(main=f'user nobody; sandbox {sandbox};', http='client_body_temp_path bodies 2;'), files=FILES)

    assert post(server, '/on', b'x' * 100000).body.endswith(b'/bodies/01/0000000001')
    assert post(server, '/echo', b'x' * 100000).body == b'|100000'
    assert post(server, '/clean', b'x').status == 200
    server.wait_for(lambda: list(temp(server, 'bodies')) == ['01/0000000001'], 'the file to be removed')
    assert os.stat(server.prefix / 'bodies').st_uid == os.stat(server.prefix / 'bodies/01').st_uid != 0


# What the configuration may say


@pytest.mark.parametrize('line,message', [
    ('client_body_in_file_only maybe;', 'invalid value "maybe"'),
    ('client_body_temp_path bodies 0;', 'invalid'),
    ('client_body_temp_path bodies 1 2 3 4;', 'invalid number of arguments'),
    ('client_body_temp_path bodies 5 5 1;', 'names have ten digits'),
    ('client_body_buffer_size 8x;', 'invalid'),
    ('client_body_in_single_buffer;', 'invalid number of arguments'),
    ('client_body_buffer_size 1k; client_body_buffer_size 1k;', 'directive is duplicate'),
    ('location /early { client_body_early_read 1; }', '"client_body_early_read" directive is not allowed here'),
])
def test_mistakes_are_told(prepare, line, message):
    result = prepare(site(server=line), files=FILES).run('-t')

    assert result.returncode == 1
    assert message in result.stderr

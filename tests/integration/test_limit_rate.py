"""limit_rate and limit_rate_after, by the clock: never faster than the rate, and not much slower.

After t seconds at most limit_rate_after + limit_rate * (t + 1) bytes have left, so an answer of n bytes takes
(n - limit_rate_after) / limit_rate - 1 seconds at least. The clock of the worker counts whole milliseconds.
"""

import gzip
import random
import time

import pytest

K = 1024
LOOSE = 5.0         # seconds that a busy machine may take longer
CLOCK = 0.01        # what two clocks may differ by
FILES = {'html/100k': random.Random(1).randbytes(100 * K), 'html/small': 'x'}


def http(server, main='', more=''):
    return f"""
        {main}
        http {{
            {more}
            log_format rates '$uri $status $body_bytes_sent $limit_rate $request_completion';
            access_log logs/access.log rates;
            server {{ listen 127.0.0.1:%%PORT%%; root html; {server} }}
        }}
    """


def timed(function, *arguments):
    begin = time.monotonic()
    result = function(*arguments)
    return time.monotonic() - begin, result


def takes(seconds, least):
    """Whether an answer took its time."""
    return least - CLOCK <= seconds <= least + LOOSE


@pytest.mark.parametrize('sendfile', ['on', 'off'])
def test_a_file_is_never_faster_than_its_rate(hive, sendfile):
    server = hive(http(f'sendfile {sendfile}; limit_rate 40k;'), files=FILES)

    seconds, response = timed(server.get, '/100k')

    assert response.body == FILES['html/100k']
    assert takes(seconds, 100 / 40 - 1)
    assert server.wait_for_access()[0] == f'/100k 200 {100 * K} {40 * K} OK'


def test_the_beginning_is_free(hive):
    server = hive(http('limit_rate 30k; limit_rate_after 50k;'), files=FILES)

    seconds, response = timed(server.get, '/100k')

    assert response.body == FILES['html/100k']
    assert takes(seconds, (100 - 50) / 30 - 1)


def test_no_limit_is_no_limit(hive):
    server = hive(http('limit_rate 0; limit_rate_after 1k; location /in { limit_rate 1; }'), files=FILES)

    assert timed(server.get, '/100k')[0] < LOOSE


def test_locations_override_servers(hive):
    server = hive(http("""limit_rate 1;
                          location / { limit_rate 1g; }
                          location /slow/ { alias html/; limit_rate 50k; }"""), files=FILES)

    assert timed(server.get, '/100k')[0] < LOOSE
    assert takes(timed(server.get, '/slow/100k')[0], 100 / 50 - 1)


def test_variables_are_worth_what_they_are_for_each_request(hive):
    server = hive(http('limit_rate $arg_rate; limit_rate_after $arg_after;'), files=FILES)

    assert takes(timed(server.get, '/100k?rate=50k&after=0')[0], 100 / 50 - 1)
    assert takes(timed(server.get, '/100k?rate=20k&after=60k')[0], 40 / 20 - 1)
    assert timed(server.get, '/100k?rate=0&after=0')[0] < LOOSE
    assert 'invalid size' not in server.error_log


@pytest.mark.parametrize('rate', ['', 'abc', '-1', '1x', '99999999999999999999'])
def test_what_is_no_size_is_reported_and_limits_nothing(hive, rate):
    server = hive(http('limit_rate $arg_rate;'), files=FILES)

    assert timed(server.get, f'/100k?rate={rate}')[0] < LOOSE
    server.wait_for_error(rf'\[error\] .*invalid size "{rate}", client: 127\.0\.0\.1')


def test_each_request_of_a_connection_has_a_rate_of_its_own(hive):
    server = hive(http('limit_rate 80k;'), files=FILES)

    with server.connect() as client:
        seconds, responses = timed(client.pipeline, [('GET', '/100k'), ('GET', '/small'), ('HEAD', '/100k'), ('GET', '/100k')])

    assert [response.status for response in responses] == [200] * 4
    assert responses[0].body == responses[3].body == FILES['html/100k']
    assert takes(seconds, 2 * (100 / 80 - 1))


def test_compressed_bodies_are_limited_by_what_is_sent(hive):
    server = hive(http('gzip on; gzip_types *; limit_rate 60k;', more='gzip_cache 0;'), files=FILES)

    seconds, response = timed(server.get, '/100k', {'Accept-Encoding': 'gzip'})

    assert gzip.decompress(response.body) == FILES['html/100k']
    assert takes(seconds, len(response.body) / (60 * K) - 1)


def test_others_are_served_in_the_pause(hive):
    server = hive(http('location /slow/ { alias html/; limit_rate 10k; }', 'worker_processes 1;'), files=FILES)

    with server.connect() as slow:
        slow.request('GET', '/slow/100k')
        assert b' 200 ' in slow.socket.recv(256)
        for _ in range(20):
            assert server.get('/small').status == 200
        assert server.access_log.count('/slow/100k') == 0


def test_a_pause_costs_no_processor_time(hive):
    server = hive(http('limit_rate 10k;', 'worker_processes 1;'), files=FILES)
    stat = f'/proc/{server.workers()[0]}/stat'

    def ticks():
        with open(stat, encoding='ascii') as file:
            return sum(int(field) for field in file.read().rsplit(')', 1)[1].split()[11:13])

    with server.connect() as client:
        client.request('GET', '/100k')
        before, begin = ticks(), time.monotonic()
        while time.monotonic() < begin + 1.5:
            client.socket.recv(65536)
        assert ticks() - before < 50    # hundredths of a second; a loop that polls uses 150


def test_a_client_that_leaves_in_the_pause_is_noticed_and_logged(hive):
    server = hive(http('limit_rate 1k;'), files=FILES)

    with server.connect() as client:
        client.request('GET', '/100k')
        assert b' 200 ' in client.socket.recv(256)

    server.wait_for_error('client prematurely closed connection')
    assert server.wait_for_access()[0].startswith('/100k 200 ')
    assert not server.access_log.endswith('OK\n')


def test_a_drain_waits_for_what_is_paced(hive):
    server = hive(http('limit_rate 50k;'), files=FILES)
    with server.connect() as client:
        client.request('GET', '/100k')
        begun = client.socket.recv(256)
        assert server.run('-s', 'quit').returncode == 0
        assert (begun + client.read_to_end()).endswith(FILES['html/100k'])

    assert server.wait_exit() == 0
    assert server.wait_for_access()[0].endswith('OK')


def test_a_drain_ends_what_is_paced_when_its_time_is_up(hive):
    server = hive(http('limit_rate 1;', 'worker_shutdown_timeout 200ms;'), files=FILES)

    with server.connect() as client:
        client.request('GET', '/100k')
        assert client.socket.recv(1) == b'H'
        begin = time.monotonic()
        assert server.run('-s', 'quit').returncode == 0
        assert server.wait_exit() == 0

    assert time.monotonic() - begin < 20


@pytest.mark.parametrize('text, says', [
    ('limit_rate abc;', 'invalid value "abc"'),
    ('limit_rate -1;', 'invalid value "-1"'),
    ('limit_rate 1k 2k;', 'invalid number of arguments in "limit_rate" directive'),
    ('limit_rate_after x$arg_a$nothing;', 'unknown "nothing" variable'),
    ('limit_rate 1; limit_rate 2;', '"limit_rate" directive is duplicate'),
])
def test_mistakes_are_told(prepare, text, says):
    result = prepare(http(text)).run('-t')

    assert result.returncode != 0
    assert says in result.stderr

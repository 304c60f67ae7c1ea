"""Handlers that wait without blocking: what their clients, their worker and everybody else notice."""

import re
import time
from signal import SIGHUP, SIGQUIT

from support.control import ask

FILES = {'html/index.html': 'hello'}
SITE = '''worker_processes 1; study on; {main} events {{ worker_connections {connections}; }}
http {{
    log_format whole '$request_uri $status $bytes_sent';
    access_log logs/access.log whole;
    server {{
        listen 127.0.0.1:%%PORT%%; root html; {server}
        location = /short {{ io_bound 100ms; }}
        location = /slow {{ io_bound 2s; }}
        location = /long {{ io_bound 10m; }}
    }}
}}'''


def site(main='', connections=512, server=''):
    return SITE.format(main=main, connections=connections, server=server)


def busy(server):
    """How many connections are being answered."""
    return ask(server, '/workers')[1]['workers'][0]['counts']['writing']


def start_waiting(server, client, target='/long', method='GET'):
    before = busy(server)
    client.request(method, target)
    server.wait_for(lambda: busy(server) > before, f'{target} to wait')


def test_it_is_refused_unless_study_is_on(prepare):
    server = prepare(site().replace('study on;', ''), files=FILES)

    result = server.run('-t')

    assert result.returncode == 1
    assert '"io_bound" keeps clients waiting on purpose, and is refused unless the main context says "study on;"' in \
        result.stderr


def test_a_location_either_waits_or_computes(prepare):
    server = prepare(site().replace('io_bound 100ms;', 'cpu_bound 1ms; io_bound 100ms;'), files=FILES)

    result = server.run('-t')

    assert result.returncode == 1
    assert '"cpu_bound" answers here already' in result.stderr


def test_two_hundred_wait_together_and_hold_nobody_up(hive):
    server = hive(site(), files=FILES)
    clients = [server.connect() for _ in range(200)]
    began = time.monotonic()
    for client in clients:
        client.request('GET', '/slow')
    server.wait_for(lambda: busy(server) == 200, 'all to wait')

    with server.connect() as other:
        quick = [other.get('/').body for _ in range(20)]
        waiting = busy(server)

    answers = [client.response() for client in clients]
    took = time.monotonic() - began
    assert quick == [b'hello'] * 20
    assert waiting == 200, 'they were answered before anybody could be served beside them'
    assert {answer.status for answer in answers} == {200}
    assert 'waited for 2000 ms' in answers[0].text
    assert 2 <= took < 40, f'two hundred times two seconds are 400 s one after another; this took {took:.1f} s'


def test_the_connection_goes_on_afterwards(hive):
    server = hive(site(), files=FILES)
    with server.connect() as client:
        assert client.get('/short').header('Connection') == 'keep-alive'
        assert client.get('/').body == b'hello'
        assert client.get('/short').status == 200


def test_head_is_answered_without_a_body(hive):
    server = hive(site(), files=FILES)
    with server.connect() as client:
        answer = client.get('/short', method='HEAD')
        assert (answer.status, answer.body) == (200, b'')
        assert int(answer.header('Content-Length')) > 0
        assert client.get('/').body == b'hello'


def test_pipelined_requests_are_answered_in_their_order(hive):
    server = hive(site(), files=FILES)
    with server.connect() as client:
        answers = client.pipeline([('GET', '/'), ('GET', '/short'), ('GET', '/missing'), ('GET', '/short'), ('GET', '/')])

    assert [answer.status for answer in answers] == [200, 200, 404, 200, 200]
    assert answers[4].body == b'hello'


def test_filters_and_variables_see_the_answer_as_any_other(hive):
    server = hive(site(server='add_header X-Uri "$uri $request_method"; keepalive_timeout 0;'), files=FILES)

    answer = server.get('/short?a=b')

    assert answer.header('X-Uri') == '/short GET'
    assert re.fullmatch(r'/short\?a=b 200 \d+', server.wait_for_access()[0])


def test_a_client_that_leaves_is_499_and_costs_nothing_more(hive):
    server = hive(site(), files=FILES)
    for leave in ('close', 'reset', 'half_close'):
        with server.connect() as client:
            start_waiting(server, client)

            getattr(client, leave)()

            server.wait_for(lambda: busy(server) == 0, f'the worker to notice: {leave}')
    assert server.wait_for_access(3) == ['/long 499 0'] * 3


def test_quit_waits_for_the_answer(hive):
    server = hive(site(), files=FILES)
    with server.connect() as client:
        start_waiting(server, client, '/slow')

        server.signal(SIGQUIT)

        answer = client.response()
        assert (answer.status, answer.header('Connection')) == (200, 'close')
    assert server.wait_exit() == 0


def test_a_reload_leaves_the_old_worker_its_waiting_client(hive):
    server = hive(site(), files=FILES)
    with server.connect() as client:
        start_waiting(server, client, '/slow')
        (old,) = server.workers()

        server.signal(SIGHUP)
        server.wait_for(lambda: len(server.workers()) == 2, 'the new worker beside the old one')

        assert server.get('/').status == 200
        assert re.match(rf'worker {old} waited', client.response().text)
    server.wait_for(lambda: old not in server.workers(), 'the old worker to leave')


def test_worker_shutdown_timeout_ends_the_wait(hive):
    server = hive(site('worker_shutdown_timeout 200ms;'), files=FILES)
    with server.connect() as client:
        start_waiting(server, client)

        server.signal(SIGQUIT)

        assert server.wait_exit() == 0
        assert client.at_end()
    assert server.access_log == '/long 499 0\n'


def test_a_fast_stop_waits_for_nobody(hive):
    server = hive(site(), files=FILES)
    with server.connect() as client:
        start_waiting(server, client)

        assert server.stop() == 0


def test_who_waits_keeps_its_place_when_others_need_one(hive):
    server = hive(site(connections=2), files=FILES)
    with server.connect() as waiting, server.connect() as idle:
        start_waiting(server, waiting, '/slow')
        assert idle.get('/').status == 200

        assert server.get('/').status == 200

        assert idle.at_end()
        assert waiting.response().status == 200

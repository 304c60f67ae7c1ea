"""Handlers that misbehave on purpose."""

import select

from support.control import ask
from support.waiting import DEADLINE

FILES = {'html/index.html': 'hello'}
SITE = ('worker_processes 1; {main} http {{ server {{ listen 127.0.0.1:%%PORT%%; root html; '
        'location = /busy {{ cpu_bound 300ms; }} }} }}')


def test_a_cpu_bound_handler_is_refused_unless_study_is_on(prepare):
    server = prepare(SITE.format(main=''), files=FILES)

    result = server.run('-t')

    assert result.returncode == 1
    assert 'refused unless the main context says "study on;"' in result.stderr
    assert '^' in result.stderr


def test_study_may_be_switched_on_behind_the_block_that_uses_it(prepare):
    server = prepare(SITE.format(main='') + ' study on;', files=FILES)

    assert server.run('-t').returncode == 0


def at_work(server):
    """How many connections are being answered."""
    return ask(server, '/workers')[1]['workers'][0]['counts']['writing']


def test_everybody_on_that_worker_waits_for_a_cpu_bound_handler(hive):
    server = hive(SITE.format(main='study on;'), files=FILES)
    with server.connect() as busy, server.connect() as other:
        assert other.get('/').status == 200
        server.wait_for(lambda: at_work(server) == 0, 'the answer to be noted')
        busy.request('GET', '/busy')
        server.wait_for(lambda: at_work(server) or select.select([busy.socket], [], [], 0)[0], 'the handler to be at work')

        other.request('GET', '/')
        select.select([other.socket], [], [], DEADLINE)

        # Whoever was served meanwhile would be answered before the handler is.
        assert select.select([busy.socket], [], [], 0)[0] == [busy.socket]
        assert other.response().body == b'hello'
        assert 'computed for 300 ms' in busy.response().text

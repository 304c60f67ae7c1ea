"""Workers that have served long enough: replaced one at a time, the replacement first, and no request lost."""

import re

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; add_header X-Worker $pid; } }'
FILES = {'html/index.html': 'hello'}


def events(log):
    """('ready' | 'drain', pid) of every worker, in the order of the log."""
    return [('ready', int(ready)) if ready else ('drain', int(drain))
            for ready, drain in re.findall(r'pid (\d+)\) is ready|pid (\d+)\) is shutting down', log)]


def fewest_serving(log, wanted):
    """How many workers served at least, from the moment when all did."""
    serving, fewest = 0, None
    for kind, _ in events(log):
        serving += 1 if kind == 'ready' else -1
        if fewest is None:
            fewest = wanted if serving == wanted else None
        else:
            fewest = min(fewest, serving)
    return fewest


def test_a_worker_leaves_after_its_requests_and_none_is_lost(hive):
    server = hive('worker_processes 2; worker_max_requests 50;' + SITE, files=FILES)
    before = server.workers()

    def ask_until_all_are_new():
        response = server.get('/')
        assert response.status == 200
        return not set(server.workers()) & set(before)

    server.wait_for(ask_until_all_are_new, 'both workers to be replaced', deadline=60)

    assert re.search(r'has served \d+ requests \(worker_max_requests 50\)', server.error_log)
    assert fewest_serving(server.error_log, 2) == 2


def test_a_kept_alive_connection_is_told_to_close(hive):
    server = hive('worker_processes 1; worker_max_requests 5;' + SITE, files=FILES)
    (before,) = server.workers()

    with server.connect() as client:
        def ask_until_closed():
            response = client.get('/')
            assert response.status == 200
            return response.header('Connection') == 'close'
        server.wait_for(ask_until_closed, 'the connection to be closed with an announcement')

    server.wait_for(lambda: before not in server.workers(), 'the old worker to leave')
    assert int(server.get('/').header('X-Worker')) != before


def test_a_worker_that_has_grown_is_replaced(hive):
    # Any process is larger than this, so that they go round and round.
    server = hive('worker_processes 3; worker_max_memory 64k;' + SITE, files=FILES)
    before = server.workers()

    server.wait_for(lambda: not set(server.workers()) & set(before), 'all workers to be replaced', deadline=60)

    assert re.search(r'has \d+ KiB of memory resident \(worker_max_memory 64 KiB\)', server.error_log)
    assert fewest_serving(server.error_log, 3) == 3
    assert server.get('/').status == 200


def test_no_limit_no_recycling(hive):
    server = hive('worker_processes 1;' + SITE, files=FILES)
    before = server.workers()

    for _ in range(100):
        server.get('/')

    assert server.workers() == before
    assert 'has served' not in server.error_log

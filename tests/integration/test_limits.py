"""limit_req and limit_conn: rates and counts in zones of shared memory, which outlive workers and generations."""

import json
import os
from signal import SIGHUP, SIGKILL, SIGQUIT, SIGUSR2
import threading
import time

from support import processes
from support.control import ctl
from support.ports import listening

FILES = {'html/a': 'x', 'html/b': 'x', 'html/big': 'x' * (16 << 20)}


def http(zones, server, port='PORT'):
    return f"""
        http {{
            log_format limits '$uri $status $limit_req_status $limit_conn_status';
            access_log logs/access.log limits;
            {zones}
            server {{ listen 127.0.0.1:%%{port}%%; server_name limits.example; root html; {server} }}
        }}
    """


def statuses(server, count, path='/a'):
    return [server.get(path).status for _ in range(count)]


def reload_into(server, config, generation):
    server.configure(config)
    # The command answers when no old worker accepts any more.
    assert server.run('-s', 'reload').returncode == 0
    server.wait_for_error(rf'generation {generation} serves with')


def slow_download(server, path='/big'):
    """A connection whose answer is under way and blocked, because nobody reads it."""
    client = server.connect()
    client.request('GET', path)
    assert b' 200 ' in client.socket.recv(256)
    return client


def workers_of(pid):
    return [child for child in processes.children(pid) if 'worker' in processes.title(child)]


# -- limit_req

SLOW = 'limit_req_zone $binary_remote_addr zone=one:64k rate=1r/m;'
CONN = 'limit_conn_zone $server_name zone=all:32k;'


def test_two_workers_share_one_rate(hive):
    server = hive('worker_processes 4;' + http(SLOW, 'limit_req zone=one burst=5 nodelay;'), files=FILES)

    assert sorted(statuses(server, 20)) == [200] * 6 + [503] * 14
    assert server.wait_for_error(r'\[error\] .*limiting requests, excess: \d\.\d{3} by zone "one", client: 127\.0\.0\.1')
    server.wait_for(lambda: server.access_log.count('\n') == 20, 'twenty lines')
    lines = server.access_log.splitlines()
    assert lines.count('/a 200 PASSED -') == 6
    assert lines.count('/a 503 REJECTED -') == 14


def test_a_reload_keeps_what_was_counted(hive):
    config = http(SLOW, 'limit_req zone=one burst=2 nodelay;')
    server = hive(config, files=FILES)
    assert statuses(server, 4) == [200, 200, 200, 503]

    reload_into(server, config, 2)

    assert statuses(server, 2) == [503, 503]


def test_another_size_is_a_new_zone_and_said_once(hive):
    config = http(SLOW, 'limit_req zone=one;')
    server = hive(config, files=FILES)
    assert statuses(server, 2) == [200, 503]

    reload_into(server, config.replace(':64k', ':128k'), 2)

    assert statuses(server, 2) == [200, 503]
    assert server.error_log.count('the zone "one" has 131072 bytes instead of 65536 and begins empty') == 1
    reload_into(server, config.replace(':64k', ':128k'), 3)
    assert statuses(server, 1) == [503]
    assert server.error_log.count('begins empty') == 1


def test_another_key_or_kind_under_a_name_is_an_error_with_both_places(hive):
    config = http(SLOW, 'limit_req zone=one;')
    server = hive(config, files=FILES)
    assert statuses(server, 2) == [200, 503]
    where = f'{server.prefix}/colmeia.conf:5'

    server.configure(config.replace('$binary_remote_addr', '$uri'))
    server.signal(SIGHUP)
    server.wait_for_error(rf'{where}: limit_req_zone "one" uses the "\$uri" key while previously it used the '
                          rf'"\$binary_remote_addr" key at {where}')
    server.configure(http('limit_conn_zone $binary_remote_addr zone=one:64k;', ''))
    server.signal(SIGHUP)
    server.wait_for_error(rf'{where}: the shared memory zone "one" is one of limit_conn_zone, while it was made as one of '
                          rf'limit_req_zone at {where}')

    assert statuses(server, 1) == [503]


def test_a_zone_survives_its_workers(hive):
    server = hive('worker_processes 1;' + http(SLOW, 'limit_req zone=one;'), files=FILES)
    assert statuses(server, 2) == [200, 503]

    before = server.workers()
    os.kill(before[0], SIGKILL)

    server.wait_for(lambda: server.workers() and server.workers() != before, 'another worker')
    assert statuses(server, 1) == [503]


def test_it_works_without_a_master(prepare):
    server = prepare('master_process off;' + http(SLOW + 'limit_conn_zone $server_name zone=all:32k;',
                                                  'limit_req zone=one burst=1 nodelay; limit_conn all 1;'), files=FILES)
    server.launch()
    server.wait_for(lambda: listening(server.port), 'the port')
    assert statuses(server, 3) == [200, 200, 503]


def test_dry_run_and_status_in_a_running_server(hive):
    server = hive(http(SLOW, """limit_req zone=one; limit_req_status 429;
                                location = /b { limit_req_dry_run on; }"""), files=FILES)

    assert statuses(server, 2) == [200, 429]
    assert statuses(server, 1, '/b') == [200]
    server.wait_for(lambda: '/b 200 REJECTED_DRY_RUN -' in server.access_log, 'the line of the dry run')


def test_delayed_requests_keep_the_rate_and_others_are_served_meanwhile(hive):
    zone = 'limit_req_zone $binary_remote_addr zone=one:64k rate=5r/s;'
    server = hive('worker_processes 1;' + http(zone, 'location = /a { limit_req zone=one burst=9; }'), files=FILES)

    begin = time.monotonic()
    with server.connect() as client:
        answers = client.pipeline([('GET', '/a')] * 4)
    assert time.monotonic() - begin > 0.55  # three times a fifth of a second
    assert [answer.status for answer in answers] == [200] * 4
    assert server.wait_for_error(r'\[warn\] .*delaying request, excess: 0\.\d{3}, by zone "one", client: 127\.0\.0\.1')
    server.wait_for(lambda: server.access_log.count('/a 200 DELAYED -') == 3, 'three lines')


def test_a_client_that_leaves_while_it_is_delayed_is_forgotten(hive):
    server = hive('worker_processes 1;' + http(SLOW, 'limit_req zone=one burst=9; location = /b { limit_req_dry_run on; }'),
                  files=FILES)
    assert statuses(server, 1) == [200]

    with server.connect() as client:
        client.request('GET', '/a')
        server.wait_for_error(r'delaying request')
        assert server.get('/b').status == 200

    server.wait_for(lambda: '/a 499 DELAYED -' in server.access_log, 'its line')


# -- upgrade

def test_a_new_binary_goes_on_with_the_zones(prepare):
    server = prepare('daemon on;' + http(SLOW + CONN, 'location = /a { limit_req zone=one; } '
                                                      'location /b { limit_conn all 1; } location /big { limit_conn all 1; }'),
                     files=FILES).start_daemon()
    assert statuses(server, 2) == [200, 503]
    client = slow_download(server)
    old = server.pid

    server.signal(SIGUSR2)
    server.wait_for_error(r'new binary \(pid \d+\) serves')
    server.signal(SIGQUIT)
    server.wait_for(lambda: len(workers_of(old)) < 2, 'an old worker to leave')
    pid = int(server.read('logs/colmeia.pid'))

    assert statuses(server, 1) == [503]
    assert statuses(server, 1, '/b') == [503]  # an old worker still serves the download
    client.close()
    assert server.wait_exit() == 0
    server.adopt(pid)
    server.wait_for(lambda: server.get('/b').status == 200, 'the old connection to be given back')
    assert statuses(server, 1) == [503]


# -- limit_conn


def test_workers_share_one_count_and_give_back(hive):
    server = hive('worker_processes 4;' + http(CONN, 'location = /big { limit_conn all 2; }'
                                               'location = /a { limit_conn all 2; }'), files=FILES)
    first, second = slow_download(server), slow_download(server)

    assert statuses(server, 4) == [503] * 4
    assert server.wait_for_error(r'\[error\] .*limiting connections by zone "all", client: 127\.0\.0\.1')
    first.close()
    server.wait_for(lambda: server.get('/a').status == 200, 'a count to be given back')
    second.close()
    server.wait_for(lambda: '/big 200 - PASSED' in server.access_log, 'the line of a download')
    assert '/a 503 - REJECTED' in server.access_log


def test_a_killed_worker_s_connections_are_given_back(hive):
    server = hive('worker_processes 2;' + http(CONN, 'limit_conn all 3;'), files=FILES)
    clients = [slow_download(server) for _ in range(3)]
    assert server.get('/a').status == 503

    before = set(server.workers())
    for pid in before:
        os.kill(pid, SIGKILL)

    server.wait_for(lambda: len(set(server.workers()) - before) == 2, 'two other workers')
    server.wait_for(lambda: server.get('/a').status == 200, 'the counts of the dead to be given back')
    for client in clients:
        client.close()


def test_a_reload_keeps_the_connections_of_the_old_generation(hive):
    config = http(CONN, 'limit_conn all 1;')
    server = hive(config, files=FILES)
    client = slow_download(server)

    reload_into(server, config, 2)

    assert server.get('/a').status == 503
    client.close()
    server.wait_for(lambda: server.get('/a').status == 200, 'the old connection to be given back')


def test_no_count_is_lost_while_workers_die_at_random(hive):
    server = hive('worker_processes 2;' + http(CONN, 'limit_conn all 4;'), files=FILES)
    done = threading.Event()

    def load():
        while not done.is_set():
            try:
                server.get('/a')
            except OSError:
                pass
    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        workers = server.workers()
        server.wait_for(lambda: len(server.workers()) == 2, 'two workers')
        workers = server.workers()
        os.kill(workers[0], SIGKILL)
        server.wait_for(lambda gone=workers[0]: gone not in server.workers(), 'it to be gone')
    done.set()
    for thread in threads:
        thread.join()

    server.wait_for(lambda: len(server.workers()) == 2, 'two workers')
    clients = [slow_download(server) for _ in range(4)]  # all four places are free
    assert server.get('/a').status == 503
    for client in clients:
        client.close()


def test_requests_that_came_together_are_one_connection(hive):
    server = hive('worker_processes 1;' + http(CONN, 'limit_conn all 1;'), files=FILES)

    with server.connect() as client:
        answers = client.pipeline([('GET', '/a'), ('GET', '/b'), ('GET', '/a')])

    assert [answer.status for answer in answers] == [200] * 3
    assert statuses(server, 2) == [200] * 2


# -- how full zones are

def test_status_hive_and_metrics_tell_how_full_zones_are(hive):
    server = hive(http(SLOW + CONN, """limit_req zone=one burst=9 nodelay; limit_conn all 9;
                                       location = /json { hive json; } location = /metrics { hive prometheus; }"""),
                  files=FILES)
    assert statuses(server, 3) == [200] * 3

    zones = json.loads(ctl(server, 'status', '--json').stdout)['zones']

    assert [(zone['name'], zone['kind'], zone['size_bytes'], zone['living'], zone['refused']) for zone in zones] == \
        [('one', 'limit_req_zone', 64 << 10, 1, 0), ('all', 'limit_conn_zone', 32 << 10, 0, 0)]
    text = ctl(server, 'status').stdout
    assert 'zones: 2' in text and 'limit_conn_zone' in text
    seen = {zone['name']: zone for zone in json.loads(server.get('/json', {'Host': 'localhost'}).body)['zones']}
    assert seen == {'one': zones[0], 'all': {**zones[1], 'living': 1}}    # the request itself
    metrics = server.get('/metrics', {'Host': 'localhost'}).text
    assert f'colmeia_zone_slots{{zone="one",kind="limit_req_zone"}} {zones[0]["slots"]}\n' in metrics
    assert 'colmeia_zone_living{zone="all",kind="limit_conn_zone"} 1\n' in metrics
    assert 'colmeia_zone_refused_total{zone="one",kind="limit_req_zone"} 0\n' in metrics


def test_requests_that_find_no_room_are_counted(hive):
    server = hive(http('limit_req_zone $arg_key zone=one:32k rate=1r/m;', 'limit_req zone=one;'), files=FILES)

    refused = 0
    for batch in range(100):
        with server.connect() as client:
            refused += [client.get(f'/a?key={batch}.{key}').status for key in range(900)].count(503)
        if refused > 0:
            break

    zone = json.loads(ctl(server, 'status', '--json').stdout)['zones'][0]
    assert zone['refused'] == refused
    assert zone['living'] <= zone['slots']


def test_the_last_reload_that_succeeded_has_its_time(hive):
    config = http(SLOW, 'limit_req zone=one;')
    server = hive(config, files=FILES)
    fresh = json.loads(ctl(server, 'status', '--json').stdout)['server']['succeeded_reload']
    assert fresh == {'generation': 0, 'at': '', 'ago_ms': None}

    reload_into(server, config, 2)
    server.configure('nonsense;')
    assert server.run('-s', 'reload').returncode != 0

    facts = json.loads(ctl(server, 'status', '--json').stdout)['server']
    assert facts['succeeded_reload']['generation'] == 2
    assert facts['succeeded_reload']['at'].endswith('Z')
    assert facts['last_reload_failed']

"""HUP: a new generation takes over when all of it serves; what fails changes nothing, and is said."""

import socket
import threading
from signal import SIGHUP

from support import processes

SITE = """
    http {
        server { listen 127.0.0.1:%%PORT%%; root html; add_header X-Version one; add_header X-Worker $pid; }
    }
"""
FILES = {'html/index.html': 'hello'}


def reload_into(server, config, generation=2):
    server.configure(config)
    server.signal(SIGHUP)
    server.wait_for_error(rf'generation {generation} serves with')


def test_a_changed_configuration_is_served_by_new_workers(hive):
    server = hive(SITE, files=FILES)
    before = server.workers()

    reload_into(server, SITE.replace('one', 'two'))

    server.wait_for(lambda: not set(server.workers()) & set(before), 'the old workers to leave')
    assert server.get('/').header('X-Version') == 'two'
    assert len(server.workers()) == 2


def test_the_master_stays_the_same_process(hive):
    server = hive(SITE, files=FILES)

    reload_into(server, SITE)

    assert server.poll_exit() is None
    assert server.read('logs/colmeia.pid') == f'{server.pid}\n'


def test_a_listener_is_kept_and_others_come_and_go(hive):
    config = 'http {{ server {{ listen 127.0.0.1:{}; listen 127.0.0.1:{}; root html; }} }}'
    server = hive(config.format('%%PORT%%', '%%PORT_OLD%%'), files=FILES)

    reload_into(server, config.format('%%PORT%%', '%%PORT_NEW%%'))

    assert server.get('/').status == 200
    assert server.get('/', port=server.named_port('PORT_NEW')).status == 200

    def old_is_refused():
        try:
            server.connect(server.named_port('PORT_OLD')).close()
        except ConnectionRefusedError:
            return True
        return False
    server.wait_for(old_is_refused, 'the removed listener to be closed')


def test_the_number_of_workers_follows(hive):
    server = hive('worker_processes 1;' + SITE, files=FILES)

    reload_into(server, 'worker_processes 3;' + SITE)

    server.wait_for(lambda: len(server.workers()) == 3, 'three workers')
    reload_into(server, 'worker_processes 2;' + SITE, generation=3)
    server.wait_for(lambda: len(server.workers()) == 2, 'two workers')


def test_a_begun_request_is_finished_by_the_old_generation(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as client:
        client.get('/')  # from here on a worker of the old generation holds it
        client.send('GET / HTTP/1.1\r\nHost: x\r\n')

        reload_into(server, SITE.replace('one', 'two'))
        client.send('\r\n')

        response = client.response()
        assert (response.status, response.header('X-Version')) == (200, 'one')
        assert response.header('Connection') == 'close'


def test_an_idle_connection_is_closed_by_the_old_generation(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as client:
        client.get('/')

        reload_into(server, SITE)

        assert client.at_end()


# -- what fails changes nothing

def assert_nothing_changed(server, before):
    assert server.workers() == before
    assert server.get('/').header('X-Version') == 'one'


def test_a_mistake_in_the_configuration_is_said_with_its_place(hive):
    server = hive(SITE, files=FILES)
    before = server.workers()

    server.configure('http {\n    sendfil on;\n}\n')
    server.signal(SIGHUP)

    server.wait_for_error(r'colmeia\.conf:3:5: "sendfil" is not a directive')
    server.wait_for_error(r'generation 2 .*generation 1 keeps serving')
    assert_nothing_changed(server, before)


def test_an_address_that_cannot_be_had_is_named(hive):
    server = hive(SITE, files=FILES)
    before = server.workers()

    server.configure(SITE.replace('root', 'listen 192.0.2.1:%%PORT%%; root'))
    server.signal(SIGHUP)

    server.wait_for_error(r'192\.0\.2\.1:\d+.*Cannot assign requested address')
    assert_nothing_changed(server, before)


def test_an_address_of_somebody_else_is_named_and_nobody_waits(hive):
    server = hive(SITE, files=FILES)
    before = server.workers()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(('127.0.0.1', server.named_port('PORT_TAKEN')))
        taken.listen()

        server.configure(SITE.replace('root', 'listen 127.0.0.1:%%PORT_TAKEN%%; root'))
        server.signal(SIGHUP)
        server.wait_for_error(rf'127\.0\.0\.1:{server.named_port("PORT_TAKEN")}.*Address already in use')

    assert_nothing_changed(server, before)


def test_workers_that_cannot_start_leave_the_old_ones_serving(hive):
    server = hive(SITE, files=FILES)
    before = server.workers()

    server.configure('working_directory /absent/folder;' + SITE.replace('one', 'two'))
    server.signal(SIGHUP)

    server.wait_for_error(r'generation 2 failed.*generation 1 keeps serving')
    assert '/absent/folder' in server.error_log
    server.wait_for(lambda: server.workers() == before, 'the new workers to leave')
    assert_nothing_changed(server, before)


def test_a_log_that_cannot_be_opened_leaves_the_old_ones_serving(hive):
    server = hive(SITE, files=FILES)
    before = server.workers()

    server.configure(SITE.replace('server {', 'access_log absent/access.log; server {'))
    server.signal(SIGHUP)

    server.wait_for_error(r'absent/access\.log.*No such file or directory')
    assert_nothing_changed(server, before)


def test_a_good_reload_follows_a_bad_one(hive):
    server = hive(SITE, files=FILES)
    server.configure('nonsense;')
    server.signal(SIGHUP)
    server.wait_for_error('"nonsense" is not a directive')

    server.configure(SITE.replace('one', 'two'))
    server.signal(SIGHUP)

    server.wait_for(lambda: server.get('/').header('X-Version') == 'two', 'the new configuration')


def test_reloads_in_a_row_end_with_the_last_configuration(hive):
    server = hive(SITE, files=FILES)

    for version in ('two', 'three', 'four'):
        server.configure(SITE.replace('one', version))
        server.signal(SIGHUP)

    server.wait_for(lambda: server.get('/').header('X-Version') == 'four', 'the last configuration')
    server.wait_for(lambda: len(server.workers()) == 2, 'the old workers to leave')


def test_no_new_connection_is_lost_while_generations_change(hive):
    server = hive(SITE, files=FILES)
    lost, answered, done = [], [], threading.Event()

    def ask():
        while not done.is_set():
            try:
                answered.append(server.get('/').status)
            except (OSError, EOFError) as error:
                lost.append(error)
    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()

    for generation in range(2, 6):
        server.signal(SIGHUP)
        server.wait_for_error(rf'generation {generation} serves with')
    done.set()
    for client in clients:
        client.join()

    assert lost == []
    assert set(answered) == {200}


def test_a_reload_does_not_leak_descriptors_of_the_master(hive):
    server = hive(SITE, files=FILES)
    reload_into(server, SITE)
    server.wait_for(lambda: len(server.workers()) == 2, 'the old workers to leave')
    before = server.wait_for(lambda: len(processes.descriptors(server.pid)), 'descriptors')

    for generation in range(3, 6):
        reload_into(server, SITE, generation)
        server.wait_for(lambda: len(server.children()) == 2, 'the old workers to leave')

    server.wait_for(lambda: len(processes.descriptors(server.pid)) <= before, f'at most {before} descriptors')

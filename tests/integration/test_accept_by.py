"""`accept_by`: the five ways to take clients, each in production: reloads, more and fewer workers, deaths, hangs."""

import os
import re
import select
import threading
from signal import SIGCONT, SIGHUP, SIGKILL, SIGQUIT, SIGTTIN, SIGTTOU

import pytest

from support import control, processes
from support.http_client import Connection
from support.load import Load
from support.ports import listening, queued
from support.waiting import DEADLINE

WAYS = ('exclusive', 'shared', 'reuseport', 'mutex', 'handoff')
PATIENT = 'worker_watchdog 60s;'  # where workers are stopped: a look at what then happens may take a busy machine long
FILES = {'html/index.html': b'x' * 1024}
CLIENTS = {'keep': 3, 'close': 3, 'pausing': 8, 'patience': 8}  # few that never rest, and patient: the machine is shared

KILLS = 3
UNCOUNTED = 1  # connection at most that a worker has accepted and not yet counted when it is stopped

every_way = pytest.mark.parametrize('way', WAYS)


def site(way, workers=2, more='', listen='%%PORT%%'):
    return (f'worker_processes {workers}; events {{ accept_by {way}; }} {more} '
            f'http {{ access_log off; server {{ listen 127.0.0.1:{listen}; root html; }} }}')


def status(server):
    return control.ask(server, '/status')[1]


def ready(server):
    """{pid: what it counted} of the workers that serve."""
    return {pid: worker['counts'] for pid, worker in control.in_service(server).items()}


def reload_into(server, config, generation):
    server.configure(config)
    server.signal(SIGHUP)
    server.wait_for_error(rf'generation {generation} serves with')


def ask(server, count, port=None):
    """So many clients that have connected and asked, their answers not read."""
    clients = [server.connect(port) for _ in range(count)]
    for client in clients:
        client.request('GET', '/index.html')
    return clients


def answered(clients):
    """Those whose answer has come."""
    return select.select([client.socket for client in clients], [], [], 0)[0]


class Comers:
    """Threads that connect, ask once and read to the end, again and again, until they are refused."""

    def __init__(self, address, count=6):
        self.served = 0
        self.lost = []
        self._address = address
        self._threads = [threading.Thread(target=self._come, daemon=True) for _ in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        self.wait_until_refused()

    def wait_until_refused(self):
        for thread in self._threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()

    def _come(self):
        while True:
            try:
                client = Connection(self._address)
            except (ConnectionRefusedError, FileNotFoundError):
                return
            try:
                client.request('GET', '/index.html', {'Connection': 'close'})
                client.response()
                self.served += 1
            except (OSError, EOFError) as error:
                self.lost.append(repr(error))
            finally:
                client.close()


def assert_nothing_lost(load):
    assert load.result['kinds'] == {}, load.result['losses'][:5]
    assert load.result['requests'] == load.result['issued'] > 0


@every_way
def test_all_accepts_are_counted_and_the_way_is_told(hive, way):
    server = hive(site(way, 3), files=FILES)

    for client in ask(server, 30):
        assert client.response().status == 200

    facts = status(server)
    assert facts['server']['accept_by'] == way
    assert facts['totals']['accepts'] == facts['totals']['handled'] == facts['totals']['requests'] == 30
    assert len(listening(server.port)) == (3 if way == 'reuseport' else 1)


@pytest.mark.parametrize('way', ['exclusive', 'handoff'])
def test_one_by_one_each_gets_its_share(hive, way):
    server = hive(site(way, 4), files=FILES)

    clients = []
    for _ in range(32):
        clients += ask(server, 1)
        clients[-1].response()
        clients[-1].get('/index.html')  # so its worker has ended the turn in which it accepted, and waits again

    accepts = [counts['accepts'] for counts in ready(server).values()]
    assert sum(accepts) == 32
    if way == 'handoff':
        assert accepts == [8, 8, 8, 8]  # strictly in turn
    else:
        assert max(accepts) <= 1.5 * min(accepts)


@every_way
def test_reloads_and_other_numbers_of_workers_lose_nothing(hive, way):
    server = hive(site(way), files=FILES)

    with Load(server.port, **CLIENTS) as load:
        for generation, workers in ((2, 3), (3, 1), (4, 2)):
            reload_into(server, site(way, workers), generation)
        for signal, count in ((SIGTTIN, 3), (SIGTTOU, 2), (SIGTTOU, 1)):
            server.signal(signal)
            server.wait_for(lambda: len(ready(server)) == count, f'{count} workers')

    assert_nothing_lost(load)


def test_the_way_can_be_changed_by_reload(hive):
    server = hive(site('exclusive'), files=FILES)

    with Load(server.port, **CLIENTS) as load:
        order = ('handoff', 'reuseport', 'handoff', 'mutex', 'shared', 'reuseport', 'mutex', 'exclusive')
        for generation, way in enumerate(order, start=2):
            reload_into(server, site(way), generation)
            before = load.requests
            server.wait_for(lambda: load.requests > before + 20, 'more requests')
            assert status(server)['server']['accept_by'] == way

    assert_nothing_lost(load)


@every_way
def test_a_killed_worker_loses_what_it_held_and_nothing_else(hive, way):
    server = hive(site(way, 3), files=FILES)
    held = 0

    with Load(server.port, **CLIENTS) as load:
        for _ in range(KILLS):
            victim = server.wait_for(lambda: min(ready(server), default=None), 'a worker')
            processes.stop(victim)  # so that what it holds can be read before it is gone
            held += ready(server)[victim]['connections']
            os.kill(victim, SIGKILL)
            server.wait_for(lambda: len(ready(server)) == 3 and victim not in ready(server), 'its replacement')

    assert load.result['lost'] <= held + KILLS * UNCOUNTED


def test_accept_mutex_is_the_same_as_accept_by_mutex(hive):
    server = hive(site('mutex').replace('accept_by mutex', 'accept_mutex on; accept_mutex_delay 10ms'), files=FILES)

    assert status(server)['server']['accept_by'] == 'mutex'
    assert server.get('/index.html').status == 200


@pytest.mark.parametrize('way', ['mutex', 'handoff'])
def test_a_listeners_own_reuseport_wins(hive, way):
    server = hive(site(way, 2, PATIENT, '%%PORT%% reuseport'), files=FILES)
    workers = sorted(ready(server))
    processes.stop(workers[0])

    clients = ask(server, 40)  # enough for both sockets
    server.wait_for(lambda: sum(counts['accepts'] for counts in ready(server).values()) + queued(server.port) == 40,
                    'all to be accepted, or queued for the one that is stopped')
    assert len(listening(server.port)) == 2
    assert queued(server.port) > 0
    os.kill(workers[0], SIGCONT)

    assert all(client.response().status == 200 for client in clients)


def test_the_lock_of_a_killed_worker_is_freed(hive):
    server = hive(site('mutex'), files=FILES)

    for _ in range(4):
        before = set(ready(server))
        for worker in before:  # one of them holds it just now
            os.kill(worker, SIGKILL)
            assert server.get('/index.html').status == 200
        server.wait_for(lambda: len(ready(server)) == 2 and not before & set(ready(server)), 'the replacements')


def test_the_lock_of_a_hung_worker_is_broken(hive):
    server = hive(site('mutex'), files=FILES)

    workers = sorted(ready(server))

    def broken():
        for worker in workers:  # whoever holds it just now; between two turns nobody does
            processes.stop(worker)
            assert server.get('/index.html').status == 200
            os.kill(worker, SIGCONT)
        return re.search(r'held the lock for accepting and has been silent for \d+ ms', server.error_log)

    server.wait_for(broken, 'a holder of the lock to be stopped')
    assert sorted(ready(server)) == workers


def test_handed_clients_that_a_worker_did_not_take_go_to_another(hive):
    server = hive(site('handoff', more=PATIENT), files=FILES)
    hung, lively = sorted(ready(server))
    processes.stop(hung)

    clients = ask(server, 60)
    server.wait_for(lambda: len(answered(clients)) == 60 - 8, 'all answers but those of the eight that went to the hung one')
    assert ready(server)[lively]['accepts'] == 60 - 8
    os.kill(hung, SIGKILL)

    assert [client.response().status for client in clients] == [200] * 60
    server.wait_for_error('8 clients that the worker in slot . had not taken go to others')


def test_with_every_worker_full_the_master_accepts_no_more(hive):
    server = hive(site('handoff', more=PATIENT), files=FILES)
    workers = sorted(ready(server))
    for worker in workers:
        processes.stop(worker)

    clients = ask(server, 50)
    server.wait_for(lambda: queued(server.port) == 50 - 16, 'the master to have accepted eight for each worker')
    for worker in workers:
        os.kill(worker, SIGCONT)

    assert [client.response().status for client in clients] == [200] * 50


def test_handed_clients_wait_for_room_and_none_is_lost(hive):
    server = hive(site('handoff').replace('handoff;', 'handoff; worker_connections 4;'), files=FILES)

    clients = [server.connect() for _ in range(40)]
    for client in clients:
        client.send('GET /index.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n')
    for client in clients:
        client.send('\r\n')

    assert [client.response().status for client in clients] == [200] * 40


def two_listeners(way, second='127.0.0.1:%%PORT_B%%', more=''):
    return site(way, more=more).replace('listen ', f'listen {second}; listen ')


def assert_all_are_served(clients):
    """Whoever got into the queue is answered, and sent away by a proper end."""
    assert [client.response().status for client in clients] == [200] * len(clients)
    assert all(client.at_end() for client in clients)


@every_way
def test_who_waits_at_a_listener_that_a_reload_removes_is_served(hive, way):
    server = hive(two_listeners(way), files=FILES)
    port = server.named_port('PORT_B')
    workers = sorted(ready(server))
    for worker in workers:
        processes.stop(worker)
    clients = ask(server, 40, port)

    reload_into(server, site(way), 2)
    for worker in workers:
        os.kill(worker, SIGCONT)

    assert_all_are_served(clients)
    server.wait_for(lambda: len(listening(port)) == 0, 'the listener to be gone')


@every_way
def test_who_waits_when_the_server_is_told_to_quit_is_served(hive, way):
    server = hive(site(way), files=FILES)
    workers = sorted(ready(server))
    for worker in workers:
        processes.stop(worker)
    clients = ask(server, 40)

    server.signal(SIGQUIT)
    server.wait_for_error('shutting down')
    for worker in workers:
        os.kill(worker, SIGCONT)

    assert_all_are_served(clients)
    assert server.wait_exit() == 0


def test_who_waits_is_served_by_a_server_without_a_master_too(prepare):
    server = prepare('master_process off; ' + site('exclusive'), files=FILES)
    server.launch()
    server.wait_for(lambda: len(listening(server.port)) == 1, 'it to listen')
    assert server.get('/index.html').status == 200
    processes.stop(server.pid)
    clients = ask(server, 10)

    server.signal(SIGQUIT)
    os.kill(server.pid, SIGCONT)

    assert_all_are_served(clients)
    assert server.wait_exit() == 0


@every_way
def test_without_room_they_wait_until_there_is_some(hive, way):
    full = two_listeners(way).replace(f'{way};', f'{way}; worker_connections 4;')
    server = hive(full, files=FILES)
    workers = sorted(ready(server))
    for worker in workers:
        processes.stop(worker)
    clients = [server.connect(server.named_port('PORT_B')) for _ in range(40)]
    for client in clients:
        client.send('GET /index.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n')

    reload_into(server, site(way), 2)
    for worker in workers:
        os.kill(worker, SIGCONT)
    for client in clients:
        client.send('\r\n')

    assert_all_are_served(clients)


@pytest.mark.parametrize('second', ['127.0.0.1:%%PORT_B%%', 'unix:%%PREFIX%%/second'])
@every_way
def test_who_comes_while_a_listener_is_removed_is_served_or_refused(hive, way, second):
    server = hive(two_listeners(way, second), files=FILES)
    address = f'{server.prefix}/second' if 'unix' in second else ('127.0.0.1', server.named_port('PORT_B'))

    with Comers(address) as comers:
        server.wait_for(lambda: comers.served > 50, 'clients')
        reload_into(server, site(way), 2)
        comers.wait_until_refused()

    assert comers.lost == []


def test_a_listener_that_comes_back_is_open_again(hive):
    server = hive(two_listeners('exclusive'), files=FILES)
    port = server.named_port('PORT_B')
    hung = min(ready(server))
    processes.stop(hung)  # so that the old generation keeps what it listens on

    reload_into(server, site('exclusive'), 2)
    reload_into(server, two_listeners('exclusive'), 3)

    for client in ask(server, 10, port):
        assert client.response().status == 200
    os.kill(hung, SIGCONT)
    server.wait_for(lambda: not processes.is_alive(hung), 'the old worker to leave')
    for client in ask(server, 10, port):
        assert client.response().status == 200


def test_a_unix_socket_is_handed_over_as_well(hive):
    server = hive(site('handoff').replace('listen ', 'listen unix:%%PREFIX%%/socket; listen '), files=FILES)

    for _ in range(4):
        with Connection(f'{server.prefix}/socket') as client:
            assert client.get('/index.html').status == 200


def test_drained_workers_answer_what_was_handed_to_them(hive):
    server = hive(site('handoff', 3), files=FILES)

    with Load(server.port, **CLIENTS) as load:
        for _ in range(2):
            for worker in sorted(ready(server)):
                os.kill(worker, SIGQUIT)  # it drains without the master's word
                server.wait_for(lambda: not processes.is_alive(worker) and len(ready(server)) == 3, 'its replacement')

    assert_nothing_lost(load)

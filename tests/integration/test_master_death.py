"""The master is killed: its workers must not keep the port, and what they serve is served to its end."""

import time
from signal import SIGCONT, SIGKILL

import pytest

from support import processes
from support.http_client import Connection

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello', 'html/large': 'x' * 30_000_000}


def kill_master(server):
    """The pids of the workers that it leaves behind."""
    workers = server.workers()
    server.expected_status = -SIGKILL
    server.signal(SIGKILL)
    server.wait_exit()
    return workers


def test_workers_say_that_their_master_is_gone_and_once(hive):
    server = hive('error_log logs/error.log notice;' + SITE, files=FILES)

    workers = kill_master(server)

    server.wait_for(lambda: not any(processes.is_alive(pid) for pid in workers), 'the workers to leave', 7.0)
    said = [line for line in server.error_log.splitlines() if f'the master (pid {server.pid}) is gone' in line]
    assert len(said) == len(workers) and all(line.endswith('draining') for line in said), server.error_log
    assert 'received from' not in server.error_log


@pytest.mark.parametrize('option', ['', ' reuseport'])
def test_a_new_start_gets_the_address_within_the_second_for_which_it_tries(hive, prepare, option):
    site = SITE.replace('; root', option + '; root')
    server = hive(site, files=FILES)
    kill_master(server)

    again = prepare(site, files=FILES)
    again.ports = server.ports
    again.configure(site)
    again.start()

    assert again.get('/').text == 'hello'


def test_workers_finish_what_they_send_and_leave_within_five_seconds(hive):
    server = hive(SITE, files=FILES)
    client = Connection(('127.0.0.1', server.port))
    client.request('GET', '/large', [('Connection', 'close')])
    first = client.socket.recv(1000)

    workers = kill_master(server)
    refused = server.wait_for(lambda: not connects(server.port), 'the port to be free', 5.0)

    assert refused
    rest = len(first)
    while chunk := client.socket.recv(1 << 20):
        rest += len(chunk)
    assert rest > 30_000_000
    server.wait_for(lambda: not any(processes.is_alive(pid) for pid in workers), 'the workers to leave', 7.0)


def test_a_client_that_never_ends_does_not_keep_a_worker_for_ever(hive):
    server = hive(SITE, files=FILES)
    client = Connection(('127.0.0.1', server.port))
    client.request('GET', '/large')

    workers = kill_master(server)

    server.wait_for(lambda: not any(processes.is_alive(pid) for pid in workers), 'the workers to leave', 10.0)
    client.close()


def test_a_port_that_stays_taken_is_an_error_that_names_its_holder(hive, prepare):
    server = hive(SITE, files=FILES)
    again = prepare(SITE, files=FILES)
    again.ports = server.ports
    again.configure(SITE)

    begin = time.monotonic()
    ended = again.run()
    taken = time.monotonic() - begin

    assert ended.returncode == 2
    assert f'127.0.0.1:{server.port}' in ended.stderr
    assert f'pid {server.pid} (colmeia) listens there' in ended.stderr
    assert taken > 0.85  # it tried for a while


def test_a_stopped_worker_of_a_dead_master_is_named(hive, prepare):
    server = hive('worker_processes 1;' + SITE, files=FILES)
    worker, = server.workers()
    processes.stop(worker)
    kill_master(server)
    again = prepare(SITE, files=FILES)
    again.ports = server.ports
    again.configure(SITE)

    ended = again.run()
    processes.os.kill(worker, SIGCONT)

    assert ended.returncode == 2
    assert f'pid {worker} (colmeia) listens there' in ended.stderr


def connects(port):
    try:
        Connection(('127.0.0.1', port)).close()
    except ConnectionRefusedError:
        return False
    return True

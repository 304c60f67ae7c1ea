"""Starting and ending: what is said, when the command returns, with which status, and what is left on disk."""

import os
import re
import shlex
import socket
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM

import pytest

from support import processes

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello'}


# -- starting

def test_a_daemon_serves_when_the_command_returns(prepare):
    server = prepare('daemon on;' + SITE, files=FILES)

    server.start_daemon()

    assert server.get('/').status == 200
    assert len(server.workers()) == 2
    assert (server.stdout, server.stderr) == ('', '')
    assert processes.stat(server.pid)[1] == os.getpid(), 'the daemon was not orphaned'
    assert os.getsid(server.pid) != os.getsid(0)


def test_a_daemon_lets_go_of_the_terminal(prepare):
    server = prepare('daemon on;' + SITE)

    server.start_daemon()

    for pid in [server.pid, *server.workers()]:
        held = processes.descriptors(pid)
        assert (held[0], held[1]) == ('/dev/null', '/dev/null')
        assert held[2].endswith('/logs/error.log')


def test_the_pid_file_names_the_running_master_and_vanishes_with_it(prepare):
    server = prepare('daemon on;' + SITE)

    server.start_daemon()

    assert server.read('logs/colmeia.pid') == f'{server.pid}\n'
    assert processes.title(server.pid).startswith('colmeia: master process')
    assert server.stop() == 0
    assert not (server.prefix / 'logs/colmeia.pid').exists()


def test_titles_are_those_of_nginx(hive):
    server = hive(SITE)

    assert processes.title(server.pid).startswith('colmeia: master process')
    assert {processes.title(pid) for pid in server.workers()} == {'colmeia: worker process'}
    for pid in [server.pid, *server.workers()]:
        assert processes.status(pid)['Name'] == 'colmeia'


def test_there_is_one_worker_per_usable_cpu_when_nothing_is_said(hive):
    server = hive('worker_processes auto;' + SITE)

    count = len(server.workers())

    assert 1 <= count <= len(os.sched_getaffinity(0))


def test_a_stale_pid_file_does_not_matter(prepare):
    server = prepare(SITE)
    server.write('logs/colmeia.pid', f'{os.getpid()}\n')

    server.start()

    assert server.read('logs/colmeia.pid') == f'{server.pid}\n'


@pytest.mark.parametrize('daemon', ['on', 'off'])
def test_a_second_start_says_who_runs(prepare, daemon):
    server = prepare(f'daemon {daemon};' + SITE, files=FILES)
    if daemon == 'on':
        server.start_daemon()
    else:
        server.start()

    second = server.run()

    assert second.returncode != 0
    assert f'already running, pid {server.pid}' in second.stderr
    assert server.read('logs/colmeia.pid') == f'{server.pid}\n'
    assert server.get('/').status == 200


def test_a_second_start_is_seen_even_when_the_addresses_would_not_clash(prepare):
    config = 'daemon off; http { server { listen 127.0.0.1:%%PORT%% reuseport; root html; } }'
    server = prepare(config).start()

    second = server.run()

    assert second.returncode != 0
    assert f'already running, pid {server.pid}' in second.stderr


# -- not starting: each failure is told to whoever asked, with what would not do

@pytest.mark.parametrize('daemon', ['on', 'off'])
def test_an_address_in_use_is_named(prepare, daemon):
    server = prepare(f'daemon {daemon};' + SITE)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(('127.0.0.1', server.port))
        taken.listen()

        done = server.run()

    assert done.returncode == 2
    assert f'127.0.0.1:{server.port}' in done.stderr
    assert 'Address already in use' in done.stderr
    assert not (server.prefix / 'logs/colmeia.pid').exists()


@pytest.mark.parametrize('daemon', ['on', 'off'])
def test_an_address_of_another_machine_is_named(prepare, daemon):
    done = prepare(f'daemon {daemon}; http {{ server {{ listen 192.0.2.1:%%PORT%%; }} }}').run()

    assert done.returncode == 2
    assert '192.0.2.1:' in done.stderr
    assert 'Cannot assign requested address' in done.stderr


def test_a_log_that_cannot_be_opened_is_named(prepare):
    server = prepare('daemon on; http { access_log absent/folder/access.log; server { listen 127.0.0.1:%%PORT%%; } }')

    done = server.run()

    assert done.returncode != 0
    assert f'{server.prefix}/absent/folder/access.log' in done.stderr
    assert 'No such file or directory' in done.stderr


@pytest.mark.parametrize('daemon', ['on', 'off'])
def test_workers_that_cannot_start_end_the_start_with_the_reason(prepare, daemon):
    server = prepare(f'daemon {daemon}; working_directory /absent/folder;' + SITE)

    done = server.run()

    assert done.returncode != 0
    assert '/absent/folder' in done.stderr
    assert 'No such file or directory' in done.stderr
    assert not (server.prefix / 'logs/colmeia.pid').exists()


def test_a_failed_start_leaves_nothing_running_and_the_address_free(prepare):
    server = prepare('daemon on; working_directory /absent/folder;' + SITE)
    processes.adopt_orphans()

    server.run()

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(('127.0.0.1', server.port))
    # Who waits is told as soon as nothing of it serves any more; then the master ends.
    server.wait_for(lambda: not [pid for pid in processes.children(os.getpid()) if 'colmeia' in processes.title(pid)],
                    'the master to end')


# -- ending

@pytest.mark.parametrize('number', [SIGTERM, SIGINT, SIGQUIT])
def test_a_signal_ends_master_and_workers_with_status_0(hive, number):
    server = hive(SITE)
    workers = server.workers()

    server.signal(number)

    assert server.wait_exit() == 0
    assert not any(processes.is_alive(pid) for pid in workers)
    assert re.search(rf'signal {int(number)} \({number.name}\) received from {os.getpid()}', server.error_log)


@pytest.mark.parametrize('number', [SIGINT, SIGQUIT])
def test_a_key_of_the_terminal_reaches_all_processes_and_ends_them_in_peace(hive, number):
    """A terminal signals its whole foreground group: workers may leave before the master has heard of it."""
    server = hive(SITE)

    os.killpg(server.pid, number)

    assert server.wait_exit() == 0
    assert not re.search(r'\[(error|crit|alert|emerg)\]', server.error_log)


def test_term_ends_open_connections_at_once(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as busy, server.connect() as idle:
        busy.send('GET / HTTP/1.1\r\nHost: x\r\n')
        idle.get('/')

        assert server.stop(SIGTERM) == 0

        assert busy.read_to_end() == b''
        assert idle.read_to_end() == b''


def test_quit_lets_a_begun_request_be_answered(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as client:
        client.send('GET / HTTP/1.1\r\nHost: x\r\n')
        server.signal(SIGQUIT)
        server.wait_for(lambda: all(processes.title(pid).endswith('is shutting down') for pid in server.workers()),
                        'the titles to say that workers are shutting down')

        client.send('\r\n')
        response = client.response()

        assert (response.status, response.body) == (200, b'hello')
        assert response.header('Connection') == 'close'
        assert client.at_end()
    assert server.wait_exit() == 0


def test_quit_closes_idle_connections_and_the_listeners(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as idle, server.connect() as busy:
        idle.get('/')
        busy.send('GET / HTTP/1.1\r\nHost: x\r\n')

        server.signal(SIGQUIT)

        assert idle.read_to_end() == b''

        def refused():
            try:
                server.connect().close()
            except ConnectionRefusedError:
                return True
            return False
        server.wait_for(refused, 'new connections to be refused')
        busy.send('\r\n')
        assert busy.response().status == 200
    assert server.wait_exit() == 0


def test_worker_shutdown_timeout_bounds_quit(hive):
    server = hive('worker_shutdown_timeout 1s;' + SITE, files=FILES)
    with server.connect() as stuck:
        stuck.send('GET / HTTP/1.1\r\nHost: x\r\n')

        server.signal(SIGQUIT)

        assert server.wait_exit(10) == 0
        assert stuck.read_to_end() == b''


def test_term_after_quit_ends_at_once(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as stuck:
        stuck.send('GET / HTTP/1.1\r\nHost: x\r\n')
        server.signal(SIGQUIT)
        server.wait_for_error(r'signal 3 \(SIGQUIT\) received')

        assert server.stop(SIGTERM) == 0


def test_a_worker_that_does_not_hear_is_killed(hive):
    server = hive(SITE)
    deaf = server.workers()[0]
    processes.stop(deaf)

    assert server.stop(SIGTERM) == 0

    assert not processes.is_alive(deaf)
    assert re.search(rf'pid {deaf}\).*killing it', server.error_log)


def test_a_worker_that_does_not_hear_is_killed_at_the_end_of_a_quit(hive):
    server = hive('worker_shutdown_timeout 1s;' + SITE)
    deaf = server.workers()[0]
    processes.stop(deaf)

    assert server.stop(SIGQUIT) == 0

    assert not processes.is_alive(deaf)


def test_workers_leave_when_the_master_is_killed(hive):
    server = hive(SITE, files=FILES)
    server.expected_status = -SIGKILL
    workers = server.workers()
    with server.connect() as idle:
        idle.get('/')

        os.kill(server.pid, SIGKILL)

        server.wait_exit()
        server.wait_for(lambda: not any(processes.is_alive(pid) for pid in workers), 'the workers to leave')
        assert idle.read_to_end() == b''


def test_the_address_is_free_again_after_the_master_was_killed(prepare):
    server = prepare('daemon on;' + SITE, files=FILES).start_daemon()
    os.kill(server.pid, SIGKILL)
    server.wait_exit()

    server.wait_for(lambda: server.run().returncode == 0, 'a new start to succeed')
    server.adopt(int(server.read('logs/colmeia.pid')))

    assert server.get('/').status == 200


# -- where there are no workers

def test_master_process_off_serves_with_one_process(prepare):
    server = prepare('master_process off;' + SITE, files=FILES)

    server.launch()
    server.wait_for(server.answers, 'an answer')

    assert server.get('/').status == 200
    assert server.children() == []
    assert server.stop() == 0


# -- descriptors of whoever starts us

def in_its_environment(server):
    """The command that starts it, as a shell takes it."""
    return shlex.join(['env', '-i', *(f'{name}={value}' for name, value in server.env.items()), *map(str, server.command())])


def test_closed_standard_descriptors_do_not_matter(prepare):
    server = prepare('daemon on;' + SITE, files=FILES)
    processes.adopt_orphans()

    status = os.system(f'{in_its_environment(server)} <&- >&- 2>&-')

    assert os.waitstatus_to_exitcode(status) == 0
    server.adopt(int(server.read('logs/colmeia.pid')))
    assert server.get('/').status == 200


def test_inherited_descriptors_do_not_reach_the_workers(prepare):
    server = prepare('daemon on;' + SITE)
    processes.adopt_orphans()

    status = os.system(f'exec 7</etc/hostname; {in_its_environment(server)}')

    assert os.waitstatus_to_exitcode(status) == 0
    server.adopt(int(server.read('logs/colmeia.pid')))
    for pid in server.workers():
        assert '/etc/hostname' not in processes.descriptors(pid).values()


def test_auto_says_how_it_came_to_its_number(hive):
    server = hive('worker_processes auto;' + SITE)

    usable = len(os.sched_getaffinity(0))
    started = re.search(r'starting (\d+) workers? \(auto: (\d+) CPUs? in the affinity mask, ', server.error_log)

    assert int(started.group(2)) == usable
    assert len(server.workers()) == int(started.group(1)) <= usable

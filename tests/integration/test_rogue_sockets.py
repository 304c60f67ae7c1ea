"""A worker that was broken into changes nothing of the sockets, logs and files that it shares with others, and is ended when
it speaks out of its turn.

The acts are those of tests/integration/rogue/sockets.c and messages.c.
"""

import os
import pathlib
import re
from signal import SIGWINCH
import socket

import pytest

from support import injection, processes, rogue, without_calls
from support.control import ask, ctl
from support.http_client import Connection
from support.ports import listening

WORKERS = 2
MAIN = f'worker_processes {WORKERS}; worker_shutdown_timeout 1s; events {{ accept_by %s; }}'
HTTP = ('access_log logs/access.log; server { listen 127.0.0.1:%%PORT%%; listen unix:%%PREFIX%%/logs/socket; root html; '
        'location /quick { tcp_nodelay off; root html; } }')
FILES = {'html/index.html': 'hello'}
WAYS = ['exclusive', 'shared', 'reuseport', 'mutex', 'handoff']

injects = pytest.mark.skipif(os.geteuid() != 0 or not injection.SUPPORTED, reason='needs root, and an x86-64 CPU')
without_calls_works = pytest.mark.skipif(not without_calls.SUPPORTED, reason='the numbers of its calls are not known here')


def start(prepare, act, way='exclusive', http=HTTP, **options):
    server = rogue.start(prepare, act, http, MAIN % way, files=FILES, **options)
    server.wait_for_error(rf'rogue: {act} is done')
    return server


def status(server):
    return ask(server, '/status')[1]


def check_serves(server, requests=8):
    for _ in range(requests):
        assert server.get('/').body == b'hello'
    with Connection(f'{server.prefix}/logs/socket') as connection:
        connection.request('GET', '/', [('Connection', 'close')])
        assert connection.response().body == b'hello'


def told(server, act):
    worked = re.search(rf'rogue: {act}: (\d+) of (\d+) attempts worked', server.error_log)
    return int(worked[1]), int(worked[2])


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize('act', ['shut_down', 'stop_listening'])
def test_a_listening_socket_goes_on_for_everybody(prepare, act, way):
    server = start(prepare, act, way)

    worked, tried = told(server, act)
    assert worked == 0
    assert tried > 0 or way == 'handoff'
    check_serves(server)


def test_no_option_of_a_listening_socket_is_set(prepare):
    server = start(prepare, 'set_options')

    worked, tried = told(server, 'set_options')
    assert worked == 0 and tried > 1000
    check_serves(server)


def test_logs_are_added_to_and_never_written_anew(prepare):
    server = start(prepare, 'rewrite_logs')
    server.get('/before')
    server.wait_for_access(1)

    assert told(server, 'rewrite_logs')[0] == 0
    assert 'rewritten' not in server.error_log + server.access_log
    assert re.search(r'notice.*generation 1: starting', server.error_log.splitlines()[0])
    check_serves(server)
    lines = server.wait_for_access(10)
    assert all(re.match(r'(127\.0\.0\.1|unix:) - - \[', line) for line in lines)


def write_files(prepare):
    """A rogue that tries to write below a folder where everybody may; its server, not started."""
    main = rogue.directives('write_files') + MAIN % 'exclusive' + ' env ROGUE_FOLDER=%%PREFIX%%/open;'
    server = prepare(f'{main} http {{ {HTTP} }}', files=FILES, env=rogue.ENVIRONMENT)
    folder = server.prefix / 'open'
    folder.mkdir()
    folder.chmod(0o777)
    (folder / 'victim').write_text('victim')
    (folder / 'victim').chmod(0o666)
    return server


def check_nothing_was_written(server):
    server.wait_for_error('rogue: write_files is done')
    assert told(server, 'write_files')[0] == 0
    assert [path.name for path in (server.prefix / 'open').iterdir()] == ['victim']
    assert (server.prefix / 'open/victim').read_text() == 'victim'
    check_serves(server)


def test_no_file_is_written_nor_made(prepare):
    check_nothing_was_written(write_files(prepare).start())


@without_calls_works
def test_no_file_is_written_nor_made_where_the_kernel_has_no_landlock(prepare, monkeypatch):
    server = without_calls.without(monkeypatch, write_files(prepare), without_calls.LANDLOCK)

    check_nothing_was_written(server.start())


@pytest.mark.parametrize('message', ['hello', 'ready', 'draining', 'failed', 'done', 'answer', 'unusable', 'stop'])
def test_who_speaks_out_of_turn_is_told_of_once_ended_and_replaced(prepare, message):
    act = f'repeat_{message}'
    server = rogue.start(prepare, act, HTTP, MAIN % 'exclusive', files=FILES)
    intruder = rogue.pid(server)

    server.wait_for(lambda: not processes.is_alive(intruder), 'the rogue to be gone')
    server.wait_for(lambda: len(server.workers()) == WORKERS and intruder not in server.workers(), 'a replacement')
    server.wait_for(lambda: all(worker['state'] == 'ready' for worker in status(server)['workers']), 'it to be ready')
    about_it = [line for line in server.error_log.splitlines() if f'pid {intruder})' in line]
    assert len([line for line in about_it if 'killing it' in line]) == 1
    assert len(about_it) < 10
    check_serves(server)


# --- Somebody without a sandbox has the sockets, too

SHUTDOWN = 48


def mended(server):
    return {listener['address']: listener['mended'] for listener in status(server)['listeners']}


def slot_of(server, pid):
    return next(worker['slot'] for worker in status(server)['workers'] if worker['pid'] == pid)


def check_is_mended(server):
    """Both listeners are, and the log says so in a line for each, at most."""
    def serves():
        try:
            check_serves(server, 1)
            return True
        except OSError:
            return False

    server.wait_for(serves, 'both listeners to serve again')
    check_serves(server)
    server.wait_for(lambda: all(times > 0 for times in mended(server).values()), 'both listeners to be mended')
    assert 1 <= len(re.findall('had stopped listening', server.error_log)) <= 2


@pytest.mark.parametrize('way', [way for way in WAYS if way != 'handoff'])
def test_a_listening_socket_that_was_shut_down_is_opened_anew(prepare, way):
    server = rogue.start(prepare, 'shut_down', HTTP, 'sandbox off;' + MAIN % way, files=FILES)
    server.wait_for_error('rogue: shut_down is done')
    assert told(server, 'shut_down')[0] > 0

    check_is_mended(server)
    assert server.run('-s', 'reload').returncode == 0
    check_serves(server)


def listening_sockets(server):
    """Inode numbers of what listens on the server's port and Unix socket."""
    inodes = {words[9] for words in listening(server.port)}
    for line in pathlib.Path('/proc/net/unix').read_text(encoding='ascii').splitlines()[1:]:
        fields = line.split()
        if fields[3] == '00010000' and fields[-1] == f'{server.prefix}/logs/socket':
            inodes.add(fields[6])
    return {f'socket:[{inode}]' for inode in inodes}


def shut_down_in_master(server):
    """Shuts every listening socket down, by calls in the master."""
    inodes = listening_sockets(server)
    numbers = [fd for fd, target in processes.descriptors(server.pid).items() if target in inodes]
    assert len(numbers) >= 2
    with injection.Injector(server.pid) as inside:
        for fd in numbers:
            assert inside.call(SHUTDOWN, fd, socket.SHUT_RDWR) == 0


@injects
def test_the_master_that_accepts_itself_notices_and_mends(hive):
    server = hive(f'{MAIN % "handoff"} http {{ {HTTP} }}', files=FILES)

    shut_down_in_master(server)

    check_is_mended(server)


@injects
@pytest.mark.parametrize('way', ['exclusive', 'reuseport', 'handoff'])
def test_a_reload_uses_no_socket_that_has_stopped_listening(hive, way):
    server = hive(f'{MAIN % way} http {{ {HTTP} }}', files=FILES)
    server.signal(SIGWINCH)
    server.wait_for(lambda: not server.workers(), 'the workers to be gone')

    shut_down_in_master(server)
    assert server.run('-s', 'reload').returncode == 0

    check_is_mended(server)


@injects
def test_a_new_binary_gets_no_socket_that_has_stopped_listening(hive):
    server = hive(f'{MAIN % "exclusive"} http {{ {HTTP} }}', files=FILES)
    server.signal(SIGWINCH)
    server.wait_for(lambda: not server.workers(), 'the workers to be gone')

    shut_down_in_master(server)
    assert ctl(server, 'upgrade').returncode == 0

    check_serves(server)
    assert 'ignored' not in server.stderr


def test_shutting_down_again_and_again_costs_a_round_a_second_and_few_lines(prepare):
    server = rogue.start(prepare, 'shut_down_for_ever', HTTP, 'sandbox off;' + MAIN % 'exclusive', files=FILES)
    server.wait_for(lambda: mended(server)[f'127.0.0.1:{server.port}'] >= 3, 'several rounds')

    assert len(re.findall('had stopped listening', server.error_log)) <= 2
    assert ctl(server, 'kill', str(slot_of(server, rogue.pid(server)))).returncode == 0
    check_is_mended(server)

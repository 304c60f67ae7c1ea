"""The control socket, `colmeia ctl`, and `-s`, which waits for the result through it."""

import json
import os
import re
from signal import SIGCONT, SIGKILL
import stat
import subprocess
import time

import pytest

from conftest import needs_root
from support import processes
from support.control import ask, ctl, in_service, socket_path
from support.http_client import Connection
from support.server import BINARY, environment
from support.waiting import DEADLINE

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; add_header X-Version one; } }'
FILES = {'html/index.html': 'hello'}


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


# -- the socket

def test_it_stands_beside_the_pid_file_for_its_owner_only(hive):
    server = hive(SITE)

    info = os.stat(socket_path(server))

    assert stat.S_ISSOCK(info.st_mode)
    assert stat.S_IMODE(info.st_mode) == 0o600
    server.stop()
    assert not os.path.exists(socket_path(server))


def test_control_names_it_and_off_is_none(hive):
    named = hive('control run.sock;' + SITE)
    assert ask(named, '/health', path=f'{named.prefix}/run.sock')[0] == 200
    assert not os.path.exists(socket_path(named))

    none = hive('control off;' + SITE)
    assert not os.path.exists(socket_path(none))
    done = ctl(none, 'status')
    assert (done.returncode, done.stdout) == (1, '')
    assert 'control off' in done.stderr


def test_a_path_too_long_for_a_socket_address_works(hive):
    deep = 'a' * 60 + '/' + 'b' * 60
    server = hive(f'control {deep}/x.control;' + SITE, files={f'{deep}/keep': ''})

    done = ctl(server, 'health')

    assert done.returncode == 0, done.stderr


def test_a_socket_file_that_a_killed_master_left_is_replaced(hive, prepare):
    server = hive(SITE)
    server.expected_status = None
    server.signal(SIGKILL)
    server.wait_exit()
    assert os.path.exists(socket_path(server))
    assert ctl(server, 'health').returncode == 3

    again = prepare(f'control {socket_path(server)};' + SITE).start()

    assert ask(again, '/health', path=socket_path(server))[0] == 200


def test_a_second_server_cannot_take_the_socket_of_the_first(hive, prepare):
    first = hive(SITE)
    second = prepare(f'control {socket_path(first)};' + SITE)

    done = second.run()

    assert done.returncode == 2
    assert f'another server answers at the control socket {socket_path(first)}' in done.stderr
    assert ask(first, '/status')[1]['server']['pid'] == first.pid


def test_what_is_meant_for_one_server_does_not_reach_another(hive):
    first = hive(SITE)
    second = hive(SITE)
    second.configure(f'control {socket_path(first)};' + SITE)

    lost = ctl(second, 'stop')
    assert lost.returncode != 0
    assert f'process {first.pid} answers' in lost.stderr and f'process {second.pid} is meant' in lost.stderr
    assert second.run('-s', 'stop').returncode == 0
    assert second.wait_exit() == 0
    assert first.poll_exit() is None


def test_a_reload_that_cannot_have_its_socket_changes_nothing(hive):
    first = hive(SITE)
    second = hive(SITE)
    second.configure(f'control {socket_path(first)};' + SITE)

    done = ctl(second, '--socket', socket_path(second), 'reload')

    assert done.returncode == 2
    assert socket_path(first) in done.stderr
    assert ask(second, '/status')[1]['server']['generation'] == 1


def test_a_reload_moves_it(hive):
    server = hive(SITE)
    server.configure('control elsewhere.control;' + SITE)

    assert ask(server, '/reload', 'POST')[0] == 200

    assert ask(server, '/health', path=f'{server.prefix}/elsewhere.control')[0] == 200
    server.wait_for(lambda: not os.path.exists(socket_path(server)), 'the old socket to be gone')


@needs_root
def test_another_user_may_not_connect(hive):
    server = hive(SITE)
    (server.prefix / 'logs').chmod(0o755)

    done = subprocess.run([server.binary_for_others(), 'ctl', '--socket', socket_path(server), 'status'],
                          capture_output=True, text=True, timeout=DEADLINE, env=environment(), check=False,
                          user=65534, group=65534, cwd='/')

    assert done.returncode == 2, done.stderr
    assert 'Permission denied' in done.stderr


# -- questions

def test_status_tells_what_is_there(hive):
    server = hive(SITE, files=FILES)
    for _ in range(5):
        assert server.get('/').status == 200
    assert server.get('/missing').status == 404

    status, answer = ask(server, '/status')

    assert status == 200
    facts = answer['server']
    assert facts['pid'] == server.pid
    assert (facts['state'], facts['degraded'], facts['generation']) == ('serving', False, 1)
    assert (facts['workers_wanted'], facts['workers_ready']) == (2, 2)
    assert facts['configuration'] == f'{server.prefix}/colmeia.conf'
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', facts['started'])
    assert sorted(worker['pid'] for worker in answer['workers']) == sorted(server.workers())
    assert all(worker['state'] == 'ready' and worker['heartbeat_age_ms'] < 20_000 for worker in answer['workers'])
    assert [(one['number'], one['state'], one['workers'], one['ready']) for one in answer['generations']] == \
        [(1, 'serving', 2, 2)]
    assert [listener['address'] for listener in answer['listeners']] == [f'127.0.0.1:{server.port}']
    server.wait_for(lambda: ask(server, '/status')[1]['totals']['requests'] == 6, 'six requests to be counted')
    totals = ask(server, '/status')[1]['totals']
    assert (totals['responses']['2xx'], totals['responses']['4xx']) == (5, 1)


def test_the_terminal_shows_every_member_of_the_json(hive):
    server = hive(SITE)

    text = ctl(server, 'status')
    raw = ctl(server, 'status', '--json')

    assert (text.returncode, text.stderr, raw.returncode) == (0, '', 0)
    facts = json.loads(raw.stdout)
    assert set(facts) == {'server', 'workers', 'generations', 'listeners', 'zones', 'totals'}
    for value in (facts['server']['version'], facts['server']['pid'], facts['server']['started'],
                  facts['server']['configuration'], facts['workers'][0]['pid'], facts['workers'][1]['pid'],
                  facts['listeners'][0]['address']):
        assert str(value) in text.stdout
    assert all(len(line) <= 100 or facts['server']['configuration'] in line or facts['server']['pid_file'] in line
               for line in text.stdout.splitlines())
    # The unit tests compare every field; here, that both are of the same kind of thing.
    assert 'SLOT' in text.stdout and 'REQUESTS' in text.stdout and 'LONGEST' in text.stdout


def test_health_is_one_line_and_an_exit_code(hive):
    server = hive(SITE)

    done = ctl(server, 'health')

    assert done.returncode == 0
    assert re.fullmatch(r'serving: 2 of 2 workers ready, generation 1, up \S+\n', done.stdout)


def test_without_a_verb_it_says_how_it_goes_and_what_can_be_asked(hive):
    server = hive(SITE)

    done = ctl(server)

    assert done.returncode == 0
    assert done.stdout.startswith('serving: 2 of 2 workers')
    for verb in ('status', 'workers N', 'reload', 'reopen', 'quit', 'stop', 'upgrade', 'restart', 'drain N', 'health'):
        assert f'\n  {verb} ' in done.stdout


@pytest.mark.parametrize('arguments, said', [
    (['statsu'], 'did you mean "status"?'),
    (['drain'], '"drain" needs a number'),
    (['reload', '5'], '"reload" takes no number'),
    (['workers', '0'], 'a number of 1 or more'),
    (['workers', 'many'], '"many" is no number'),
    (['--colour', 'status'], 'invalid option: "--colour"'),
])
def test_a_wrong_command_line_is_refused_with_the_word(prepare, arguments, said):
    done = ctl(prepare(SITE), *arguments)

    assert (done.returncode, done.stdout) == (1, '')
    assert said in done.stderr


def test_nobody_there_is_exit_code_3(prepare):
    server = prepare(SITE)

    done = ctl(server, 'reload')

    assert (done.returncode, done.stdout) == (3, '')
    assert socket_path(server) in done.stderr


def test_requests_without_meaning_are_refused_with_a_sentence(hive):
    server = hive(SITE)

    assert ask(server, '/nothing')[0] == 404
    assert ask(server, '/reload')[0] == 405
    for method, target, allow in [('GET', '/reload', 'POST'), ('PUT', '/workers', 'GET, POST'), ('TRACE', '/', 'GET, POST')]:
        with Connection(socket_path(server)) as connection:
            connection.request(method, target)
            response = connection.response(method)
        assert (response.status, response.header('Allow')) == (405, allow)
    status, answer = ask(server, '/workers', 'POST', {'count': 'many'})
    assert (status, answer['ok'], answer['exit_code']) == (400, False, 1)
    assert '{"count": number}' in answer['message']
    assert len(ask(server, '/')[1]['routes']) > 10


# -- the running configuration

INCLUDED = 'include limits.conf;' + SITE


def test_config_shows_what_runs_with_the_place_of_each_value(hive):
    server = hive(INCLUDED, files=FILES | {'limits.conf': '# two lines above\n\nworker_shutdown_timeout 41s;\n'})
    limits = f'{server.prefix}/limits.conf'

    def shown(value, line):
        return re.search(rf'^worker_shutdown_timeout {value}; +# {re.escape(limits)}:{line}$',
                         ctl(server, 'config').stdout, re.MULTILINE)

    first = ctl(server, 'config')
    assert (first.returncode, first.stderr) == (0, '')
    assert first.stdout.startswith('# effective configuration of generation 1, ')
    assert shown('41s', 3)
    assert re.search(rf'listen 127.0.0.1:{server.port}; +# \S+/colmeia.conf:\d+\n', first.stdout)
    assert re.search(r' +# default\n', first.stdout)

    write(limits, 'worker_shutdown_timeout 42s;\n')
    assert ctl(server, 'config').stdout == first.stdout  # edited, and not loaded

    assert ctl(server, 'reload').returncode == 0
    assert shown('42s', 1)
    assert 'generation 2' in ctl(server, 'config').stdout

    running = ctl(server, 'config').stdout
    write(limits, 'worker_shutdown_timeout never;\n')
    assert ctl(server, 'reload').returncode == 1
    # Without --socket the broken file would be read for the socket's path.
    assert ctl(server, '--socket', socket_path(server), 'config').stdout == running


def test_config_as_json_is_the_text_and_its_generation(hive):
    server = hive(SITE)

    done = ctl(server, 'config', '--json')

    assert (done.returncode, done.stderr) == (0, '')
    answer = json.loads(done.stdout)
    assert (answer['generation'], answer['replaced']) == (1, 0)
    assert 'add_header X-Version one;' in answer['source']
    assert answer == ask(server, '/config')[1]


def test_config_that_is_no_utf8_is_shown_with_a_word(hive):
    server = hive('include latin.conf;' + SITE, files={'latin.conf': ''})
    with open(f'{server.prefix}/latin.conf', 'wb') as file:
        file.write(b'# caf\xe9 \xf0\x9f\n\nworker_shutdown_timeout 43s;\n')
    assert ctl(server, 'reload').returncode == 0

    done = ctl(server, 'config')

    assert done.returncode == 0
    assert re.search(r'worker_shutdown_timeout 43s; +# \S+/latin.conf:3\n', done.stdout)
    assert '3 bytes of the configuration are no UTF-8' in done.stderr
    assert ctl(server, 'health').returncode == 0


LONG_REMARK = '#' + ' a remark of some length' * 42 + '\n'  # few and long: what is tested is the size, not the lexer


def test_config_of_megabytes_is_shown_and_a_larger_one_refused(hive):
    server = hive('include large.conf;' + SITE, files={'large.conf': LONG_REMARK * 5_200})

    done = ctl(server, 'config', '--json')
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)['source']) > 5_000_000

    write(f'{server.prefix}/large.conf', LONG_REMARK * 11_000)
    assert ctl(server, 'reload').returncode == 0
    refused = ctl(server, 'config')
    assert (refused.returncode, refused.stdout) == (2, '')
    assert 'no more than 10485760 are handed out' in refused.stderr
    assert ctl(server, 'health').returncode == 0


def test_a_client_that_does_not_take_a_large_configuration_costs_a_bounded_amount(hive):
    # In JSON each of these bytes takes six.
    server = hive('include large.conf;' + SITE, files={'large.conf': '#' + '\x01' * 6_000_000 + '\n'})
    with Connection(socket_path(server)) as slow:
        slow.request('GET', '/config')

        status, answer = ask(server, '/config')

        assert (status, answer['exit_code']) == (503, 2)
        assert 'wait for clients that take theirs slowly' in answer['message']
        assert ask(server, '/health')[0] == 200


# -- orders

def test_reload_returns_when_the_new_generation_serves(hive):
    server = hive(SITE, files=FILES)
    server.configure(SITE.replace('one', 'two'))

    done = ctl(server, 'reload')

    assert (done.returncode, done.stderr) == (0, '')
    assert ask(server, '/status')[1]['server']['generation'] == 2


def test_who_comes_after_a_reload_meets_no_worker_of_the_old_configuration(hive):
    """The answer waits for the old workers; of one that is too slow for that it says so."""
    server = hive('worker_processes 4;' + SITE, files=FILES)

    for version in ('two', 'three', 'four', 'five', 'six'):
        server.configure('worker_processes 4;' + SITE.replace('one', version))
        done = ctl(server, 'reload')
        met = {server.get('/').header('X-Version') for _ in range(20)}

        assert met == {version} or 'has not said yet that it accepts no more' in done.stdout


def test_a_reload_tells_of_an_old_worker_that_may_still_accept(hive):
    server = hive(SITE, files=FILES)
    hung = server.workers()[0]
    processes.stop(hung)
    try:
        done = ctl(server, 'reload')
    finally:
        os.kill(hung, SIGCONT)

    assert done.returncode == 0
    assert re.search(rf'worker \d of generation 1 \(pid {hung}\) has not said yet that it accepts no more', done.stdout)


def test_a_reload_that_fails_says_where_and_changes_nothing(hive):
    server = hive(SITE, files=FILES)
    before = set(server.workers())
    server.configure(SITE.replace('root', 'rot'))

    status, answer = ask(server, '/reload', 'POST')

    assert (status, answer['ok'], answer['exit_code'], answer['outcome']) == (422, False, 1, 'configuration')
    assert f'{server.prefix}/colmeia.conf:2:' in answer['message'] and 'did you mean "root"?' in answer['message']
    assert set(server.workers()) == before
    assert server.get('/').header('X-Version') == 'one'


def test_a_reload_onto_a_taken_port_is_exit_code_2(hive):
    holder = hive(SITE)
    server = hive(SITE, files=FILES)
    server.configure(f'http {{ server {{ listen 127.0.0.1:{server.port}; listen 127.0.0.1:{holder.port}; }} }}')

    done = server.run('-s', 'reload')

    assert done.returncode == 2
    assert f'127.0.0.1:{holder.port}' in done.stderr
    assert server.get('/').header('X-Version') == 'one'


def test_two_reloads_at_once_are_both_answered(hive):
    server = hive(SITE)
    commands = [subprocess.Popen([BINARY, 'ctl', '--socket', socket_path(server), 'reload'], env=server.env,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]

    for command in commands:
        assert command.communicate(timeout=60)[1] == b''
        assert command.returncode == 0


def test_workers_are_added_and_taken_away(hive):
    server = hive(SITE)

    more = ctl(server, 'workers', '4')
    assert (more.returncode, more.stderr) == (0, '')
    assert len(in_service(server)) == 4

    fewer = ctl(server, 'workers', '1')
    assert (fewer.returncode, fewer.stderr) == (0, '')
    server.wait_for(lambda: len(server.workers()) == 1, 'one worker to be left')


def test_drain_replaces_one_worker(hive):
    server = hive(SITE)
    before = in_service(server)
    pid, worker = sorted(before.items())[0]

    done = ctl(server, 'drain', str(worker['slot']))

    assert (done.returncode, done.stderr) == (0, '')
    after = in_service(server)
    assert pid not in after and len(after) == 2
    assert set(before) - {pid} <= set(after)


def test_drain_of_an_empty_slot_is_refused(hive):
    server = hive(SITE)

    done = ctl(server, 'drain', '900')

    assert done.returncode != 0
    assert '900' in done.stderr


def test_restart_replaces_every_worker(hive):
    server = hive(SITE)
    before = set(in_service(server))

    done = ctl(server, 'restart')

    assert (done.returncode, done.stderr) == (0, '')
    after = set(in_service(server))
    assert len(after) == 2 and not after & before
    assert ask(server, '/status')[1]['server']['generation'] == 1


def test_reopen_returns_when_every_worker_has_switched(hive):
    server = hive('http { access_log logs/access.log; server { listen 127.0.0.1:%%PORT%%; root html; } }', files=FILES)
    server.get('/')
    server.wait_for_access(1)
    os.rename(server.prefix / 'logs/access.log', server.prefix / 'logs/access.log.1')

    done = ctl(server, 'reopen')

    assert (done.returncode, done.stderr) == (0, '')
    for _ in range(10):
        server.get('/')
    assert len(server.wait_for_access(10)) == 10
    assert server.read('logs/access.log.1').count('\n') == 1


# -- -s

def test_s_reload_waits_and_tells_the_result_in_one_line(hive):
    server = hive(SITE, files=FILES)
    server.configure(SITE.replace('one', 'two'))

    done = server.run('-s', 'reload')

    assert (done.returncode, done.stderr) == (0, '')
    assert re.fullmatch(r'reload: generation 2 serves with \d+ workers?\b.*\n', done.stdout)
    assert ask(server, '/status')[1]['server']['generation'] == 2
    server.wait_for(lambda: server.get('/').header('X-Version') == 'two', 'the old workers to accept no more')


def test_s_reopen_tells_its_result_and_q_keeps_it(hive):
    server = hive(SITE)

    done, quiet = server.run('-s', 'reopen'), server.run('-q', '-s', 'reopen')

    assert (done.returncode, done.stderr) == (0, '')
    assert re.fullmatch(r'reopen: .+\n', done.stdout)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, '', '')


def test_s_stop_returns_when_the_master_has_ended(hive):
    server = hive(SITE)

    done = server.run('-s', 'stop')

    assert (done.returncode, done.stdout, done.stderr) == (0, f'stop: done, process {server.pid} has ended\n', '')
    assert not processes.is_alive(server.pid)


def test_s_quit_waits_for_what_is_open(hive):
    server = hive(SITE, files={'html/large': b'x' * 30_000_000})
    with server.connect() as client:
        client.request('GET', '/large', [('Connection', 'close')])
        assert client.socket.recv(1000)
        quitting = subprocess.Popen(server.command('-s', 'quit'), env=server.env, stdin=subprocess.DEVNULL)
        server.wait_for(lambda: ask(server, '/status')[1]['server']['state'] == 'draining', 'the server to drain')

        assert quitting.poll() is None
        assert len(client.read_to_end()) > 29_000_000

    assert quitting.wait(DEADLINE) == 0
    assert not processes.is_alive(server.pid)


def test_a_wait_has_a_limit(hive):
    server = hive(SITE, files={'html/large': b'x' * 30_000_000})
    with server.connect() as client:
        client.request('GET', '/large')
        assert client.socket.recv(1000)

        done = ctl(server, '--timeout', '1s', 'quit')

    assert done.returncode == 4
    assert server.wait_exit() == 0


@pytest.mark.parametrize('verb', ['reload', 'reopen'])
def test_s_without_a_control_socket_says_that_the_result_is_unknown(hive, verb):
    server = hive('control off;' + SITE)

    done = server.run('-s', verb)

    assert done.returncode == 0
    assert 'sent; result unknown' in done.stderr
    assert str(server.pid) in done.stderr


@pytest.mark.parametrize('verb', ['quit', 'stop'])
def test_s_without_a_control_socket_still_waits_for_the_end(hive, verb):
    server = hive('control off;' + SITE)

    done = server.run('-s', verb)

    assert (done.returncode, done.stdout, done.stderr) == (0, f'{verb}: done, process {server.pid} has ended\n', '')
    assert not processes.is_alive(server.pid)


@pytest.mark.parametrize('pid_file', ['missing', 'empty', 'stale', 'unlocked copy'])
@pytest.mark.parametrize('verb', ['reload', 'quit'])
def test_s_without_a_pid_file_asks_at_the_control_socket(hive, pid_file, verb):
    server = hive(SITE)
    path = server.prefix / 'logs/colmeia.pid'
    path.unlink()
    if pid_file != 'missing':
        path.write_text({'empty': '', 'stale': '999999\n', 'unlocked copy': f'{server.pid}\n'}[pid_file])

    done = server.run('-s', verb)

    assert done.returncode == 0, done.stderr
    assert f'process {server.pid} answers at the control socket {socket_path(server)}' in done.stderr
    if verb == 'quit':
        assert server.wait_exit() == 0
    else:
        assert ask(server, '/health')[1]['generation'] == 2


def test_s_without_a_pid_file_leaves_the_server_of_another_configuration_alone(hive, prepare):
    server = hive(SITE)
    other = prepare(f'control {socket_path(server)}; pid logs/other.pid;' + SITE)

    done = other.run('-s', 'stop')

    assert done.returncode == 3
    assert 'it serves another configuration' in done.stderr and 'not running' in done.stderr
    assert ask(server, '/health')[0] == 200


def test_s_without_anybody_says_where_it_looked(prepare):
    server = prepare(SITE)

    done = server.run('-s', 'stop')

    assert done.returncode == 3
    assert done.stderr.count('not running') == 1
    assert 'logs/colmeia.pid' in done.stderr and f'no server answers at the control socket {socket_path(server)}' in done.stderr


def test_s_says_once_that_nobody_holds_a_stale_pid_file(prepare):
    server = prepare(SITE)
    server.write('logs/colmeia.pid', '999999\n')

    done = server.run('-s', 'stop')

    assert done.returncode == 3
    assert done.stderr.count('not running') == 1 and 'no process holds the lock of' in done.stderr


def test_s_does_not_take_a_pid_file_that_is_a_link_for_a_server_that_does_not_run(hive):
    server = hive('control off;' + SITE)
    path = server.prefix / 'logs/colmeia.pid'
    path.rename(server.prefix / 'logs/real.pid')
    path.symlink_to('real.pid')

    done = server.run('-s', 'quit')

    assert done.returncode == 2
    assert 'not running' not in done.stderr
    assert f'{path}: it is a symbolic link' in done.stderr and '"pid" directive' in done.stderr
    server.stop()


# -- -s, and the configuration has mistakes

MISTAKE = 'http { server { listen 127.0.0.1:%%PORT%%; roto html; } }'


def test_a_reload_of_mistakes_stays_in_the_servers_memory(hive):
    server = hive(SITE)
    server.configure(MISTAKE)

    done = server.run('-s', 'reload')

    assert done.returncode == 1
    assert 'colmeia.conf:2:' in done.stderr and '"roto" is not a directive' in done.stderr
    assert 'generation 1 keeps serving' in done.stderr
    assert re.search(r'generation 2 failed to compile.*"roto"', server.error_log)
    assert 'the last reload failed' in ask(server, '/health')[1]['notes']


@pytest.mark.parametrize('runs', [True, False])
def test_a_reload_of_mistakes_that_nobody_can_be_told_says_that_nothing_was_sent(prepare, runs):
    server = prepare('control off;' + SITE)
    if runs:
        server.start()
    server.configure('control off;' + MISTAKE)

    done = server.run('-s', 'reload')

    who = f'the server (pid {server.pid})' if runs else 'a server that runs'
    assert done.returncode == 1
    assert '"roto" is not a directive' in done.stderr
    assert f'nothing was sent: {who} goes on with its old configuration' in done.stderr


@pytest.mark.parametrize('control', ['', 'control off;'])
@pytest.mark.parametrize('verb', ['quit', 'stop', 'reopen'])
def test_mistakes_keep_nobody_from_other_orders(hive, verb, control):
    server = hive(control + SITE)
    server.configure(control + MISTAKE)

    done = server.run('-s', verb)

    assert done.returncode == 0, done.stderr
    assert f'told to {verb} all the same' in done.stderr
    if verb == 'reopen':
        server.wait_for_error(r'log files? reopened')
    else:
        assert server.wait_exit() == 0


def test_the_server_of_a_default_path_is_not_taken_for_the_one_that_is_meant(hive):
    server = hive(SITE)
    other = server.write('other.conf', 'pid\n' + MISTAKE)

    done = server.run('-c', str(other), '-s', 'quit')

    assert done.returncode == 1
    assert f'colmeia ctl --socket {socket_path(server)} quit' in done.stderr
    assert f'kill -QUIT {server.pid}' in done.stderr
    assert ask(server, '/health')[0] == 200


def test_ctl_finds_the_server_of_a_configuration_with_mistakes(hive):
    server = hive(SITE)
    server.configure(MISTAKE)

    assert ctl(server, 'health').returncode == 0
    done = ctl(server, 'quit')

    assert done.returncode == 0, done.stderr
    assert server.wait_exit() == 0


# -- whatever happens

def test_it_answers_while_a_worker_hangs(hive):
    server = hive(SITE)
    hung = server.workers()[0]

    def usual_times():
        times = {target: [] for target in ('/health', '/status', '/workers', '/generations')}
        for target in list(times) * 5:
            begin = time.monotonic()
            assert ask(server, target)[0] in (200, 503)  # health says so once the silence has lasted
            times[target].append(time.monotonic() - begin)
        return {target: sorted(took)[len(took) // 2] for target, took in times.items()}

    before = usual_times()
    processes.stop(hung)
    try:
        for target, took in usual_times().items():
            assert took < 0.1 + 10 * before[target], target  # the machine may be slow, and others load it, too
    finally:
        os.kill(hung, SIGCONT)


def test_a_thousand_half_open_and_garbage_clients_disturb_nobody(hive):
    server = hive(SITE, files=FILES)
    crowd = []
    for number in range(1000):
        client = Connection(socket_path(server))
        try:
            client.send([b'', b'GET /status HT', b'\x16\x03\x01\xff\0', b'POST /reload HTTP/1.1\r\nContent-Length: 9\r\n'][number % 4])
        except BrokenPipeError:
            pass
        crowd.append(client)
        if len(crowd) > 250:
            crowd.pop(0).close()
        if number % 100 == 99:
            assert ask(server, '/health')[0] == 200
            assert server.get('/').status == 200

    assert ctl(server, 'reload').returncode == 0
    for client in crowd:
        client.close()
    server.wait_for(lambda: len(processes.descriptors(server.pid)) < 64, 'the master to let go of the crowd')

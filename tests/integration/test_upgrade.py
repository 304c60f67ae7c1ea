"""A new binary takes over: nginx's signals, `colmeia ctl upgrade`, and what becomes of one that cannot."""

import json
import os
import re
from signal import SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, SIGUSR2, SIGWINCH
import subprocess

import pytest

from support import processes, server as server_module
from support.clients import Clients
from support.control import ctl, lines_until
from support.waiting import DEADLINE
from test_top import row_of, rows, top  # noqa: F401 (a fixture)

SITE = """
    http {
        server { listen 127.0.0.1:%%PORT%%; root html; }
        server { listen 127.0.0.1:%%PORT_R%% reuseport; root html; }
    }
"""
FILES = {'html/index.html': 'hello'}


@pytest.fixture
def install(prepare, monkeypatch):
    """A factory of servers that are not started, whose binary is a link of their own: server.binary, to be replaced."""

    def make(config):
        server = prepare(config, files=FILES)
        server.binary = server.prefix / 'colmeia'
        server.binary.symlink_to(os.path.abspath(server_module.BINARY))
        monkeypatch.setattr(server_module, 'BINARY', str(server.binary))
        return server

    return make


@pytest.fixture(params=['on', 'off'])
def server(request, install):
    """A running server, as a daemon and in the foreground."""
    made = install(f'daemon {request.param};' + SITE)
    made.daemon = request.param == 'on'
    return made.start_daemon() if made.daemon else made.start()


def replace_binary(server, script):
    fresh = server.prefix / 'fresh'
    fresh.write_text('#!/bin/sh\n' + script)
    fresh.chmod(0o755)
    fresh.rename(server.binary)


def new_master(server):
    """The pid of the new master once it serves."""
    server.wait_for(lambda: server.read('logs/colmeia.pid.oldbin') == f'{server.pid}\n', 'the pid file to be put aside')
    server.wait_for_error(r'new binary \(pid \d+\) serves')
    pid = int(server.read('logs/colmeia.pid'))
    assert pid != server.pid
    return pid


def begin(server):
    server.signal(SIGUSR2)
    return new_master(server)


def workers_of(pid):
    return [child for child in processes.children(pid) if 'worker' in processes.title(child)]


def finish(server, pid):
    """The new master is the only one from here on, also for the end of the test."""
    if server.daemon:
        assert server.wait_exit() == 0
        server.adopt(pid)


# -- by signals

def test_both_serve_then_the_old_one_leaves(server):
    with Clients(server.port, server.named_port('PORT_R')) as clients:
        pid = begin(server)
        assert len(workers_of(server.pid)) == 2 and len(workers_of(pid)) == 2

        server.signal(SIGQUIT)
        server.wait_for(lambda: not (server.prefix / 'logs/colmeia.pid.oldbin').exists(), 'the old master to leave')
        server.wait_for(lambda: not workers_of(server.pid), 'the old workers to leave')
        asked = clients.asked
        server.wait_for(lambda: clients.asked > asked + 20, 'more requests')

    assert not clients.lost
    assert server.read('logs/colmeia.pid') == f'{pid}\n'
    finish(server, pid)


def test_it_can_be_done_again_and_again(server):
    for _ in range(2):
        server.write('logs/error.log', '')
        pid = begin(server)
        server.signal(SIGQUIT)
        server.wait_for(lambda: not (server.prefix / 'logs/colmeia.pid.oldbin').exists(), 'the old master to leave')
        if not server.daemon:
            return
        finish(server, pid)


def test_winch_then_hup_goes_back(server):
    with Clients(server.port, server.named_port('PORT_R')) as clients:
        pid = begin(server)
        server.signal(SIGWINCH)
        server.wait_for(lambda: not workers_of(server.pid), 'the old workers to leave')

        server.signal(SIGHUP)
        server.wait_for(lambda: len(workers_of(server.pid)) == 2, 'the old workers to be back')
        os.kill(pid, SIGQUIT)
        server.wait_for(lambda: server.read('logs/colmeia.pid') == f'{server.pid}\n', 'the pid file to be back')

    assert not clients.lost
    assert not (server.prefix / 'logs/colmeia.pid.oldbin').exists()
    assert server.get('/').status == 200


def test_a_new_master_that_is_killed_is_given_up(server):
    pid = begin(server)
    orphans = workers_of(pid)

    os.kill(pid, SIGKILL)
    server.wait_for(lambda: server.read('logs/colmeia.pid') == f'{server.pid}\n', 'the pid file to be back')

    assert server.get('/').status == 200
    server.wait_for_error(r'given up, this one keeps serving: it was killed by signal 9')
    server.wait_for(lambda: not any(processes.is_alive(orphan) for orphan in orphans), 'its workers to leave')


@pytest.mark.parametrize('script, why', [
    ('exit 7', 'exited with code 7'),
    ('kill -SEGV $$', 'signal 11'),
])
def test_a_binary_that_ends_at_once_changes_nothing(server, script, why):
    replace_binary(server, script)

    server.signal(SIGUSR2)
    server.wait_for_error(f'given up.*{why}')

    assert server.read('logs/colmeia.pid') == f'{server.pid}\n'
    assert server.get('/').status == 200
    assert len(workers_of(server.pid)) == 2


def test_a_configuration_that_does_not_hold_any_more_is_told(server):
    server.configure('nonsense;' + SITE)

    done = ctl(server, '--socket', f'{server.prefix}/logs/colmeia.control', 'upgrade')

    assert done.returncode == 5
    assert 'nonsense' in done.stderr + done.stdout
    assert server.read('logs/colmeia.pid') == f'{server.pid}\n'
    assert server.get('/').status == 200


# -- as one command

def test_one_command_does_it_all(server):
    with Clients(server.port, server.named_port('PORT_R')) as clients:
        done = ctl(server, 'upgrade')
        asked = clients.asked
        server.wait_for(lambda: clients.asked > asked + 20, 'more requests')

    assert done.returncode == 0, done.stderr
    assert not clients.lost
    pid = int(server.read('logs/colmeia.pid'))
    assert pid != server.pid
    assert len(workers_of(pid)) == 2
    finish(server, pid)
    assert ctl(server, 'status').returncode == 0


def test_one_command_with_a_binary_that_is_no_program(server):
    server.binary.unlink()
    server.binary.write_text('not for any machine')
    server.binary.chmod(0o755)

    done = subprocess.run([os.path.realpath(f'/proc/{server.pid}/exe'), 'ctl', '-p', f'{server.prefix}/', '-c',
                           f'{server.prefix}/colmeia.conf', 'upgrade'], capture_output=True, text=True, timeout=60,
                          env=server.env, check=False, cwd='/')

    assert done.returncode == 5
    assert 'it is no program' in done.stderr + done.stdout
    assert server.read('logs/colmeia.pid') == f'{server.pid}\n'
    assert server.get('/').status == 200


# -- a stand-in

@pytest.mark.parametrize('number, status', [(SIGTERM, 0), (SIGINT, 0), (SIGQUIT, 0)])
def test_in_the_foreground_the_old_one_stands_in_for_the_new_one(install, number, status):
    server = install('daemon off;' + SITE).start()
    server.daemon = False
    pid = begin(server)
    server.signal(SIGQUIT)
    server.wait_for(lambda: not (server.prefix / 'logs/colmeia.pid.oldbin').exists(), 'the old master to retire')
    assert server.poll_exit() is None
    server.wait_for(lambda: processes.title(server.pid) == f'colmeia: stand-in for the new master (pid {pid})',
                    'the stand-in to say what it is')

    server.signal(number)

    assert server.wait_exit() == status
    assert not processes.is_alive(pid)


def test_a_stand_in_ends_as_the_new_one_ends(install):
    server = install('daemon off;' + SITE).start()
    server.daemon = False
    server.expected_status = None
    pid = begin(server)
    server.signal(SIGQUIT)
    server.wait_for(lambda: not (server.prefix / 'logs/colmeia.pid.oldbin').exists(), 'the old master to retire')

    os.kill(pid, SIGKILL)

    assert server.wait_exit() == 128 + SIGKILL


# -- who looks on goes along

def test_top_goes_with_the_server(server, top):  # noqa: F811
    terminal = top(server)
    terminal.wait_for(lambda screen: len(rows(screen)) == 2, 'the workers')
    old = workers_of(server.pid)

    done = ctl(server, 'upgrade')

    assert done.returncode == 0, done.stderr
    pid = int(server.read('logs/colmeia.pid'))
    terminal.wait_for(lambda screen: any(f'a new master took over: pid {pid} in place of pid {server.pid}' in line
                                         for line in screen), 'the news')
    terminal.wait_for(lambda screen: '2 of 2 workers ready' in screen[0] and f'pid {pid} ' in screen[1],
                      'the new master')
    terminal.wait_for(lambda screen: all(row_of(screen, worker) for worker in workers_of(pid)), 'its workers')
    terminal.wait_for(lambda screen: not any(row_of(screen, worker) for worker in old), 'the old workers to go')
    finish(server, pid)


def test_top_stays_while_the_new_one_does_not_serve(server, top):  # noqa: F811
    terminal = top(server)
    terminal.wait_for(lambda screen: len(rows(screen)) == 2, 'the workers')
    server.configure('daemon off; nonsense;' + SITE)

    assert ctl(server, '--socket', f'{server.prefix}/logs/colmeia.control', 'upgrade').returncode == 5

    terminal.wait_for(lambda screen: '2 of 2 workers ready' in screen[0] and f'pid {server.pid} ' in screen[1], 'the old one')
    assert 'took over' not in terminal.output


def test_trace_goes_with_the_server(server, follow):
    text = follow(server, '--since', '1')
    lines_until(text, lambda line: 'generation' in line, 'the beginning')
    facts = follow(server, '--json', '--since', '1')
    lines_until(facts, lambda line: 'generation' in line, 'the beginning')

    assert ctl(server, 'upgrade').returncode == 0
    pid = int(server.read('logs/colmeia.pid'))
    assert ctl(server, 'reload').returncode == 0

    lines = lines_until(text, lambda line: f'new master (pid {pid}) took over' in line, 'the new master')
    assert any('upgrade' in line for line in lines)  # the old one's history, up to here
    lines += lines_until(text, lambda line: re.search('command .*reload', line), 'an event of the new master')
    assert any(re.match(r' *#1 ', line) for line in lines[-200:])  # from its beginning on
    events = [json.loads(line) for line in lines_until(facts, lambda line: '"kind":"command"' in line and 'reload' in line,
                                                       'an event of the new master')]
    assert {'new_master': pid} in events
    finish(server, pid)


def test_trace_ends_when_the_new_master_does(server, follow):
    text = follow(server, '--since', '1')
    lines_until(text, lambda line: 'generation' in line, 'the beginning')
    assert ctl(server, 'upgrade').returncode == 0
    pid = int(server.read('logs/colmeia.pid'))
    lines_until(text, lambda line: f'new master (pid {pid}) took over' in line, 'the new master')

    finish(server, pid)
    assert ctl(server, 'quit').returncode == 0

    output, errors = text.communicate(timeout=DEADLINE)
    assert text.returncode == 0 and 'the server has left' in errors, output

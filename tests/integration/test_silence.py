"""What status, top, hive and metrics say of a worker that stands still now, and what is remembered of faults."""

import json
import os
import pty
import re
import select
import subprocess
from signal import SIGABRT, SIGCONT, SIGKILL

import pytest

from support import processes
from support.control import ask, ctl, ctl_command

FILES = {'html/index.html': 'hello'}
SITE = """
    worker_processes 2; %s
    http { server {
        listen 127.0.0.1:%%%%PORT%%%%; root html;
        location = /hang { cpu_bound 60s; }
        location = /busy { cpu_bound 5s; }
        location /hive/ { hive; }
    } }
"""


def workers(server):
    return ask(server, '/workers')[1]['workers']


def silent_ones(server):
    return [worker for worker in workers(server) if worker['state'] == 'silent']


def metrics(server):
    return server.get('/hive/prometheus', {'Host': 'localhost'}).text


@pytest.mark.parametrize('watchdog', ['worker_watchdog 60s;', 'worker_watchdog off;'])
def test_a_worker_that_computes_is_silent_for_everybody_who_looks(hive, watchdog):
    server = hive(SITE % f'study on; {watchdog}', files=FILES)
    with server.connect() as client:
        client.request('GET', '/hang')
        (victim,) = server.wait_for(lambda: silent_ones(server), 'a silent worker')
        status = ask(server, '/status')[1]
        health_code, health = ask(server, '/health')
        terse = ctl(server)
        text = ctl(server, 'status')
        top = ctl(server, 'top', '--once')
        seen = json.loads(server.get('/hive/json', {'Host': 'localhost'}).body)['workers']
        samples = metrics(server)

        assert victim['silent_ms'] >= 1000 and victim['counts']['lag']['last_ns'] >= 1_000_000_000
        assert (status['server']['workers_ready'], status['server']['workers_silent']) == (1, 1)
        assert (health_code, health['ok'], health['workers_silent']) == (503, False, 1)
        assert '1 of 2 workers ready, 1 silent' in terse.stdout and '1 worker is silent' in terse.stdout
        assert re.search(rf'\n +{victim["slot"]} +{victim["seat"]} +1 +{victim["pid"]}  silent ', text.stdout)
        assert re.search(rf'{victim["pid"]} silent', top.stdout) and '1 silent' in top.stdout
        (one,) = [worker for worker in seen if worker['pid'] == victim['pid']]
        assert one['state'] == 'silent' and one['serving'] is False and one['silent_ms'] >= 1000
        assert one['loop_lag']['last_us'] >= 1_000_000
        label = f'slot="{victim["slot"]}",seat="{victim["seat"]}",generation="1",pid="{victim["pid"]}"'
        assert f'colmeia_worker_silent{{{label}}} 1\n' in samples
        assert f'colmeia_worker_up{{{label}}} 0\n' in samples
        assert ask(server, '/kill', 'POST', {'worker': victim['slot']})[0] == 200


def test_a_worker_that_is_stopped_is_silent(hive):
    server = hive(SITE % 'study on; worker_watchdog off;', files=FILES)
    victim = server.workers()[0]
    processes.stop(victim)
    try:
        server.wait_for(lambda: [worker['pid'] for worker in silent_ones(server)] == [victim], 'the silence to be seen')
    finally:
        os.kill(victim, SIGCONT)
    server.wait_for(lambda: not silent_ones(server), 'the worker to be ready again')
    assert victim in server.workers()
    assert ask(server, '/health')[1]['notes'] == ''


def test_it_is_silent_before_the_watchdog_strikes_and_hung_afterwards(hive):
    server = hive(SITE % 'study on; worker_watchdog 2s;', files=FILES)
    with server.connect() as client:
        client.request('GET', '/hang?a=b')
        (victim,) = server.wait_for(lambda: silent_ones(server), 'a silent worker')
        assert victim['silent_ms'] < 2000
        server.wait_for(lambda: victim['pid'] not in server.workers(), 'the watchdog to strike')

    def history():
        last = ask(server, '/status')[1]['server']['last_respawn']
        return last if 'serving' in last['why'] else None

    last = server.wait_for(history, 'the end to be remembered')
    assert last['pid'] == victim['pid'] and re.search(r'hung for \d', last['why'])
    assert 'serving "GET /hang?a=b HTTP/1.1"' in last['why']
    trace = ctl(server, 'trace').stdout
    assert re.search(rf'heartbeat .*pid {victim["pid"]}.*missed: hung, no sign of life for \d', trace)
    assert re.search(rf'exit .*{victim["pid"]}.*signal 6 \(SIGABRT\), hung for \S+ s, serving "GET /hang\?a=b HTTP/1.1"', trace)
    assert re.search(r'1 respawn, the last one .*serving "GET /hang\?a=b HTTP/1.1"', ctl(server).stdout)
    server.wait_for_error(rf'pid {victim["pid"]}\) was killed by signal 6 \(SIGABRT\), hung for .* serving "GET /hang')


def test_a_crash_tells_its_request_to_the_master(hive):
    server = hive(SITE % 'study on;', files=FILES)
    with server.connect() as client:
        client.request('GET', '/busy')
        (victim,) = server.wait_for(
            lambda: [one for one in workers(server) if one['counts']['writing'] == 1], 'the request to be served')
        os.kill(victim['pid'], SIGABRT)
        last = server.wait_for(
            lambda: ask(server, '/status')[1]['server']['respawns'] and ask(server, '/status')[1]['server']['last_respawn'],
            'the crash to be remembered')

    assert last['pid'] == victim['pid']
    assert last['why'] == 'was killed by signal 6 (SIGABRT), serving "GET /busy HTTP/1.1"'
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', last['at'])


def test_respawns_are_counted_and_the_last_one_told(hive):
    server = hive(SITE % 'study on;', files=FILES)
    for count in (1, 2):
        victim = server.workers()[0]
        os.kill(victim, SIGKILL)
        server.wait_for(lambda: ask(server, '/status')[1]['server']['respawns'] == count, 'the respawn to be counted')

    assert ask(server, '/status')[1]['server']['last_respawn']['pid'] == victim
    assert f'2 respawns, the last one ' in ctl(server).stdout
    assert f'(pid {victim}) was killed by signal 9 (SIGKILL)' in ctl(server, 'health').stdout
    assert f'RESPAWNED PID   {victim}' in re.sub(r' {3,}', '   ', ctl(server, 'status').stdout)


def test_a_failed_reload_is_remembered_with_its_place(hive):
    server = hive(SITE % 'study on;', files=FILES)
    assert 'failed' not in ctl(server).stdout
    right = server.read('colmeia.conf')
    server.write('colmeia.conf', right + '\nnonsense;\n')
    socket = f'{server.prefix}/logs/colmeia.control'
    assert ctl(server, '--socket', socket, 'reload').returncode == 1

    place = f'{server.prefix}/colmeia.conf:{right.count(chr(10)) + 2}:1: "nonsense" is not a directive'
    facts = ask(server, '/status')[1]['server']
    assert (facts['failed_reloads'], facts['last_reload_failed'], facts['failed_reload']['generation']) == (1, True, 2)
    assert place in facts['failed_reload']['why']
    terse = ctl(server, '--socket', socket)
    assert re.search(r'the last reload failed \S+ ago \(\S+Z\): ', terse.stdout) and place in terse.stdout
    assert place in ctl(server, '--socket', socket, 'status').stdout

    server.write('colmeia.conf', right)
    assert ctl(server, 'reload').returncode == 0
    facts = ask(server, '/status')[1]['server']
    assert (facts['reloads'], facts['failed_reloads'], facts['last_reload_failed']) == (1, 1, False)
    assert 'a reload failed' in ctl(server).stdout and 'a later one succeeded' in ctl(server).stdout


def test_a_terminal_shows_states_in_colours(hive):
    server = hive(SITE % 'study on;', files=FILES)

    def on_a_terminal(**extra):
        master, slave = pty.openpty()
        done = subprocess.run(ctl_command(server, 'status'), stdin=subprocess.DEVNULL, stdout=slave, env=server.env | extra,
                              cwd='/', check=False)
        os.close(slave)
        output = b''
        while select.select([master], [], [], 0)[0]:
            try:
                output += os.read(master, 65536)
            except OSError:  # all has been read, and nobody is at the other end
                break
        os.close(master)
        assert done.returncode == 0
        return output.decode()

    assert '\x1b[32mready' in on_a_terminal(TERM='xterm')
    assert '\x1b' not in on_a_terminal(TERM='xterm', NO_COLOR='1')
    assert '\x1b' not in on_a_terminal(TERM='dumb')
    assert '\x1b' not in ctl(server, 'status').stdout

#!/usr/bin/python3
"""Two colmeias behind a real HAProxy, each in a network of its own, under load: one is upgraded, drained, stopped, killed.

    sudo tests/deploy/haproxy_drill.py BINARY FOLDER [SECONDS]

Prints a row for each step and writes FOLDER/haproxy.md; ends with 0 when nothing was lost but what a killed server held.
HAProxy is the installed one, or is unpacked below FOLDER from the distribution's package. Needs root, for the namespaces.

    client 10.77.9.2 -- 10.77.9.1 balancer 10.77.1.1 -- 10.77.1.2 colmeia a
                                           10.77.2.1 -- 10.77.2.2 colmeia b
"""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / 'integration'))

from support import packages, processes  # noqa: E402
from support.load import Load  # noqa: E402
from support.waiting import wait_for  # noqa: E402

PATIENCE = 20
PORT = 8080
WORKERS = 2
KEEP, CLOSE = 32, 8
LIBRARIES = ('liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1', 'libssl3')

COLMEIA = '''daemon off; worker_processes {workers}; pid colmeia.pid; error_log error.log info; worker_shutdown_timeout 10s;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000; types {{ text/html html; }}
server {{ listen {address}:{port}; root html; location = /healthz {{ default_type text/plain; return 200 "ok\\n"; }} }} }}
'''

# The same lines as docker/haproxy.cfg, with one server line for each machine.
HAPROXY = '''global
    maxconn 4000
    stats socket {folder}/haproxy.sock mode 600 level admin
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout queue 10s
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response
    option http-keep-alive
    http-reuse safe
frontend web
    bind 10.77.9.1:{port}
    default_backend colmeias
backend colmeias
    balance leastconn
    option httpchk GET /healthz
    http-check expect status 200
    default-server check inter 500ms fastinter 100ms fall 2 rise 1
    server a 10.77.1.2:{port}
    server b 10.77.2.2:{port}
'''


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Network:
    """Four namespaces; the balancer's has a wire to each of the others."""

    WIRES = (('a', 1), ('b', 2), ('client', 9))

    def __init__(self):
        self.prefix = f'colmeia{os.getpid()}'
        self.made = []

    def name(self, host):
        return f'{self.prefix}-{host}'

    def within(self, host):
        return ['ip', 'netns', 'exec', self.name(host)]

    def __enter__(self):
        for host in ('balancer', *(host for host, _ in self.WIRES)):
            run('ip', 'netns', 'add', self.name(host))
            self.made.append(self.name(host))
            run(*self.within(host), 'ip', 'link', 'set', 'lo', 'up')
        for host, net in self.WIRES:
            near, far = f'w{net}', 'w0'
            run('ip', '-n', self.name('balancer'), 'link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns',
                self.name(host))
            for place, wire, last in (('balancer', near, 1), (host, far, 2)):
                run('ip', '-n', self.name(place), 'address', 'add', f'10.77.{net}.{last}/24', 'dev', wire)
                run('ip', '-n', self.name(place), 'link', 'set', wire, 'up')
        return self

    def __exit__(self, *_):
        for name in self.made:
            subprocess.run(['ip', 'netns', 'delete', name], check=False)


class Colmeia:
    """One machine's server."""

    def __init__(self, network, host, address, binary, folder):
        self.network, self.host, self.address = network, host, address
        self.folder = folder / host
        (self.folder / 'html').mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        (self.folder / 'html/index.html').write_text('x' * 1024, encoding='ascii')
        self.binary = self.folder / 'colmeia'
        shutil.copy(binary, self.binary)
        (self.folder / 'colmeia.conf').write_text(COLMEIA.format(address=address, port=PORT, workers=WORKERS),
                                                  encoding='ascii')
        self.process = None

    def command(self, *arguments):
        return [*self.network.within(self.host), str(self.binary), '-p', str(self.folder), '-c', 'colmeia.conf', *arguments]

    def start(self):
        self.process = subprocess.Popen(self.command(), preexec_fn=processes.die_with_parent,
                                        stderr=subprocess.DEVNULL)
        wait_for(self.answers, f'colmeia {self.host} to serve')

    def ctl(self, *arguments):
        return subprocess.run([str(self.binary), 'ctl', '--socket', str(self.folder / 'colmeia.control'), *arguments],
                              capture_output=True, text=True, check=False, timeout=60)

    def answers(self):
        return self.ctl('health').returncode == 0

    def master(self):
        return int((self.folder / 'colmeia.pid').read_text(encoding='ascii'))

    def quit(self):
        os.kill(self.master(), signal.SIGQUIT)
        self.process.wait(PATIENCE)

    def kill(self):
        """As a machine that loses its power: all of its processes at once."""
        for pid in processes.family(self.master()):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()


class Balancer:
    def __init__(self, network, folder):
        self.program = packages.find('haproxy', 'usr/sbin/haproxy', folder, LIBRARIES)
        if self.program is None:
            sys.exit('haproxy_drill: HAProxy is neither installed nor to be had from the distribution')
        self.version = run_version(self.program)
        self.socket = folder / 'haproxy.sock'
        self.socket.unlink(missing_ok=True)  # of an earlier run
        configuration = folder / 'haproxy.cfg'
        configuration.write_text(HAPROXY.format(folder=folder, port=PORT), encoding='ascii')
        self.process = subprocess.Popen([*network.within('balancer'), self.program.path, '-db', '-f', str(configuration)],
                                        env=self.program.environment(), preexec_fn=processes.die_with_parent,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.socket.exists() and self.up('a') and self.up('b'), 'HAProxy to find both servers well')

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.socket))
            client.sendall(command.encode() + b'\n')
            return b''.join(iter(lambda: client.recv(65536), b'')).decode()

    def facts(self, server):
        head, *rows = self.ask('show stat').splitlines()
        names = head.lstrip('# ').split(',')
        for row in rows:
            fields = dict(zip(names, row.split(',')))
            if (fields['pxname'], fields['svname']) == ('colmeias', server):
                return fields
        return {}

    def up(self, server):
        return self.facts(server).get('status', '').startswith('UP')

    def held(self, server):
        """Requests that HAProxy has given to the server and not yet had answered."""
        return int(self.facts(server)['scur'])

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


def run_version(program):
    return subprocess.run([program.path, '-v'], env=program.environment(), capture_output=True, text=True,
                          check=True).stdout.split(' - ')[0].split('\n')[0]


def upgraded(_, one, __):
    done = one.ctl('upgrade')
    return 0 if done.returncode == 0 else sys.exit(f'haproxy_drill: the upgrade failed: {done.stderr}')


def reloaded(_, one, __):
    done = one.ctl('reload')
    return 0 if done.returncode == 0 else sys.exit(f'haproxy_drill: the reload failed: {done.stderr}')


def drained(balancer, one, _):
    """As an operator takes a machine out: the balancer first, then the server."""
    balancer.ask('set server colmeias/a state drain')
    wait_for(lambda: balancer.held('a') == 0, 'the drained server to be idle')
    one.quit()
    one.start()
    balancer.ask('set server colmeias/a state ready')
    return 0


def stopped(_, one, __):
    """The server leaves by QUIT, and nobody has told the balancer."""
    one.quit()
    one.start()
    return 0


def killed(balancer, one, _):
    one.kill()
    wait_for(lambda: not balancer.up('a'), 'HAProxy to notice')
    one.start()
    return KEEP + CLOSE  # it cannot have held more: a request on each connection


STEPS = (
    ('nothing happens', lambda *_: 0),
    ('a is reloaded', reloaded),
    ('a is upgraded (`ctl upgrade`)', upgraded),
    ('a is drained at the balancer, restarted, put back', drained),
    ('a gets QUIT and nobody tells the balancer', stopped),
    ('a is killed whole, and comes back', killed),
)


def drill(network, binary, folder, seconds):
    rows, failed = [], 0
    with contextlib.ExitStack() as stack:
        servers = [Colmeia(network, host, address, binary, folder) for host, address in
                   (('a', '10.77.1.2'), ('b', '10.77.2.2'))]
        for server in servers:
            stack.callback(server.close)
            server.start()
        balancer = Balancer(network, folder)
        stack.callback(balancer.close)
        print(f'{balancer.version}, two colmeias of {WORKERS} workers, {KEEP} kept-alive connections and {CLOSE} that ask once')
        for title, act in STEPS:
            print(f'  {title} ...', end='', flush=True)
            with Load(PORT, keep=KEEP, close=CLOSE, host='10.77.9.1', within=network.within('client')) as load:
                began = time.monotonic()
                wait_for(lambda: load.requests > 100, 'the load to flow')
                allowed = act(balancer, *servers)
                wait_for(lambda: balancer.up('a') and balancer.up('b'), 'both servers to be well')
                while time.monotonic() - began < seconds:
                    time.sleep(0.05)
            result = load.result
            good = result['lost'] <= allowed
            failed += not good
            kinds = ', '.join(f'{count} {kind}' for kind, count in result['kinds'].items())
            rows.append((title, result['requests'], result['lost'], allowed, kinds, result['slowest_ms']))
            print(f' {result["requests"]} requests, {result["lost"]} lost{" (" + kinds + ")" if kinds else ""}'
                  f'{"" if good else "  FAILED"}')
    return balancer.version, rows, failed


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        sys.exit('haproxy_drill: needs root, for network namespaces')
    binary, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10
    folder.mkdir(parents=True, exist_ok=True)
    with Network() as network:
        version, rows, failed = drill(network, binary, folder, seconds)
    table = [f'Behind {version}, {KEEP} kept-alive connections and {CLOSE} that ask once:\n',
             '| step | requests | lost | held by the killed, at most | slowest |', '|---|--:|--:|--:|--:|']
    table += [f'| {title} | {requests} | {lost}{" (" + kinds + ")" if kinds else ""} | {allowed} | {slowest} ms |'
              for title, requests, lost, allowed, kinds, slowest in rows]
    (folder / 'haproxy.md').write_text('\n'.join(table) + '\n', encoding='utf-8')
    print('\n'.join(['', *table]))
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()

"""The servers that the drills are done with: colmeia, and nginx beside it where there is one.

Each runs as a daemon in a folder of its own under the system's temporary folder, on a free loopback port. Orphans become
ours (PR_SET_CHILD_SUBREAPER), so that whatever a drill leaves behind can be ended, and nothing else is.
"""

import grp
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from support import packages, processes
from support.http_client import Connection
from support.ports import free_port
from support.waiting import wait_for

BODY = b'x' * 1024
WORKERS = 4  # where a drill does not say otherwise

CONFIGURATION = """
daemon on;
{user}
worker_processes {workers};
pid {prefix}/logs/server.pid;
error_log {prefix}/logs/error.log notice;
{main}
events {{ worker_connections 1024; {events} }}
http {{
    access_log {access_log};
    keepalive_requests 100000000;
    {http}
    server {{
        listen 127.0.0.1:{port}{reuseport};
        {server}
        root {prefix}/html;
    }}
}}
"""


class Done:
    """What came of a command: exit code, seconds, what it said."""

    def __init__(self, code, seconds, text):
        self.code = code
        self.seconds = seconds
        self.text = text

    def __repr__(self):
        return f'exit {self.code} after {self.seconds:.3f} s: {self.text.strip()}'


class Server:
    """What the drills need of either server."""

    name = ''
    http = ''    # what this server needs inside http
    events = ''  # and inside events

    def __init__(self, binary):
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix=f'{self.name}-chaos-'))
        self.prefix.chmod(0o755)
        for folder in ('logs', 'html', 'temp', 'bin'):
            (self.prefix / folder).mkdir()
            (self.prefix / folder).chmod(0o755)
        (self.prefix / 'html/index.html').write_bytes(BODY)
        (self.prefix / 'html/index.html').chmod(0o644)
        # A copy, for upgrades replace it.
        self.original = pathlib.Path(binary)
        self.binary = self.prefix / 'bin' / self.name
        shutil.copy2(self.original, self.binary)
        self.port = free_port()
        self.pid = None
        self.settings = {}

    # -- configuration

    def configure(self, **settings):
        """Writes the configuration; what is not said is as the drill's first configure() left it."""
        self.settings = {**self.settings, **settings}
        given = {'workers': WORKERS, 'reuseport': False, 'main': '', 'http': '', 'server': '', 'access_log': 'off',
                 **self.settings}
        user = ''
        if os.geteuid() == 0:
            nobody = pwd.getpwnam('nobody')
            user = f'user nobody {grp.getgrgid(nobody.pw_gid).gr_name};'
        given.update(prefix=self.prefix, events=self.events, port=self.port, user=user, reuseport=' reuseport' if given['reuseport'] else '',
                     http=f'{self.http.format(prefix=self.prefix)}{given["http"]}')
        self.write_configuration(CONFIGURATION.format(**given))

    def write_configuration(self, text):
        (self.prefix / 'server.conf').write_text(text, encoding='utf-8')

    def command_line(self, *arguments):
        return [str(self.binary), '-p', f'{self.prefix}/', '-c', f'{self.prefix}/server.conf', *arguments]

    def command(self, *arguments, patience=60.0):
        """Runs the binary to its end."""
        return self.run(self.command_line(*arguments), patience)

    def run(self, line, patience=60.0):
        begun = time.monotonic()
        # A daemon keeps descriptors 1 and 2 of its launcher for a while: what was said goes to a file, not to a pipe.
        with tempfile.TemporaryFile() as said:
            try:
                code = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False, cwd='/',
                                      timeout=patience).returncode
            except subprocess.TimeoutExpired:
                code = None
            took = time.monotonic() - begun
            said.seek(0)
            return Done(code, took, said.read().decode('utf-8', 'replace'))

    # -- life

    def start(self):
        done = self.command()
        if done.code == 0:
            wait_for(self.answers, f'{self.name} to answer')
            self.pid = wait_for(self.pid_in_file, f"{self.name}'s pid file")
        return done

    def answers(self):
        try:
            with Connection(('127.0.0.1', self.port), timeout=1.0) as connection:
                return connection.get('/index.html', [('Connection', 'close')]).status == 200
        except OSError:
            return False

    def pid_in_file(self):
        try:
            return int((self.prefix / 'logs/server.pid').read_text(encoding='utf-8'))
        except (OSError, ValueError):
            return None

    def signal(self, number):
        os.kill(self.pid, number)

    def workers(self):
        """Pids of the workers that do not drain."""
        return [pid for pid in processes.children(self.pid)
                if 'worker process' in processes.title(pid) and 'shutting down' not in processes.title(pid)]

    def processes(self):
        """Pids of the workers, draining ones included."""
        return [pid for pid in processes.children(self.pid) if 'worker process' in processes.title(pid)]

    def await_workers(self, count, patience=20.0):
        wait_for(lambda: len(self.workers()) == count, f'{count} workers of {self.name}', patience)

    def error_log(self):
        return (self.prefix / 'logs/error.log').read_text(encoding='utf-8', errors='replace')

    def reload(self):
        return self.command('-s', 'reload')

    def reopen(self):
        return self.command('-s', 'reopen')

    def replace_binary(self, content):
        """Puts another program in the binary's place, as packages do it: a new file, renamed over the old one."""
        new = self.binary.with_suffix('.new')
        new.unlink(missing_ok=True)
        if isinstance(content, pathlib.Path):
            shutil.copy2(content, new)
        else:
            new.write_text(content, encoding='utf-8')
            new.chmod(0o755)
        new.rename(self.binary)

    def end(self):
        """Ends the master and whatever is left of it."""
        if self.pid is not None and processes.is_alive(self.pid):
            self.signal(signal.SIGTERM)
            try:
                wait_for(lambda: not processes.is_alive(self.pid) or self.reap(), 'the master to end', 5.0)
            except AssertionError:
                pass
        self.sweep()

    def reap(self):
        """Collects our ended orphans, which are this server's processes."""
        for entry in os.listdir('/proc'):
            facts = processes.stat(entry) if entry.isdigit() else None
            if facts and facts[0] == 'Z' and facts[1] == os.getpid() and self.owns(int(entry)):
                try:
                    os.waitpid(int(entry), os.WNOHANG)
                except ChildProcessError:
                    pass
        return self.pid is not None and not processes.is_alive(self.pid)

    def owns(self, pid):
        try:
            return pathlib.Path(f'/proc/{pid}/comm').read_text(encoding='utf-8').strip().startswith(self.name[:15])
        except OSError:
            return False

    def sweep(self):
        """Kills the orphans of this server, which are children of ours by now."""
        for _ in range(50):
            left = [pid for pid in processes.children(os.getpid()) if self.owns(pid)]
            for pid in left:
                for child in processes.children(pid):
                    os.kill(child, signal.SIGKILL)
                os.kill(pid, signal.SIGKILL)
            self.reap()
            if not left:
                break
            time.sleep(0.02)
        self.pid = None

    def discard(self):
        self.end()
        shutil.rmtree(self.prefix, ignore_errors=True)


class Colmeia(Server):
    name = 'colmeia'

    def __init__(self, binary, accept_by=''):
        super().__init__(binary)
        self.events = f'accept_by {accept_by};' if accept_by else ''

    def ctl(self, *arguments, patience=120.0):
        return self.run([str(self.original), 'ctl', '--socket', f'{self.prefix}/logs/server.control',
                         *(str(argument) for argument in arguments)], patience)

    def ask(self, target):
        """One question to the control socket."""
        with Connection(f'{self.prefix}/logs/server.control', timeout=5.0) as connection:
            return json.loads(connection.get(target).body)

    def ready(self):
        """{pid: worker} of the workers that serve, as the master tells it; those that are stopped just now included."""
        return {worker['pid']: worker for worker in self.ask('/workers')['workers'] if worker['state'] in ('ready', 'silent')}

    def resize(self, count):
        return self.ctl('workers', count)

    def upgrade(self):
        """The one command; afterwards the pid is that of whoever serves."""
        done = self.ctl('upgrade')
        self.pid = wait_for(self.pid_in_file, 'the pid file')
        return done


class Nginx(Server):
    name = 'nginx'
    http = ' '.join(f'{kind}_temp_path {{prefix}}/temp/{kind};'
                    for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))

    def command_line(self, *arguments):
        return super().command_line('-e', f'{self.prefix}/logs/error.log', *arguments)

    def resize(self, count):
        self.configure(workers=count)
        done = self.reload()
        self.await_workers(count)
        return done

    def upgrade(self):
        """USR2, WINCH and QUIT, as the manual has it."""
        begun = time.monotonic()
        before = self.pid
        self.signal(signal.SIGUSR2)
        try:
            new = wait_for(lambda: self.pid_in_file() not in (None, before) and self.pid_in_file(), 'the new master', 2.0)
            wait_for(lambda: len([pid for pid in processes.children(new) if 'worker process' in processes.title(pid)]) > 0,
                     'its workers', 2.0)
        except AssertionError:
            wait_for(lambda: self.pid_in_file() == before, 'the pid file to be the old one', 5.0)
            return Done(None, time.monotonic() - begun, '')
        self.signal(signal.SIGWINCH)
        wait_for(lambda: not self.workers(), "the old master's workers to drain")
        self.signal(signal.SIGQUIT)
        wait_for(lambda: not processes.is_alive(before), 'the old master to end')
        self.pid = new
        return Done(0, time.monotonic() - begun, '')


def find_nginx(folder):
    """The path of nginx: installed, or unpacked below `folder` from the distribution's package; None without one."""
    found = packages.find('nginx', 'usr/sbin/nginx', folder)
    return found.path if found else None


def taken_port():
    """A port that somebody else listens on: (socket to keep, number)."""
    port = free_port()
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(('127.0.0.1', port))
    taken.listen()
    return taken, port

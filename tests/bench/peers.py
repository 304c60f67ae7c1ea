"""The servers that are measured: how each is had, configured for one row, started on CPU 0 and ended again.

Each runs with one worker (unless a row says otherwise), in the foreground, from a folder of its own under the system's
temporary folder, on a free loopback port, and with its best settings for the row. All serve the same tree. They die
with us: SIGTERM at the end of a `with`, and through PR_SET_PDEATHSIG when we are killed.
"""

import grp
import os
import pathlib
import pwd
import resource
import shutil
import signal
import subprocess
import tempfile
import time

from support import packages, processes
from support.http_client import Connection
from support.ports import free_port

SERVER_CPU = 0
PATIENCE = 20.0        # seconds for a server to serve, and to end
DESCRIPTORS = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
CONNECTIONS = 12000    # for how many each server is configured

# nginx's language; colmeia reads the same text.
SITE = """
{user}
worker_processes {workers};
worker_rlimit_nofile {descriptors};
pid {prefix}/logs/server.pid;
error_log {prefix}/logs/error.log error;
{main}
events {{ worker_connections {connections}; }}
http {{
    types {{ text/html html; }}
    default_type application/octet-stream;
    access_log {access_log};
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    {delivery}
    {http}
    server {{
        listen 127.0.0.1:{port} backlog=4096{deferred};
        {server}
        root {tree};
    }}
}}
"""
DELIVERY = 'sendfile on; tcp_nopush on;'   # as Debian's nginx.conf has it
CACHE = 'open_file_cache max=10000 inactive=60s; open_file_cache_valid 60s;'
TEMPORARY = ' '.join(f'{kind}_temp_path {{prefix}}/temp/{kind};' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))


def set_up_child(free=False):
    """In the fresh process: our end is its end, it stays on its CPU, and it may have many descriptors."""
    processes.die_with_parent(signal.SIGTERM)
    if SERVER_CPU in os.sched_getaffinity(0) and not free:
        os.sched_setaffinity(0, {SERVER_CPU})
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


def nobody():
    """(user, group) that servers started by root become; (None, None) for an ordinary user, who stays himself."""
    if os.geteuid() != 0:
        return None, None
    user = pwd.getpwnam('nobody')
    return user.pw_name, grp.getgrgid(user.pw_gid).gr_name


class Peer:
    """A server in one way of running it. `settings` are those of the row:

    cache (bool)    keep files open and believe what is known of them
    log (bool)      write an access log in the combined format
    close (bool)    the row asks with `Connection: close`
    deferred (bool) a connection is accepted when its first bytes have come (TCP_DEFER_ACCEPT; h2o always does it)
    status, bytes   what the row's response is, for the limit loop
    workers         number of workers
    free            may use every CPU
    stays           workers stay the user who we are
    connections     how many a worker may have
    main, http, server   lines of configuration, for those that speak nginx's language; or functions of the server that give them
    """

    name = ''

    def __init__(self, program, tree, label=None):
        self.program = program
        self.tree = tree
        self.label = label or self.name
        self.under = []         # a command that runs the server's, as valgrind does
        self.variables = {}     # of the environment, beside ours
        self.process = None
        self.started = None     # seconds until it answered
        self.port = None
        self.prefix = None

    def command(self, settings):
        raise NotImplementedError

    def version(self):
        return ''

    def start(self, **settings):
        """Starts it and waits until it answers; returns self, for `with`."""
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix=f'bench-{self.name}-'))
        self.prefix.chmod(0o755)
        for folder in ('logs', 'temp'):
            (self.prefix / folder).mkdir()
            (self.prefix / folder).chmod(0o777)
        self.port = free_port()
        begun = time.monotonic()
        with open(self.prefix / 'said', 'wb') as said:
            self.process = subprocess.Popen(self.under + self.command(settings), cwd='/', env={**self.program.environment(), **self.variables},
                                            stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                            preexec_fn=lambda: set_up_child(settings.get('free', False)))
        try:
            while not self.answers():
                if time.monotonic() - begun > PATIENCE:
                    raise RuntimeError(f'{self.label} does not answer')
                time.sleep(0.0005)
            self.started = time.monotonic() - begun
        except BaseException:
            self.stop()
            raise
        return self

    def answers(self):
        if self.process.poll() is not None:
            said = (self.prefix / 'said').read_text(encoding='utf-8', errors='replace')
            raise RuntimeError(f'{self.label} does not start: exit status {self.process.returncode}\n{said}')
        try:
            with Connection(('127.0.0.1', self.port), timeout=5.0) as connection:
                return connection.get('/1k.html', [('Connection', 'close')]).status in (200, 404)
        except OSError:
            return False

    def stop(self):
        process, self.process = self.process, None
        if process is not None:
            family = processes.family(process.pid)
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                for pid in family[1:]:  # still ours: they were its descendants a moment ago, and nobody reaped them
                    if processes.is_alive(pid):
                        os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.prefix, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def write(self, text):
        path = self.prefix / 'server.conf'
        path.write_text(text, encoding='utf-8')
        return str(path)

    def pids(self):
        """Every process of the server, its master first."""
        return processes.family(self.process.pid)

    def workers(self):
        """Those of them that serve."""
        return self.pids()[1:]


class Limit(Peer):
    """The bare epoll loop of limit.cc: what is left when a server does nothing."""

    name = 'limit'

    def command(self, settings):
        line = [self.program.path, str(self.port), str(settings.get('bytes', 1024))]
        if settings.get('close'):
            line.append('--close')
        if settings.get('deferred'):
            line.append('--deferred')
        if settings.get('status', 200) != 200:
            line += ['--status', str(settings['status'])]
        return line

    def workers(self):
        return self.pids()


class Nginx(Peer):
    name = 'nginx'
    own = TEMPORARY
    delivery = ''      # how files are sent; else by the row's settings

    def configuration(self, settings):
        user, group = ('root', 'root') if settings.get('stays') and os.geteuid() == 0 else nobody()
        own = self.own.format(prefix=self.prefix)
        lines = {name: settings.get(name, '') for name in ('main', 'http', 'server')}
        lines = {name: text(self) if callable(text) else text for name, text in lines.items()}
        return SITE.format(
            prefix=self.prefix, tree=self.tree, port=self.port, workers=settings.get('workers', 1),
            descriptors=DESCRIPTORS, connections=settings.get('connections', CONNECTIONS), user=f'user {user} {group};' if user else '',
            access_log=f'{self.prefix}/logs/access.log combined' if settings.get('log') else 'off',
            deferred=' deferred' if settings.get('deferred') else '', delivery=self.delivery or DELIVERY, main=lines['main'], server=lines['server'],
            http=f'{own} {CACHE if settings.get("cache") else ""} {lines["http"]}')

    def command(self, settings):
        conf = self.write(self.configuration(settings))
        return [self.program.path, '-p', f'{self.prefix}/', '-c', conf, '-e', f'{self.prefix}/logs/error.log',
                '-g', 'daemon off;']

    def version(self):
        said = subprocess.run([self.program.path, '-v'], env=self.program.environment(), capture_output=True, text=True,
                              check=False)
        return (said.stderr + said.stdout).strip().rpartition('/')[2]

    def reload(self):
        self.process.send_signal(signal.SIGHUP)


class PlainNginx(Nginx):
    """nginx without sendfile, which is cheaper for small files and dearer for large ones: for rows only."""

    name = 'nginx-plain'
    delivery = 'sendfile off;'


class Colmeia(Nginx):
    name = 'colmeia'
    own = ''

    def control(self):
        return str(self.prefix / 'logs/server.control')

    def ctl(self, *arguments, patience=60.0):
        line = [self.program.path, 'ctl', '--socket', self.control(), *(str(argument) for argument in arguments)]
        return subprocess.run(line, capture_output=True, text=True, check=False, timeout=patience)

    def reload(self):
        self.ctl('reload')


class H2o(Peer):
    """h2o; its file cache lives for one turn of the loop, so it has no settings to choose from."""

    name = 'h2o'

    def command(self, settings):
        user, _ = nobody()
        log = f'access-log: {self.prefix}/logs/access.log\n' if settings.get('log') else ''
        conf = self.write(
            (f'user: {user}\n' if user else '') +
            f'num-threads: {settings.get("workers", 1)}\nnum-name-resolution-threads: 1\n'
            f'max-connections: {CONNECTIONS}\nhttp1-request-timeout: 600\ntcp-fastopen: 0\n'
            f'pid-file: {self.prefix}/temp/pid\nerror-log: {self.prefix}/logs/error.log\n{log}'
            f'listen:\n  host: 127.0.0.1\n  port: {self.port}\n'
            f'hosts:\n  default:\n    paths:\n      /:\n        file.dir: {self.tree}\n')
        return [self.program.path, '-c', conf]

    def version(self):
        said = subprocess.run([self.program.path, '-v'], env=self.program.environment(), capture_output=True, text=True,
                              check=False)
        return said.stdout.split('\n')[0].replace('h2o version', '').strip()

    def workers(self):
        return self.pids()


class Lighttpd(Peer):
    name = 'lighttpd'

    def command(self, settings):
        user, group = nobody()
        modules = self.program.root / 'usr/lib/lighttpd' if self.program.root else None
        log = ''
        if settings.get('log'):
            log = f'server.modules += ("mod_accesslog")\naccesslog.filename = "{self.prefix}/logs/access.log"\n'
        conf = self.write(
            'server.modules = ()\n' + log +
            (f'server.username = "{user}"\nserver.groupname = "{group}"\n' if user else '') +
            f'server.document-root = "{self.tree}"\nserver.bind = "127.0.0.1"\nserver.port = {self.port}\n'
            f'server.errorlog = "{self.prefix}/logs/error.log"\nserver.event-handler = "linux-sysepoll"\n'
            f'server.network-backend = "sendfile"\nserver.max-fds = {DESCRIPTORS}\n'
            f'server.max-connections = {min(CONNECTIONS, DESCRIPTORS // 2)}\nserver.max-keep-alive-requests = 65535\n'
            'server.max-keep-alive-idle = 600\nserver.max-read-idle = 600\nserver.listen-backlog = 4096\n'
            f'server.defer-accept = {int(settings.get("deferred", False))}\n'
            'mimetype.assign = (".html" => "text/html", "" => "application/octet-stream")\n'
            'index-file.names = ("index.html")\n')
        return [self.program.path, '-D', '-f', conf] + (['-m', str(modules)] if modules else [])

    def version(self):
        said = subprocess.run([self.program.path, '-v'], env=self.program.environment(), capture_output=True, text=True,
                              check=False)
        return said.stdout.partition('lighttpd/')[2].split(' ')[0]

    def workers(self):
        return self.pids()


LIBRARIES = {'nginx': ('libpcre2-8-0', 'libssl3', 'libcrypt1', 'zlib1g'),
             'h2o': ('libyaml-0-2', 'libssl3', 'zlib1g'),
             'lighttpd': ('libnettle8', 'libxxhash0', 'libpcre2-8-0')}
PLACES = {'nginx': 'usr/sbin/nginx', 'h2o': 'usr/bin/h2o', 'lighttpd': 'usr/sbin/lighttpd'}


def available(binary, limit, folder, tree, also=()):
    """The servers that can be had here, the limit loop first and colmeia second; and the names of those that cannot.

    `also` are (label, path) of further colmeias, to compare builds within one run.
    """
    found, missing = [Limit(packages.Program(limit), tree), Colmeia(packages.Program(binary), tree)], []
    found += [Colmeia(packages.Program(path), tree, label) for label, path in also]
    for kind in (Nginx, H2o, Lighttpd):
        program = packages.find(kind.name, PLACES[kind.name], folder, LIBRARIES[kind.name])
        if program:
            found.append(kind(program, tree))
            if kind is Nginx:
                found.append(PlainNginx(program, tree))
        else:
            missing.append(kind.name)
    return found, missing

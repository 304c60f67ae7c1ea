"""The server under test: the real binary, in a fresh prefix, with a configuration written in the test."""

import os
import pathlib
import re
import shutil
from signal import SIGKILL, SIGTERM
import subprocess
import tempfile
import textwrap

from support import processes
from support.http_client import Connection
from support.ports import free_port, listening
from support.waiting import DEADLINE, wait_for

BINARY = os.environ.get('COLMEIA', 'build/dev/colmeia')
REPORTS = re.compile(r'AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|CHECK failed|Check failed')

_masters = set()  # pids of masters that run for tests of this process

# What a test's configuration gets in front, each unless it says so itself.
DEFAULTS = {
    'daemon': 'daemon off;',
    'pid': 'pid logs/colmeia.pid;',
    'worker_processes': 'worker_processes 2;',
    'error_log': 'error_log logs/error.log info;',
    'events': 'events { }',
}


def environment(extra=None):
    """The environment of the binary: sanitizers that report on descriptor 2 and end with their own status."""
    return {
        'PATH': '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
        'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0:exitcode=99',
        'UBSAN_OPTIONS': 'print_stacktrace=1:halt_on_error=1:exitcode=98',
        **(extra or {}),
    }


class Server:
    """One prefix with a configuration, and the master that runs there once start() was called.

    The configuration may hold %%PORT%% (and %%PORT_A%%, ...: one free port for each name) and %%PREFIX%%. `files` are written
    below the prefix, readable by everybody: {'html/index.html': 'text or bytes'}. The directives of DEFAULTS are put before
    it on its first line, unless the configuration says them itself or `bare` is true.
    """

    def __init__(self, config, files=None, bare=False, env=None):
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix='colmeia-test-'))
        self.prefix.chmod(0o755)
        self.env = environment(env)
        self.ports = {}
        self.pid = None
        self.exit_status = None     # of the master: as in subprocess, negative for a signal
        self.expected_status = 0    # None: any
        self.forgive_reports = False
        self._logs_elsewhere = True  # the configuration has an error log of its own, which we cannot watch
        self._process = None
        for folder in ('logs', 'html'):
            (self.prefix / folder).mkdir()
            (self.prefix / folder).chmod(0o755)
        for name, content in (files or {}).items():
            self.write(name, content)
        self.configure(config, bare)

    # -- what is on disk

    def write(self, name, content):
        """Writes a file below the prefix, in place, with folders as needed; readable by everybody."""
        path = self.prefix / name
        for folder in reversed(path.relative_to(self.prefix).parents[:-1]):
            (self.prefix / folder).mkdir(exist_ok=True)
            (self.prefix / folder).chmod(0o755)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(0o644)
        return path

    def configure(self, config, bare=False):
        """Writes the configuration; a running master reads it when told to reload."""
        config = textwrap.dedent(config).lstrip('\n')
        self._logs_elsewhere = bare
        if not bare:
            missing = {name: text for name, text in DEFAULTS.items()
                       if not re.search(rf'(^|[;{{}}])\s*{name}[\s{{]', config, re.MULTILINE)}
            config = ' '.join(missing.values()) + '\n' + config
            own = re.search(r'error_log logs/error\.log (debug|info|notice);', config)
            self._logs_elsewhere = 'error_log' not in missing and not own
        # In one step: what reads it just now, because of an earlier signal, reads the old or the new one.
        return self.write('colmeia.conf.new', self.expand(config)).rename(self.prefix / 'colmeia.conf')

    def expand(self, text):
        text = text.replace('%%PREFIX%%', str(self.prefix))
        return re.sub(r'%%(PORT\w*)%%', lambda match: str(self.named_port(match.group(1))), text)

    def named_port(self, name='PORT'):
        if name not in self.ports:
            self.ports[name] = free_port()
        return self.ports[name]

    @property
    def port(self):
        return self.named_port()

    def read(self, name):
        """A file below the prefix as text; empty when it does not exist."""
        path = self.prefix / name
        return path.read_text(encoding='utf-8', errors='replace') if path.exists() else ''

    @property
    def error_log(self):
        return self.read('logs/error.log')

    @property
    def access_log(self):
        return self.read('logs/access.log')

    @property
    def stderr(self):
        return self.read('stderr')

    @property
    def stdout(self):
        return self.read('stdout')

    # -- life

    def command(self, *arguments):
        return [BINARY, '-p', f'{self.prefix}/', '-c', f'{self.prefix}/colmeia.conf', *arguments]

    def binary_for_others(self):
        """A copy of the binary below the prefix. Another user may be unable to enter the folder that it was built in."""
        copy = shutil.copy(BINARY, self.prefix / 'colmeia')
        copy.chmod(0o755)
        return copy

    def run(self, *arguments, timeout=DEADLINE):
        """Runs the binary to its end with this prefix and configuration: .returncode, .stdout, .stderr."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, errors='replace', timeout=timeout,
                              env=self.env, stdin=subprocess.DEVNULL, check=False, cwd='/')

    def launch(self, *arguments):
        """Starts the binary and waits for nothing."""
        processes.adopt_orphans()
        with open(self.prefix / 'stdout', 'wb') as out, open(self.prefix / 'stderr', 'wb') as err:
            self._process = subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL,
                                             stdout=out, stderr=err, env=self.env, start_new_session=True, cwd='/',
                                             preexec_fn=processes.die_with_parent)
        self.adopt(self._process.pid)
        return self

    def start(self, *arguments):
        """Starts the binary in the foreground, and waits until its workers serve."""
        self.launch(*arguments)
        wait_for(self._is_serving, 'the server to be serving')
        return self

    def start_daemon(self, *arguments):
        """Starts the binary with `daemon on`, waits for the launcher, and takes the master's pid from the pid file."""
        processes.adopt_orphans()
        with open(self.prefix / 'stdout', 'wb') as out, open(self.prefix / 'stderr', 'wb') as err:
            launcher = subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=out,
                                      stderr=err, env=self.env, timeout=DEADLINE, cwd='/', check=False)
        assert launcher.returncode == 0, f'the launcher ended with {launcher.returncode}:\n{self.stderr}\n{self.error_log}'
        self.adopt(int(self.read('logs/colmeia.pid')))
        return self

    def answers(self):
        """Whether somebody answers on our port just now."""
        try:
            return self.get('/').status == 200
        except OSError:
            return False

    def adopt(self, pid):
        """Takes a master that was started some other way as ours."""
        self.pid = pid
        self.exit_status = None
        _masters.add(pid)

    def _is_serving(self):
        if self.poll_exit() is not None:
            raise AssertionError(f'colmeia ended with status {self.exit_status} instead of serving:\n'
                                 f'{self.stderr}\n{self.error_log}')
        if self.read('logs/colmeia.pid') != f'{self.pid}\n':
            return False
        if self._logs_elsewhere:
            return all(listening(port) for port in self.ports.values())
        return re.search(r'generation \d+ serves with', self.error_log)

    def signal(self, number):
        os.kill(self.pid, number)

    def poll_exit(self):
        """The master's exit status when it has ended, else None."""
        if self.exit_status is None and self.pid is not None:
            if self._process is not None and self._process.pid == self.pid:
                self.exit_status = self._process.poll()
            else:
                try:
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                except ChildProcessError:
                    return None if processes.is_alive(self.pid) else 0
                if pid:
                    self.exit_status = os.waitstatus_to_exitcode(status)
        return self.exit_status

    def wait_exit(self, deadline=DEADLINE):
        """Waits for the master to end; its exit status."""
        wait_for(lambda: self.poll_exit() is not None, 'the master to end', deadline)
        return self.exit_status

    def children(self):
        return processes.children(self.pid)

    def workers(self):
        """Pids of the living workers, those that drain included."""
        return [pid for pid in self.children() if processes.title(pid).startswith('colmeia: worker process')]

    def wait_for(self, condition, what='a condition of the test', deadline=DEADLINE):
        return wait_for(condition, what, deadline)

    def wait_for_error(self, pattern, deadline=DEADLINE):
        """Waits for a line of the error log; the match."""
        return wait_for(lambda: re.search(pattern, self.error_log), f'/{pattern}/ in the error log', deadline)

    def wait_for_access(self, lines=1, deadline=DEADLINE):
        """Waits for so many lines in the access log; the list of them."""
        wait_for(lambda: self.access_log.count('\n') >= lines, f'{lines} lines in the access log', deadline)
        return self.access_log.splitlines()

    def stop(self, number=SIGTERM):
        """Ends the master with a signal; its exit status."""
        if self.poll_exit() is None:
            self.signal(number)
        return self.wait_exit()

    # -- requests

    def connect(self, port=None, host='127.0.0.1', **options):
        return Connection((host, port or self.port), **options)

    def get(self, target, headers=None, method='GET', body=b'', port=None, host='127.0.0.1'):
        """One request on a connection of its own, which the response closes."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        if not any(name.lower() == 'connection' for name, _ in pairs):
            pairs.append(('Connection', 'close'))
        with self.connect(port, host) as connection:
            connection.request(method, target, pairs, body)
            return connection.response(method)

    def raw(self, data, port=None, half_close=False, responses=None):
        """Sends bytes on a fresh connection. The bytes up to the server's EOF, or a list of so many parsed responses."""
        with self.connect(port) as connection:
            connection.send(data)
            if half_close:
                connection.half_close()
            if responses is not None:
                return [connection.response() for _ in range(responses)]
            return connection.read_to_end()

    # -- the end of a test

    def reports(self):
        """What sanitizers and failed checks said, in any process: descriptor 2 of each is the error log or our stderr."""
        texts = [self.read('stderr')] + [self.read(f'logs/{path.name}') for path in (self.prefix / 'logs').iterdir()
                                         if path.is_file()]
        return '\n'.join(text for text in texts if REPORTS.search(text))

    def close(self):
        """Ends everything, and fails when something is wrong about how it ended."""
        faults = []
        try:
            if self.pid is not None:
                descendants = self.children()
                if self.poll_exit() is None:
                    self.stop()
                if self.expected_status is not None and self.exit_status != self.expected_status:
                    faults.append(f'the master ended with status {self.exit_status}')
                left = [pid for pid in descendants if processes.is_alive(pid)]
                try:
                    wait_for(lambda: not any(processes.is_alive(pid) for pid in left), 'workers to be gone', 5.0)
                except AssertionError:
                    faults.append(f'left behind: {[(pid, processes.title(pid)) for pid in left]}')
        except AssertionError as failure:
            faults.append(str(failure))
        finally:
            self._kill_rest()
        if not self.forgive_reports and self.reports():
            faults.append('a sanitizer or a check reported')
        print(f'--- stderr\n{self.stderr}--- error log\n{self.error_log}')
        shutil.rmtree(self.prefix, ignore_errors=True)
        assert not faults, '; '.join(faults)

    def _kill_rest(self):
        """Kills what still runs from our prefix: the master, and its orphans, which we have adopted."""
        _masters.discard(self.pid)
        own = [] if self.pid is None or self.exit_status is not None else [self.pid, *self.children()]
        orphans = [pid for pid in processes.children(os.getpid())
                   if 'colmeia' in processes.title(pid) and pid not in _masters]
        for pid in own + orphans:
            try:
                os.kill(pid, SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        if self._process is not None:
            self._process.wait()

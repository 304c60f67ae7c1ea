"""`colmeia serve DIR`: a folder served by one command, without a configuration file."""

import os
import re
import signal
import socket
import subprocess

import pytest

from support import processes
from support.http_client import Connection
from support.ports import free_port
from support.server import BINARY, environment
from support.waiting import DEADLINE, wait_for

URL = re.compile(r'address +http://([\d.]+):(\d+)/')


class Serving:
    """One `colmeia serve`, from its first word to Ctrl-C."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen([BINARY, 'serve', *options, str(folder)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd='/',
                                        preexec_fn=processes.die_with_parent)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.said = ''
        wait_for(self._told, 'the banner')
        found = URL.search(self.said)
        self.address = (found[1], int(found[2])) if found else None

    def _told(self):
        self.said += (self.process.stderr.read() or b'').decode()
        assert self.process.poll() is None, self.said
        return 'Ctrl-C' in self.said

    def get(self, target):
        with Connection(self.address) as client:
            return client.get(target)

    def end(self):
        """Its exit code after Ctrl-C, and what it wrote on descriptor 1."""
        self.process.send_signal(signal.SIGINT)
        os.set_blocking(self.process.stderr.fileno(), True)
        out, _ = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, out.decode()


@pytest.fixture
def serve(tmp_path):
    running = []
    tmp_path.chmod(0o755)

    def make(files, *options, folder='site', listen=None):
        root = tmp_path / folder
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding='utf-8')
        options = ('--listen', listen or f'127.0.0.1:{free_port()}', *options)
        running.append(Serving(root, *options))
        return running[-1]

    yield make
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def refused(*arguments):
    return subprocess.run([BINARY, 'serve', *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE,
                          env=environment(), cwd='/', stdin=subprocess.DEVNULL, check=False)


def test_a_folder_is_served_with_sane_types_until_ctrl_c(serve):
    server = serve({'index.html': '<p>ü', 'ü.txt': 'ü', 'a.css': 'a', 'a.js': '1', 'a.unknown': 'x'})

    assert server.get('/').text == '<p>ü'
    types = {name: server.get('/' + name).header('Content-Type').split(';')[0]
             for name in ('', '%C3%BC.txt', 'a.css', 'a.js', 'a.unknown')}
    assert types == {'': 'text/html', '%C3%BC.txt': 'text/plain', 'a.css': 'text/css', 'a.js': 'text/javascript',
                     'a.unknown': 'application/octet-stream'}
    assert server.get('/missing').status == 404
    code, out = server.end()
    assert code == 0
    assert len(re.findall(r'"GET \S+ HTTP/1\.1" (?:200|404) ', out)) == 7  # the access log
    assert 'missing' not in server.said


def test_texts_say_their_charset(serve):
    assert serve({'ü.txt': 'ü'}).get('/%C3%BC.txt').header('Content-Type') == 'text/plain; charset=utf-8'


def test_a_listing_is_shown_when_asked_for(serve):
    files = {'sub/a.txt': 'a'}

    assert serve(files).get('/sub/').status == 403
    shown = serve(files, '--listing', folder='other').get('/sub/')
    assert shown.status == 200 and 'a.txt' in shown.text


@pytest.mark.parametrize('folder', ['a b', 'quo"te', "sing'le", 'semi;colon', 'back\\slash', '{brace}', 'ü', '#hash'])
def test_the_folder_may_have_any_name(serve, folder):
    assert serve({'x': 'found'}, folder=folder).get('/x').text == 'found'


def test_it_needs_no_pid_file_and_no_socket(serve, tmp_path):
    servers = [serve({'x': 'one'}), serve({'x': 'two'}, folder='other')]

    assert [server.get('/x').text for server in servers] == ['one', 'two']
    assert sorted(path.name for path in tmp_path.rglob('*') if path.is_file()) == ['x', 'x']


def test_it_goes_on_after_a_worker_died_and_reloads(serve):
    server = serve({'x': 'found'})
    before = set(processes.children(server.process.pid))

    os.kill(min(before), signal.SIGKILL)
    wait_for(lambda: set(processes.children(server.process.pid)) - before, 'a successor')
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: not set(processes.children(server.process.pid)) & before, 'new workers')

    assert server.get('/x').text == 'found'


def test_without_an_address_it_takes_the_next_free_port(serve, tmp_path):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(('127.0.0.1', 8080))
            taken.listen()
        except OSError:
            pass  # somebody else has it: all the same
        (tmp_path / 'site').mkdir()
        (tmp_path / 'site/x').write_text('found')
        server = Serving(tmp_path / 'site')
        try:
            assert server.address[0] == '127.0.0.1' and 8080 < server.address[1] < 8180
            assert server.get('/x').text == 'found'
        finally:
            assert server.end()[0] == 0


def test_a_taken_address_is_told_with_its_holder(tmp_path):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        done = refused('--listen', f'127.0.0.1:{port}', tmp_path)

    assert done.returncode == 2
    assert f'127.0.0.1:{port}' in done.stderr
    assert f'pid {os.getpid()} (' in done.stderr


@pytest.mark.parametrize('make, said', [
    (lambda path: path / 'absent', 'No such file or directory'),
    (lambda path: path / 'file', 'it is no folder'),
    pytest.param(lambda path: path / 'closed', 'Permission denied',
                 marks=pytest.mark.skipif(os.geteuid() == 0, reason='root may read everything')),
    (lambda path: path / 'a$b', 'begins a variable'),
])
def test_what_is_no_readable_folder_is_named(tmp_path, make, said):
    (tmp_path / 'file').write_text('x')
    (tmp_path / 'closed').mkdir(0)
    (tmp_path / 'a$b').mkdir()

    done = refused(make(tmp_path))

    assert (done.returncode, done.stdout) == (2, '')
    assert str(make(tmp_path)) in done.stderr and said in done.stderr
    assert done.stderr.count('\n') == 1


@pytest.mark.parametrize('arguments', [[], ['a', 'b'], ['--bogus', 'a'], ['a', '--listen'], ['a', '--listen', '1.2.3.4:x'],
                                       ['a', '--listen', '8080; root /']])
def test_a_wrong_command_line_is_exit_code_1(arguments):
    done = refused(*arguments)

    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.startswith('colmeia: [error] ')


def test_help_tells_its_options():
    done = refused('-h')

    assert done.returncode == 0
    assert '--listen ADDR' in done.stderr and '--listing' in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can give a folder to somebody')
def test_roots_workers_become_the_owner_of_the_folder(tmp_path):
    (tmp_path / 'site').mkdir(0o700)
    (tmp_path / 'site/x').write_text('found')
    server = Serving(tmp_path / 'site', '--listen', f'127.0.0.1:{free_port()}')
    try:
        assert server.get('/x').text == 'found'  # root's own, closed to others
    finally:
        assert server.end()[0] == 0

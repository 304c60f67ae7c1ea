"""Sockets that somebody else has opened: LISTEN_FDS, as systemd passes them."""

import fcntl
import os
from signal import SIGHUP
import socket
import subprocess
import sys

import pytest

from support import processes
from support.http_client import Connection

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello'}

# Becomes the server: moves the descriptors to 3 and on, and says its own pid, which stays the same over exec.
ACTIVATE = """
import os, sys
for place, number in enumerate(map(int, sys.argv[1].split(","))):
    os.dup2(number, 3 + place)
os.execve(sys.argv[2], sys.argv[2:], {**os.environ, "LISTEN_PID": str(os.getpid())})
"""


@pytest.fixture
def activate(prepare):
    """A factory: activate(config, sockets, names) starts a server with these at descriptor 3 and on.

    `sockets` maps the name of a port in the configuration, or None, to what is passed.
    """

    def start(config, sockets, names=''):
        server = prepare(config, files=FILES, env={'LISTEN_FDS': str(len(sockets)), 'LISTEN_FDNAMES': names})
        for name, opened in sockets.items():
            if name is not None:
                server.ports[name] = opened.getsockname()[1]
        server.configure(config)
        # Out of the way first: the numbers wanted may be those of another of them.
        high = [fcntl.fcntl(opened.fileno(), fcntl.F_DUPFD_CLOEXEC, 60) for opened in sockets.values()]
        with open(server.prefix / 'stderr', 'wb') as err:
            server._process = subprocess.Popen(
                [sys.executable, '-c', ACTIVATE, ','.join(map(str, high)), *server.command()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err, env=server.env, cwd='/',
                start_new_session=True, pass_fds=high, preexec_fn=processes.die_with_parent)
        for number in high:
            os.close(number)
        server.adopt(server._process.pid)
        server.wait_for(server._is_serving, 'the server to be serving')
        return server

    return start


def listening(port=0, backlog=16):
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind(('127.0.0.1', port))
    opened.listen(backlog)
    return opened


def test_a_listen_directive_takes_the_socket_with_its_address(activate):
    with listening() as opened:
        early = socket.create_connection(opened.getsockname())  # before anybody serves
        early.sendall(b'GET / HTTP/1.0\r\n\r\n')

        server = activate(SITE, {'PORT': opened}, 'http')

        assert b'200 OK' in early.recv(4096)
        assert server.get('/').text == 'hello'
        early.close()


def test_a_reload_goes_on_with_the_inherited_socket(activate):
    with listening() as opened:
        server = activate(SITE, {'PORT': opened})

        server.signal(SIGHUP)
        server.wait_for_error('generation 2 serves with')

        assert server.get('/').status == 200


def test_a_socket_that_nobody_wants_is_closed_and_said(activate):
    with listening() as opened, listening() as other:
        address = other.getsockname()
        server = activate(SITE, {'PORT': opened, None: other}, 'http:other')

        server.wait_for_error(rf'closed the inherited socket 127.0.0.1:{address[1]}')


def test_workers_know_nothing_of_it(activate):
    with listening() as opened:
        server = activate(SITE, {'PORT': opened}, 'http')

        for pid in server.workers():
            assert b'LISTEN_FDS=' not in processes.memory(pid)


def test_what_is_meant_for_another_process_is_left_alone(prepare):
    server = prepare(SITE, files=FILES, env={'LISTEN_FDS': '1', 'LISTEN_PID': '1', 'LISTEN_FDNAMES': 'x'})

    server.start()

    assert server.get('/').status == 200


def test_what_is_no_socket_is_said_and_survived(activate):
    with open('/dev/null', 'rb') as no_socket, listening() as opened:
        server = activate(SITE, {'PORT': opened, None: no_socket}, 'http:null')

        assert server.get('/').status == 200
        assert 'descriptor 4 is no socket' in server.stderr + server.error_log


def test_a_unix_socket_stays_its_owners(activate, tmp_path):
    path = str(tmp_path / 'web.sock')
    tmp_path.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(path)
        opened.listen(4)
        server = activate(f'http {{ server {{ listen unix:{path}; root html; }} }}', {None: opened})

        with Connection(path) as client:
            client.request('GET', '/')
            assert client.response().status == 200
        server.stop()

        assert os.path.exists(path), 'who opened it still listens'

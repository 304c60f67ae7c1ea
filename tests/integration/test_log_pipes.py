"""Logs that lead to a pipe or a terminal: the lines of workers in their sandbox arrive there, and a reader that is slow or gone
holds nobody up.
"""

import os
import pty
import subprocess
from signal import SIGTERM

import pytest

from support import processes
from support.waiting import wait_for

SITE = '{user} http {{ access_log /dev/stdout; server {{ listen 127.0.0.1:%%PORT%%; root html; }} }}'
FILES = {'html/index.html': 'hello'}
USER = 'user nobody;' if os.geteuid() == 0 else ''


def start(server, out):
    """The server, with this descriptor as standard output."""
    process = subprocess.Popen(server.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL,
                               env=server.env, start_new_session=True, cwd='/', preexec_fn=processes.die_with_parent)
    server.adopt(process.pid)
    server.wait_for_error(r'generation \d+ serves with')
    return process


@pytest.fixture
def server(prepare):
    return prepare(SITE.format(user=USER), files=FILES)


def test_a_fifo_without_a_reader_is_told_what_it_needs(prepare):
    server = prepare('http { access_log logs/fifo; server { listen 127.0.0.1:%%PORT%%; } }')
    path = server.prefix / 'logs/fifo'
    os.mkfifo(path)

    test, start = server.run('-t'), server.run()

    for done in (test, start):
        assert done.returncode != 0
        assert f'it is a FIFO without a reader: start its reader first, such as cat {path}' in done.stderr


@pytest.mark.parametrize('kind', ['pipe', 'terminal'])
def test_lines_of_every_worker_arrive(server, kind):
    reader, writer = os.pipe() if kind == 'pipe' else pty.openpty()
    start(server, writer)
    os.close(writer)

    for number in range(40):
        assert server.get(f'/?{number}').body == b'hello'

    text = b''
    while text.count(b'GET /?') < 40:
        text += os.read(reader, 65536)
    assert all(f'GET /?{number} '.encode() in text for number in range(40))
    os.close(reader)
    server.stop()


def test_a_pipe_that_is_full_holds_nobody_up(server):
    reader, writer = os.pipe()
    start(server, writer)
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writer, b'.' * 4096)
    os.set_blocking(writer, True)

    for _ in range(8):
        assert server.get('/').body == b'hello'

    os.close(writer)
    os.close(reader)
    assert server.get('/').body == b'hello'
    server.stop()


def test_a_regular_file_as_standard_output_is_appended_to(server):
    path = server.write('out.log', 'before\n')
    with open(path, 'r+b') as out:
        start(server, out)
        for _ in range(8):
            server.get('/')
        wait_for(lambda: path.read_text().count('GET /') == 8, 'the lines')
        # Whoever has the same open file appends as well.
        os.write(out.fileno(), b'from the shell\n')

    assert path.read_text().startswith('before\n')
    assert path.read_text().endswith('from the shell\n')
    server.stop(SIGTERM)

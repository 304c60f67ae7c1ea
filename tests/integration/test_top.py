"""`colmeia ctl top`: on a terminal of its own (a pty), and without one."""

import fcntl
import os
import pty
import re
import select
from signal import SIGTERM, SIGWINCH
import struct
import subprocess
import termios
import time

import pytest

from support.control import ask, ctl, ctl_command
from support.waiting import DEADLINE

SITE = 'worker_processes 2; http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
LEAVE = '\x1b[0m\x1b[?25h\x1b[?1049l'


class Terminal:
    """A pseudo-terminal with a `ctl top` on it."""

    def __init__(self, server, width=120, height=30):
        self.master, self.slave = pty.openpty()
        self.resize(width, height)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(ctl_command(server, 'top'), stdin=self.slave, stdout=self.slave,
                                        stderr=subprocess.PIPE, env=server.env | {'TERM': 'xterm'}, cwd='/')
        self.output = ''

    def resize(self, width, height):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', height, width, 0, 0))

    def press(self, keys):
        os.write(self.master, keys.encode())

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            self.output += os.read(self.master, 65536).decode()

    def screen(self):
        """The lines of the last whole picture."""
        pictures = self.output.split('\x1b[H')
        whole = [picture for picture in pictures if picture.endswith('\x1b[J')]
        return re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', whole[-1]).split('\r\n') if whole else []

    def wait_for(self, condition, what):
        end = time.monotonic() + DEADLINE
        while not condition(self.screen()):
            assert time.monotonic() < end and self.process.poll() is None, \
                f'waited in vain for {what}:\n' + '\n'.join(self.screen())
            self.read(0.1)

    def wait_exit(self):
        end = time.monotonic() + DEADLINE
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        while select.select([self.master], [], [], 0)[0]:
            self.read(0)
        return self.process.poll()

    def close(self):
        self.process.kill()
        self.process.communicate()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def top():
    """A factory of terminals with `ctl top`; all end with the test."""
    terminals = []

    def make(server, **options):
        terminals.append(Terminal(server, **options))
        return terminals[-1]

    yield make
    for terminal in terminals:
        terminal.close()


def rows(screen):
    """The lines of workers: slot, seat, generation, pid and so on."""
    return [line for line in screen if re.search(r'^ *\d+ +\d+ +\d+ +\d+ ', line)]


def row_of(screen, pid):
    return next((line for line in rows(screen) if line.split()[3] == str(pid)), '')


def test_it_shows_every_worker_and_leaves_the_terminal_as_it_was(hive, top):
    server = hive(SITE)
    terminal = top(server)

    terminal.wait_for(lambda screen: all('ready' in row_of(screen, pid) for pid in server.workers()), 'the workers')
    screen = terminal.screen()
    assert 'serving' in screen[0] and '2 of 2 workers ready' in screen[0]
    assert f'master  pid {server.pid}' in screen[1]
    assert screen[-1].endswith('q quit')
    assert termios.tcgetattr(terminal.slave) != terminal.before

    terminal.press('q')

    assert terminal.wait_exit() == 0
    assert terminal.output.endswith(LEAVE)
    assert termios.tcgetattr(terminal.slave) == terminal.before


def test_a_drain_key_replaces_the_selected_worker(hive, top):
    server = hive(SITE)
    terminal = top(server)
    first, second = sorted(server.workers(), key=lambda pid: next(
        worker['slot'] for worker in ask(server, '/workers')[1]['workers'] if worker['pid'] == pid))
    terminal.wait_for(lambda screen: row_of(screen, second), 'the workers')

    terminal.press('\x1b[Bd')

    terminal.wait_for(lambda screen: re.search('drain 1: worker 1 .* is gone, 2 workers serve', screen[-1]), 'the result')
    assert first in server.workers() and second not in server.workers()


def test_a_killed_worker_and_its_successor_are_both_in_sight(hive, top):
    server = hive(SITE)
    terminal = top(server)
    victim = next(worker['pid'] for worker in ask(server, '/workers')[1]['workers'] if worker['slot'] == 0)
    terminal.wait_for(lambda screen: row_of(screen, victim), 'the workers')

    terminal.press('x')
    terminal.wait_for(lambda screen: 'y/n' in screen[-1], 'the question')
    terminal.press('n')
    terminal.wait_for(lambda screen: 'q quit' in screen[-1], 'the keys')
    assert victim in server.workers()

    terminal.press('xy')
    # The dead is shown for some seconds, which the successor may need to become ready on a slow machine.
    terminal.wait_for(lambda screen: 'gone' in row_of(screen, victim) and len(rows(screen)) == 3, 'the dead and the successor')
    terminal.wait_for(lambda screen: len(server.workers()) == 2 and victim not in server.workers() and
                      all('ready' in row_of(screen, pid) for pid in server.workers()), 'the successor to be ready')


def test_plus_and_minus_change_the_number_of_workers(hive, top):
    server = hive(SITE)
    terminal = top(server)
    terminal.wait_for(lambda screen: screen, 'the first picture')

    terminal.press('+')
    terminal.wait_for(lambda screen: '3 of 3 workers ready' in screen[0], 'a third worker')
    terminal.wait_for(lambda screen: 'scale 3: ' in screen[-1], 'the result')
    terminal.press('-')
    terminal.wait_for(lambda screen: '2 of 2 workers ready' in screen[0], 'two workers')


def test_help_and_back(hive, top):
    terminal = top(hive(SITE))
    terminal.wait_for(lambda screen: screen, 'the first picture')

    terminal.press('h')
    terminal.wait_for(lambda screen: any('one worker more' in line for line in screen), 'the help')
    terminal.press('h')
    terminal.wait_for(lambda screen: any('ACCEPTS' in line for line in screen), 'the workers')


def test_it_follows_the_size_of_the_window(hive, top):
    terminal = top(hive(SITE))
    terminal.wait_for(lambda screen: len(screen) == 30, 'the first picture')

    terminal.resize(40, 12)
    terminal.process.send_signal(SIGWINCH)

    terminal.wait_for(lambda screen: len(screen) == 12 and all(len(line) <= 40 for line in screen), 'a smaller picture')


def test_a_signal_leaves_the_terminal_as_it_was(hive, top):
    terminal = top(hive(SITE))
    terminal.wait_for(lambda screen: screen, 'the first picture')

    terminal.process.send_signal(SIGTERM)

    assert terminal.wait_exit() == -SIGTERM
    assert terminal.output.endswith(LEAVE)
    assert termios.tcgetattr(terminal.slave) == terminal.before


def test_it_outlives_the_server(hive, top):
    server = hive(SITE)
    terminal = top(server)
    terminal.wait_for(lambda screen: screen, 'the first picture')

    server.stop()

    terminal.wait_for(lambda screen: 'the server does not answer' in screen[-1], 'the trouble')
    terminal.press('\x03')
    assert terminal.wait_exit() == 0


def test_without_a_terminal_it_is_one_picture(hive):
    server = hive(SITE)

    done = ctl(server, 'top')

    assert (done.returncode, done.stderr) == (0, '')
    assert all('ready' in row_of(done.stdout.splitlines(), pid) for pid in server.workers())
    assert '\x1b' not in done.stdout
    assert ctl(server, 'top', '--json').returncode == 1


def test_without_a_server_it_says_so(prepare):
    done = ctl(prepare(SITE), 'top')

    assert (done.returncode, done.stdout) == (3, '')
    assert 'not running' in done.stderr

"""USR1: logs are written to new files, nothing is lost, and the master says when all have switched."""

import os
import re
from signal import SIGHUP, SIGKILL, SIGUSR1

from support import processes

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello'}
SWITCHED = r'2 log files reopened, 2 workers switched'


def rotate(server, *names):
    for name in names:
        os.rename(server.prefix / 'logs' / name, server.prefix / 'logs' / f'{name}.1')


def test_lines_go_to_the_new_file_once_the_master_says_so(hive):
    server = hive(SITE, files=FILES)
    server.get('/before')
    server.wait_for_access(1)
    rotate(server, 'access.log', 'error.log')

    server.signal(SIGUSR1)
    server.wait_for_error(SWITCHED)
    for _ in range(8):
        server.get('/after')
    lines = server.wait_for_access(8)

    assert all('"GET /after ' in line for line in lines)
    assert server.read('logs/access.log.1').count('\n') == 1


def test_nobody_holds_the_old_file(hive):
    server = hive(SITE, files=FILES)
    rotate(server, 'access.log', 'error.log')

    server.signal(SIGUSR1)
    server.wait_for_error(SWITCHED)

    for pid in [server.pid, *server.workers()]:
        assert not [name for name in processes.descriptors(pid).values() if name.endswith('.log.1')]


def test_descriptor_2_of_every_process_follows_the_error_log(hive):
    server = hive('daemon off;' + SITE)
    rotate(server, 'error.log')

    server.signal(SIGUSR1)
    server.wait_for_error(SWITCHED)

    for pid in server.workers():
        assert processes.descriptors(pid)[2] == f'{server.prefix}/logs/error.log'


def test_a_worker_born_later_writes_to_the_new_file(hive):
    server = hive(SITE, files=FILES)
    rotate(server, 'access.log')
    server.signal(SIGUSR1)
    server.wait_for_error(SWITCHED)
    before = server.workers()

    for pid in before:
        os.kill(pid, SIGKILL)
    server.wait_for(lambda: len(server.workers()) == 2 and not set(server.workers()) & set(before), 'new workers')
    server.get('/later')

    assert '"GET /later ' in server.wait_for_access(1)[0]


def test_a_file_that_cannot_be_opened_keeps_the_old_one_and_is_said(hive):
    server = hive('http { access_log logs/deep/access.log; server { listen 127.0.0.1:%%PORT%%; root html; } }',
                  files={**FILES, 'logs/deep/x': ''})
    os.rename(server.prefix / 'logs/deep', server.prefix / 'logs/moved')

    server.signal(SIGUSR1)
    server.wait_for_error(r'not reopened.*logs/deep/access\.log.*No such file or directory')
    server.get('/still')

    server.wait_for(lambda: '"GET /still ' in server.read('logs/moved/access.log'), 'the line in the old file')


def test_no_line_is_lost_over_many_rotations(hive):
    server = hive(SITE, files=FILES)
    asked = 0
    with server.connect() as client:
        for turn in range(10):
            for _ in range(5):
                client.get(f'/{asked}')
                asked += 1
            os.rename(server.prefix / 'logs/access.log', server.prefix / f'logs/old.{turn}')
            server.signal(SIGUSR1)
            server.wait_for(lambda: len(re.findall(SWITCHED, server.error_log)) == turn + 1, 'all to have switched')

    texts = ''.join(server.read(f'logs/old.{turn}') for turn in range(10)) + server.access_log
    assert re.findall(r'"GET /(\d+) ', texts) == [str(number) for number in range(asked)]


def test_reopening_and_reloading_go_together(hive):
    server = hive(SITE, files=FILES)
    rotate(server, 'access.log')

    server.signal(SIGHUP)
    server.signal(SIGUSR1)
    server.wait_for_error(r'generation 2 serves with')
    server.wait_for_error(r'log files? reopened')
    server.get('/after')

    server.wait_for(lambda: '"GET /after ' in server.access_log, 'the line in the new file')

"""The budget of a request: which system calls a warm small file costs."""

import re
import subprocess

import pytest

from support import processes

SITE = 'worker_processes 1; http { access_log off; server { listen 127.0.0.1:%%PORT%%; root html; } }'


def test_a_warm_small_file_costs_one_recv_one_stat_one_write(hive):
    server = hive(SITE, files={'html/index.html': 'hello'})
    [worker] = server.workers()
    with server.connect() as client:
        for _ in range(3):
            client.get('/')
        trace = server.prefix / 'trace'
        tracer = subprocess.Popen(['strace', '-y', '-p', str(worker), '-o', str(trace)], stderr=subprocess.PIPE, text=True)
        if 'attached' not in tracer.stderr.readline():
            tracer.wait()
            pytest.skip('this system does not let us trace processes')
        for _ in range(10):
            assert client.get('/').status == 200
        client.send(b'GET / HTTP/1.1\r\nHost: a\r\n\r\n' * 3)
        for _ in range(3):
            assert client.response().status == 200
        tracer.terminate()
        tracer.wait()

    # Once a second a worker looks at what it uses, whoever asks for what.
    lines = [line for line in trace.read_text().splitlines() if '/statm>' not in line and 'PROCESS_CPUTIME' not in line]
    calls = [name for name in re.findall(r'^(\w+)\(', '\n'.join(lines), re.M) if not name.startswith('epoll_')]
    one_by_one = ['recvfrom', 'newfstatat', 'sendto'] * 10
    # Those that arrived together share the look at the disk.
    together = ['recvfrom', 'newfstatat', 'sendto']
    assert [name.replace('statx', 'newfstatat') for name in calls] == one_by_one + together
    assert processes.is_alive(worker)

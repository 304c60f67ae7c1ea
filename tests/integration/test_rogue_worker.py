"""A worker that was broken into harms nobody but itself: the master goes on, its siblings serve, new workers start.

The acts are those of tests/integration/rogue; the rogue is one of three workers, as `user nobody` where the tests are root.
"""

import os
import time
from signal import SIGKILL

import pytest

from support import processes, rogue

PERIOD = 1.0
MAIN = 'worker_processes 3; worker_watchdog 1s;'
HTTP = 'server { listen 127.0.0.1:%%PORT%%; root html; }'
FILES = {'html/index.html': 'hello'}


def pass_time(server, seconds):
    """Lets the server live for so long."""
    end = time.monotonic() + seconds
    server.wait_for(lambda: time.monotonic() > end, 'time to pass')


def check_goes_on(server):
    """Nobody was killed; and workers die, come and are exchanged as ever."""
    intruder = rogue.pid(server)
    before = server.workers()
    assert intruder in before and len(before) == 3

    pass_time(server, 2.5 * PERIOD)

    assert server.workers() == before
    victim = next(pid for pid in before if pid != intruder)
    os.kill(victim, SIGKILL)
    server.wait_for(lambda: victim not in server.workers() and len(server.workers()) == 3, 'a replacement')
    assert server.get('/').body == b'hello'
    reloaded = server.run('-s', 'reload')
    assert reloaded.returncode == 0, reloaded.stderr
    server.wait_for(lambda: not processes.is_alive(intruder), 'the rogue to be gone')
    assert server.get('/').body == b'hello'


@pytest.mark.parametrize('act', ['zeros', 'random_bytes'])
def test_what_it_writes_into_shared_memory_harms_nobody_else(prepare, act):
    server = rogue.start(prepare, act, HTTP, MAIN, files=FILES)

    server.wait_for_error(rf'rogue: {act}: \d+ bytes can be written')
    check_goes_on(server)

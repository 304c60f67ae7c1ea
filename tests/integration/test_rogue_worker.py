"""A worker that was broken into harms nobody but itself: the master goes on, its siblings serve, new workers start.

The acts are those of tests/integration/rogue/memory.c; the rogue is one of three workers, as `user nobody` where the tests
are root.
"""

import pytest

from support import rogue

PERIOD = 3.0  # seconds: a busy machine keeps a healthy worker from its heartbeat for one
MAIN = f'worker_processes 3; worker_watchdog {PERIOD:g}s;'
HTTP = 'server { listen 127.0.0.1:%%PORT%%; root html; }'
FILES = {'html/index.html': 'hello'}
OWN_PAGES = 2  # its slot and the lock

HARMS = ['zeros', 'random_bytes', 'ones', 'heartbeats_back', 'fill_free_slots', 'brag']
TRICKS = ['protect', 'grow', 'reopen', 'reopen_others', 'process_memory', 'punch']


@pytest.mark.parametrize('act', HARMS)
def test_what_it_writes_into_shared_memory_harms_nobody_else(prepare, act):
    """Its own heartbeat may look as if it hung, or as if it never could: it is its own."""
    server = rogue.start(prepare, act, HTTP, MAIN, files=FILES)

    server.wait_for_error(rf'rogue: {act}: {OWN_PAGES} pages can be written')
    rogue.check_goes_on(server, 1.5 * PERIOD)


@pytest.mark.parametrize('act', TRICKS)
def test_it_can_make_no_more_of_the_memory_writable(prepare, act):
    server = rogue.start(prepare, act, HTTP, MAIN, files=FILES)

    server.wait_for_error(rf'rogue: {act}: 0 succeeded')
    server.wait_for_error(rf'rogue: {act}: {OWN_PAGES} pages can be written')
    rogue.check_goes_on(server, 0.2 * PERIOD)


@pytest.mark.parametrize('act', ['lock_of_a_sibling', 'lock_of_nobody', 'lock_of_no_slot'])
def test_a_lock_that_it_never_gives_back_keeps_clients_waiting_for_a_moment_only(prepare, act):
    server = rogue.start(prepare, act, HTTP, MAIN + 'events { accept_by mutex; accept_mutex_delay 50ms; }', files=FILES)

    server.wait_for_error(rf'rogue: {act}: the lock is there')
    for _ in range(20):
        assert server.get('/').body == b'hello'
    rogue.check_goes_on(server, 0.2 * PERIOD)

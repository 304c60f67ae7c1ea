"""open_file_cache: what is known of files is believed for a while."""

import os

from support import processes

FILES = {'html/cached/a': 'old', 'html/cached/large': 'x' * 200_000, 'html/fresh/a': 'old'}


def test_it_believes_while_it_is_valid(hive):
    server = hive("""
        worker_processes 1;
        http { server { listen 127.0.0.1:%%PORT%%; root html; location /cached/ { open_file_cache max=10; } } }
        """, files=FILES)

    for place in ['cached', 'fresh']:
        assert server.get(f'/{place}/a').text == 'old'
        server.write(f'html/{place}/a', 'new')

    assert server.get('/cached/a').text == 'old'
    assert server.get('/fresh/a').text == 'new'


def test_it_looks_again_when_no_longer_valid(hive):
    server = hive("""
        worker_processes 1;
        http { server { listen 127.0.0.1:%%PORT%%; root html; open_file_cache max=10; open_file_cache_valid 1s; } }
        """, files=FILES)

    assert server.get('/cached/a').text == 'old'
    server.write('html/cached/a', 'new')

    server.wait_for(lambda: server.get('/cached/a').text == 'new', 'the new text')


def test_it_keeps_large_files_open(hive):
    server = hive("""
        worker_processes 1;
        http { server { listen 127.0.0.1:%%PORT%%; root html; location /cached/ { open_file_cache max=10; } } }
        """, files=FILES)
    large = os.path.realpath(server.prefix / 'html/cached/large')

    assert len(server.get('/cached/large').body) == 200_000

    assert large in processes.descriptors(server.workers()[0]).values()

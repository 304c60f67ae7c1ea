"""Folders in which somebody else may write: what he puts there does not make the master write into another file."""

import os

import pytest

SITE = 'worker_processes 1; %s http { access_log logs/access.log; server { listen 127.0.0.1:%%%%PORT%%%%; root html; } }'
FILES = {'html/index.html': 'hello'}
OTHER = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root can make files in another name')


def refused(server):
    done = server.run()
    assert done.returncode == 2, done.stderr
    return done.stderr


def test_the_pid_file_is_no_link(prepare):
    server = prepare('daemon on;' + SITE % '', files={**FILES, 'victim': 'precious'})
    (server.prefix / 'logs/colmeia.pid').symlink_to('../victim')

    assert 'logs/colmeia.pid: it is a symbolic link' in refused(server)
    assert server.read('victim') == 'precious'
    assert server.run('-s', 'stop').returncode == 2  # a server may have another file open


def test_a_pid_file_that_is_a_fifo_holds_nobody_up(prepare):
    server = prepare('daemon on;' + SITE % '', files=FILES)
    os.mkfifo(server.prefix / 'logs/colmeia.pid')

    assert 'a FIFO stands there' in refused(server)
    done = server.run('-s', 'stop')
    assert done.returncode == 2 and 'a FIFO stands there' in done.stderr


@needs_root
@pytest.mark.parametrize('name', ['error.log', 'access.log'])
def test_a_log_is_not_written_through_the_link_of_another(prepare, name):
    server = prepare('daemon on;' + SITE % '', files={**FILES, 'victim': 'precious'})
    link = server.prefix / 'logs' / name
    link.symlink_to('../victim')
    os.lchown(link, OTHER, OTHER)

    assert f'is a symbolic link of user {OTHER}' in refused(server)
    assert server.run('-t').returncode == 1
    assert server.read('victim') == 'precious'


@needs_root
def test_a_link_that_turns_up_before_a_reopening_is_not_followed(hive):
    server = hive(SITE % '', files={**FILES, 'victim': 'precious'})
    log = server.prefix / 'logs/access.log'
    log.rename(server.prefix / 'logs/access.log.1')
    log.symlink_to('../victim')
    os.lchown(log, OTHER, OTHER)

    done = server.run('-s', 'reopen')

    assert done.returncode == 2
    assert f'is a symbolic link of user {OTHER}' in done.stderr
    assert server.get('/').status == 200
    server.wait_for(lambda: 'GET / ' in server.read('logs/access.log.1'), 'the request in the old log')
    assert server.read('victim') == 'precious'


def test_a_log_goes_on_to_be_a_link_of_our_own(hive):
    server = hive(SITE % "", files=FILES)
    log = server.prefix / 'logs/access.log'
    log.rename(server.prefix / 'elsewhere.log')
    log.symlink_to('../elsewhere.log')

    assert server.run('-s', 'reopen').returncode == 0
    assert server.get('/').status == 200

    server.wait_for(lambda: 'GET / ' in server.read('elsewhere.log'), 'the request in the linked log')


def test_a_second_name_of_a_file_is_no_log_where_others_may_write(prepare):
    server = prepare('daemon on;' + SITE % '', files={**FILES, 'victim': 'precious'})
    os.link(server.prefix / 'victim', server.prefix / 'logs/access.log')
    (server.prefix / 'logs').chmod(0o1777)

    assert 'hard links' in refused(server)
    assert server.read('victim') == 'precious'


@pytest.mark.parametrize('kind', ['a regular file', 'a symbolic link', 'a folder', 'a FIFO'])
@pytest.mark.parametrize('which', ['listen', 'control'])
def test_what_stands_at_the_path_of_a_socket_is_named(prepare, which, kind):
    config = SITE % ('control sock;' if which == 'control' else '')
    if which == 'listen':
        config = config.replace('listen 127.0.0.1:%%PORT%%;', 'listen unix:%%PREFIX%%/sock;')
    server = prepare('daemon on;' + config, files=FILES)
    path = server.prefix / 'sock'
    {'a regular file': lambda: path.write_text('precious'), 'a symbolic link': lambda: path.symlink_to('nowhere'),
     'a folder': path.mkdir, 'a FIFO': lambda: os.mkfifo(path)}[kind]()

    told = refused(server)

    assert f'{path}' in told and f'{kind} stands at that path' in told
    assert os.path.lexists(path) and (kind != 'a regular file' or path.read_text() == 'precious')

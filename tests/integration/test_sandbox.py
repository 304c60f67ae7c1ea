"""What the kernel keeps a worker from, beside what its user may not do."""

import errno
import os
import platform
import socket
import struct

import pytest

from support import injection, processes

FILES = {'html/index.html': 'hello', 'private/secret.txt': 'secret'}
SITE = 'worker_processes 1; {main} http {{ server {{ listen 127.0.0.1:%%PORT%%; root html; {server} }} }}'

READ, WRITE, EXECVE, SOCKET, BIND, OPENAT, PTRACE, KILL = 0, 1, 59, 41, 49, 257, 101, 62
AT_FDCWD = -100
PTRACE_SEIZE = 0x4206

as_root = pytest.mark.skipif(os.geteuid() != 0 or not injection.SUPPORTED, reason='needs root, and an x86-64 CPU')
kernel = tuple(int(part) for part in platform.release().split('-')[0].split('.')[:2])
landlock = pytest.mark.skipif(not os.path.exists('/proc/self') or kernel < (6, 12), reason='needs Landlock 6 (Linux 6.12)')


def site(main='', server=''):
    return SITE.format(main=main, server=server)


def sockaddr():
    return struct.pack('=H', socket.AF_INET) + b'\0\0\x7f\0\0\1' + bytes(8)


@as_root
@landlock
@pytest.mark.parametrize('user', ['nobody', 'root'])
def test_a_worker_opens_no_secret_and_starts_nothing(hive, user):
    server = hive(site(f'user {user}; sandbox strict;'), files=FILES)
    (worker,) = server.workers()

    with injection.Injector(worker) as inside:
        assert inside.call(OPENAT, AT_FDCWD, b'/etc/shadow\0', os.O_RDONLY) == -errno.EACCES
        assert inside.call(OPENAT, AT_FDCWD, b'/tmp/made\0', os.O_WRONLY | os.O_CREAT, 0o644) == -errno.EACCES
        assert inside.call(EXECVE, b'/bin/true\0', 0, 0) == -errno.EPERM
        assert inside.call(SOCKET, socket.AF_INET, socket.SOCK_STREAM, 0) == -errno.EPERM
        assert inside.call(BIND, 0, sockaddr(), 16) == -errno.EPERM
        assert inside.call(KILL, server.pid, 0) == -errno.EPERM
        assert inside.call(PTRACE, PTRACE_SEIZE, server.pid, 0, 0) == -errno.EPERM

    assert server.get('/').body == b'hello'
    assert server.workers() == [worker]


@as_root
def test_without_a_sandbox_the_same_calls_are_the_users_affair(hive):
    server = hive(site('user root; sandbox off;'), files=FILES)
    (worker,) = server.workers()

    with injection.Injector(worker) as inside:
        assert inside.call(OPENAT, AT_FDCWD, b'/etc/shadow\0', os.O_RDONLY) >= 0
        assert inside.call(SOCKET, socket.AF_INET, socket.SOCK_STREAM, 0) >= 0

    assert server.get('/').body == b'hello'


def test_workers_are_filtered_by_default_and_the_master_is_not(hive):
    server = hive(site(), files=FILES)
    (worker,) = server.workers()

    assert processes.status(worker)['Seccomp'] == '2'
    assert processes.status(server.pid)['Seccomp'] == processes.status(os.getpid())['Seccomp']


def test_strict_serves_the_document_roots_and_nothing_beside_them(hive):
    server = hive(site('sandbox strict;', 'location /p/ { alias private/; } location /etc { root html/../html; }'),
                  files=FILES)
    os.symlink('/etc/passwd', os.path.join(server.prefix, 'html/link'))

    assert server.get('/').body == b'hello'
    assert server.get('/p/secret.txt').body == b'secret'
    assert server.get('/link').status == 403
    server.wait_for_error(r'open\(\).*html/link" failed \(13: Permission denied\)')


def test_strict_wants_to_know_the_document_roots(prepare):
    server = prepare(site('sandbox strict;', 'location /v { root $host/www; }'), files=FILES)

    result = server.run('-t')

    assert result.returncode == 1
    assert '"sandbox strict" lets workers read the document roots only' in result.stderr


def test_regular_expressions_and_logs_live_in_the_sandbox(hive):
    server = hive(site('', r'location ~ \.(x|y)$ { return 200 matched; } access_log logs/access.log;'), files=FILES)

    assert server.get('/file.y').body == b'matched'
    server.wait_for_access(1)
    assert server.run('-s', 'reopen').returncode == 0
    assert server.get('/').status == 200
    server.wait_for_access(2)

"""What the kernel keeps a worker from, beside what its user may not do."""

import errno
import functools
import os
import pathlib
import platform
import re
import socket
import struct

import pytest

from support import injection, processes, without_calls
from support.control import ask, ctl
from support.ports import listening
from support.server import BINARY
from support.without_calls import without

FILES = {'html/index.html': 'hello', 'private/secret.txt': 'secret'}
SITE = 'worker_processes 1; {main} http {{ server {{ listen 127.0.0.1:%%PORT%%; root html; {server} }} }}'

READ, WRITE, EXECVE, SOCKET, BIND, OPENAT, PTRACE, KILL = 0, 1, 59, 41, 49, 257, 101, 62
MKDIR, UNLINK = 83, 87
AT_FDCWD = -100
PTRACE_SEIZE = 0x4206

as_root = pytest.mark.skipif(os.geteuid() != 0 or not injection.SUPPORTED, reason='needs root, and an x86-64 CPU')
kernel = tuple(int(part) for part in platform.release().split('-')[0].split('.')[:2])
landlock = pytest.mark.skipif(not os.path.exists('/proc/self') or kernel < (6, 12), reason='needs Landlock 6 (Linux 6.12)')


def site(main='', server=''):
    return SITE.format(main=main, server=server)


@functools.cache
def is_sanitized():
    return b'__asan_init' in pathlib.Path(BINARY).read_bytes()


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


# Calls on what a worker shares with the others, and what else a filter that sees no arguments would let pass. `listener`,
# `log` and `file` stand for descriptors of the worker.
ANYWHERE = b'/proc/self/mem\0'
REFUSED = {
    'shutdown for reading': (48, 'listener', socket.SHUT_RD),
    'shutdown': (48, 'listener', socket.SHUT_RDWR),
    'shutdown in other words': (48, 'listener', 0xffffffff00000002),
    'listen': (50, 'listener', 0),
    'disconnect': (42, 'listener', struct.pack('=H', socket.AF_UNSPEC) + bytes(14), 16),
    'IP_MINTTL': (54, 'listener', socket.IPPROTO_IP, 21, struct.pack('=i', 255), 4),
    'IPV6_MINHOPCOUNT': (54, 'listener', socket.IPPROTO_IPV6, 73, struct.pack('=i', 255), 4),
    'SO_BINDTOIFINDEX': (54, 'listener', socket.SOL_SOCKET, 62, struct.pack('=i', 0x7fffffff), 4),
    'SO_ATTACH_FILTER': (54, 'listener', socket.SOL_SOCKET, 26, bytes(16), 16),
    'SO_ATTACH_BPF': (54, 'listener', socket.SOL_SOCKET, 50, bytes(4), 4),
    'SO_ATTACH_REUSEPORT_CBPF': (54, 'listener', socket.SOL_SOCKET, 51, bytes(16), 16),
    'SO_LINGER': (54, 'listener', socket.SOL_SOCKET, 13, struct.pack('=ii', 1, 0), 8),
    'SO_RCVBUF': (54, 'listener', socket.SOL_SOCKET, 8, struct.pack('=i', 1), 4),
    'SO_REUSEPORT': (54, 'listener', socket.SOL_SOCKET, 15, struct.pack('=i', 1), 4),
    'TCP_CORK': (54, 'listener', socket.IPPROTO_TCP, 3, struct.pack('=i', 1), 4),
    'TCP_DEFER_ACCEPT': (54, 'listener', socket.IPPROTO_TCP, 9, struct.pack('=i', 600), 4),
    'TCP_MAXSEG': (54, 'listener', socket.IPPROTO_TCP, 2, struct.pack('=i', 88), 4),
    'TCP_ULP': (54, 'listener', socket.IPPROTO_TCP, 31, b'tls\0', 4),
    'F_SETFL of a listener': (72, 'listener', 4, 0),
    'F_SETFL of a log': (72, 'log', 4, 0),
    'F_SETOWN': (72, 'listener', 8, 1),
    'F_SETSIG': (72, 'listener', 10, 9),
    'F_SETLK': (72, 'log', 6, bytes(32)),
    'F_OFD_SETLK': (72, 'log', 37, bytes(32)),
    'F_SETLEASE': (72, 'log', 1024, 0),
    'F_NOTIFY': (72, 'log', 1026, 1),
    'F_SETPIPE_SZ': (72, 'log', 1031, 4096),
    'FIONBIO': (16, 'listener', 0x5421, struct.pack('=i', 0)),
    'FIOASYNC': (16, 'listener', 0x5452, struct.pack('=i', 1)),
    'FIOCLEX': (16, 'listener', 0x5451, 0),
    'TIOCSTI': (16, 'log', 0x5412, b'x'),
    'FS_IOC_SETFLAGS': (16, 'log', 0x40086602, bytes(8)),
    'pwrite64': (18, 'log', b'x', 1, 0),
    'pwritev': (296, 'log', bytes(16), 1, 0, 0),
    'pwritev2 without O_APPEND': (328, 'log', bytes(16), 1, 0, 0, 0x20),
    'pwritev2 without O_APPEND and waiting': (328, 'log', bytes(16), 1, 0, 0, 0x28),
    'ftruncate': (77, 'log', 0),
    'fallocate': (285, 'log', 3, 0, 4096),
    'copy_file_range': (326, 'file', 0, 'log', 0, 1, 0),
    'splice': (275, 'file', 0, 'log', 0, 1, 0),
    'vmsplice': (278, 'log', bytes(16), 1, 0),
    'flock': (73, 'log', 2),
    'open for writing': (2, ANYWHERE, os.O_WRONLY),
    'open for both': (2, ANYWHERE, os.O_RDWR),
    'openat for writing': (OPENAT, AT_FDCWD, ANYWHERE, os.O_WRONLY),
    'openat for both': (OPENAT, AT_FDCWD, ANYWHERE, os.O_RDWR),
    'openat for ioctls': (OPENAT, AT_FDCWD, ANYWHERE, 3),
    'openat to truncate': (OPENAT, AT_FDCWD, ANYWHERE, os.O_RDONLY | os.O_TRUNC),
    'openat to create': (OPENAT, AT_FDCWD, b'/tmp/made\0', os.O_RDONLY | os.O_CREAT, 0o644),
    'openat without a name': (OPENAT, AT_FDCWD, b'/tmp\0', os.O_TMPFILE | os.O_RDWR, 0o600),
    'openat2': (437, AT_FDCWD, b'/etc/passwd\0', bytes(24), 24),
    'creat': (85, b'/tmp/made\0', 0o644),
    'truncate': (76, b'/etc/passwd\0', 0),
    'unlink': (87, b'/tmp/made\0'),
    'rename': (82, b'/tmp/made\0', b'/tmp/other\0'),
    'chmod': (90, b'/tmp/made\0', 0),
    'setxattr': (188, b'/tmp/made\0', b'user.x\0', b'x', 1, 0),
    'mremap': (25, 0, 4096, 8192, 1),
    'remap_file_pages': (216, 0, 4096, 0, 1, 0),
    'a shared mapping': (9, 0, 4096, 3, 1, 'log', 0),
    'memory that is executed': (9, 0, 4096, 7, 0x22, -1, 0),
    'MADV_HWPOISON': (28, 0, 4096, 100),
    'memfd_create': (319, b'x\0', 0),
    'epoll_create1': (291, 0),
    'inotify_init1': (294, 0),
    'io_uring_setup': (425, 1, bytes(120)),
    'userfaultfd': (323, 0),
    'personality': (135, 0x0400000),
    'kcmp': (312, 1, 1, 0, 0, 0),
    'process_vm_writev': (311, 1, bytes(16), 1, bytes(16), 1, 0),
    'pidfd_open': (434, 1, 0),
    'tgkill': (234, 1, 1, 0),
    'rt_sigqueueinfo': (129, 1, 10, bytes(128)),
    'kill of the group': (KILL, 0, 0),
    'kill of everybody': (KILL, -1, 0),
    'setpriority': (141, 0, 0, 5),
    'prlimit64': (302, 0, 7, bytes(16), 0),
    'sched_setaffinity': (203, 0, 8, b'\1' + bytes(7)),
    'unshare': (272, 0x10000000),
    'a process': (56, 17, 0, 0, 0, 0),
    'clone3': (435, bytes(88), 88),
    'keyctl': (250, 0, 0, 0),
    'bpf': (321, 0, bytes(72), 72),
    'perf_event_open': (298, bytes(120), 0, -1, -1, 0),
    'ptrace': (PTRACE, PTRACE_SEIZE, 1, 0, 0),
    'prctl of the parent\'s death': (157, 1, 0),
    'prctl of the dump': (157, 4, 0),
}
# What the leak check of a sanitized binary needs.
TO_SANITIZERS = {'a process', 'ptrace', "prctl of the parent's death", 'prctl of the dump'}
ANSWERS = {'FIONBIO': errno.ENOTTY, 'FIOASYNC': errno.ENOTTY, 'FIOCLEX': errno.ENOTTY, 'openat2': errno.ENOSYS,
           'clone3': errno.ENOSYS}
ALLOWED = {
    'shutdown for writing': (48, 'listener', socket.SHUT_WR),
    'F_GETFL': (72, 'listener', 3, 0),
    'F_GETFD': (72, 'listener', 1, 0),
    'F_SETFD': (72, 'listener', 2, 1),
    'F_DUPFD_CLOEXEC': (72, 'listener', 1030, 0),
    'TCP_NODELAY': (54, 'listener', socket.IPPROTO_TCP, 1, struct.pack('=i', 1), 4),
    'TCP_NOTSENT_LOWAT': (54, 'listener', socket.IPPROTO_TCP, 25, struct.pack('=i', 1 << 17), 4),
    'openat': (OPENAT, AT_FDCWD, b'/proc/self/status\0', os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY),
    'openat of a folder': (OPENAT, AT_FDCWD, b'/\0', os.O_RDONLY | os.O_DIRECTORY),
    'openat without following': (OPENAT, AT_FDCWD, b'/\0', os.O_RDONLY | os.O_NOFOLLOW),
    'openat of a path': (OPENAT, AT_FDCWD, b'/\0', 0o10000000),
    'private memory': (9, 0, 4096, 3, 0x22, -1, 0),
    'write to a log': (WRITE, 'log', b'a line\n', 7),
    'madvise': (28, 0, 0, 4),
    'kill of itself': (KILL, 'self', 0),
    'eventfd2': (290, 0, 0),
}


@pytest.fixture
def insider(hive):
    """A worker in its sandbox: a function that makes a call of the tables above in it."""
    server = hive(site('user nobody;', 'access_log logs/access.log;'), files=FILES)
    (worker,) = server.workers()
    targets = processes.descriptors(worker)
    inode = listening(server.port)[0][9]
    words = {'listener': next(fd for fd, target in targets.items() if target == f'socket:[{inode}]'),
             'log': next(fd for fd, target in targets.items() if target.endswith('access.log')),
             'file': 0,
             'self': worker}
    with injection.Injector(worker) as inside:
        yield lambda number, *arguments: inside.call(number, *(words.get(it, it) for it in arguments))
    assert server.get('/').body == b'hello'
    assert server.workers() == [worker]


@as_root
def test_what_would_harm_others_is_refused(insider):
    left_out = TO_SANITIZERS if is_sanitized() else set()
    answers = {name: insider(*call) for name, call in REFUSED.items() if name not in left_out}

    wanted = {errno.EPERM, errno.EACCES}
    assert not {name: os.strerror(-answer) if answer < 0 else answer for name, answer in answers.items()
                if -answer not in ({ANSWERS[name]} if name in ANSWERS else wanted)}


@as_root
def test_what_workers_do_is_allowed(insider):
    answers = {name: insider(*call) for name, call in ALLOWED.items()}

    assert not {name: os.strerror(-answer) for name, answer in answers.items() if answer < 0}


@as_root
def test_connections_are_reset_where_the_configuration_says_so_alone(hive):
    server = hive(site('user nobody;', 'location /r { reset_timedout_connection on; }'), files=FILES)
    (worker,) = server.workers()

    with injection.Injector(worker) as inside:
        assert inside.call(54, 0, socket.SOL_SOCKET, 13, struct.pack('=ii', 1, 0), 8) == -errno.ENOTSOCK


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


# --- Kernels that lack a part of it

lacking = pytest.mark.skipif(not without_calls.SUPPORTED, reason='the numbers of its calls are not known here')


@lacking
@pytest.mark.parametrize('daemon', ['on', 'off'])
def test_what_is_not_enforced_is_told_at_the_start_and_in_the_status(prepare, monkeypatch, daemon):
    server = without(monkeypatch, prepare(site(f'daemon {daemon};'), files=FILES), without_calls.LANDLOCK)
    server.start_daemon() if daemon == 'on' else server.start()

    told = 'this kernel has no Landlock .*: a worker that is broken into can read the memory of other processes of its user'
    assert len(re.findall(f'warn.*{told}', server.stderr)) == 1
    assert len(re.findall(f'warn.*{told}', server.error_log)) == 1
    assert re.fullmatch(f'on, in part: {told}.*', ask(server, '/status')[1]['server']['sandbox'])
    assert re.search(f'SANDBOX +on, in part: {told}', ctl(server, 'status').stdout)
    assert server.get('/').body == b'hello'
    assert server.run('-s', 'reload').returncode == 0
    assert len(re.findall(f'warn.*{told}', server.error_log)) == 1


@lacking
def test_a_sandbox_without_filters_is_told_as_well(prepare, monkeypatch):
    server = without(monkeypatch, prepare(site(), files=FILES), without_calls.SECCOMP).start()

    assert 'this kernel has no seccomp filters' in server.stderr
    assert server.get('/').body == b'hello'


@lacking
def test_strict_cannot_be_kept_without_landlock(prepare, monkeypatch):
    server = without(monkeypatch, prepare(site('sandbox strict;'), files=FILES), without_calls.LANDLOCK)

    result = server.run('-t')

    assert result.returncode == 1
    assert '"sandbox strict" cannot be kept: this kernel has no Landlock' in result.stderr


@pytest.mark.parametrize('sandbox', ['on', 'off', 'strict'])
def test_the_status_tells_the_sandbox(hive, sandbox):
    server = hive(site(f'sandbox {sandbox};'), files=FILES)

    assert ask(server, '/status')[1]['server']['sandbox'].split(',')[0] == sandbox


@as_root
@landlock
def test_new_files_are_made_where_bodies_are_collected_and_nowhere_else(hive):
    server = hive(site('user nobody;', 'client_body_in_file_only on; return 200 "$request_body_file";'), files=FILES)
    name = server.get('/', method='POST', body=b'body').body
    (worker,) = server.workers()
    folder = os.path.dirname(name)
    new, unnamed = os.O_RDWR | os.O_CREAT | os.O_EXCL, os.O_RDWR | os.O_TMPFILE | os.O_EXCL
    secret = os.fsencode(server.prefix / 'private/secret.txt')

    with injection.Injector(worker) as inside:
        assert inside.call(OPENAT, AT_FDCWD, folder + b'/new\0', new, 0o600) >= 0
        assert inside.call(OPENAT, AT_FDCWD, folder + b'\0', unnamed, 0o600) >= 0
        assert inside.call(OPENAT, AT_FDCWD, b'/tmp/made\0', new, 0o600) == -errno.EACCES
        assert inside.call(OPENAT, AT_FDCWD, b'/tmp\0', unnamed, 0o600) == -errno.EACCES
        assert inside.call(UNLINK, secret + b'\0') == -errno.EACCES
        assert inside.call(MKDIR, b'/tmp/made\0', 0o700) == -errno.EACCES
        for flags in (os.O_RDWR, os.O_WRONLY | os.O_APPEND, os.O_RDWR | os.O_CREAT, os.O_RDWR | os.O_TRUNC,
                      new | os.O_TRUNC, os.O_RDWR | os.O_TMPFILE):
            assert inside.call(OPENAT, AT_FDCWD, name + b'\0', flags, 0o600) == -errno.EPERM, flags

    with open(name, 'rb') as file:
        assert file.read() == b'body'
    assert server.get('/', method='POST', body=b'other').status == 200

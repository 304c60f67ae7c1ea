"""What a live worker holds: descriptors, environment, identity and rights, as the kernel tells them."""

import grp
import os
import pwd
import re
import shutil

import pytest

from conftest import needs_root
from support import processes

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
FILES = {'html/index.html': 'hello'}


def test_a_worker_holds_what_came_over_the_channel_and_nothing_else(hive):
    server = hive(SITE, files=FILES)

    for pid in server.workers():
        held = processes.descriptors(pid)
        kinds = sorted(re.sub(r'\d+', 'N', name) for number, name in held.items() if number > 2)
        assert held[3].startswith('socket:'), 'the channel'
        for kind in kinds:
            assert re.match(r'socket:|anon_inode:\[(eventpoll|eventfd|signalfd)\]|pipe:|/memfd:|/dev/null|/proc/N/statm|.*/logs/', kind), kind
        assert sum(name.startswith('socket:') for name in held.values()) == 2, 'the channel and one listener'


def test_a_worker_shares_no_channel_with_its_siblings(hive):
    server = hive('worker_processes 3;' + SITE)

    channels = [processes.descriptors(pid)[3] for pid in server.workers()]
    everything = [name for pid in server.workers() for number, name in processes.descriptors(pid).items() if number > 3]

    assert len(set(channels)) == 3
    assert not set(channels) & set(everything)


def test_the_environment_of_a_worker_holds_tz_env_and_sanitizers_only(prepare):
    """The title takes the place of the environment in /proc/PID/environ, so the memory of the worker is searched instead."""
    server = prepare('env KEPT; env SET=with-a-value;' + SITE,
                     env={'KEPT': 'from-outside', 'SECRET': 'that-nobody-named', 'TZ': 'Antarctica/Troll'})

    server.start()

    for pid in server.workers():
        memory = processes.memory(pid)
        for entry in (b'KEPT=from-outside', b'SET=with-a-value', b'TZ=Antarctica/Troll'):
            assert entry + b'\0' in memory, entry
        assert b'SECRET=' not in memory
        assert b'that-nobody-named' not in memory


def test_a_worker_cannot_gain_privileges(hive):
    server = hive(SITE)

    for pid in server.workers():
        assert processes.status(pid)['NoNewPrivs'] == '1'


def test_limits_and_priority_are_those_of_the_configuration(hive):
    server = hive('worker_rlimit_nofile 300; worker_priority 19;' + SITE)

    for pid in server.workers():
        limits = open(f'/proc/{pid}/limits', encoding='utf-8').read()
        assert re.search(r'^Max open files +300 +300 ', limits, re.MULTILINE)
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19


def test_the_working_directory_is_that_of_the_configuration(hive):
    server = hive('working_directory %%PREFIX%%/html;' + SITE, files=FILES)

    for pid in server.workers():
        assert os.readlink(f'/proc/{pid}/cwd') == f'{server.prefix}/html'


def test_affinity_follows_the_seat(hive):
    cpu = min(os.sched_getaffinity(0))
    if cpu > 30:
        pytest.skip('the first usable CPU has a high number')
    server = hive(f'worker_cpu_affinity {1 << cpu:b};' + SITE)

    for pid in server.workers():
        assert os.sched_getaffinity(pid) == {cpu}


def test_every_worker_has_an_address_layout_of_its_own(hive):
    server = hive('worker_processes 3;' + SITE)

    stacks = [re.search(r'^([0-9a-f]+)-.*\[stack\]', open(f'/proc/{pid}/maps').read(), re.MULTILINE).group(1)
              for pid in server.workers()]

    assert len(set(stacks)) == 3


@needs_root
def test_workers_of_root_become_nobody(hive):
    server = hive(SITE, files=FILES)

    for pid in server.workers():
        facts = processes.status(pid)
        assert facts['Uid'].split() == ['65534'] * 4
        assert set(facts['Gid'].split()) == {facts['Gid'].split()[0]} != {'0'}
        assert '0' not in facts['Groups'].split()
    assert processes.status(server.pid)['Uid'].split() == ['0'] * 4
    assert server.get('/').status == 200


@needs_root
def test_workers_become_the_user_and_group_that_are_named(hive):
    server = hive('user daemon bin;' + SITE)

    uid, gid = pwd.getpwnam('daemon').pw_uid, grp.getgrnam('bin').gr_gid
    for pid in server.workers():
        facts = processes.status(pid)
        assert facts['Uid'].split() == [str(uid)] * 4
        assert facts['Gid'].split() == [str(gid)] * 4
        assert set(facts['Groups'].split()) == {str(group) for group in os.getgrouplist('daemon', gid)}


@needs_root
def test_workers_of_root_have_no_capability_left(hive):
    server = hive(SITE)

    for pid in server.workers():
        facts = processes.status(pid)
        for kind in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb'):
            assert int(facts[kind], 16) == 0, kind


@needs_root
def test_a_worker_loses_the_capabilities_that_its_master_has_without_root(prepare, monkeypatch):
    """A service manager gives CAP_NET_BIND_SERVICE to a user of its own; that is the master's to use."""
    server = prepare(SITE)
    for path in (server.prefix, *server.prefix.rglob('*')):
        os.chown(path, 65534, 65534)
    bind = '+net_bind_service'
    program = server.binary_for_others()
    monkeypatch.setattr(server, 'command', lambda: [
        shutil.which('setpriv'), '--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps', bind,
        '--ambient-caps', bind, program, '-p', f'{server.prefix}/', '-c', f'{server.prefix}/colmeia.conf'])
    server.start()

    assert int(processes.status(server.pid)['CapEff'], 16) == 1 << 10
    for pid in server.workers():
        facts = processes.status(pid)
        assert [int(facts[kind], 16) for kind in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')] == [0, 0, 0, 0]


@needs_root
def test_an_unknown_user_is_told_while_testing(prepare):
    done = prepare('user no-such-user;' + SITE).run('-t')

    assert done.returncode == 1
    assert 'no-such-user' in done.stderr
    assert re.search(r'colmeia\.conf:\d+:\d+: there is no user "no-such-user"', done.stderr)


@needs_root
def test_logs_are_opened_before_the_privileges_go(hive):
    server = hive(SITE, files=FILES)
    (server.prefix / 'logs').chmod(0o700)

    server.get('/')

    server.wait_for_access(1)

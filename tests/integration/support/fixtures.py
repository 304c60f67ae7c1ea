"""Fixtures that the conftest files of several folders share."""

import subprocess

import pytest

from support.control import ctl_command
from support.server import Server


@pytest.fixture
def prepare():
    """A factory of servers that are not started: prepare(config, files=..., bare=...). All end with the test."""
    servers = []

    def make(config, **options):
        servers.append(Server(config, **options))
        return servers[-1]

    yield make
    failures = []
    for server in reversed(servers):
        try:
            server.close()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, '\n'.join(failures)


@pytest.fixture
def hive(prepare):
    """A factory of servers in the foreground that serve when it returns: hive(config, files=...)."""
    return lambda config, **options: prepare(config, **options).start()


@pytest.fixture
def follow():
    """A factory of `ctl trace --follow` with these options; all end with the test."""
    running = []

    def make(server, *options):
        running.append(subprocess.Popen(ctl_command(server, 'trace', '--follow', *options), stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=server.env, cwd='/'))
        return running[-1]

    yield make
    for process in running:
        process.kill()
        process.communicate()

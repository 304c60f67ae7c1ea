"""Fixtures of the integration tests. tests/README.md shows how one is written."""

import os

import pytest

from support.server import Server

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='changing the user of a worker needs root')


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

"""Fixtures of the integration tests. tests/README.md shows how one is written."""

import os

import pytest

from support.fixtures import follow, hive, prepare

__all__ = ['follow', 'hive', 'needs_root', 'prepare']

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='changing the user of a worker needs root')

"""Fixtures of the browser tests: the servers of the integration tests, and a Chromium that looks at them."""

import os
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / 'integration'))

from support.fixtures import hive, prepare  # noqa: E402
from browser import Browser  # noqa: E402
from page import Page  # noqa: E402

__all__ = ['browser', 'hive', 'look', 'prepare', 'screenshots']


@pytest.fixture(scope='module')
def chromium():
    """One Chromium for all tests of a file: its start takes longer than a test."""
    started = Browser()
    yield started
    started.close()


@pytest.fixture
def browser(chromium):
    chromium.forget()
    return chromium


@pytest.fixture
def screenshots():
    """The folder for screenshots."""
    return pathlib.Path(os.environ.get('COLMEIA_SOURCE_DIR', TESTS.parent)) / 'build' / 'screenshots'


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets fixtures know whether the test failed."""
    report = (yield).get_result()
    if call.when == 'call':
        item.failed = report.failed


@pytest.fixture
def look(request, browser, hive, screenshots):
    """Starts a server with a hive and opens its page: look(workers=2, main='directives of the main context').

    The console has to stay silent. Of a test that fails there is a screenshot.
    """
    pages = []
    failure = screenshots / f'failed-{request.node.name}.png'
    failure.unlink(missing_ok=True)

    def start(workers=2, main=''):
        server = hive(f"""
            worker_processes {workers}; {main}
            http {{
                access_log off;
                server {{
                    listen 127.0.0.1:%%PORT%%;
                    root html;
                    location /hive/ {{ hive; }}
                }}
            }}
        """, files={'html/index.html': 'honey'})
        pages.append(Page(browser, server))
        return pages[-1].open()

    yield start
    if getattr(request.node, 'failed', False):
        browser.screenshot(failure)
    complaints = pages[-1].complaints() if pages else []
    browser.driver.get('about:blank')  # a stream in the open would keep the server from draining
    assert not complaints

"""Descriptor 2 as the journal of systemd: which level each line has, in the words of sd-daemon(3)."""

import os
import re
from signal import SIGABRT, SIGHUP

import pytest

SITE = 'error_log stderr info; http { server { listen 127.0.0.1:%%PORT%%; root html; } }'


@pytest.fixture
def journal(prepare):
    """A factory of servers whose descriptor 2 is what JOURNAL_STREAM names."""

    def make(config):
        server = prepare(config, files={'html/index.html': 'hello'})
        path = server.prefix / 'stderr'
        path.touch()
        found = os.stat(path)
        server.env['JOURNAL_STREAM'] = f'{found.st_dev}:{found.st_ino}'
        return server

    return make


def start(server):
    server.start()
    server.wait_for(lambda: 'generation 1 serves with' in server.stderr, 'the workers to serve')
    return server


def levels(text):
    """Of every line: the digit in front, and nginx's name of the level where the line has one."""
    lines = [re.match(r'<(\d)>(?:\[(\w+)\] )?', line) for line in text.splitlines()]
    assert all(lines), text
    return [(line.group(1), line.group(2)) for line in lines]


def test_every_line_of_master_and_workers_has_its_level_and_no_time(journal):
    server = start(journal(SITE))
    assert server.get('/missing').status == 404
    server.stop()

    names = {'alert': '1', 'error': '3', 'warn': '4', 'notice': '5', 'info': '6'}
    found = levels(server.stderr)
    assert {'notice', 'error'} <= {name for _, name in found}
    assert all(digit == names[name] for digit, name in found)
    told = re.search(r'^<3>\[error\] (\d+)#\d+: \*\d+ .*missing', server.stderr, re.MULTILINE)
    assert told and int(told.group(1)) != server.pid


def test_mistakes_in_a_configuration_are_told_as_errors_line_by_line(journal):
    server = start(journal(SITE))

    server.configure('error_log stderr info;\nnonsense on;\n', bare=True)
    server.signal(SIGHUP)
    server.wait_for(lambda: 'nonsense' in server.stderr and server.stderr.endswith('\n'), 'the mistake to be told')

    told = [line for line in server.stderr.splitlines() if 'nonsense' in line]
    assert told and all(level in ('1', '3') for level, _ in levels('\n'.join(told)))


def test_a_start_that_fails_tells_why_as_an_alert(journal):
    server = journal(SITE)
    server.expected_status = None
    server.configure('nonsense on;\n', bare=True)

    server.launch()
    server.wait_exit()

    assert {level for level, _ in levels(server.stderr)} == {'1'}


def test_a_crash_report_is_an_alert_in_every_line(journal):
    server = start(journal(SITE))

    os.kill(server.workers()[0], SIGABRT)
    server.wait_for(lambda: '  serving no request' in server.stderr, 'the report')

    report = server.stderr[server.stderr.index('worker ends by signal'):]
    lines = [line for line in report.splitlines()[1:] if re.match(r'<\d>  ', line)]
    assert lines and all(line.startswith('<1>') for line in lines)

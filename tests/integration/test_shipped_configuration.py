"""What stands in conf/: the default configuration, the demo site, the types."""

import os
import pathlib
import re

import pytest

CONF = pathlib.Path(os.environ.get('COLMEIA_SOURCE_DIR', pathlib.Path(__file__).parents[2])) / 'conf'
PAGES = {f'html/{path.name}': path.read_bytes() for path in (CONF / 'html').iterdir()}
FILES = {**PAGES, 'mime.types': (CONF / 'mime.types').read_bytes()}


def shipped(name, port):
    """A configuration of conf/, with another port and the folders of the test's prefix."""
    text = (CONF / name).read_text(encoding='utf-8')
    text, changed = re.subn(rf'(listen\s+(?:\[::\]:)?){port};', r'\g<1>%%PORT%%;', text)
    assert changed, f'{name} listens elsewhere'
    return text.replace('conf/html', 'html').replace('build/run/', 'logs/')


def test_the_default_configuration_serves_the_site(hive):
    server = hive(shipped('colmeia.conf', 80), files=FILES)

    assert server.get('/').body == PAGES['html/index.html']
    assert server.get('/').header('Content-Type') == 'text/html'
    missing = server.get('/missing')
    assert (missing.status, missing.body) == (404, PAGES['html/404.html'])


@pytest.fixture
def demo(hive):
    return hive(shipped('demo.conf', 8080).replace('stderr', 'logs/error.log'), files=FILES)


def test_the_demo_says_which_worker_answers_and_closes(demo):
    with demo.connect() as client:
        answer = client.get('/who')

        assert answer.status == 204
        assert int(answer.header('X-Worker')) in demo.workers()
        assert client.at_end()


def test_the_demo_shows_its_numbers(demo):
    assert demo.get('/status').text.startswith('Active connections: 1 \nserver accepts handled requests\n')


@pytest.mark.skipif(not os.path.isdir('/usr/share/doc'), reason='this machine has no documentation')
def test_the_demo_lists_the_documentation(demo):
    answer = demo.get('/doc/')

    assert answer.status == 200
    assert '<h1>Index of /doc/</h1>' in answer.text


def test_every_ending_has_one_type():
    endings = []
    for line in (CONF / 'mime.types').read_text(encoding='utf-8').splitlines():
        row = re.fullmatch(r'\s+([\w.+-]+/[\w.+-]+)\s+([\w ]+);', line)
        endings += row.group(2).split() if row else []

    assert len(endings) > 100
    assert [ending for ending in endings if endings.count(ending) > 1] == []


def test_the_configuration_of_the_tour_serves_and_misbehaves(hive):
    # The pid file and the log of every test, which tell when it serves.
    text = re.sub(r'^(pid|error_log)\s.*\n', '', shipped('study.conf', 8080), flags=re.MULTILINE)
    server = hive(text.replace('../../html', 'html'), files=FILES)

    assert len(server.workers()) == 4
    assert server.get('/').body == PAGES['html/index.html']
    assert server.get('/who').status == 204
    assert 'computed for 200 ms' in server.get('/busy').text
    assert server.get('/hive/').status == 200

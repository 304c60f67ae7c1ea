"""What nginx answers, and logs, is what colmeia answers and logs: tests/golden/nginx/*.json.

Each file is a list of servers with what nginx 1.22 said to a number of requests, as it was recorded beside it on the same
folder. "location" is the field with the port replaced, "fields" those that begin with X-; a page of nginx's own is "PAGE".
"""

import json
import pathlib
import re

import pytest

GOLDEN = pathlib.Path(__file__).parent.parent / 'golden' / 'nginx'
FILES = {'html/a.txt': 'file a', 'html/b.txt': 'file b', 'html/dir/index.html': 'index', 'html/index.html': 'top',
         'html/run': 'x'}


def servers():
    for path in sorted(GOLDEN.glob('*.json')):
        for number, server in enumerate(json.loads(path.read_text(encoding='utf-8'))):
            yield pytest.param(server, id=f'{path.stem}-{number}')


def answer_of(server, target, headers):
    response = server.get(target, headers={'Host': 'hive.example', **headers})
    location = response.header('Location')
    body = response.text
    return {
        'status': response.status,
        'location': location and location.replace(str(server.port), 'PORT'),
        'body': 'PAGE' if '<html' in body else body,
        'fields': {name.lower(): value for name, value in response.headers if name.lower().startswith('x-')},
        'type': response.header('Content-Type'),
    }


@pytest.mark.parametrize('golden', servers())
def test_answers_and_logs(hive, golden):
    server = hive('error_log logs/error.log info; http { access_log off; root %%PREFIX%%/html; '
                  + golden['http'] + ' server { listen 127.0.0.1:%%PORT%%; server_name hive.example; ' + golden['server'] + ' } }',
                  files=FILES)
    (pathlib.Path(server.prefix) / 'html/run').chmod(0o755)

    for request in golden['requests']:
        target, headers, expected = request
        assert answer_of(server, target, headers) == expected, target
    for level, line in golden['log']:
        line = line.replace('%%PREFIX%%', str(server.prefix))
        server.wait_for_error(f'\\[{level}\\] .*{re.escape(line)}, client: ')

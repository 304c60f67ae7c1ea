"""access_log: one line for each exchange, in the operator's format."""

import json
import re


def test_combined_is_the_default(hive):
    server = hive('http { server { listen 127.0.0.1:%%PORT%%; root html; } }', files={'html/index.html': 'hello'})

    server.get('/?a=b', {'User-Agent': 'bee "1"\t', 'Referer': 'http://x/'})
    server.wait_for_access(1)  # a worker writes after it has answered, and another one may be faster
    server.get('/none', {'Authorization': 'Basic YmVlOnNlY3JldA=='}, method='HEAD')
    first, second = server.wait_for_access(2)

    assert re.fullmatch(r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /\?a=b HTTP/1\.1" 200 5 '
                        r'"http://x/" "bee \\x221\\x22"', first)
    assert re.fullmatch(r'127\.0\.0\.1 - bee \[[^]]*\] "HEAD /none HTTP/1\.1" 404 0 "-" "-"', second)


def test_formats_variables_and_conditions(hive):
    server = hive(r"""
        http { log_format own '$request_method $uri $status $body_bytes_sent $arg_x $connection_requests '
                              '$server_port $scheme $host $sent_http_content_type';
               log_format machine escape=json '{"uri":"$uri","agent":"$http_user_agent","none":"$http_none"}';
               access_log logs/own.log own; access_log logs/json.log machine if=$arg_json;
               server { listen 127.0.0.1:%%PORT%%; default_type text/plain; return 200 hello; } }
        """)

    with server.connect() as connection:
        connection.get('/a?x=1', {'Host': 'One.Example:81'})
        connection.get('/b?json=1', {'User-Agent': 'say "hi"\\'})
    server.wait_for(lambda: server.read('logs/own.log').count('\n') == 2 and server.read('logs/json.log'), 'the lines')

    assert server.read('logs/own.log').splitlines() == [
        f'GET /a 200 5 1 1 {server.port} http one.example text/plain',
        f'GET /b 200 5 - 2 {server.port} http localhost text/plain']
    assert json.loads(server.read('logs/json.log')) == {'uri': '/b', 'agent': 'say "hi"\\', 'none': ''}


def test_it_is_off_where_told_so(hive):
    server = hive("""
        http { access_log logs/outer.log; server { listen 127.0.0.1:%%PORT%%; root html;
               location /quiet { access_log off; return 204; } location /inner { access_log logs/inner.log; return 204; } } }
        """)

    for path in ['/quiet', '/inner', '/outer']:
        server.get(path)
    server.wait_for(lambda: server.read('logs/outer.log') and server.read('logs/inner.log'), 'the lines')

    assert re.findall(r'"GET (\S+)', server.read('logs/outer.log')) == ['/outer']
    assert re.findall(r'"GET (\S+)', server.read('logs/inner.log')) == ['/inner']
    assert not (server.prefix / 'logs/access.log').exists()


def test_bad_requests_are_logged_too(hive):
    server = hive('http { server { listen 127.0.0.1:%%PORT%%; root html; } }')

    assert b' 400 ' in server.raw('GET / HTTP/1.1\r\n\r\n')
    assert b' 400 ' in server.raw('nonsense\r\n\r\n')
    lines = server.wait_for_access(2)

    assert all(' 400 ' in line for line in lines)


def test_a_client_writes_no_line_of_its_own_into_any_log(hive):
    server = hive(r"""
        http { log_format raw escape=none '$uri|$http_x'; log_format machine escape=json '{"uri":"$uri","x":"$http_x"}';
               access_log logs/default.log; access_log logs/raw.log raw; access_log logs/json.log machine;
               server { listen 127.0.0.1:%%PORT%%; root html; location /list/ { autoindex on; } } }
        """)
    forged = '%0a2026/01/01 00:00:00 [alert] 1%231: forged%1b[2J'

    for target in [f'/a{forged}', f'/list{forged}/', f'/list/{forged}/', f'/b", client: forged{forged}']:
        server.raw(f'GET {target.replace(" ", "%20")} HTTP/1.1\r\nHost: a\r\nX: \xff\xc3\x28\r\nConnection: close\r\n\r\n')
    server.wait_for(lambda: server.read('logs/json.log').count('\n') == 4, 'four lines')
    server.wait_for_error(r'/b\\x22, client: forged\\x0A2026')

    for log in ['error.log', 'default.log', 'raw.log', 'json.log']:
        lines = (server.prefix / 'logs' / log).read_bytes().split(b'\n')
        assert not any(line.startswith(b'2026/01/01') for line in lines), log
        assert log == 'raw.log' or not any(b'\x1b' in line for line in lines), log
    for line in (server.prefix / 'logs/json.log').read_bytes().splitlines():
        assert json.loads(line.decode('utf-8'))['x'] == '\xff\xc3('


def test_what_has_no_value_is_a_dash_or_nothing(hive):
    server = hive(r"""
        http { log_format short '$uri|$request_uri|$request_method|$server_protocol|$args|$arg_a|$http_none|$is_args|$https';
               log_format machine escape=json '"$uri|$request_uri|$http_none"'; log_format raw escape=none '$uri|$http_none';
               access_log logs/short.log short; access_log logs/json.log machine; access_log logs/raw.log raw;
               server { listen 127.0.0.1:%%PORT%%; root html; } }
        """, files={'html/index.html': 'hello'})

    server.raw('nonsense\r\n\r\n')
    server.raw('GET /x?a= HTTP/1.0\r\n\r\n')
    server.wait_for(lambda: server.read('logs/raw.log').count('\n') == 2, 'the lines')

    refused, served = sorted(server.read('logs/short.log').splitlines())
    assert refused.startswith('-|-|') and refused.endswith('|-|-|-|-||')
    assert served == '/x|/x?a=|GET|HTTP/1.0|a=||-|?|'
    assert sorted(server.read('logs/json.log').splitlines()) == ['"/x|/x?a=|"', '"||"']
    assert sorted(server.read('logs/raw.log').splitlines()) == ['/x|', '|']

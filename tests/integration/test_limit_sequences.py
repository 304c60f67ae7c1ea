"""limit_req and limit_conn beside nginx: what each request of a sequence is answered, and what the variables say of it.

The answers were taken from nginx 1.22.1. All sequences stand in one configuration, each in a server of its own. Rates are of
one request a minute, so no test is slow enough to earn another one; a delay is looked at in dry runs, where nothing waits.
"""

from support.waiting import wait_for

ZONES = """
    limit_req_zone $server_name$uri zone=uri:64k rate=1r/m;
    limit_req_zone $server_name zone=server:64k rate=1r/m;
    limit_req_zone $arg_key zone=key:64k rate=1r/m;
    limit_conn_zone $server_name zone=conns:64k;
    limit_conn_zone $server_name$uri zone=byuri:64k;
    limit_conn_zone $arg_key zone=bykey:64k;
"""

# Directives of a server; requests, one with * being a download that is held to the end of the sequence; and of each the
# status and what $limit_req_status and $limit_conn_status say, in this letter:
LETTERS = {'PASSED': 'P', 'REJECTED': 'R', 'DELAYED_DRY_RUN': 'd', 'REJECTED_DRY_RUN': 'r', '-': '-'}
SEQUENCES = [
    ('limit_req zone=uri;', 'a a a b b', '200P- 503R- 503R- 200P- 503R-'),
    ('limit_req zone=uri burst=2 nodelay;', 'a a a a a b', '200P- 200P- 200P- 503R- 503R- 200P-'),
    ('limit_req zone=uri burst=2; limit_req_dry_run on;', 'a a a a a b b', '200P- 200d- 200d- 200r- 200r- 200P- 200d-'),
    ('limit_req zone=uri burst=1; limit_req_dry_run on;', 'a a a a', '200P- 200d- 200r- 200r-'),
    ('limit_req zone=uri burst=4 delay=2; limit_req_dry_run on;',
     'a a a a a a a', '200P- 200P- 200P- 200d- 200d- 200r- 200r-'),
    ('limit_req zone=uri burst=2 delay=5; limit_req_dry_run on;', 'a a a a a', '200P- 200P- 200P- 200r- 200r-'),
    ('limit_req zone=uri burst=3 delay=1; limit_req_dry_run on;', 'a a a a a a', '200P- 200P- 200d- 200d- 200r- 200r-'),
    ('limit_req zone=uri burst=1 nodelay; limit_req_dry_run on;', 'a a a a', '200P- 200P- 200r- 200r-'),
    ('limit_req zone=uri burst=1 nodelay; limit_req zone=server burst=3 nodelay;',
     'a a a b b b c a', '200P- 200P- 503R- 200P- 200P- 503R- 503R- 503R-'),
    ('limit_req zone=server burst=3 nodelay; limit_req zone=uri burst=1 nodelay;',
     'a a a b b b c a', '200P- 200P- 503R- 200P- 200P- 503R- 503R- 503R-'),
    ('limit_req zone=uri burst=1; limit_req zone=server burst=4 delay=2; limit_req_dry_run on;',
     'a a a b b b c c', '200P- 200d- 200r- 200P- 200d- 200r- 200d- 200r-'),
    ('limit_req zone=server burst=4 delay=2; limit_req zone=uri burst=1; limit_req_dry_run on;',
     'a a a b b b c c', '200P- 200d- 200r- 200P- 200d- 200r- 200d- 200r-'),
    ('limit_req zone=uri burst=2 nodelay; limit_req zone=server burst=4; limit_req_dry_run on;',
     'a a a a b b', '200P- 200d- 200d- 200r- 200d- 200d-'),
    ('limit_req zone=key;', 'a a a?key=x a?key=x a?key=y a', '200-- 200-- 200P- 503R- 200P- 200--'),
    ('limit_req zone=key; limit_req zone=server burst=2 nodelay;',
     'a a?key=z a?key=z a a b', '200P- 200P- 503R- 200P- 503R- 503R-'),
    ('limit_req zone=uri; limit_req_status 429;', 'a a', '200P- 429R-'),
    ('limit_req zone=server; location /b { limit_req zone=uri burst=1 nodelay; }',
     'a a b b b a', '200P- 503R- 200P- 200P- 503R- 503R-'),
    ('limit_req zone=uri; location /b { limit_req_dry_run on; }', 'a a b b', '200P- 503R- 200P- 200r-'),
    ('limit_req zone=uri; limit_req_status 444; location /b { limit_req_status 410; }', 'b b', '200P- 410R-'),
    ('limit_req zone=server; error_page 503 /c;', 'a a', '200P- 503R-'),
    ('limit_req zone=server burst=1 nodelay; error_page 503 = @n; location @n { return 200 x; }',
     'a a a', '200P- 200P- 200R-'),
    ('limit_req zone=server burst=1 nodelay; location /b { try_files /none /a; }', 'b a b', '200P- 200P- 503R-'),
    ('limit_req zone=server; location /b { return 204; }', 'b b a a', '204-- 204-- 200P- 503R-'),
    ('limit_req zone=server;', 'none a', '404P- 503R-'),
    ('limit_conn conns 1;', 'a a a', '200-P 200-P 200-P'),
    ('limit_conn conns 1; location /big { limit_conn conns 5; }', '*big a a', '200-P 503-R 503-R'),
    ('limit_conn conns 2;', '*big a *big a a', '200-P 200-P 200-P 503-R 503-R'),
    ('limit_conn conns 1; limit_conn_status 429;', '*big a', '200-P 429-R'),
    ('limit_conn conns 1; limit_conn_dry_run on;', '*big a *big a', '200-P 200-r 200-r 200-r'),
    ('limit_conn conns 3; limit_conn byuri 1;', '*big a *big big a', '200-P 200-P 503-R 503-R 200-P'),
    ('limit_conn byuri 1; limit_conn conns 2;', '*big big a *a2 a', '200-P 503-R 200-P 200-P 503-R'),
    ('limit_conn conns 1; limit_req zone=server burst=1 nodelay;', 'a *big a a', '200PP 200PP 503R- 503R-'),
    ('limit_req zone=server burst=2 nodelay; limit_conn conns 1;', '*big a a a', '200PP 503PR 503PR 503R-'),
    ('limit_conn bykey 1;', '*big a big', '200-- 200-- 200--'),
    ('limit_conn bykey 1;', '*big?key=x a?key=x a?key=y a', '200-P 503-R 200-P 200--'),
]

FILES = {f'html/{name}': 'x' for name in 'abc'} | {f'html/{name}': 'x' * (16 << 20) for name in ('big', 'a2')}


def ask(server, sequence, requests):
    """All of them, each on a connection of its own."""
    held = []
    for index, request in enumerate(requests.split()):
        target = request.lstrip('*')
        client = server.connect()
        mark = '&' if '?' in target else '?'
        client.request('GET', f'/{target}{mark}n={sequence}.{index}', {'Host': f's{sequence}', 'Connection': 'close'})
        if request.startswith('*'):
            assert client.socket.recv(12).startswith(b'HTTP/1.1 ')
            held.append(client)
            continue
        client.read_to_end()
        client.close()
        # It is given back when it is logged: what comes next must not come before that.
        wait_for(lambda: f'n={sequence}.{index} ' in server.access_log, 'the line of a request')
    for client in held:
        client.close()
    wait_for(lambda: server.access_log.count(f'n={sequence}.') == len(requests.split()), 'the lines of a sequence')


def test_sequences_are_answered_as_nginx_does(hive):
    servers = '\n'.join(f'server {{ listen 127.0.0.1:%%PORT%%; server_name s{number}; root html; {directives} }}'
                        for number, (directives, _, _) in enumerate(SEQUENCES))
    server = hive(f"""
        http {{
            log_format verdicts '$request_uri $status $limit_req_status $limit_conn_status';
            access_log logs/access.log verdicts;
            {ZONES}
            {servers}
        }}
    """, files=FILES)

    for number, (_, requests, _) in enumerate(SEQUENCES):
        ask(server, number, requests)

    said = {}
    for line in server.access_log.splitlines():
        uri, status, req, conn = line.split()
        said[uri.split('n=')[1]] = status + LETTERS[req] + LETTERS[conn]
    answers = [(directives, requests, ' '.join(said[f'{number}.{index}'] for index in range(len(requests.split()))))
               for number, (directives, requests, _) in enumerate(SEQUENCES)]
    assert answers == SEQUENCES

"""return: answers at once."""


def test_texts_statuses_and_redirections(hive):
    server = hive("""
        http { default_type text/plain; server { listen 127.0.0.1:%%PORT%%; server_name hive.example;
               location /text { return 200 "hello $arg_who"; }
               location /none { return 204; }
               location /gone { return 410; }
               location /moved { return 301 /new$is_args$args; }
               location /away { return https://example.org$request_uri; }
               location /close { return 444; } } }
        """)

    response = server.get('/text?who=bee')
    assert (response.status, response.text, response.header('Content-Type')) == (200, 'hello bee', 'text/plain')
    assert (server.get('/none').status, server.get('/none').header('Content-Type')) == (204, None)
    assert '410 Gone' in server.get('/gone').text
    assert server.get('/moved?a=b').status == 301
    assert server.get('/moved?a=b').header('Location') == f'http://localhost:{server.port}/new?a=b'
    assert server.get('/away').status == 302
    assert server.get('/away').header('Location') == 'https://example.org/away'
    assert server.raw('GET /close HTTP/1.1\r\nHost: x\r\n\r\n') == b''


def test_some_codes_are_no_answer_without_a_text(hive):
    server = hive("""
        http { server { listen 127.0.0.1:%%PORT%%;
               error_page 408 /text;
               location /408 { return 408; }
               location /499 { return 499; }
               location /tried { try_files /none =444; }
               location /text { return 499 text; }
               location /444 { return 444 text; }
               location /405 { return 405; } } }
        """)

    for path in ['/408', '/499', '/tried']:
        assert server.raw(f'GET {path} HTTP/1.1\r\nHost: x\r\n\r\n') == b''
    assert (server.get('/text').status, server.get('/text').text) == (499, 'text')
    assert (server.get('/444').status, server.get('/444').text) == (444, 'text')
    assert (server.get('/405').status, server.get('/405').header('Allow')) == (405, '')


def test_the_servers_own_comes_first(hive):
    server = hive('http { server { listen 127.0.0.1:%%PORT%%; return 503 away; location / { return 200 here; } } }')

    assert (server.get('/').status, server.get('/').text) == (503, 'away')


def test_a_decoded_path_cannot_end_a_field(hive):
    server = hive('http { server { listen 127.0.0.1:%%PORT%%; return 302 https://example.org$uri; } }')

    response = server.get('/a%0d%0aSet-Cookie:%20x=1')

    assert response.status == 302
    assert response.header('Set-Cookie') is None


def test_codes_that_nobody_has_named(hive):
    server = hive("""
        http { default_type text/plain; server { listen 127.0.0.1:%%PORT%%;
               location /600 { return 600; }
               location /700 { return 700 ""; }
               location /999 { return 999 hi; }
               location /430 { return 430; } } }
        """)

    for target, status, text in (('/600', 600, ''), ('/700', 700, ''), ('/999', 999, 'hi'), ('/430', 430, '')):
        response = server.get(target)
        assert (response.status, response.text, response.header('Content-Length')) == (status, text, str(len(text)))
        assert response.header('Content-Type') == ('text/plain' if text else None)
    assert server.raw('GET /600 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').startswith(b'HTTP/1.1 600 \r\n')


def test_a_code_of_four_digits_is_refused(prepare):
    done = prepare('http { server { listen 127.0.0.1:%%PORT%%; return 1000; } }').run('-t')

    assert done.returncode == 1
    assert 'invalid value "1000" in "return" directive' in done.stderr

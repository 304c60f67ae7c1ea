"""index: folders are answered for by one of their files."""


def test_the_first_that_exists_answers(hive):
    server = hive("""
        http { index none.html first.html; server { listen 127.0.0.1:%%PORT%%; root html;
               location /own/ { index own.html; } location /far/ { index none.html /first.html; } } }
        """, files={'html/first.html': 'first', 'html/own/own.html': 'own', 'html/own/first.html': 'wrong',
                    'html/far/x': '', 'html/empty/x': ''})

    assert server.get('/').text == 'first'
    assert server.get('/').header('Content-Type') == 'text/html'
    assert server.get('/own/').text == 'own'
    assert server.get('/far/').text == 'first'
    assert server.get('/empty/').status == 403
    assert server.get('/missing/').status == 404
    assert server.wait_for_error(r'"[^"]*/html/missing/" is not found \(2: No such file or directory\)')


def test_the_file_is_served_by_its_own_location(hive):
    server = hive(r"""
        http { server { listen 127.0.0.1:%%PORT%%; root html; location ~ \.html$ { add_header X-Uri $uri; } } }
        """, files={'html/index.html': 'x'})

    assert server.get('/').header('X-Uri') == '/index.html'
    assert server.get('/', method='HEAD').header('Content-Length') == '1'
    assert server.get('/', method='POST').status == 405

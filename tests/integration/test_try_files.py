"""try_files: the first path that exists, or a fall-back."""


def test_files_folders_and_fall_backs(hive):
    server = hive("""
        http { server { listen 127.0.0.1:%%PORT%%; root html;
               location / { try_files $uri $uri/ $uri.html @fallback; }
               location /code/ { try_files $uri =410; }
               location /app/ { try_files $uri /front?path=$uri&$args; }
               location /front { return 200 "front $args"; }
               location @fallback { return 200 "fallback $uri"; } } }
        """, files={'html/a.html': 'a', 'html/folder/index.html': 'index', 'html/code/a': 'code', 'html/app/x': 'x'})

    assert server.get('/a').text == 'a'
    assert server.get('/a').header('Content-Type') == 'text/html'
    assert server.get('/folder').status == 301
    assert server.get('/folder').header('Location').endswith('/folder/')
    assert server.get('/folder/').text == 'index'
    assert server.get('/missing').text == 'fallback /missing'
    assert server.get('/code/a').text == 'code'
    assert server.get('/code/b').status == 410
    assert server.get('/app/x').text == 'x'
    assert server.get('/app/y?z=1').text == 'front path=/app/y&z=1'


def test_a_cycle_ends(hive):
    server = hive('http { server { listen 127.0.0.1:%%PORT%%; root html; try_files /none /none2; } }')

    assert server.get('/').status == 500
    assert server.wait_for_error('rewrite or internal redirection cycle')


def test_variables_cannot_climb(hive):
    server = hive('http { server { listen 127.0.0.1:%%PORT%%; root html; try_files /$arg_file =404; } }',
                  files={'html/a': 'inside', 'secret': 'outside'})

    assert server.get('/?file=a').text == 'inside'
    assert server.get('/?file=../secret').status == 404

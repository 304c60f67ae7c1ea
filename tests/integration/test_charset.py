"""What Content-Type says of a text's charset."""

SITE = """
    http { charset utf-8;
      server { listen 127.0.0.1:%%PORT%%; root html; autoindex on; default_type text/plain;
               location /koi/ { charset koi8-r; } location /var/ { charset $arg_charset; }
               location /none/ { charset off; } location /say { return 200 hello; } } }
    """
FILES = {f'html/{name}': 'x' for name in ['a.html', 'a.gif', 'koi/a.html', 'var/a.html', 'none/a.html',
                                          'none/\u00fc.txt']}


def test_texts_have_a_charset(hive):
    server = hive(SITE, files=FILES)

    for path, content_type in {'/a.html': 'text/html; charset=utf-8', '/a.gif': 'image/gif',
                               '/koi/a.html': 'text/html; charset=koi8-r', '/koi/': 'text/html; charset=koi8-r',
                               '/var/a.html?charset=big5': 'text/html; charset=big5', '/var/a.html': 'text/html',
                               '/none/a.html': 'text/html', '/missing': 'text/html; charset=utf-8',
                               '/say': 'text/plain; charset=utf-8'}.items():
        assert server.get(path).header('Content-Type') == content_type, path


def test_a_client_cannot_end_the_field_through_a_variable(hive):
    server = hive("""http { server { listen 127.0.0.1:%%PORT%%; root html;
                            location ~ /(?<set>.*)/x$ { charset $set; return 200 x; } } }""")

    response = server.get('/a%0d%0aX-Evil:%20b/x')

    assert response.header('X-Evil') is None


def test_names_of_a_listing_are_utf_8(hive):
    server = hive(SITE, files=FILES)

    response = server.get('/none/')

    assert response.header('Content-Type') == 'text/html; charset=utf-8'
    assert '>\u00fc.txt</a>' in response.body.decode('utf-8')

"""allow and deny."""


def test_rules_decide_in_order(hive):
    server = hive("""
        http { server { listen 127.0.0.1:%%PORT%%; root html; deny 127.0.0.2; allow 127.0.0.0/30; deny all;
               location /open/ { allow all; } } }
        """, files={'html/a': 'x', 'html/open/a': 'x'})

    def status(path, source):
        with server.connect(source=(source, 0)) as connection:
            return connection.get(path).status

    assert status('/a', '127.0.0.1') == 200
    assert status('/a', '127.0.0.2') == 403
    assert status('/a', '127.0.0.4') == 403
    assert status('/open/a', '127.0.0.4') == 200
    assert server.wait_for_error(r'\[error\].* access forbidden by rule, client: 127\.0\.0\.2,')

"""add_header and expires."""

from email.utils import parsedate_to_datetime


def age(response):
    """Seconds from Date to Expires."""
    dates = [parsedate_to_datetime(response.header(name)) for name in ('Date', 'Expires')]
    return (dates[1] - dates[0]).total_seconds()


def test_fields_are_added_and_inherited(hive):
    server = hive("""
        http { add_header X-Http 1; server { listen 127.0.0.1:%%PORT%%; root html;
               add_header X-Server "$status $uri" always; add_header X-Good yes; add_header X-Empty "";
               location /own/ { add_header X-Own a; add_header X-Own b; } location /same/ { expires off; } } }
        """, files={'html/a': 'x', 'html/own/a': 'x', 'html/same/a': 'x'})

    good, bad, own = server.get('/a'), server.get('/none'), server.get('/own/a')

    assert (good.header('X-Server'), good.header('X-Good'), good.header('X-Http'), good.header('X-Empty')) == \
        ('200 /a', 'yes', None, None)
    assert (bad.header('X-Server'), bad.header('X-Good')) == ('404 /none', None)
    assert (own.all('X-Own'), own.header('X-Server')) == (['a', 'b'], None)
    assert server.get('/same/a').header('X-Good') == 'yes'
    assert server.get('/own').status == 301
    assert server.get('/a', {'If-None-Match': '*'}).header('X-Good') == 'yes'


def test_expires_speaks_of_time(hive):
    server = hive("""
        http { expires 1h; server { listen 127.0.0.1:%%PORT%%; root html;
               location /max { expires max; } location /epoch { expires epoch; } location /past { expires -1; }
               location /off { expires off; } location /modified { expires modified +400d; } } }
        """, files={f'html/{name}': 'x' for name in ['a', 'max', 'epoch', 'past', 'off', 'modified']})

    hour, past, modified = server.get('/a'), server.get('/past'), server.get('/modified')

    assert (hour.header('Cache-Control'), age(hour)) == ('max-age=3600', 3600)
    assert (past.header('Cache-Control'), age(past)) == ('no-cache', -1)
    assert server.get('/max').header('Expires') == 'Thu, 31 Dec 2037 23:55:55 GMT'
    assert server.get('/max').header('Cache-Control') == 'max-age=315360000'
    assert server.get('/epoch').header('Cache-Control') == 'no-cache'
    assert server.get('/off').header('Expires') is None
    assert abs(age(modified) - 400 * 86400) < 60
    assert server.get('/none').header('Expires') is None

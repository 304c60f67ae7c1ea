"""A regular expression that cannot be matched is no answer: the request is refused, and an alert says why."""

import time

NAME = 'a' * 60 + '.pemx'
SITE = r"""
    http {
      server { listen 127.0.0.1:%%PORT%%; server_name first; return 200 first; }
      server { listen 127.0.0.1:%%PORT%%; server_name paths; root html;
               location ~ ^/(\w+)+\.pem$ { deny all; }
               location ~ ^/(.|\n)*\.key$ { deny all; }
               location / { return 200 open; } }
      server { listen 127.0.0.1:%%PORT%%; server_name pages; error_page 500 /sorry;
               location = /sorry { return 200 sorry; }
               location ~ ^/(\w+)+\.pem$ { deny all; } }
    }
    """
HOSTS = r"""
    http {
      server { listen 127.0.0.1:%%PORT%%; server_name first; return 200 first; }
      server { listen 127.0.0.1:%%PORT%%; server_name "~^(\w+)+\.pem$"; return 200 second; }
    }
    """


def test_a_location_that_cannot_be_matched_is_not_passed_by(hive):
    server = hive(SITE)

    assert server.get('/a.pem', {'Host': 'paths'}).status == 403
    assert server.get('/a.pe', {'Host': 'paths'}).text == 'open'
    began = time.monotonic()
    assert server.get('/' + NAME, {'Host': 'paths'}).status == 500
    assert time.monotonic() - began < 2
    server.wait_for_error(r'\[alert\] \d+#\d+: \*\d+ pcre2_match\(\) failed: -47 on "/a+\.pemx" using '
                          r'"\^/\(\\w\+\)\+\\\.pem\$", client: 127\.0\.0\.1, server: paths, request: "GET /a')


def test_a_long_path_is_denied_as_a_short_one(hive):
    server = hive(SITE)

    for size in [10, 1200, 8000]:
        assert server.get('/' + 'a' * size + '.key', {'Host': 'paths'}).status == 403


def test_an_error_page_may_answer(hive):
    server = hive(SITE)

    response = server.get('/' + NAME, {'Host': 'pages'})

    assert (response.status, response.text) == (500, 'sorry')


def test_a_server_that_cannot_be_chosen_is_no_other_one(hive):
    server = hive(HOSTS)

    assert server.get('/', {'Host': 'a.pem'}).text == 'second'
    assert server.get('/', {'Host': 'a.org'}).text == 'first'
    response = server.get('/', {'Host': NAME})
    assert (response.status, response.header('Connection')) == (500, 'close')
    server.wait_for_error(r'\[alert\] .* pcre2_match\(\) failed: -47 on "a+\.pemx" using')
    assert server.get('/', {'Host': 'a.pem'}).text == 'second'

"""autoindex: listings of folders."""

import json
import os
import select

from support.control import ask

SITE = """
    http { server { listen 127.0.0.1:%%PORT%%; root html; autoindex on;
           location /json/ { alias %%PREFIX%%/html/; autoindex_format json; }
           location /off/ { alias %%PREFIX%%/html/; autoindex off; } } }
    """
FILES = {'html/zoo/x': '', 'html/a<b> & c.txt': '12345', 'html/b:c': '', 'html/.hidden': '', 'html/ber\u00e9.txt': ''}


def dated(server):
    for name in os.listdir(server.prefix / 'html'):
        os.utime(server.prefix / 'html' / name, (784111777, 784111777))
    return server


def test_a_listing_is_nginxs_page(hive):
    server = dated(hive(SITE, files=FILES))

    response = server.get('/')

    assert response.header('Content-Type') == 'text/html; charset=utf-8'
    assert response.text == (
        '<html>\r\n<head><title>Index of /</title></head>\r\n<body>\r\n<h1>Index of /</h1><hr><pre><a href="../">../</a>\r\n'
        '<a href="zoo/">zoo/</a>' + ' ' * 46 + ' 06-Nov-1994 08:49                   -\r\n'
        '<a href="a%3Cb%3E%20%26%20c.txt">a&lt;b&gt; &amp; c.txt</a>' + ' ' * 38 + ' 06-Nov-1994 08:49                   5\r\n'
        '<a href="b%3Ac">b:c</a>' + ' ' * 47 + ' 06-Nov-1994 08:49                   0\r\n'
        '<a href="ber%C3%A9.txt">ber\u00e9.txt</a>' + ' ' * 42 + ' 06-Nov-1994 08:49                   0\r\n'
        '</pre><hr></body>\r\n</html>\r\n')


def test_its_links_lead_somewhere(hive):
    server = dated(hive(SITE, files=FILES))

    assert server.get('/a%3Cb%3E%20%26%20c.txt').text == '12345'
    assert server.get('/b%3Ac').status == 200
    assert server.get('/zoo/').status == 200


def test_programs_read_json(hive):
    server = dated(hive(SITE, files=FILES))

    response = server.get('/json/')

    assert response.header('Content-Type') == 'application/json'
    assert json.loads(response.text)[:2] == [
        {'name': 'zoo', 'type': 'directory', 'mtime': 'Sun, 06 Nov 1994 08:49:37 GMT'},
        {'name': 'a<b> & c.txt', 'type': 'file', 'mtime': 'Sun, 06 Nov 1994 08:49:37 GMT', 'size': 5}]


def test_nothing_is_listed_where_it_is_off_or_missing(hive):
    server = hive(SITE, files=FILES)

    assert server.get('/off/').status == 403
    assert server.get('/missing/').status == 404


MANY = 20_000  # names: a few tens of milliseconds of reading


def test_a_folder_of_many_names_holds_nobody_up(hive):
    server = hive('worker_processes 1;' + SITE, files=FILES)
    folder = server.prefix / 'html/many'
    folder.mkdir()
    for number in range(MANY):
        (folder / f'{number:08}').touch()

    def is_answered_before_the_listing():
        """Once more if the machine was so busy that the listing was done before anybody else could ask."""
        with server.connect() as lister, server.connect() as other:
            assert other.get('/b%3Ac').status == 200
            lister.request('GET', '/many/')
            server.wait_for(lambda: ask(server, '/workers')[1]['workers'][0]['counts']['writing']
                            or select.select([lister.socket], [], [], 0)[0], 'the listing to be made')
            assert other.get('/b%3Ac').status == 200
            is_first = not select.select([lister.socket], [], [], 0)[0]
            assert lister.response().text.count('\r\n') == MANY + 6
            return is_first

    server.wait_for(is_answered_before_the_listing, 'somebody to be answered while a folder is read')


def test_a_folder_that_is_missing_is_not_found_and_the_connection_goes_on(hive):
    server = hive(SITE, files=FILES)
    with server.connect() as client:
        assert client.get('/none/').status == 404
        assert client.get('/zoo/').status == 200


def test_the_thread_that_reads_lives_in_the_sandbox(hive):
    server = hive('sandbox strict; worker_processes 1;' + SITE, files=FILES)

    assert 'ber\u00e9.txt' in server.get('/').text
    assert server.get('/json/').status == 200

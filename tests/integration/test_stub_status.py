"""stub_status: nginx's numbers, over all workers."""

import re

SITE = """
    http { server { listen 127.0.0.1:%%PORT%%; root html; location = /status { stub_status; allow 127.0.0.1; deny all; } } }
    """


def numbers(server):
    response = server.get('/status')
    assert response.header('Content-Type') == 'text/plain'
    pattern = (r'Active connections: (\d+) \nserver accepts handled requests\n (\d+) (\d+) (\d+) \n'
               r'Reading: (\d+) Writing: (\d+) Waiting: (\d+) \n')
    match = re.fullmatch(pattern, response.text)
    assert match, response.text
    return [int(number) for number in match.groups()]


def test_it_counts_over_all_workers(hive):
    server = hive(SITE, files={'html/index.html': 'x'})

    for _ in range(10):
        server.get('/')
    with server.connect() as idle:
        idle.get('/')
        answers = []

        def settled():  # a worker takes note of what it did just after the client has its answer
            answers.append(numbers(server))
            active, _, _, _, _, writing, waiting = answers[-1]
            return (active, writing, waiting) == (2, 1, 1)
        server.wait_for(settled, 'one connection that waits, and the one that asks')

    _, accepts, handled, requests, *_ = answers[-1]
    assert accepts == handled == requests == 11 + len(answers)


def test_it_only_reads(hive):
    server = hive(SITE)

    assert server.get('/status', method='POST').status == 405

"""The control socket of a server under test: by hand, and by `colmeia ctl`."""

import json
import subprocess
import threading

from support import server as server_module
from support.http_client import Connection
from support.waiting import DEADLINE


def socket_path(server):
    return f'{server.prefix}/logs/colmeia.control'


def ask(server, target, method='GET', body=None, path=None):
    """One request to the control socket: (status, the JSON of the answer)."""
    with Connection(path or socket_path(server)) as connection:
        text = '' if body is None else json.dumps(body)
        headers = [('Content-Length', str(len(text)))] if method == 'POST' else None
        connection.request(method, target, headers, text.encode())
        response = connection.response(method)
        return response.status, json.loads(response.body)


def ctl_command(server, *arguments):
    return [server_module.BINARY, 'ctl', '-p', f'{server.prefix}/', '-c', f'{server.prefix}/colmeia.conf', *arguments]


def ctl(server, *arguments, timeout=60):
    return subprocess.run(ctl_command(server, *arguments), capture_output=True, text=True, timeout=timeout,
                          env=server.env, stdin=subprocess.DEVNULL, check=False, cwd='/')


def in_service(server):
    """{pid: worker} of those that took up their work and were not told to leave. One whose loop does not turn just now, which
    a busy machine can bring about, is called silent and is one of them."""
    status, answer = ask(server, '/workers')
    assert status == 200
    return {worker['pid']: worker for worker in answer['workers'] if worker['state'] in ('ready', 'silent')}


def lines_until(process, condition, what):
    """Lines that a process prints, up to and with the first that meets the condition."""
    found = []
    overdue = threading.Timer(DEADLINE, process.kill)
    overdue.start()
    try:
        for line in process.stdout:
            found.append(line)
            if condition(line):
                return found
    finally:
        overdue.cancel()
    raise AssertionError(f'waited in vain for {what}:\n{"".join(found)}')

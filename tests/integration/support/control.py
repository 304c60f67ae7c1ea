"""The control socket of a server under test: by hand, and by `colmeia ctl`."""

import json
import subprocess

from support.http_client import Connection
from support.server import BINARY


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
    return [BINARY, 'ctl', '-p', f'{server.prefix}/', '-c', f'{server.prefix}/colmeia.conf', *arguments]


def ctl(server, *arguments, timeout=60):
    return subprocess.run(ctl_command(server, *arguments), capture_output=True, text=True, timeout=timeout,
                          env=server.env, stdin=subprocess.DEVNULL, check=False, cwd='/')

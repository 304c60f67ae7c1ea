"""An HTTP/1 client that sends exactly the bytes it is told to, and hides nothing of the answer."""

import socket

from support.waiting import DEADLINE


class Response:
    """One parsed response. `headers` is a list of (name, value) in the order received, names as sent."""

    def __init__(self, version, status, reason, headers, body, raw_head):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.raw_head = raw_head

    def header(self, name, default=None):
        """The first value of a header, its name in any case."""
        values = self.all(name)
        return values[0] if values else default

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self):
        return self.body.decode('utf-8', 'replace')

    def __repr__(self):
        return f'<{self.version} {self.status} {self.reason}, {len(self.body)} bytes, {self.headers}>'


class Connection:
    """One connection to a server: send bytes, read responses, in whatever order the test likes.

    `address` is (host, port), or the path of a Unix socket. Every read fails after `timeout` seconds.
    """

    def __init__(self, address, timeout=DEADLINE, source=None):
        self.address = address
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout=timeout, source_address=source)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b''

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def send(self, data):
        self.socket.sendall(data.encode('latin-1') if isinstance(data, str) else data)

    def request(self, method, target, headers=None, body=b'', version='HTTP/1.1'):
        """Sends one request; Host is added unless given (None as a value leaves a header out)."""
        self.send(format_request(method, target, headers, body, version))

    def response(self, method='GET'):
        """Reads one response; `method` is what it answers, for HEAD has no body. Fails on EOF before a whole one."""
        head = self._until(b'\r\n\r\n')
        status_line, *lines = head[:-4].decode('latin-1').split('\r\n')
        version, status, *reason = status_line.split(' ', 2)
        headers = [(name, value.strip()) for name, _, value in (line.partition(':') for line in lines)]
        response = Response(version, int(status), reason[0] if reason else '', headers, b'', head)
        response.body = self._body(response, method)
        return response

    def get(self, target, headers=None, method='GET', body=b''):
        self.request(method, target, headers, body)
        return self.response(method)

    def pipeline(self, requests):
        """Sends all requests, given as (method, target) or (method, target, headers), in one write; then reads all answers."""
        requests = [(*request, None)[:3] for request in requests]
        self.send(b''.join(format_request(method, target, headers) for method, target, headers in requests))
        return [self.response(method) for method, _, _ in requests]

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def read_to_end(self):
        """Everything up to the server's EOF."""
        chunks = [self._buffer]
        self._buffer = b''
        while True:
            chunk = self.socket.recv(65536)
            if not chunk:
                return b''.join(chunks)
            chunks.append(chunk)

    def at_end(self):
        """Waits for the server to close without sending another byte; fails when it sends one."""
        rest = self.read_to_end()
        assert rest == b'', f'expected the end of the connection, got {rest[:200]!r}'
        return True

    def is_open(self):
        """Whether the server has not closed this connection as of now. Consumes nothing."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) != b''
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.socket.settimeout(DEADLINE)

    def reset(self):
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        self.socket.close()

    def close(self):
        self.socket.close()

    def _more(self):
        chunk = self.socket.recv(65536)
        if not chunk:
            raise EOFError(f'the server closed after {self._buffer[:200]!r}')
        self._buffer += chunk

    def _until(self, mark):
        while mark not in self._buffer:
            self._more()
        end = self._buffer.index(mark) + len(mark)
        taken, self._buffer = self._buffer[:end], self._buffer[end:]
        return taken

    def _exactly(self, count):
        chunks, missing = [], count
        while True:
            taken, self._buffer = self._buffer[:missing], self._buffer[missing:]
            chunks.append(taken)
            missing -= len(taken)
            if missing == 0:
                return b''.join(chunks)
            self._more()

    def _body(self, response, method):
        if method == 'HEAD' or response.status in (204, 304) or response.status < 200:
            return b''
        if (response.header('Transfer-Encoding') or '').lower() == 'chunked':
            return self._chunks()
        length = response.header('Content-Length')
        return self._exactly(int(length)) if length is not None else self.read_to_end()

    def _chunks(self):
        body = b''
        while True:
            size = int(self._until(b'\r\n').split(b';')[0], 16)
            if size == 0:
                while self._until(b'\r\n') != b'\r\n':
                    pass
                return body
            body += self._exactly(size)
            assert self._exactly(2) == b'\r\n', 'a chunk does not end with CRLF'


def format_request(method, target, headers=None, body=b'', version='HTTP/1.1'):
    """The bytes of a request. `headers` is a dictionary or a list of pairs; a value of None leaves a default header out."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    given = {name.lower() for name, _ in pairs}
    if 'host' not in given and version == 'HTTP/1.1':
        pairs.insert(0, ('Host', 'localhost'))
    if body and not given & {'content-length', 'transfer-encoding'}:
        pairs.append(('Content-Length', str(len(body))))
    lines = [f'{method} {target} {version}'] + [f'{name}: {value}' for name, value in pairs if value is not None]
    return '\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n' + body

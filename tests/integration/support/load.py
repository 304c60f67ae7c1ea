"""Load that accounts for every request: which were answered, which were lost, and how.

A request is lost when its connection is refused or reset, ends before the whole response, gets another status than 200,
or takes longer than the client's patience. A kept-alive connection that the server closes while nothing is asked on it is
no loss. Before it asks, the client looks whether that has happened, as any client does; a request that was sent all the
same is one. A response that says `Connection: close` is followed by a new connection.

    with Load(port, keep=32, close=16) as load:
        ...
        load.requests, load.lost       # as of half a second ago
    load.result                        # exact: every request that was sent has ended
    load.result['kinds']               # {'reset': 2, ...}

The client is a process of its own, this file run as a script, so that the tests' own work does not slow it down.
"""

import errno
import heapq
import json
import os
import random
import re
import select
import socket
import subprocess
import sys
import threading
import time

PATIENCE = 1.0         # seconds; a response that takes longer is lost, unless the client is more patient
REST = 0.005           # seconds before another attempt after a loss
TURN = 0.05            # seconds; the longest sleep of the client's loop
REPORT_EVERY = 0.25    # seconds
FAREWELL = 2.0         # seconds beyond the patience for what is open to end, once the client is told to stop

LENGTH = re.compile(rb'\r\nContent-Length: *(\d+)', re.IGNORECASE)
CLOSE = re.compile(rb'\r\nConnection: *close', re.IGNORECASE)


class Load:
    """A client process: asks from the moment it is made until finish().

    `keep` connections are kept alive and ask again at once; `pausing` ones are kept alive too and rest up to `pause`
    seconds between two requests; `close` ones ask once on each connection. `within` is put before the client's command:
    another network namespace, for example, where the server is not on loopback. `patience` is how many seconds a response
    may take, longer where the server shares its CPUs with others.
    """

    def __init__(self, port, keep=0, close=0, pausing=0, pause=0.02, path='/index.html', nice=0, host='127.0.0.1',
                 within=(), patience=PATIENCE):
        arguments = [str(value) for value in (host, port, keep, close, pausing, pause, path, patience)]
        self._patience = patience
        command = [*within, sys.executable, '-B', os.path.abspath(__file__), *arguments]
        self._process = subprocess.Popen(['nice', '-n', str(nice), *command] if nice else command,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._latest = {'requests': 0, 'lost': 0}
        self._begun = threading.Event()
        self.result = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._begun.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.finish()

    @property
    def requests(self):
        return self._latest['requests']

    @property
    def lost(self):
        return self._latest['lost']

    def finish(self):
        """Sends no further request, waits for the open ones; the result."""
        if self.result is None:
            self._process.stdin.close()
            self._reader.join(self._patience + FAREWELL + 20)
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self.result = self._latest
            assert self.result.get('final'), 'the load client ended without its result'
        return self.result

    def _read(self):
        for line in self._process.stdout:
            self._latest = json.loads(line)
            if self._latest['requests'] or self._latest['lost']:
                self._begun.set()
        self._begun.set()


class _Connection:
    """One of the client's connections, which is made again whenever it ends."""

    def __init__(self, keep, pause):
        self.keep = keep
        self.pause = pause
        self.socket = None
        self.is_connected = False
        self.asks = False      # a request is open: counted from the attempt to connect
        self.since = 0.0       # when it began
        self.serial = 0        # its number
        self.answered = 0      # on this connection
        self.buffer = b''
        self.turn = 0          # of the pauses: those of an earlier turn are void


class _Client:
    """The event loop: epoll over all connections, and one heap of the ends of pauses."""

    def __init__(self, host, port, path, patience):
        self.address = (host, port)
        self.path = path
        self.patience = patience
        self.epoll = select.epoll()
        self.by_descriptor = {}
        self.connections = []
        self.pauses = []
        self.now = time.monotonic()
        self.stopping = False
        self.issued = self.requests = self.opened = self.closed_idle = 0
        self.slowest = 0.0
        self.kinds = {}
        self.losses = []
        self.order = 0

    # -- one request

    def open(self, connection):
        connection.answered = 0
        connection.buffer = b''
        connection.is_connected = False
        self.begin(connection)
        connection.socket = made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        result = made.connect_ex(self.address)
        if result == errno.EADDRNOTAVAIL:  # we have run out of ports: nobody's loss
            self.issued -= 1
            return self.rest(connection, REST)
        if result not in (0, errno.EINPROGRESS):
            return self.lose(connection, 'refused' if result == errno.ECONNREFUSED else errno.errorcode[result])
        self.opened += 1
        self.by_descriptor[made.fileno()] = connection
        self.epoll.register(made.fileno(), select.EPOLLOUT)

    def begin(self, connection):
        self.issued += 1
        connection.serial = self.issued
        connection.since = self.now
        connection.asks = True

    def send(self, connection):
        ending = b'' if connection.keep else b'Connection: close\r\n'
        request = b'GET %s?n=%d HTTP/1.1\r\nHost: localhost\r\n%s\r\n' % (self.path, connection.serial, ending)
        try:
            connection.socket.send(request)
        except OSError as error:
            self.lose(connection, self.kind(connection, error))

    def on_event(self, connection):
        if not connection.is_connected:
            result = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if result:
                return self.lose(connection, 'refused' if result == errno.ECONNREFUSED else errno.errorcode[result])
            connection.is_connected = True
            self.epoll.modify(connection.socket.fileno(), select.EPOLLIN)
            return self.send(connection)
        try:
            chunk = connection.socket.recv(65536)
        except BlockingIOError:
            return None
        except OSError as error:
            return self.lose(connection, self.kind(connection, error)) if connection.asks else self.leave_idle(connection)
        if not chunk:
            if not connection.asks:
                return self.leave_idle(connection)
            return self.lose(connection, 'end before the response' if not connection.answered else
                             'end of a kept-alive connection')
        connection.buffer += chunk
        return self.read(connection)

    def read(self, connection):
        end = connection.buffer.find(b'\r\n\r\n')
        if end < 0:
            return None
        head = connection.buffer[:end]
        length = LENGTH.search(head)
        if not connection.asks or not length or len(connection.buffer) > end + 4 + int(length.group(1)):
            return self.lose(connection, 'not what was asked for')
        if len(connection.buffer) < end + 4 + int(length.group(1)):
            return None
        if head[9:12] != b'200':
            return self.lose(connection, 'status ' + head[9:12].decode('latin-1'))
        took = self.now - connection.since
        self.slowest = max(self.slowest, took)
        if took > self.patience:
            return self.lose(connection, 'slow')
        self.requests += 1
        connection.asks = False
        connection.answered += 1
        connection.buffer = b''
        if not connection.keep or CLOSE.search(head):
            self.close(connection)
        return self.pause(connection)

    def pause(self, connection):
        if self.stopping:
            return self.close(connection)
        if connection.pause:
            return self.rest(connection, random.uniform(0, connection.pause))
        return self.go_on(connection)

    def go_on(self, connection):
        if connection.socket is None:
            return self.open(connection)
        if self.has_ended(connection):
            return self.leave_idle(connection)
        self.begin(connection)
        return self.send(connection)

    def has_ended(self, connection):
        """Whether the server has closed a connection on which nothing is asked."""
        try:
            return connection.socket.recv(1, socket.MSG_PEEK) == b''
        except BlockingIOError:
            return False
        except OSError:
            return True

    # -- its end

    def kind(self, connection, error):
        text = 'reset' if error.errno in (errno.ECONNRESET, errno.EPIPE) else errno.errorcode.get(error.errno, str(error))
        return text + (' of a kept-alive connection' if connection.answered else '')

    def lose(self, connection, kind):
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if len(self.losses) < 1000:
            self.losses.append({'kind': kind, 'n': connection.serial, 'keep': connection.keep, 'at': time.time(),
                                'after_ms': round((self.now - connection.since) * 1000, 1)})
        self.close(connection)
        if not self.stopping:
            self.rest(connection, REST)

    def leave_idle(self, connection):
        self.closed_idle += 1
        self.close(connection)
        if not self.stopping:
            self.rest(connection, 0)

    def close(self, connection):
        connection.asks = False
        connection.turn += 1
        if connection.socket is not None:
            self.by_descriptor.pop(connection.socket.fileno(), None)
            connection.socket.close()
            connection.socket = None

    def rest(self, connection, length):
        connection.asks = False
        self.order += 1
        heapq.heappush(self.pauses, (self.now + length, self.order, connection.turn, connection))

    # -- the loop

    def run(self, told_to_stop):
        farewell = None
        next_report = self.now
        next_check = self.now + TURN
        clock = time.monotonic()
        for connection in self.connections:
            self.rest(connection, 0)
        while True:
            wait = TURN
            if self.pauses:
                wait = min(wait, max(0.0, self.pauses[0][0] - self.now))
            events = self.epoll.poll(wait)
            # A turn that took far longer than its sleep is our own starvation: our clock leaves it out, so that the
            # server is not charged for it.
            before, clock = clock, time.monotonic()
            self.now += min(clock - before, 2 * TURN)
            for descriptor, _ in events:
                connection = self.by_descriptor.get(descriptor)
                if connection is not None:
                    self.on_event(connection)
            while self.pauses and self.pauses[0][0] <= self.now:
                _, _, turn, connection = heapq.heappop(self.pauses)
                if turn == connection.turn and not connection.asks and not self.stopping:
                    self.go_on(connection)
            if self.now >= next_check:
                next_check = self.now + TURN
                for connection in self.connections:
                    if connection.asks and self.now - connection.since > self.patience:
                        self.lose(connection, 'slow')
            if self.now >= next_report:
                next_report = self.now + REPORT_EVERY
                self.report(final=False)
            if not self.stopping and told_to_stop():
                self.stopping = True
                farewell = self.now + self.patience + FAREWELL
            if self.stopping and (not any(one.asks for one in self.connections) or self.now > farewell):
                return self.report(final=True)

    def report(self, final):
        told = {'requests': self.requests, 'lost': sum(self.kinds.values())}
        if final:
            told.update(final=True, issued=self.issued, opened=self.opened, closed_idle=self.closed_idle, kinds=self.kinds,
                        slowest_ms=round(self.slowest * 1000), losses=self.losses)
        sys.stdout.write(json.dumps(told) + '\n')
        sys.stdout.flush()


def main():
    host, port, keep, close, pausing, pause, path, patience = sys.argv[1:]
    client = _Client(host, int(port), path.encode(), float(patience))
    client.connections = [_Connection(True, 0) for _ in range(int(keep))]
    client.connections += [_Connection(False, 0) for _ in range(int(close))]
    client.connections += [_Connection(True, float(pause)) for _ in range(int(pausing))]
    client.run(lambda: bool(select.select([0], [], [], 0)[0]))


if __name__ == '__main__':
    main()

"""Clients that keep asking while something happens to the server, and count what is lost."""

import threading

from support.http_client import Connection


class Clients:
    """Two threads for each port ask again and again, each time on a connection of its own.

    Usable with `with`. `asked` counts, `lost` has what was not answered.
    """

    def __init__(self, *ports):
        self.asked, self.lost = 0, []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(port,)) for port in ports for _ in range(2)]

    def _ask(self, port):
        while not self._end.is_set():
            try:
                with Connection(('127.0.0.1', port)) as connection:
                    connection.request('GET', '/', [('Connection', 'close')])
                    assert connection.response().status == 200
            except Exception as failure:  # whatever it is, a request was lost
                self.lost.append(repr(failure))
            self.asked += 1

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        self._end.set()
        for thread in self._threads:
            thread.join()

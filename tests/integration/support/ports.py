"""Loopback ports that no other test of this machine takes at the same time."""

import os
import random
import socket

FIRST, LAST = 10000, 32000
_reservations = []  # abstract Unix sockets, held until this process ends


def _for_outgoing():
    """The first and the last port that the kernel gives to outgoing connections (ip(7))."""
    try:
        with open('/proc/sys/net/ipv4/ip_local_port_range', encoding='ascii') as file:
            first, last = map(int, file.read().split())
    except (OSError, ValueError):
        return 32768, 60999
    return first, last


def _to_choose_from():
    """Ports outside of that range, as far as there are enough."""
    first, last = _for_outgoing()
    ours = [port for port in range(FIRST, LAST + 1) if not first <= port <= last]
    return ours if len(ours) > 1000 else [*range(FIRST, LAST + 1)]


_PORTS = _to_choose_from()


def _is_free(port):
    for family, address in ((socket.AF_INET, '0.0.0.0'), (socket.AF_INET6, '::')):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
        except OSError as error:
            if family == socket.AF_INET or error.errno == 98:
                return False
    return True


def free_port():
    """A free port outside of the range from which the kernel takes the ports of outgoing connections.

    A port found by binding port 0 could be given to somebody else between the test's look and the server's bind. A name in
    the abstract namespace, which belongs to the same network namespace as the port, keeps the other tests off it.
    """
    while True:
        port = random.choice(_PORTS)
        reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            reservation.bind(f'\0colmeia-test-port-{port}')
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        if _is_free(port):
            return port


def listening(port):
    """The rows of /proc/net/tcp and tcp6 that tell of the sockets that listen on a port, as lists of their words.

    The kernel shows the sockets that listen before all others, and there may be a hundred thousand others that wait for their
    time to pass: reading those would take seconds on a busy machine.
    """
    rows = []
    for path in filter(os.path.exists, ('/proc/net/tcp', '/proc/net/tcp6')):  # there may be no IPv6
        with open(path, encoding='ascii') as table:
            next(table)  # names of the columns
            for words in map(str.split, table):
                if words[3] != '0A':
                    break
                if int(words[1].rpartition(':')[2], 16) == port:
                    rows.append(words)
    return rows


def queued(port):
    """How many connections stand in the accept queues of a port."""
    return sum(int(words[4].partition(':')[2], 16) for words in listening(port))

"""Loopback ports that no other test of this machine takes at the same time."""

import pathlib
import random
import socket

_reservations = []  # abstract Unix sockets, held until this process ends


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
    """A free port below the range from which the kernel takes the ports of outgoing connections.

    A port found by binding port 0 could be given to somebody else between the test's look and the server's bind. A name in
    the abstract namespace, which belongs to the same network namespace as the port, keeps the other tests off it.
    """
    while True:
        port = random.randint(10000, 32000)
        reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            reservation.bind(f'\0colmeia-test-port-{port}')
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        if _is_free(port):
            return port


def is_listening(port):
    """Whether a TCP socket of this network namespace listens on the port; asks /proc, so that nobody has to accept."""
    for name in ('tcp', 'tcp6'):
        for line in pathlib.Path('/proc/net', name).read_text(encoding='ascii').splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == '0A' and int(local.rpartition(':')[2], 16) == port:
                return True
    return False

"""What is measured: each row of the table as data.

A row says which load is put on each server and in which way of running; targets are nginx's cost divided by ours in the
same round (`ratio`), ours divided by the limit loop's (`limit`), and whether h2o may be cheaper (`h2o`).
"""

from dataclasses import dataclass, field
import random

# What a browser of today sends along.
BROWSER = (
    ('User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'),
    ('Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8'),
    ('Accept-Encoding', 'gzip, deflate, br, zstd'),
    ('Accept-Language', 'en-GB,en;q=0.9,pt;q=0.8,de;q=0.7'),
    ('Cache-Control', 'no-cache'),
    ('Cookie', 'session=0123456789abcdef0123456789abcdef; theme=dark; consent=all; visited=2026-01-01T00%3A00%3A00Z'),
    ('DNT', '1'),
    ('Pragma', 'no-cache'),
    ('Priority', 'u=0, i'),
    ('Referer', 'http://localhost/somewhere/else.html?from=here'),
    ('Sec-Ch-Ua', '"Chromium";v="131", "Not_A Brand";v="24", "Google Chrome";v="131"'),
    ('Sec-Ch-Ua-Mobile', '?0'),
    ('Sec-Ch-Ua-Platform', '"Linux"'),
    ('Sec-Fetch-Dest', 'document'),
    ('Sec-Fetch-Mode', 'navigate'),
    ('Sec-Fetch-Site', 'same-origin'),
    ('Sec-Fetch-User', '?1'),
    ('Upgrade-Insecure-Requests', '1'),
)


@dataclass(frozen=True)
class Row:
    """One load. `settings` is what the servers are started with (see peers.Peer)."""

    name: str                   # what chooses it on the command line
    title: str
    path: str = '/1k.html'
    connections: int = 64
    pipelined: int = 1
    script: str = ''            # what else load.lua is told
    headers: tuple = ()
    status: int = 200
    settings: dict = field(default_factory=dict)
    ratio: float = 0.0          # at least: nginx's CPU per request / ours
    limit: float = 0.0          # at most: ours / the limit loop's
    h2o: bool = False           # h2o must not be cheaper
    servers: tuple = ()         # names of those that it is for; none: all

    def __hash__(self):
        return hash(self.name)


CACHE = {'cache': True}

# What only those compress or count that speak nginx's language.
NGINXS = ('colmeia', 'nginx')
ASKS_FOR_GZIP = (('Accept-Encoding', 'gzip'),)
GZIP = 'gzip on; gzip_comp_level 5; gzip_min_length 20;'


def compresses_each_time(server):
    return GZIP + (' gzip_cache off;' if server.name == 'colmeia' else '')


LIMITS = 'limit_req_zone $binary_remote_addr zone=asked:10m rate=1000000r/s; limit_req zone=asked burst=100000 nodelay;'

ROWS = (
    Row('1k', '1 KiB file', settings=CACHE, ratio=1.35, limit=1.12),
    Row('defaults', '1 KiB file, no open_file_cache', ratio=1.75),
    Row('log', '1 KiB file, access log', settings={'cache': True, 'log': True}, ratio=1.45),
    Row('1000', '1 KiB file, 1000 connections', connections=1000, settings=CACHE, ratio=1.7),
    Row('pipelined', '1 KiB file, 16 pipelined', pipelined=16, settings=CACHE, ratio=8.0),
    Row('close', '1 KiB file, connection per request', headers=(('Connection', 'close'),),
        settings={'cache': True, 'close': True, 'deferred': True}, ratio=1.0, h2o=True),
    Row('browser', "1 KiB file, a browser's request head", headers=BROWSER, settings=CACHE),
    Row('404', 'missing file', path='/missing.html', status=404,
        settings={'cache': True, 'status': 404, 'bytes': 153}, ratio=1.7),
    Row('100k', '100 KiB file', path='/100k.html', settings={'cache': True, 'bytes': 100 << 10}, ratio=1.1),
    Row('1m', '1 MiB file, 16 connections', path='/1m.html', connections=16,
        settings={'cache': True, 'bytes': 1 << 20}, ratio=1.5),
    Row('gzip', '100 KiB text, gzip level 5', path='/text.html', connections=16, headers=ASKS_FOR_GZIP,
        settings={'cache': True, 'http': compresses_each_time}, ratio=1.0, servers=NGINXS),
    Row('gzip-cache', '100 KiB text, gzip level 5, kept in memory', path='/text.html', connections=16,
        headers=ASKS_FOR_GZIP, settings={'cache': True, 'http': GZIP}, ratio=10.0, servers=NGINXS),
    Row('gzip-static', '100 KiB text, gzip_static', path='/text.html', headers=ASKS_FOR_GZIP,
        settings={'cache': True, 'http': 'gzip_static on;'}, ratio=1.0, servers=NGINXS),
    Row('limit-req', '1 KiB file, limit_req', settings={'cache': True, 'http': LIMITS}, ratio=1.0, servers=NGINXS),
)

# What a page of text is like: words of a small vocabulary, which gzip makes five times smaller.
def text(size):
    chance = random.Random(1)
    words = [''.join(chance.choices('etaoinshrdlu', k=chance.randint(2, 9))) for _ in range(600)]
    lines = ''
    while len(lines) < size:
        lines += ' '.join(chance.choices(words, k=12)) + '\n'
    return lines[:size].encode()


TEXT = 100 << 10
TREE = {'1k.html': 1 << 10, '100k.html': 100 << 10, '1m.html': 1 << 20}

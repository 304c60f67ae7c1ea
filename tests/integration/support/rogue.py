"""Workers that were broken into: the library of tests/integration/rogue, built and preloaded into the workers of a server.

A rogue acts once it has said Ready, behind its sandbox, and says "rogue: ..." in the error log what came of it. One worker
of a server is the rogue (`pid`), all others are honest, also those that come later.
"""

import atexit
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile
from signal import SIGKILL

from support import control, processes
from support import server as servers
from support.waiting import pass_time

SOURCES = pathlib.Path(__file__).parent.parent / 'rogue'
MARK = 'logs/rogue.pid'
GO = 'logs/rogue.go'
# Of the binary: a sanitized one wants to be the first of all libraries.
ENVIRONMENT = {'ASAN_OPTIONS': servers.environment()['ASAN_OPTIONS'] + ':verify_asan_link_order=0'}


@functools.cache
def library():
    """The path of the library, built once for this process of the tests."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='colmeia-rogue-'))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    path = folder / 'rogue.so'
    subprocess.run(['cc', '-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-pthread',
                    *sorted(SOURCES.glob('*.c')), '-o', path, '-ldl'], check=True)
    return path


def directives(act, once=True):
    """For the main context of a configuration: one worker does `act`, or with `once=False` each."""
    mark = f'env ROGUE_MARK=%%PREFIX%%/{MARK};' if once else ''
    user = 'user nobody;' if os.geteuid() == 0 else ''
    return f'env LD_PRELOAD={library()}; env ROGUE_ACT={act}; {mark} {user}'


def start(prepare, act, http, main='', once=True, **options):
    """A server with a rogue, which begins when all workers serve, and has begun. `http` is the inside of the http block, `main` more of the main context."""
    options.setdefault('env', ENVIRONMENT)
    go = f'env ROGUE_GO=%%PREFIX%%/{GO};'
    server = prepare(f'{directives(act, once)} {go} {main} http {{ {http} }}', **options).start()
    server.write(GO, '')
    server.wait_for_error(rf'rogue: {act} begins')
    return server


def pid(server):
    """Of the one that is the rogue."""
    return int(server.read(MARK))


def check_goes_on(server, seconds, count=3, body=b'hello'):
    """While the rogue acts for so long nobody else is killed; and workers die, come and are exchanged as ever.

    The rogue itself may be: `count` is how many workers there are to be.
    """
    intruder = pid(server)
    siblings = [worker for worker in server.workers() if worker != intruder]

    pass_time(seconds)

    assert set(siblings) <= set(server.workers())
    victim = siblings[0]
    os.kill(victim, SIGKILL)
    server.wait_for(lambda: victim not in server.workers() and len(server.workers()) == count, 'a replacement')
    assert server.get('/').body == body
    assert control.ask(server, '/status')[0] == 200
    reloaded = server.run('-s', 'reload')
    assert reloaded.returncode == 0, reloaded.stderr
    server.wait_for(lambda: not processes.is_alive(intruder), 'the rogue to be gone')
    assert server.get('/').body == body
    server.wait_for(lambda: len(server.workers()) == count, 'the new workers alone')

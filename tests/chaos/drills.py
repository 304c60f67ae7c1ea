"""The drills: what is done to a server under load, and what of it may be lost.

A drill is a function that takes a Stage: it starts the server, does its events, and says with
Stage.row() what came of them. `promised` is what may be lost; None: nothing is promised.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time

from servers import WORKERS, taken_port
from support import processes
from support.http_client import Connection
from support.load import Load
from support.waiting import wait_for

QUICK = 1.0            # seconds: a failed reload has said so, a new start serves
WATCHDOG = 2.0         # seconds
DRAIN_LIMIT = 2.0      # seconds: worker_shutdown_timeout
SIZES = 1, 8           # workers, when resizing
LOAD_NICE = 5          # the load leaves the CPU to the servers


class Stage:
    """One server and one drill: its load, its progress, its rows."""

    def __init__(self, server, seconds, report):
        self.server = server
        self.seconds = seconds
        self.report = report       # the Report that gets the rows
        self.is_colmeia = server.name == 'colmeia'
        self.title = ''
        self.load = None
        self.wrk = None

    def begin(self, title, **settings):
        """Starts the server with this configuration; `title` names what is shown as progress."""
        self.title = title
        self.server.end()
        for log in (self.server.prefix / 'logs').glob('*.log*'):
            log.unlink()
        self.server.settings = {}
        self.server.configure(**settings)
        done = self.server.start()
        assert done.code == 0, f'{self.server.name} does not start: {done}'
        self.server.await_workers(settings.get('workers', WORKERS))

    def ask(self, wrk=False, **connections):
        """Begins the load; with `wrk` that asks too, as many connections in the same way."""
        self.load = Load(self.server.port, nice=LOAD_NICE, **connections)
        if wrk and shutil.which('wrk'):
            count = sum(value for name, value in connections.items() if name != 'pause')
            line = ['nice', '-n', str(LOAD_NICE), 'wrk', '-t1', f'-c{count}', f'-d{self.seconds + 60:.0f}s']
            if 'close' in connections:
                line += ['-H', 'Connection: close']
            self.wrk = subprocess.Popen(line + [f'http://127.0.0.1:{self.server.port}/index.html'],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def progress(self, done, of):
        asked = f', {self.load.requests} requests, {self.load.lost} lost' if self.load else ''
        self.report.progress(f'{self.server.name}: {self.title}: {done} of {of}{asked}')

    def finish(self):
        """Ends the load: (requests, lost, in which ways)."""
        requests, kinds = 0, {}
        if self.wrk is not None:
            self.wrk.send_signal(signal.SIGINT)  # wrk sums up what it has
            text = self.wrk.communicate(timeout=30)[0]
            self.wrk = None
            requests += int(re.search(r'(\d+) requests in', text).group(1))
            errors = re.search(r'Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)', text)
            for name, count in zip(('connect', 'read', 'write', 'timeout'), errors.groups() if errors else ()):
                if int(count):
                    kinds[f'wrk {name}'] = int(count)
            other = re.search(r'Non-2xx or 3xx responses: (\d+)', text)
            if other:
                kinds['wrk status'] = int(other.group(1))
        if self.load is not None:
            result = self.load.finish()
            requests += result['requests']
            kinds.update(result['kinds'])
            self.losses = result['losses']
            self.load = None
        return requests, sum(kinds.values()), kinds

    def row(self, times, result, promised=0, note='', ok=True):
        requests, lost, kinds = result
        how = ', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items(), key=lambda item: -item[1]))
        kept = ok and (promised is None or lost <= promised)
        self.report.row(self.server.name, self.title, times, requests, lost, '; '.join(filter(None, (note, how))),
                        kept or not self.is_colmeia)

    def abort(self):
        if self.wrk is not None:
            self.wrk.kill()
            self.wrk.communicate()
        if self.load is not None:
            self.load.finish()
        self.wrk = self.load = None


def evenly(stage, count, act):
    """Does act(number) `count` times, spread over the drill's seconds."""
    begun = time.monotonic()
    for number in range(count):
        stage.progress(number, count)
        rest = begun + number * stage.seconds / count - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        act(number)
    stage.progress(count, count)


def times_of(commands):
    """The note about commands: how long they took, and what was not 0."""
    took = sorted(command.seconds for command in commands)
    bad = [command for command in commands if command.code != 0]
    text = f'{took[len(took) // 2] * 1000:.0f} ms each, at most {took[-1] * 1000:.0f} ms'
    return text + (f'; {len(bad)} failed, as {bad[0]!r}' if bad else ''), not bad


# -- generations

def reloads(stage):
    """50 reloads in 30 s, under a connection per request and under keep-alive, shared and reuseport listeners."""
    count = max(3, round(stage.seconds * 50 / 30))
    for reuseport in (False, True):
        for kind, connections in (('a connection per request', {'close': 32}),
                                  ('keep-alive', {'keep': 48, 'pausing': 16})):
            stage.begin(f'reload, {kind}{", reuseport" if reuseport else ""}', reuseport=reuseport)
            stage.ask(wrk=True, **connections)
            commands = []
            evenly(stage, count, lambda _: commands.append(stage.server.reload()))
            result = stage.finish()
            note, ok = times_of(commands)
            stage.row(count, result, note=note, ok=ok)
            if stage.is_colmeia:
                wait_for(lambda: len(stage.server.processes()) == WORKERS, 'the old generations to leave', 10.0)


def held_drains(stage):
    """Each old generation is held by a client that does not read its download; at last one of them hangs as well."""
    server = stage.server
    count = max(5, round(stage.seconds * 20 / 30))
    stage.begin('reload, downloads that never end', main=f'worker_shutdown_timeout {DRAIN_LIMIT:g}s;')
    with open(server.prefix / 'html/big.bin', 'wb') as big:
        big.truncate(64 << 20)  # more than the kernel buffers
    stage.ask(keep=16, close=16, pausing=16)
    commands, downloads, most = [], [], 0

    def reload(_):
        nonlocal most
        downloads.append(Connection(('127.0.0.1', server.port)))
        downloads[-1].request('GET', '/big.bin')
        downloads[-1].socket.recv(1)
        commands.append(server.reload())
        most = max(most, len(server.processes()) - WORKERS)
    evenly(stage, count, reload)
    last = time.monotonic()
    time.sleep(0.5)  # by then only the downloads are open
    hung = sorted(set(server.processes()) - set(server.workers()))
    if hung:
        os.kill(hung[-1], signal.SIGSTOP)
    note, ok = times_of(commands)
    try:
        wait_for(lambda: len(server.processes()) == WORKERS, 'the old workers to leave', DRAIN_LIMIT + 3)
        note += f'; at most {most} old workers, the hung one gone after {time.monotonic() - last:.2f} s'
        ok = ok and time.monotonic() - last < DRAIN_LIMIT + 1.5
    except AssertionError:
        note += f'; at most {most} old workers, {len(server.processes()) - WORKERS} of them there to stay'
        ok = False
    for download in downloads:
        download.close()
    stage.row(count, stage.finish(), note=note, ok=ok and bool(hung))


def resizing(stage):
    """1 -> 8 -> 1 workers by command, and for colmeia by TTIN and TTOU."""
    rounds = max(2, round(stage.seconds / 5))
    for reuseport in (False, True):
        stage.begin(f'1 to 8 workers and back{", reuseport" if reuseport else ""}', workers=1, reuseport=reuseport)
        stage.ask(keep=32, close=16, pausing=16)
        commands = []
        evenly(stage, 2 * rounds, lambda number: commands.append(stage.server.resize(SIZES[(number + 1) % 2])))
        time.sleep(0.5)
        result = stage.finish()
        note, ok = times_of(commands)
        stage.row(2 * rounds, result, note=note, ok=ok)
    if not stage.is_colmeia:
        return
    stage.begin('one worker more or fewer, TTIN and TTOU', workers=1)
    stage.ask(keep=32, close=16, pausing=16)
    steps = ([signal.SIGTTIN] * 7 + [signal.SIGTTOU] * 7) * max(1, rounds // 3)

    def step(number):
        before = stage.server.ask('/health')['workers_wanted']
        stage.server.signal(steps[number])
        expected = before + (1 if steps[number] == signal.SIGTTIN else -1)
        wait_for(lambda: [stage.server.ask('/health')[name] for name in ('workers_wanted', 'workers_ready')] ==
                 [expected, expected], f'{expected} workers')
    evenly(stage, len(steps), step)
    stage.row(len(steps), stage.finish())


def rolling_restart(stage):
    """A new process for each worker, one after the other."""
    if not stage.is_colmeia:
        return
    count = max(2, round(stage.seconds / 6))
    stage.begin('rolling restart of 8 workers', workers=8)
    stage.ask(keep=32, close=16, pausing=16)
    commands, fewest = [], []

    def restart(_):
        before = set(stage.server.ready())
        command = threading.Thread(target=lambda: commands.append(stage.server.ctl('restart')))
        command.start()
        while command.is_alive():
            fewest.append(len(stage.server.ready()))
            time.sleep(0.005)
        command.join()
        after = stage.server.ready()
        assert commands[-1].code != 0 or not before & set(after), f'{before & set(after)} were not restarted'
    evenly(stage, count, restart)
    result = stage.finish()
    note, ok = times_of(commands)
    stage.row(count, result, note=f'{note}; never fewer than {min(fewest)} serving', ok=ok and min(fewest) >= 7)


def upgrades(stage):
    """A new binary: a good one, and some that are not."""
    server = stage.server
    count = max(2, round(stage.seconds / 10))
    stage.begin('binary upgrade')
    stage.ask(keep=32, close=16, pausing=16)
    commands = []

    def upgrade(_):
        before = server.pid
        server.replace_binary(server.original)
        commands.append(server.upgrade())
        assert commands[-1].code != 0 or server.pid != before, 'the old master serves on'
    evenly(stage, count, upgrade)
    result = stage.finish()
    note, ok = times_of(commands)
    stage.row(count, result, note=note, ok=ok)

    for title, binary, spoil in (
            ('upgrade to a binary that crashes', '#!/bin/sh\nkill -SEGV $$\n', False),
            ('upgrade to a binary that ends at once', '#!/bin/sh\nexit 0\n', False),
            ('upgrade to a file that is no program', 'no program\n', False),
            ('upgrade to a binary that refuses the configuration', server.original, True)):
        stage.begin(title)
        before = server.pid
        stage.ask(keep=16, close=16)
        server.replace_binary(binary)
        if spoil:
            server.write_configuration('no_such_directive on;\n')
        stage.progress(0, 1)
        done = server.upgrade()
        server.replace_binary(server.original)
        server.configure()
        still = server.pid == before and processes.is_alive(before) and server.answers()
        stage.row(1, stage.finish(), note=said(done), ok=still and done.code not in (0, None))


# -- failures

def killed_workers(stage):
    """A random worker is killed every 100 ms; what it held is lost, and nothing else."""
    count = max(10, round(stage.seconds * 10))
    stage.begin('kill -9 of a worker', workers=8)
    stage.ask(keep=32, close=16, pausing=16)
    held = [0]

    def kill(_):
        if stage.is_colmeia:
            # Stopped first, so that what it holds can be read before it is gone.
            ready = wait_for(stage.server.ready, 'a worker that is ready')
            pid = random.choice(list(ready))
            os.kill(pid, signal.SIGSTOP)
            victim = stage.server.ready().get(pid)
            held[0] += victim['counts']['connections'] if victim else 0
        else:
            pid = random.choice(wait_for(stage.server.workers, 'a worker'))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    evenly(stage, count, kill)
    result = stage.finish()
    replaced = True
    try:
        stage.server.await_workers(8)
    except AssertionError:
        replaced = False
    note = f'the victims held {held[0]} connections' if stage.is_colmeia else ''
    stage.row(count, result, promised=held[0] if stage.is_colmeia else None, note=note, ok=replaced)


def hung_workers(stage):
    """A worker is stopped; the watchdog has to find and replace it."""
    count = max(2, round(stage.seconds / 6))
    main = f'worker_watchdog {WATCHDOG:g}s;' if stage.is_colmeia else ''
    stage.begin(f'SIGSTOP of a worker, watchdog {WATCHDOG:g} s' if stage.is_colmeia else 'SIGSTOP of a worker',
                main=main)
    stage.ask(keep=32, close=16, pausing=16)
    held, took = 0, []
    for number in range(count):
        stage.progress(number, count)
        pid = random.choice(stage.server.workers())
        begun = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        if stage.is_colmeia:
            held += stage.server.ready()[pid]['counts']['connections']
            wait_for(lambda: not processes.is_alive(pid), 'the watchdog', 4 * WATCHDOG)
            wait_for(lambda: len(stage.server.ready()) == WORKERS, 'its replacement', 5.0)
            took.append(time.monotonic() - begun)
        else:
            time.sleep(2 * WATCHDOG)
            os.kill(pid, signal.SIGCONT)
        time.sleep(0.5)
    result = stage.finish()
    if stage.is_colmeia:
        late = max(took) - WATCHDOG
        stage.row(count, result, promised=held, ok=late < 0.5,
                  note=f'replaced after {max(took):.2f} s at most; the victims held {held} connections')
    else:
        stage.row(count, result, promised=None, note='nobody notices; woken by hand after 4 s')


def bad_reloads(stage):
    """Reloads that cannot succeed: they say so, quickly, and change nothing."""
    server = stage.server
    keeper, port = taken_port()
    with keeper:
        for title, exit_code, settings in (
                ('bad reload: syntax', 1, {'http': 'no_such_directive on;'}),
                ('bad reload: address not on this host', 2, {'server': f'listen 192.0.2.1:{port};'}),
                ('bad reload: port taken', 2, {'server': f'listen 127.0.0.1:{port};'}),
                ('bad reload: log directory missing', 2, {'server': 'access_log absent/access.log;'}),
                ('bad reload: workers cannot start', 5, {'main': 'working_directory /absent/folder;'})):
            stage.begin(title)
            before = set(server.workers())
            stage.ask(keep=32, close=16, pausing=16)
            commands = []
            for number in range(3):
                stage.progress(number, 3)
                server.configure(**settings)
                commands.append(server.reload())
                if not stage.is_colmeia:
                    time.sleep(0.5)  # it has returned before anything happened
            kept = set(server.workers()) == before
            took = max(command.seconds for command in commands)
            result = stage.finish()
            note = said(commands[-1])
            if not kept:
                note += f'; {len(server.workers())} workers are left, not those of before'
            stage.row(3, result, note=note,
                      ok=kept and took < QUICK and all(command.code == exit_code for command in commands))


def said(done):
    """The note about a command that failed: its exit code, its time, the end of what it said."""
    words = ' '.join(done.text.split())
    words = re.sub(r'/tmp/[^/ ]*chaos-[^/ ]*/', '', words)
    if done.code is None:
        return 'nobody is told'
    ending = '…' if len(words) > 110 else ''
    return f'exit {done.code} after {done.seconds * 1000:.0f} ms{": " if words else ""}{words[:110]}{ending}'


# -- logs

def rotations(stage):
    """The access log is renamed and reopened; each line is in one file, and none in the old one afterwards."""
    server = stage.server
    logs = server.prefix / 'logs'
    count = max(5, round(stage.seconds * 100 / 30))
    stage.begin('log rotation', access_log=f'{logs}/access.log')
    stage.ask(keep=16, close=8, pausing=8)
    commands, sizes = [], {}

    def rotate(number):
        old = logs / f'access.log.{number}'
        (logs / 'access.log').rename(old)
        commands.append(server.reopen())
        sizes[old] = old.stat().st_size
    evenly(stage, count, rotate)
    requests, lost, kinds = stage.finish()
    issued = requests + lost
    time.sleep(0.5)  # the last lines are written when the loops sleep
    late = sum(1 for old, size in sizes.items() if old.stat().st_size != size)
    lines = []
    for log in logs.glob('access.log*'):
        lines += re.findall(r'/index\.html\?n=(\d+) ', log.read_text(encoding='latin-1'))
    missing = issued - len(set(lines))
    twice = len(lines) - len(set(lines))
    note, ok = times_of(commands)
    stage.row(count, (requests, lost, kinds), ok=ok and not late and missing <= lost and not twice,
              note=f'{missing} lines missing, {twice} twice, '
                   f'{late} old files written to after the command returned; {note}')


# -- the master

def killed_master(stage):
    """The master is killed: workers leave, and a new start serves soon."""
    server = stage.server
    count = 5
    stage.begin('kill -9 of the master, then a start')
    stage.ask(keep=16, pausing=16)
    took, failed, longest = [], [], 0.0
    for number in range(count):
        stage.progress(number, count)
        old = server.processes()
        begun = time.monotonic()
        server.signal(signal.SIGKILL)
        try:
            done = server.start()
            took.append(time.monotonic() - begun)
            if done.code != 0:
                failed.append(done)
        except AssertionError:
            failed.append(done)
        if failed:
            break
        wait_for(lambda: not any(processes.is_alive(pid) for pid in old), 'the orphans to leave', 6.0)
        longest = max(longest, time.monotonic() - begun)
        time.sleep(0.3)
    requests, lost, kinds = stage.finish()
    refused = kinds.pop('refused', 0)
    if failed:
        stage.row(count, (requests, lost, kinds), promised=None, ok=False, note=f'the start fails: {said(failed[0])}')
    else:
        note = f'serving again after {max(took) * 1000:.0f} ms at most, orphans gone after {longest * 1000:.0f} ms'
        note += f', {refused} attempts to connect refused meanwhile'
        stage.row(count, (requests, lost - refused, kinds), note=note, ok=max(took) < QUICK)


ALL = (reloads, held_drains, resizing, rolling_restart, upgrades, killed_workers, hung_workers, bad_reloads, rotations,
       killed_master)

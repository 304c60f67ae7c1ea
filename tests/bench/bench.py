"""What a request costs, beside nginx, h2o, lighttpd and the limit of the kernel. `./dev bench` runs it.

Each server runs on CPU 0 and wrk on CPU 1. A round measures every chosen row with every server, one next to the other;
medians over the rounds and ratios within them are what the table tells. It is printed, and written with the raw numbers
and the pictures to build/bench. README.md beside this file says what each row is and what the numbers are not.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / 'integration'))

import load  # noqa: E402  the path has to be set first
import peers  # noqa: E402
import picture  # noqa: E402
import rows  # noqa: E402
import table  # noqa: E402
from support import processes  # noqa: E402

START_AND_END = 0.25       # seconds that a measurement takes beyond the load
PROGRESS_EVERY = 5.0       # seconds, where nobody watches a terminal


class Progress:
    """A line that is overwritten on a terminal, and now and then a line elsewhere."""

    def __init__(self, steps):
        self.steps = steps
        self.done = 0
        self.begun = time.monotonic()
        self.shown = self.begun - PROGRESS_EVERY
        self.terminal = sys.stdout.isatty()

    def show(self, text):
        now = time.monotonic()
        rest = (now - self.begun) / self.done * (self.steps - self.done) if self.done else None
        ahead = f', {rest:.0f} s to go' if rest is not None else ''
        line = f'[bench] {self.done} of {self.steps}: {text}{ahead}'
        if self.terminal:
            print(f'\r\033[K{line[:shutil.get_terminal_size().columns - 1]}', end='', flush=True)
        elif now - self.shown >= PROGRESS_EVERY:
            self.shown = now
            print(line, flush=True)

    def step(self):
        self.done += 1

    def say(self, text):
        print(f'{chr(13)}{chr(27)}[K{text}' if self.terminal else text, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog='./dev bench', description=__doc__.partition('\n')[0])
    parser.add_argument('rows', nargs='*', metavar='ROW', help='rows to measure (all): ' + ', '.join(row.name for row in rows.ROWS))
    parser.add_argument('--quick', action='store_true', help='one round of each: to see that it works, not to believe')
    parser.add_argument('--rounds', type=int, default=5, help='rounds (5)')
    parser.add_argument('--seconds', type=int, default=1, help='seconds of load for each measurement (1)')
    parser.add_argument('--servers', help='labels of the servers to measure, with commas between (all)')
    parser.add_argument('--also', action='append', default=[], metavar='LABEL=BINARY',
                        help='another colmeia in the same run, to compare builds')
    parser.add_argument('--binary', default=str(ROOT / 'build/release/colmeia'), help='the colmeia that is measured')
    parser.add_argument('--tools', default=str(ROOT / 'build/release/tests/bench'), help='folder of bench_limit')
    parser.add_argument('--out', default=str(ROOT / 'build/bench'), help='folder for results and unpacked servers')
    given = parser.parse_args()
    if given.quick:
        given.rounds = 1
    known = {row.name: row for row in rows.ROWS}
    for name in given.rows:
        if name not in known:
            parser.error(f'there is no row {name}; there are {", ".join(known)}')
    given.rows = [known[name] for name in given.rows] or list(rows.ROWS)
    for pair in given.also:
        if '=' not in pair:
            parser.error(f'--also takes LABEL=BINARY, not {pair}')
    given.also = [tuple(pair.split('=', 1)) for pair in given.also]
    return given


def plant(folder):
    """Writes the tree that all serve, readable by everybody."""
    folder.chmod(0o755)
    for name, size in rows.TREE.items():
        (folder / name).write_bytes(b'x' * size)
        (folder / name).chmod(0o644)


def core(servers, wanted, rounds, seconds, say=print):
    """Measures rows: {row name: {label: [round or None...]}}. A measurement that failed is told and left out."""
    measured = {row.name: {server.label: [] for server in servers} for row in wanted}
    progress = Progress(len(wanted) * len(servers) * rounds)
    for number in range(rounds):
        order = servers[number % len(servers):] + servers[:number % len(servers)]
        for row in wanted:
            for server in order:
                progress.show(f'round {number + 1}, {row.title}: {server.label}')
                taken = None
                try:
                    with server.start(**row.settings):
                        taken = load.measure(server, row, seconds)
                except (load.Broken, RuntimeError, AssertionError) as failure:
                    progress.say(f'[bench] {row.title}, {server.label}: left out of round {number + 1}: {failure}')
                measured[row.name][server.label].append(taken)
                progress.step()
    progress.say(f'[bench] measured in {time.monotonic() - progress.begun:.0f} s')
    return measured


def machine():
    model = 'unknown processor'
    for line in pathlib.Path('/proc/cpuinfo').read_text(encoding='utf-8').split('\n'):
        if line.startswith('model name'):
            model = line.partition(':')[2].strip()
            break
    return f'{os.cpu_count()} x {model}, Linux {platform.release()}'


def main():
    given = arguments()
    out = pathlib.Path(given.out)
    out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    processes.adopt_orphans()
    if len(os.sched_getaffinity(0)) < 2:
        print('[bench] only one CPU: server and load share it, so believe the ratios only', flush=True)

    tree = pathlib.Path(tempfile.mkdtemp(prefix='bench-tree-'))
    try:
        plant(tree)
        servers, missing = peers.available(given.binary, f'{given.tools}/bench_limit', out / 'peers', tree, given.also)
        if missing:
            print(f'[bench] not to be had here: {", ".join(missing)}', flush=True)
        if given.servers:
            servers = [server for server in servers if server.label in given.servers.split(',')]
        steps = len(given.rows) * len(servers) * given.rounds
        versions = {server.label: server.version() for server in servers}
        print(f'[bench] {len(given.rows)} rows, {len(servers)} servers ('
              + ', '.join(f'{label} {version}'.strip() for label, version in versions.items())
              + f'), {given.rounds} rounds of {given.seconds} s: about '
              f'{steps * (given.seconds + START_AND_END) / 60:.0f} min; load is {os.getloadavg()[0]:.1f} now', flush=True)
        measured = core(servers, given.rows, given.rounds, given.seconds)
    except KeyboardInterrupt:
        print('\n[bench] interrupted', flush=True)
        return 130
    finally:
        shutil.rmtree(tree, ignore_errors=True)

    results = {name: table.summary(one) for name, one in measured.items()}
    text = table.core(given.rows, results)
    print(f'\n{text}')
    checks = [(row, said, kept) for row in given.rows for said, kept in table.verdicts(row, results[row.name])]
    for row, said, kept in checks:
        print(f'[bench] {"kept  " if kept else "MISSED"} {row.title}: {said}')
    (out / 'table.md').write_text(text, encoding='utf-8')
    (out / 'results.json').write_text(json.dumps(
        {'machine': machine(), 'versions': versions, 'rounds': measured, 'numbers': results}, indent=1), encoding='utf-8')
    drawn = picture.core(given.rows, results, out / 'table', machine())
    print(f'[bench] written to {out}: table.md, results.json' + ''.join(f', {name.name}' for name in drawn))
    return 0


if __name__ == '__main__':
    sys.exit(main())

"""What a request costs, beside nginx, h2o, lighttpd and the limit of the kernel. `./dev bench` runs it.

Each server runs on CPU 0 and wrk on CPU 1. A round measures every chosen row with every server, one next to the other;
medians over the rounds and ratios within them are what the table tells. It is printed, and written with the raw numbers
and the pictures to build/bench. README.md beside this file says what each row is and what the numbers are not.
"""

import argparse
import gzip
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

import growth  # noqa: E402  the path has to be set first
import instructions  # noqa: E402
import load  # noqa: E402
import peers  # noqa: E402
import picture  # noqa: E402
import rows  # noqa: E402
import scenes  # noqa: E402
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
    known = [one.name for one in (*rows.ROWS, *scenes.SCENES)]
    axes = {axis.name: axis for axis in growth.AXES}
    parser.add_argument('rows', nargs='*', metavar='ROW', help=f'what to measure (all): {", ".join(known)}; '
                        f'with --growth: {", ".join(axes)}')
    parser.add_argument('--quick', action='store_true', help='one round of each: to see that it works, not to believe')
    parser.add_argument('--check', action='store_true', help='only say what is wrong with these arguments, before anything is built')
    parser.add_argument('--instructions', action='store_true',
                        help='count instructions per request with callgrind instead, of colmeia and nginx')
    parser.add_argument('--growth', action='store_true', help='measure how the cost grows as the work grows instead')
    parser.add_argument('--rounds', type=int, help='rounds (5; 3 with --growth)')
    parser.add_argument('--seconds', type=int, default=1, help='seconds of load for each measurement (1)')
    parser.add_argument('--servers', help='labels of the servers to measure, with commas between (all)')
    parser.add_argument('--also', action='append', default=[], metavar='LABEL=BINARY',
                        help='another colmeia in the same run, to compare builds')
    parser.add_argument('--binary', default=str(ROOT / 'build/release/colmeia'), help='the colmeia that is measured')
    parser.add_argument('--tools', default=str(ROOT / 'build/release/tests/bench'), help='folder of bench_limit and bench_pace')
    parser.add_argument('--out', default=str(ROOT / 'build/bench'), help='folder for results and unpacked servers')
    given = parser.parse_args()
    given.rounds = 1 if given.quick else given.rounds or (3 if given.growth else 5)
    if given.growth:
        known = list(axes)
    elif given.instructions:
        known = list(instructions.ROWS)
    for name in given.rows:
        if name not in known:
            parser.error(f'there is no row {name}; there are {", ".join(known)}')
    labels = {'limit', 'colmeia', 'nginx', 'nginx-plain', 'h2o', 'lighttpd', *(pair.split('=', 1)[0] for pair in given.also)}
    for label in given.servers.split(',') if given.servers else ():
        if label not in labels:
            parser.error(f'there is no server {label}; there are {", ".join(sorted(labels))}')
    given.named = given.rows
    chosen = given.rows or known
    given.rows = [row for row in rows.ROWS if row.name in chosen]
    given.axes = [axis for axis in growth.AXES if axis.name in chosen]
    given.scenes = [scene for scene in scenes.SCENES if scene.name in chosen]
    for pair in given.also:
        if '=' not in pair:
            parser.error(f'--also takes LABEL=BINARY, not {pair}')
    if given.check:
        sys.exit(0)
    for path in (given.binary, f'{given.tools}/bench_limit', *(pair.split('=', 1)[1] for pair in given.also)):
        if not os.access(path, os.X_OK):
            parser.error(f'{path} is not there to be run; ./dev bench builds what is its own')
    given.also = [tuple(pair.split('=', 1)) for pair in given.also]
    return given


def plant(folder):
    """Writes the tree that all serve, readable by everybody."""
    folder.chmod(0o755)
    for name, size in rows.TREE.items():
        (folder / name).write_bytes(b'x' * size)
        (folder / name).chmod(0o644)
    (folder / 'text.html').write_bytes(rows.text(rows.TEXT))
    (folder / 'text.html.gz').write_bytes(gzip.compress(rows.text(rows.TEXT), 5, mtime=0))
    for name in ('text.html', 'text.html.gz'):
        (folder / name).chmod(0o644)


def take(progress, what, label, measure):
    """One measurement; None, told and left out, when it failed."""
    progress.show(f'{what}: {label}')
    try:
        return measure()
    except (load.Broken, RuntimeError, AssertionError, OSError) as failure:
        progress.say(f'[bench] {what}, {label}: left out: {failure}')
        return None
    finally:
        progress.step()


def rotated(servers, number):
    return servers[number % len(servers):] + servers[:number % len(servers)]


def apply(what, servers):
    """The servers that a row or a scene is for."""
    return [server for server in servers if not what.servers or server.name in what.servers]


def measure_row(server, row, seconds):
    with server.start(**row.settings):
        return load.measure(server, row, seconds)


def measure_rows(servers, wanted, rounds, seconds, progress):
    """{row name: {label: [round or None...]}}."""
    measured = {row.name: {server.label: [] for server in apply(row, servers)} for row in wanted}
    for number in range(rounds):
        for row in wanted:
            for server in rotated(apply(row, servers), number):
                measured[row.name][server.label].append(
                    take(progress, f'round {number + 1}, {row.title}', server.label,
                         lambda: measure_row(server, row, seconds)))
    return measured


def measure_scenes(servers, wanted, rounds, stage, progress):
    """{scene name: {label: [round or None...]}}."""
    measured = {scene.name: {server.label: [] for server in servers} for scene in wanted}
    for number in range(rounds):
        for scene in wanted:
            for server in rotated(apply(scene, servers), number) if number < scene.rounds else []:
                measured[scene.name][server.label].append(
                    take(progress, f'round {number + 1}, {scene.title}', server.label, lambda: scene.act(server, stage)))
    return measured


def half_rate(servers, progress):
    """Half of what the slower of nginx and colmeia answers in a second."""
    rates = [one['rps'] for server in servers if server.label in ('nginx', 'colmeia')
             if (one := take(progress, 'finding a pace', server.label, lambda: measure_row(server, scenes.ROW, 1)))]
    return min(rates) / 2 if rates else 1000.0


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
        if given.instructions:
            return count_instructions(given, servers, out)
        if given.growth:
            return measure_growth(given, servers, out)
        paced = scenes.half in [scene.act for scene in given.scenes]
        versions = {server.label: server.version() for server in servers}
        runs = sum(len(apply(scene, servers)) * min(scene.rounds, given.rounds) for scene in given.scenes)
        row_runs = sum(len(apply(row, servers)) for row in given.rows) * given.rounds
        steps = row_runs + runs + 2 * paced
        takes = row_runs * (given.seconds + START_AND_END)
        takes += sum(len(apply(scene, servers)) * min(scene.rounds, given.rounds) * scene.takes for scene in given.scenes)
        print(f'[bench] {len(given.rows)} rows and {len(given.scenes)} scenes, {len(servers)} servers ('
              + ', '.join(f'{label} {version}'.strip() for label, version in versions.items())
              + f'), {given.rounds} rounds of {given.seconds} s: about {takes / 60:.1f} min; '
              f'load is {os.getloadavg()[0]:.1f} now', flush=True)
        progress = Progress(steps)
        measured = measure_rows(servers, given.rows, given.rounds, given.seconds, progress)
        stage = scenes.Stage(f'{given.tools}/bench_pace', given.seconds)
        if paced:
            stage.half_rate = half_rate(servers, progress)
        seen = measure_scenes(servers, given.scenes, given.rounds, stage, progress)
        progress.say(f'[bench] measured in {time.monotonic() - progress.begun:.0f} s')
    except KeyboardInterrupt:
        print('\n[bench] interrupted', flush=True)
        return 130
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    report(given, out, [server.label for server in servers], versions, measured, seen)
    return 0


def count_instructions(given, servers, out):
    if instructions.missing():
        sys.exit(f'[bench] {instructions.missing()}')
    labels = given.servers.split(',') if given.servers else ['colmeia', *(label for label, _ in given.also), 'nginx']
    servers = [server for server in servers if server.label in labels and isinstance(server, peers.Nginx)]
    wanted = instructions.choose(given.named)
    print(f'[bench] callgrind: {len(wanted)} rows, about {len(wanted) * len(servers) * 8} s', flush=True)
    progress = Progress(len(wanted) * len(servers))
    folder = out / 'callgrind'
    found = instructions.measure(servers, wanted, folder, f'{given.tools}/bench_self.so', progress)
    text = instructions.report(wanted, [server.label for server in servers], found)
    (out / 'instructions.md').write_text(text, encoding='utf-8')
    progress.say(f'\n{text}\n[bench] written to {out}/instructions.md; {instructions.hint(folder)}')
    return 0


GROWTH_TAKES = 2.5         # seconds for a point of an axis and one server, about


def measure_growth(given, servers, out):
    steps = growth.steps(servers, given.axes, given.quick) * given.rounds
    print(f'[bench] growth along {len(given.axes)} axes, {given.rounds} rounds: about '
          f'{steps * GROWTH_TAKES * given.seconds / 60:.0f} min; load is {os.getloadavg()[0]:.1f} now', flush=True)
    progress = Progress(steps)
    stage = scenes.Stage(f'{given.tools}/bench_pace', given.seconds)
    measured = growth.measure(servers, given.axes, given.rounds, stage,
                              lambda *arguments: take(progress, *arguments), rotated, given.quick)
    progress.say(f'[bench] measured in {time.monotonic() - progress.begun:.0f} s')
    text = table.growth(given.axes, measured)
    print(f'\n{text}')
    for title, said in [] if given.quick else table.cliffs(given.axes, measured):
        print(f'[bench] STEEP {title}: {said}')
    (out / 'growth.md').write_text(f'{machine()}; {given.rounds} rounds of {given.seconds} s\n\n{text}', encoding='utf-8')
    (out / 'growth.json').write_text(json.dumps({'machine': machine(), 'axes': measured}, indent=1), encoding='utf-8')
    drawn = picture.growth(given.axes, measured, out / 'growth', machine())
    print(f'[bench] written to {out}: growth.md, growth.json' + ''.join(f', {name.name}' for name in drawn), flush=True)
    return 0


def report(given, out, labels, versions, measured, seen):
    """Prints the tables, says which promises were kept, and writes all of it."""
    results = {name: table.summary(one) for name, one in measured.items()}
    scene_results = {name: table.medians(one) for name, one in seen.items()}
    texts = []
    if given.rows:
        texts += [table.core(given.rows, results), table.legend()]
    if given.scenes:
        seen_by = [label for label in labels if any(scene_results[scene.name].get(label) for scene in given.scenes)]
        texts.append(table.scenes(given.scenes, seen_by, scene_results))
    print('', *texts, sep='\n', flush=True)
    said = [(row.title, *verdict) for row in given.rows for verdict in table.verdicts(row, results[row.name])]
    said += table.scene_verdicts(scene_results, seen)
    if given.quick:
        said = []
        print('[bench] a quick run judges nothing: leave --quick out to see which promises are kept')
    for title, promise, kept in said:
        print(f'[bench] {"kept  " if kept else "MISSED"} {title}: {promise}')
    facts = f'{machine()}; {given.rounds} rounds of {given.seconds} s; ' + \
        ', '.join(f'{label} {version}'.strip() for label, version in versions.items())
    (out / 'table.md').write_text('\n'.join([facts + '\n', *texts]), encoding='utf-8')
    (out / 'results.json').write_text(json.dumps(
        {'machine': machine(), 'versions': versions, 'rows': measured, 'scenes': seen, 'numbers': results,
         'scene_numbers': scene_results}, indent=1), encoding='utf-8')
    drawn = picture.core(given.rows, results, out / 'table', machine())
    print(f'[bench] written to {out}: table.md, results.json' + ''.join(f', {name.name}' for name in drawn), flush=True)


if __name__ == '__main__':
    sys.exit(main())

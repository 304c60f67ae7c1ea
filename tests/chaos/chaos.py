"""Chaos: what a server loses while it is reloaded, resized, upgraded, killed and hung. `./dev chaos` runs it.

    chaos.py BINARY FOLDER [SECONDS] [accept_by=WAY] [DRILL...]

BINARY is colmeia; FOLDER gets table.md, and nginx where that has to be unpacked. Each drill loads the server for about
SECONDS (30), which also sets how many events there are; WAY is how colmeia's workers accept (exclusive); DRILL names
those to run (all). nginx goes through the same drills, where it is installed or can be had. Exit status 0: colmeia kept
every promise.
"""

import os
import pathlib
import re
import shutil
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'integration'))

import drills  # noqa: E402  the path has to be set first
from servers import Colmeia, Nginx, find_nginx  # noqa: E402
from support import processes  # noqa: E402

PROGRESS_EVERY = 5.0  # seconds, where nobody watches a terminal
HEAD = ('drill', 'server', 'times', 'requests', 'lost', 'note', '')


class Report:
    """What is shown while the drills run, and the table at the end."""

    def __init__(self, path):
        self.path = path
        self.rows = []
        self.shown = 0.0
        self.terminal = sys.stdout.isatty()

    def progress(self, text):
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f'\r\033[K{text[:width]}', end='', flush=True)
        elif time.monotonic() - self.shown > PROGRESS_EVERY:
            self.shown = time.monotonic()
            print(f'[chaos] {text}', flush=True)

    def row(self, server, drill, times, requests, lost, note, kept):
        self.rows.append((drill, server, str(times), str(requests), str(lost), note.replace('|', '/'),
                          '' if kept else 'BROKEN'))
        verdict = 'ok' if kept else 'BROKEN'
        clear = '\r\033[K' if self.terminal else ''
        print(f'{clear}[chaos] {server}: {drill}: {times} times, {requests} requests, {lost} lost; {note} '
              f'[{verdict if server == "colmeia" else "-"}]', flush=True)

    def table(self):
        """The rows as Markdown, those of a drill together."""
        order = {}
        for row in self.rows:
            order.setdefault(row[0].removesuffix(', watchdog 2 s'), []).append(row)
        rows = [row for together in order.values() for row in together]
        widths = [max(len(row[column]) for row in [HEAD, *rows]) for column in range(5)]
        lines = []
        for row in [HEAD, ('-' * 3,) * 5 + ('---', ''), *rows]:
            cells = [cell.ljust(widths[column]) if column < 2 else cell.rjust(widths[column]) for column, cell in
                     enumerate(row[:5])]
            if row[0] == '---':
                cells = ['-' * width for width in widths[:2]] + ['-' * (width - 1) + ':' for width in widths[2:5]]
            note = f'**{row[6]}** {row[5]}' if row[6] else row[5]
            lines.append(f'| {" | ".join(cells)} | {note} |')
        return '\n'.join(lines) + '\n'

    def write(self):
        self.path.write_text(self.table(), encoding='utf-8')

    @property
    def broken(self):
        return sum(1 for row in self.rows if row[6])


def run(server, seconds, wanted, report):
    """All drills with one server. A drill that cannot go on is a broken promise of colmeia's, and a row."""
    stage = drills.Stage(server, seconds, report)
    for drill in drills.ALL:
        if wanted and drill.__name__ not in wanted:
            continue
        try:
            drill(stage)
        except (AssertionError, OSError, KeyError) as failure:
            stage.abort()
            stage.row(0, (0, 0, {}), ok=False, note=f'cut short: {type(failure).__name__}: {failure}')
        except BaseException:
            stage.abort()
            raise
        finally:
            server.end()


def main():
    binary, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    wanted = sys.argv[3:]
    seconds = float(wanted.pop(0)) if wanted and re.fullmatch(r'[0-9.]+', wanted[0]) else 30.0
    ways = [word.partition('=')[2] for word in wanted if word.startswith('accept_by=')]
    wanted = [word for word in wanted if not word.startswith('accept_by=')]
    accept_by = ways[-1] if ways else ''
    known = [drill.__name__ for drill in drills.ALL]
    for name in wanted:
        if name not in known:
            sys.exit(f'[chaos] there is no drill {name}; there are {", ".join(known)}')
    folder.mkdir(parents=True, exist_ok=True)
    processes.adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    report = Report(folder / 'table.md')
    nginx = find_nginx(folder)
    print(f'[chaos] {len(wanted or known)} drills of about {seconds:g} s, with colmeia{f" (accept_by {accept_by})" if accept_by else ""}'
          f'{" and nginx" if nginx else "; nginx is not to be had here"}; load {os.getloadavg()[0]:.1f} on '
          f'{os.cpu_count()} CPUs', flush=True)
    servers = [Colmeia(binary, accept_by)] + ([Nginx(nginx)] if nginx else [])
    try:
        for server in servers:
            run(server, seconds, wanted, report)
    except KeyboardInterrupt:
        print('\n[chaos] interrupted', flush=True)
        return 130
    finally:
        for server in servers:
            server.discard()
        report.write()
        print(f'\n{report.table()}\n[chaos] written to {report.path}', flush=True)
    if report.broken:
        print(f'[chaos] colmeia broke {report.broken} of its promises', flush=True)
        return 1
    print('[chaos] colmeia kept every promise', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())

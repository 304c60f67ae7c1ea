"""wrk's load on one server, on a CPU of its own, and what the server used meanwhile."""

import json
import os
import pathlib
import subprocess
import time

import cost

LOAD_CPU = 1
HERE = pathlib.Path(__file__).resolve().parent


class Broken(Exception):
    """A measurement that cannot be believed: requests failed."""


def on_load_cpu():
    if LOAD_CPU in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {LOAD_CPU})


def command(port, row, seconds):
    line = ['wrk', '-t1', f'-c{row.connections}', f'-d{seconds}s', '--timeout', '10s', '-s', str(HERE / 'load.lua')]
    for name, value in row.headers:
        line += ['-H', f'{name}: {value}']
    line.append(f'http://127.0.0.1:{port}{row.path}')
    told = ['pipelined', str(row.pipelined)] if row.pipelined > 1 else row.script.split()
    return line + (['--', *told] if told else [])


def wrk(port, row, seconds):
    """Runs wrk to its end: what load.lua says at last."""
    process = start(port, row, seconds)
    return finish(process, row)


def start(port, row, seconds):
    return subprocess.Popen(command(port, row, seconds), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, preexec_fn=on_load_cpu)


def finish(process, row, forgive=False):
    """The result of a wrk that start() started; raises Broken when a request failed, unless that is forgiven."""
    said = process.communicate()[0]
    last = [line for line in said.split('\n') if line.startswith('{')]
    if process.returncode != 0 or not last:
        raise Broken(f'wrk failed: {said.strip()}')
    result = json.loads(last[-1])
    # wrk counts every status of 400 and more; a row that asks for one gets nothing else.
    result['failed'] = sum(result[kind] for kind in ('connect', 'read', 'write', 'timeout'))
    result['failed'] += abs(result['status'] - result['requests']) if row.status >= 400 else result['status']
    if not forgive and (result['failed'] > 0 or result['requests'] == 0):
        raise Broken(f'{result["failed"]} of {result["requests"]} requests failed: {said.strip()}')
    return result


def measure(server, row, seconds):
    """One round of one row: a dictionary of numbers. Times in microseconds, memory in bytes."""
    before, client_before = cost.cpu(server.process.pid), cost.reaped()
    process = start(server.port, row, seconds)
    time.sleep(seconds * 0.7)
    memory = cost.pss(server.pids())
    result = finish(process, row)
    client = cost.reaped() - client_before
    used = cost.cpu(server.process.pid) - before
    requests = result['requests']
    return {
        'cpu': used.total / requests * 1e6,
        'both': (used.total + client) / requests * 1e6,
        'user_ticks': used.user,
        'system_ticks': used.system,
        'busy': used.total / result['seconds'],
        'requests': requests,
        'rps': requests / result['seconds'],
        'p50': result['p50'],
        'p99': result['p99'],
        'memory': memory,
    }

#!/usr/bin/python3
"""What the package does on a machine with systemd: proves it there, as root, claim by claim.

usage: machine.py LOAD NEWER_PACKAGE [CLAIM...]
  LOAD           tests/integration/support/load.py
  NEWER_PACKAGE  the package with a higher version than the one that is installed

Meant for a machine that was made for it and is thrown away: it changes the configuration, restarts and removes the server.
The package is installed, the machine was booted after that, and port 80 is free for it. tests/deploy/README.md says more.
"""

import gzip
import importlib.util
import json
import os
import pathlib
import re
import signal
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import claim, prove_all, run, wait_for  # noqa: E402  (its folder is known only now)

UNIT = 'colmeia.service'
SITE = pathlib.Path('/etc/colmeia/conf.d/default.conf')
HIGHEST_EXPOSURE = 20  # tenths

load_path = pathlib.Path(sys.argv[1])
spec = importlib.util.spec_from_file_location('load', load_path)
load = importlib.util.module_from_spec(spec)
spec.loader.exec_module(load)
newer_package = sys.argv[2]


# -- what is asked again and again

def show(name, unit=UNIT):
    return run('systemctl', 'show', '-P', name, unit).stdout.strip()


def main_pid(unit=UNIT):
    return int(show('MainPID', unit))


def get(path='/', port=80):
    try:
        with urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', timeout=5) as answer:
            return answer.status, answer.read().decode('utf-8', 'replace')
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode('utf-8', 'replace')


def status():
    told = json.loads(run('colmeia', 'ctl', '--json', 'status').stdout)
    return {**told['server'], 'accepts': told['totals']['accepts']}


def workers():
    """Pids of the workers."""
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
        try:
            if path.read_bytes().startswith(b'colmeia: worker process'):
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def facts(pid):
    lines = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8').splitlines()
    return dict(line.split(':\t', 1) for line in lines if ':\t' in line)


def journal(*arguments, unit=UNIT):
    """Entries of the journal, as dictionaries."""
    run('journalctl', '--sync')
    lines = run('journalctl', '-o', 'json', '-u', unit, '--no-pager', *arguments).stdout.splitlines()
    return [json.loads(line) for line in lines]


def now():
    return f'@{time.time():.6f}'


def in_operation(unit=UNIT):
    return wait_for(lambda: show('ActiveState', unit) == 'active', f'{unit} to be active')


def under_load(act, keep=8, close=4, pausing=8, kinds_allowed=()):
    """Acts while clients ask; what they lost, in words. A loss of another kind is a failure."""
    with load.Load(80, keep=keep, close=close, pausing=pausing) as asking:
        time.sleep(0.5)
        act()
        time.sleep(0.7)
    result = asking.result
    lost = {kind: count for kind, count in result['kinds'].items() if kind not in kinds_allowed}
    assert not lost, f'lost of {result["requests"]} requests: {result["kinds"]}, {result["losses"][:5]}'
    return f'{result["requests"]} requests, none lost, the slowest took {result["slowest_ms"]} ms'


class Changed:
    """A configuration file with another text; the old one comes back with the `with`."""

    def __init__(self, path, text):
        self.path, self.text = path, text

    def __enter__(self):
        self.old = self.path.read_text(encoding='utf-8')
        self.path.write_text(self.text, encoding='utf-8')

    def __exit__(self, *unused):
        self.path.write_text(self.old, encoding='utf-8')


def drop_in(text, unit=UNIT):
    folder = pathlib.Path(f'/run/systemd/system/{unit}.d')
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'check.conf').write_text(text, encoding='utf-8')
    run('systemctl', 'daemon-reload')


def no_drop_in(unit=UNIT):
    pathlib.Path(f'/run/systemd/system/{unit}.d/check.conf').unlink()
    run('systemctl', 'daemon-reload')


# -- the claims

@claim('systemd finds no mistake in the units')
def units_are_right():
    folder = '/lib/systemd'
    done = run('systemd-analyze', 'verify', '--man=no', f'{folder}/system/colmeia.service', f'{folder}/system/colmeia.socket',
               f'{folder}/system/colmeia@.service', f'{folder}/user/colmeia.service')
    assert 'colmeia' not in done.stderr, done.stderr


@claim('the exposure of the service is at most 2.0')
def security():
    done = run('systemd-analyze', 'security', '--no-pager', f'--threshold={HIGHEST_EXPOSURE}', UNIT)
    return re.search(r'Overall exposure level.*: (\S+ \S+)', done.stdout).group(1)


@claim('it runs after the boot, and says how it is')
def started():
    in_operation()
    text = show('StatusText')
    assert re.search(r'generation \d+: serving', text), text
    return f'"{text}", {show("MainPID")} is {pathlib.Path(f"/proc/{main_pid()}/comm").read_text().strip()}'


@claim('it serves a page that says what to do next')
def welcome():
    code, page = get()
    assert code == 200 and 'What to do next' in page, (code, page)
    assert all(get(path)[0] == 200 for path in ('/hive/', '/status'))


@claim('master and workers are colmeia, workers have no capability left, and both are shut in')
def privileges():
    bind = 1 << 10
    master = facts(main_pid())
    assert int(master['CapEff'], 16) == bind, master['CapEff']
    for pid in workers():
        found = facts(pid)
        assert int(found['CapPrm'], 16) == 0 and int(found['CapAmb'], 16) == 0, found
        assert found['NoNewPrivs'] == '1' and found['Seccomp'] == '2', found
        assert os.stat(f'/proc/{pid}').st_uid == os.stat(f'/proc/{main_pid()}').st_uid != 0
    alerts = [entry['MESSAGE'] for entry in journal('-b', '-p', 'alert')]
    assert not alerts, alerts


@claim('regular expressions match where memory may not be made executable')
def regular_expressions():
    with Changed(SITE, SITE.read_text().replace('server_name  _;', r'server_name  _; location ~ ^/y(\d+)$ { return 200 $1; }')):
        run('systemctl', 'reload', UNIT)
        assert get('/y2026') == (200, '2026')
    run('systemctl', 'reload', UNIT)


@claim('systemctl reload returns when the new generation serves, and loses nothing')
def good_reload():
    before = status()['generation']
    seen = under_load(lambda: run('systemctl', 'reload', UNIT))
    assert status()['generation'] == before + 1 and show('ActiveState') == 'active'
    return seen


@claim('a reload that fails makes systemctl reload fail, tells file and line, and changes nothing')
def bad_reload():
    since, before = now(), status()['generation']

    def reload():
        with Changed(SITE, 'server {\n    nonsense on;\n}\n'):
            assert run('systemctl', 'reload', UNIT, ok=False).returncode != 0

    seen = under_load(reload)
    assert status()['generation'] == before and show('ActiveState') == 'active'
    told = [entry for entry in journal('--since', since) if f'{SITE}:2:' in entry['MESSAGE']]
    assert told and all(int(entry['PRIORITY']) <= 3 for entry in told), journal('--since', since)
    return f'"{told[0]["MESSAGE"]}"; {seen}'


@claim('a reload onto an address that is taken fails, too')
def reload_without_address():
    busy = load.socket.socket()
    busy.bind(('127.0.0.1', 0))
    busy.listen()
    text = SITE.read_text().replace('listen       80 default_server;',
                                    f'listen       80 default_server; listen 127.0.0.1:{busy.getsockname()[1]};')
    with Changed(SITE, text), busy:
        assert run('systemctl', 'reload', UNIT, ok=False).returncode != 0
    assert get()[0] == 200
    run('systemctl', 'reload', UNIT)


@claim('lines in the journal have their level, and no second time')
def levels():
    get('/missing')
    entries = journal('-b')
    seen = {}
    for entry in entries:
        line = re.match(r'\[(\w+)\] \d+#\d+: ', entry['MESSAGE'])
        if entry.get('_TRANSPORT') == 'stdout' and line:
            seen.setdefault(line.group(1), set()).add(entry['PRIORITY'])
    expected = {'emerg': {'1'}, 'alert': {'1'}, 'crit': {'2'}, 'error': {'3'}, 'warn': {'4'}, 'notice': {'5'}, 'info': {'6'}}
    assert seen and all(expected[name] == found for name, found in seen.items()), seen
    assert {'notice', 'error'} <= set(seen), seen
    assert not [entry for entry in entries if re.match(r'\d{4}/\d\d/\d\d ', entry['MESSAGE'])]
    return ', '.join(f'{name} {"".join(found)}' for name, found in seen.items())


@claim('a master that hangs is killed by the watchdog and started again')
def watchdog():
    drop_in('[Service]\nWatchdogSec=2s\n')
    run('systemctl', 'restart', UNIT)
    try:
        before, restarts, since = main_pid(), int(show('NRestarts')), now()
        os.kill(before, signal.SIGSTOP)
        begun = time.monotonic()
        wait_for(lambda: int(show('NRestarts')) == restarts + 1 and show('ActiveState') == 'active', 'the restart')
        took = time.monotonic() - begun
        assert main_pid() != before and get()[0] == 200
        assert any('atchdog' in entry['MESSAGE'] for entry in journal('--since', since))
        return f'serving again after {took:.1f} s'
    finally:
        no_drop_in()
        run('systemctl', 'restart', UNIT)


@claim('a configuration with a mistake is not tried again and again')
def no_restart_loop():
    with Changed(SITE, 'nonsense;\n'):
        assert run('systemctl', 'restart', UNIT, ok=False).returncode != 0
        assert show('ActiveState') == 'failed' and show('ExecMainStatus') == '1' and show('NRestarts') == '0'
    run('systemctl', 'restart', UNIT)


@claim('colmeia ctl upgrade: the new master is the service, and nothing is lost')
def upgrade():
    before = main_pid()
    seen = under_load(lambda: run('colmeia', 'ctl', 'upgrade'))
    wait_for(lambda: main_pid() not in (0, before), 'the new master to be the service')
    assert show('ActiveState') == 'active' and show('NRestarts') == '0' and not os.path.exists(f'/proc/{before}')
    assert show('StatusText') == 'generation 1: serving', show('StatusText')
    run('systemctl', 'reload', UNIT)
    drop_in('[Service]\nWatchdogSec=2s\n')
    try:
        run('systemctl', 'restart', UNIT)
        run('colmeia', 'ctl', 'upgrade')
        new = main_pid()
        time.sleep(3)  # what is claimed is that nothing happens: the watchdog hears of the new master
        assert main_pid() == new and show('NRestarts') == '0' and show('ActiveState') == 'active'
    finally:
        no_drop_in()
        run('systemctl', 'restart', UNIT)
    return seen


@claim('upgrading the package upgrades the running server, loses nothing, and keeps what the operator has changed')
def package_upgrade():
    text = SITE.read_text().replace('server_name  _;', 'server_name  _;  # ours')
    SITE.write_text(text)
    run('systemctl', 'reload', UNIT)
    before, version = main_pid(), run('dpkg-query', '-W', '-f', '${Version}', 'colmeia').stdout
    seen = under_load(lambda: run('dpkg', '-i', newer_package, env={**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}))
    assert run('dpkg-query', '-W', '-f', '${Version}', 'colmeia').stdout != version
    wait_for(lambda: main_pid() not in (0, before), 'the new master to be the service')
    assert show('ActiveState') == 'active' and show('NRestarts') == '0'
    assert SITE.read_text() == text
    deleted = os.readlink(f'/proc/{main_pid()}/exe')
    assert deleted == '/usr/sbin/colmeia', deleted
    return seen


@claim('rotating the logs loses no line and no request')
def rotation():
    log = pathlib.Path('/var/log/colmeia/access.log')
    lines = sum(len(path.read_bytes().splitlines()) for path in log.parent.glob('access.log*'))
    with load.Load(80, keep=8, close=2) as asking:
        for _ in range(3):
            time.sleep(0.3)
            run('logrotate', '-f', '/etc/logrotate.d/colmeia')
    assert asking.result['lost'] == 0, asking.result['kinds']
    run('colmeia', 'ctl', 'reopen')
    kept = 0
    for path in log.parent.glob('access.log*'):
        opened = gzip.open if path.suffix == '.gz' else open
        with opened(path, 'rb') as file:
            kept += sum(1 for _ in file)
    assert kept == lines + asking.result['requests'], (kept, lines, asking.result['requests'])
    owner = run('stat', '-c', '%U:%G %a', str(log)).stdout.strip()
    assert owner == 'colmeia:colmeia 640', owner
    return f'{asking.result["requests"]} requests, {kept - lines} lines'


@claim('socket activation: the first client starts the server, and a restart under load refuses nobody')
def socket_activation():
    run('systemctl', 'disable', '--now', UNIT)
    run('systemctl', 'enable', '--now', 'colmeia.socket')
    try:
        assert show('ActiveState') == 'inactive'
        assert get()[0] == 200 and show('ActiveState') == 'active'
        # Waiting in the queue while the server is away is what is promised; it may take longer than a second.
        seen = under_load(lambda: run('systemctl', 'restart', UNIT), keep=0, close=8, pausing=8, kinds_allowed=('slow',))
        since = now()
        os.kill(main_pid(), signal.SIGKILL)
        wait_for(lambda: show('ActiveState') == 'active' and get()[0] == 200, 'the next one')
        assert not [entry for entry in journal('--since', since) if 'Address already in use' in entry['MESSAGE']]
        return seen
    finally:
        run('systemctl', 'disable', '--now', 'colmeia.socket', UNIT, ok=False)
        run('systemctl', 'enable', '--now', UNIT)


@claim('colmeia@NAME serves a configuration of its own')
def instance():
    conf = pathlib.Path('/etc/colmeia/shop.conf')
    conf.write_text('error_log stderr notice; events { } http { access_log off; server { listen 8081; return 200 shop; } }\n')
    unit = 'colmeia@shop.service'
    try:
        run('systemctl', 'start', unit)
        assert get('/', 8081) == (200, 'shop')
        before = main_pid(unit)
        run('systemctl', 'reload', unit)
        run('colmeia', 'ctl', '--socket', '/run/colmeia-shop/colmeia.control', 'upgrade')
        wait_for(lambda: main_pid(unit) not in (0, before), 'the new master to be the service')
        assert get('/', 8081)[0] == 200
        conf.write_text('nonsense;\n')
        assert run('systemctl', 'reload', unit, ok=False).returncode != 0
        assert get('/', 8081) == (200, 'shop') and get()[0] == 200
    finally:
        run('systemctl', 'stop', unit)
        conf.unlink()


@claim('a user has a server of their own')
def user_unit():
    run('useradd', '-m', 'maria')
    number = run('id', '-u', 'maria').stdout.strip()
    home = pathlib.Path('/home/maria')
    (home / '.config/colmeia').mkdir(parents=True)
    (home / 'www').mkdir()
    (home / 'www/index.html').write_text('at home')
    (home / '.config/colmeia/colmeia.conf').write_text(
        'error_log stderr notice;\nevents { }\nhttp {\n include /etc/colmeia/mime.types;\n access_log off;\n'
        ' server { listen 8082; root www; }\n}\n')
    run('chown', '-R', 'maria:', str(home))
    run('systemctl', 'start', f'user@{number}.service')

    def as_user(*command, ok=True):
        return run('setpriv', '--reuid', 'maria', '--regid', 'maria', '--init-groups', 'env',
                   f'XDG_RUNTIME_DIR=/run/user/{number}', f'HOME={home}', *command, ok=ok)

    as_user('systemctl', '--user', 'start', 'colmeia')
    assert get('/', 8082) == (200, 'at home')
    as_user('systemctl', '--user', 'reload', 'colmeia')
    text = as_user('systemctl', '--user', 'show', '-P', 'StatusText', 'colmeia').stdout.strip()
    as_user('systemctl', '--user', 'stop', 'colmeia')
    return f'"{text}"'


@claim('stopping finishes what is open')
def graceful_stop():
    before = status()['accepts']
    client = load.socket.create_connection(('127.0.0.1', 80))
    client.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n')
    wait_for(lambda: status()['accepts'] > before, 'the connection')
    run('systemctl', 'stop', '--no-block', UNIT)
    wait_for(lambda: show('ActiveState') == 'deactivating', 'the stop to begin')
    client.sendall(b'\r\n')
    client.settimeout(10)
    assert client.recv(65536).startswith(b'HTTP/1.1 200 OK')
    client.close()
    wait_for(lambda: show('ActiveState') == 'inactive', 'the stop')
    assert show('Result') == 'success', show('Result')
    run('systemctl', 'start', UNIT)


@claim('removing the package stops the server and keeps configuration; purging leaves nothing')
def removal():
    run('dpkg', '-r', 'colmeia')
    assert run('pgrep', '-x', 'colmeia', ok=False).returncode == 1
    assert SITE.exists() and pathlib.Path('/var/log/colmeia').exists()
    run('dpkg', '-P', 'colmeia')
    left = [path for path in ('/etc/colmeia', '/var/log/colmeia', '/var/cache/colmeia', '/usr/share/colmeia',
                              '/etc/logrotate.d/colmeia',
                              '/etc/systemd/system/multi-user.target.wants/colmeia.service') if os.path.lexists(path)]
    assert not left, left


if __name__ == '__main__':
    prove_all(sys.argv[3:])

"""The command line: what each option prints, where, and the exit status."""

import os
import re
import subprocess
from signal import SIGHUP

import pytest

from support.server import BINARY, environment
from support.waiting import DEADLINE

SITE = 'http { server { listen 127.0.0.1:%%PORT%%; root html; } }'


def colmeia(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=DEADLINE, env=environment(), cwd='/',
                          stdin=subprocess.DEVNULL, check=False)


# -- what needs no configuration

@pytest.mark.parametrize('option', ['-?', '-h'])
def test_help_names_every_option_on_descriptor_2(option):
    done = colmeia(option)

    assert (done.returncode, done.stdout) == (0, '')
    assert done.stderr.startswith('colmeia version: colmeia/')
    for letter in 'hvVtTqspceg':
        assert re.search(rf'^  -{letter}\b', done.stderr, re.MULTILINE), letter


def test_version_is_one_line():
    done = colmeia('-v')

    assert (done.returncode, done.stdout) == (0, '')
    assert re.fullmatch(r'colmeia version: colmeia/\d+\.\d+\.\d+\n', done.stderr)


def test_capital_v_adds_how_it_was_built():
    done = colmeia('-V')

    assert (done.returncode, done.stdout) == (0, '')
    assert done.stderr.startswith('colmeia version: colmeia/')
    assert 'built by' in done.stderr


@pytest.mark.parametrize('arguments, said', [
    (['-x'], 'invalid option: "-x"'),
    (['start'], 'invalid option: "start"'),
    (['-s', 'dance'], 'invalid option: "-s dance"'),
    (['-c'], 'option "-c" requires'),
    (['-p'], 'option "-p" requires'),
    (['-e'], 'option "-e" requires'),
    (['-g'], 'option "-g" requires'),
    (['-s'], 'option "-s" requires'),
])
def test_a_wrong_command_line_is_refused_with_the_argument(arguments, said):
    done = colmeia(*arguments)

    assert (done.returncode, done.stdout) == (1, '')
    assert said in done.stderr


# -- checking a configuration

def test_t_says_that_a_good_configuration_is_good(prepare):
    server = prepare(SITE)

    done = server.run('-t')

    path = server.prefix / 'colmeia.conf'
    assert (done.returncode, done.stdout) == (0, '')
    assert f'configuration file {path} syntax is ok' in done.stderr
    assert f'configuration file {path} test is successful' in done.stderr


def test_q_makes_a_good_test_silent(prepare):
    done = prepare(SITE).run('-t', '-q')

    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')


def test_q_leaves_the_errors(prepare):
    done = prepare('htp { }\n', bare=True).run('-tq')

    assert done.returncode == 1
    assert 'colmeia.conf:1:1: "htp" is not a directive' in done.stderr


def test_capital_t_prints_every_file_under_its_name(prepare):
    server = prepare('events { }\nhttp { include site.conf; }\n', bare=True)
    site = f'server {{ listen 127.0.0.1:{server.port}; }}  # the site\n'
    server.write('site.conf', site)

    done = server.run('-T')

    assert done.returncode == 0
    assert f'# configuration file {server.prefix}/colmeia.conf:\nevents {{ }}\nhttp {{ include site.conf; }}\n' in done.stdout
    assert f'# configuration file {server.prefix}/site.conf:\n{site}' in done.stdout


def test_capital_t_tells_the_place_of_each_value(prepare):
    server = prepare('events { }\nhttp { include site.conf; }\n', bare=True)
    server.write('site.conf', f'server {{ listen 127.0.0.1:{server.port}; }}\n')

    done = server.run('-T', '-g', 'daemon off;')

    effective = done.stdout.partition('# effective configuration')[2]
    assert re.search(rf'listen 127.0.0.1:{server.port}; +# {server.prefix}/site.conf:1\n', effective)
    assert re.search(r'daemon off; +# command line:1\n', effective)
    assert re.search(r'worker_processes auto; +# default\n', effective)


def test_an_error_has_file_line_column_the_line_and_a_caret(prepare):
    server = prepare('events { }\nhttp {\n    sendfil on;\n}\n', bare=True)

    done = server.run('-t')

    assert done.returncode == 1
    assert f'{server.prefix}/colmeia.conf:3:5: "sendfil" is not a directive; did you mean "sendfile"?\n' in done.stderr
    assert '    sendfil on;\n    ^~~~~~~\n' in done.stderr


def test_all_errors_are_told_not_only_the_first(prepare):
    done = prepare('events { }\nhttp {\n    sendfile maybe;\n    keepalive_timeout long;\n    nonsense;\n}\n', bare=True).run('-t')

    assert done.returncode == 1
    assert re.findall(r'colmeia\.conf:(\d+):\d+: ', done.stderr) == ['3', '4', '5']


def test_an_error_in_an_included_file_names_that_file(prepare):
    server = prepare('http { include sites/*.conf; }', bare=True, files={'sites/a.conf': '\nserver { lissten 80; }\n'})

    done = server.run('-t')

    assert done.returncode == 1
    assert f'{server.prefix}/sites/a.conf:2:10: ' in done.stderr


def test_an_absent_configuration_is_named(prepare):
    server = prepare(SITE)

    done = subprocess.run([BINARY, '-p', f'{server.prefix}/', '-c', 'absent.conf', '-t'], capture_output=True, text=True,
                          timeout=DEADLINE, env=environment(), check=False)

    assert done.returncode == 1
    assert f'{server.prefix}/absent.conf' in done.stderr
    assert 'No such file or directory' in done.stderr


def test_starting_with_a_bad_configuration_fails_as_testing_it_does(prepare):
    server = prepare('daemon on;\nhttp { server { listne 80; } }\n', bare=True)

    done = server.run()

    assert done.returncode == 1
    assert 'colmeia.conf:2:17: "listne" is not a directive; did you mean "listen"?' in done.stderr


# -- what is not wrong, and most likely not meant

@pytest.mark.parametrize('config, said', [
    ('', 'colmeia.conf is empty: it serves nothing'),
    ('# nothing\n', 'colmeia.conf is empty: it serves nothing'),
    ('events { }\n', 'colmeia.conf has no "server" in an "http" block: it serves nothing'),
    ('events { }\nhttp { }\n', 'colmeia.conf:2:1: warning: the configuration has no "server"'),
    ('http { server { listen 127.0.0.1:%%PORT%%;\nroot /nowhere/at/all; } }',
     'colmeia.conf:2:6: warning: "root" names "/nowhere/at/all", which does not exist'),
    ('http { server { listen 127.0.0.1:%%PORT%%;\nroot /nowhere/$host; } }',
     'colmeia.conf:2:6: warning: "root" names "/nowhere/", which does not exist'),
    ('http { server { listen 127.0.0.1:%%PORT%%;\nroot colmeia.conf; } }', 'which is not a folder'),
    ('http { types {\ntext/html html\nimage/gif gif; }\nserver { listen 127.0.0.1:%%PORT%%; } }',
     '"image/gif" looks like a media type: is a ; missing after line 2?'),
    ('http { server { listen 127.0.0.1:%%PORT%%;\nlocation /a/ { alias gone/; } } }', '"alias" names'),
])
def test_t_warns_of_what_is_hardly_meant(prepare, config, said):
    done = prepare('error_log logs/e.log; pid logs/p.pid;' * (config.startswith('http')) + config, bare=True).run('-t')

    assert done.returncode == 0, done.stderr
    assert 'warning: ' in done.stderr
    assert said in done.stderr


def test_t_tells_of_every_missing_log_folder_what_to_do(prepare):
    server = prepare('error_log none/error.log;\nhttp { access_log other/access.log;\n'
                     'server { listen 127.0.0.1:%%PORT%%; access_log third/x.log; } }', bare=True)

    done = server.run('-t')

    assert done.returncode == 1
    for line, folder in ((1, 'none'), (2, 'other'), (3, 'third')):
        assert re.search(rf'colmeia\.conf:{line}: .*No such file or directory; make its folder: '
                         rf'mkdir -p {server.prefix}/{folder}\n', done.stderr)


def test_a_start_tells_of_every_missing_log_folder(prepare):
    server = prepare('daemon off; pid logs/colmeia.pid; error_log none/error.log; '
                     'http { access_log other/access.log; server { listen 127.0.0.1:%%PORT%%; } }', bare=True)

    done = server.run()

    assert done.returncode == 2
    assert f'mkdir -p {server.prefix}/none\n' in done.stderr
    assert f'mkdir -p {server.prefix}/other\n' in done.stderr


def test_what_does_nothing_is_told_in_one_line(prepare):
    modules = ''.join(f'load_module modules/{name}.so;\n' for name in range(20))

    done = prepare(modules + 'http { proxy_temp_path /tmp/a; fastcgi_temp_path /tmp/b 1 2; '
                   'server { listen 127.0.0.1:%%PORT%%; } }').run('-t')

    assert done.returncode == 0, done.stderr
    assert done.stderr.count('load_module') == 1
    assert ('warning: accepted, and without effect in colmeia: fastcgi_temp_path, load_module (20), proxy_temp_path\n'
            in done.stderr)


# -- mistakes of every kind

@pytest.mark.parametrize('lines, missing_after', [
    (['listen 127.0.0.1:%%PORT%%', 'root html;'], 2),
    (['server_name a.example b.example', 'root html;'], 2),
    (['root html', 'location / { }'], 2),
    (['index a.html', 'location / { index b.html; }', 'access_log logs/a.log', 'location /b { }'], 2),
    (['return 200', 'root html;'], 2),
    (['error_page 404 /404.html', 'root html;'], 2),
    (['add_header X y', 'location / { return 200 x; }'], 2),
    (['root html', 'gzip on;'], 2),
    (['try_files $uri', '=404', 'root html;'], 3),
    (['types { a/b c; }', 'default_type a/b', '# between', '', 'root html;'], 3),
])
def test_a_missing_semicolon_is_asked_for_by_its_line(prepare, lines, missing_after):
    done = prepare('http { server {\n' + '\n'.join(lines) + '\n} }', bare=True).run('-t')

    assert done.returncode == 1
    assert f'is a ; missing after line {missing_after}?' in done.stderr


def test_a_byte_order_mark_is_skipped(prepare):
    server = prepare('', bare=True)
    server.write('colmeia.conf', b'\xef\xbb\xbf' + server.expand('events { } http { include a.conf; }').encode())
    server.write('a.conf', b'\xef\xbb\xbf' + server.expand('server { listen 127.0.0.1:%%PORT%%; }').encode())

    done = server.run('-t')

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('path', ['/dev/zero', '/dev/tty', '%%PREFIX%%/fifo', '%%PREFIX%%/logs', '%%PREFIX%%/huge'])
@pytest.mark.parametrize('included', [False, True])
def test_what_is_no_file_is_refused_at_once(prepare, path, included):
    server = prepare('http { include %%PATH%%; }'.replace('%%PATH%%', path), bare=True)
    os.mkfifo(server.prefix / 'fifo')
    with open(server.prefix / 'huge', 'wb') as huge:
        huge.truncate(1 << 40)

    done = server.run('-t') if included else server.run('-t', '-c', server.expand(path))

    assert done.returncode == 1
    assert f'cannot read "{server.expand(path)}": ' in done.stderr


@pytest.mark.parametrize('name, module', [('proxy_pass', 'proxy'), ('fastcgi_pass', 'fastcgi'), ('uwsgi_pass', 'uwsgi')])
def test_a_directive_of_a_module_that_is_not_here_names_it(prepare, name, module):
    done = prepare(f'http {{ server {{ listen 127.0.0.1:%%PORT%%; location / {{ {name} 127.0.0.1:3000; }} }} }}',
                   bare=True).run('-t')

    assert done.returncode == 1
    assert f'"{name}" belongs to nginx\'s {module} module, which colmeia does not have' in done.stderr


def test_an_unknown_variable_has_its_caret_and_the_one_that_was_meant(prepare):
    done = prepare('http { server { listen 127.0.0.1:%%PORT%%;\n'
                   'location ~ "^/(?\'area\'a)(?P<user>b)(?<rest>c)(?<=c)d" { return 200 "$area $user $rest"; }\n'
                   'location / { return 200 "\\"$uri ${remote_adr} $request_id $aera\\""; } } }', bare=True).run('-t')

    assert done.returncode == 1
    assert done.stderr.count('unknown') == 3, done.stderr
    assert re.search(r'colmeia\.conf:3:33: unknown "remote_adr" variable; did you mean "\$remote_addr"\?\n.*\n {32}\^~~~~~~~~~~~~\n',
                     done.stderr), done.stderr
    assert 'colmeia.conf:3:47: unknown "request_id" variable: nginx has it, and colmeia does not' in done.stderr
    assert 'colmeia.conf:3:59: unknown "aera" variable; did you mean "$area"?' in done.stderr


DEADLY = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
static int opened(const char *path, int flags, mode_t mode) {
  size_t size = strlen(path);
  if (size >= 11 && strcmp(path + size - 11, "deadly.conf") == 0) kill(getpid(), SIGKILL);
  return openat(AT_FDCWD, path, flags, mode);
}
int open(const char *path, int flags, ...) {
  va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
  return opened(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
  return opened(path, flags, mode);
}
"""


@pytest.fixture(scope='module', name='deadly')
def _deadly(tmp_path_factory):
    folder = tmp_path_factory.mktemp('deadly')
    folder.joinpath('deadly.c').write_text(DEADLY, encoding='ascii')
    subprocess.run(['cc', '-shared', '-fPIC', '-o', folder / 'deadly.so', folder / 'deadly.c'], check=True)
    return {'LD_PRELOAD': str(folder / 'deadly.so'),
            'ASAN_OPTIONS': environment()['ASAN_OPTIONS'] + ':verify_asan_link_order=0'}


@pytest.mark.parametrize('arguments', [['-t'], []])
def test_a_compiler_that_dies_is_told_with_the_file_that_it_read(prepare, deadly, arguments):
    server = prepare('http { include other.conf; include deadly.conf; server { listen 127.0.0.1:%%PORT%%; } }',
                     files={'other.conf': '', 'deadly.conf': ''}, env=deadly)

    done = server.run(*arguments)

    assert done.returncode == 1
    assert (f'the compiler of the configuration killed by signal 9 (SIGKILL) while it was reading {server.prefix}/deadly.conf'
            in done.stderr)


def test_a_reload_whose_compiler_dies_names_the_file(hive, deadly):
    server = hive('http { include sites/*.conf; server { listen 127.0.0.1:%%PORT%%; } }', env=deadly)
    server.write('sites/deadly.conf', '')

    server.signal(SIGHUP)

    server.wait_for_error(r'killed by signal 9 \(SIGKILL\) while it was reading .*/sites/deadly\.conf')


# -- where things are

def test_a_file_of_the_current_folder_is_not_looked_for_there_and_that_is_said(prepare, tmp_path):
    server = prepare(SITE)
    (tmp_path / 'my.conf').write_text('events { }', encoding='ascii')

    done = subprocess.run([BINARY, '-p', f'{server.prefix}/', '-c', 'my.conf', '-t'], capture_output=True, text=True,
                          timeout=DEADLINE, env=environment(), check=False, cwd=tmp_path)

    assert done.returncode == 1
    assert f'cannot read "{server.prefix}/my.conf": No such file or directory; a relative -c starts at the prefix ' \
           f'{server.prefix}/ and not at the current folder: say -c {tmp_path}/my.conf' in done.stderr


def test_c_is_relative_to_p_and_values_may_be_attached(prepare):
    server = prepare(SITE)

    done = subprocess.run([BINARY, f'-p{server.prefix}', '-ccolmeia.conf', '-t'], capture_output=True, text=True,
                          timeout=DEADLINE, env=environment(), check=False)

    assert done.returncode == 0, done.stderr
    assert f'{server.prefix}/colmeia.conf syntax is ok' in done.stderr


def test_the_last_of_a_repeated_option_wins(prepare):
    server = prepare(SITE)

    done = server.run('-c', f'{server.prefix}/absent.conf', '-c', f'{server.prefix}/colmeia.conf', '-t')

    assert done.returncode == 0, done.stderr


def test_g_adds_directives_of_the_main_context(prepare):
    server = prepare(SITE)
    server.configure('events { } pid logs/colmeia.pid; error_log logs/error.log info; ' + SITE, bare=True)

    server.start('-g', 'daemon off; worker_processes 3;')

    server.wait_for(lambda: len(server.workers()) == 3, 'three workers')


def test_an_error_in_g_names_the_command_line(prepare):
    done = prepare(SITE).run('-t', '-g', 'worker_proceses 3;')

    assert done.returncode == 1
    assert 'did you mean "worker_processes"?' in done.stderr
    assert re.search(r'(command line|-g).*:1:1: ', done.stderr)


def test_a_directive_twice_in_g_and_file_is_refused(prepare):
    done = prepare('worker_processes 1;' + SITE).run('-t', '-g', 'worker_processes 3;')

    assert done.returncode == 1
    assert '"worker_processes"' in done.stderr


def test_e_names_the_error_log_when_the_configuration_does_not(prepare):
    server = prepare(SITE)
    server.configure('daemon off; pid logs/colmeia.pid; events { } ' + SITE, bare=True)

    server.start('-e', 'logs/early.log')
    server.get('/missing')

    server.wait_for(lambda: re.search(r'\[error\].*/missing', server.read('logs/early.log')), 'a line in the log that -e names')


def test_t_binds_nothing_that_is_in_use(hive):
    server = hive(SITE)

    done = server.run('-t')

    assert done.returncode == 0, done.stderr
    assert server.get('/').status in (403, 404)


def test_t_leaves_no_log_file_behind(prepare):
    """It would belong to whoever tests, root above all, and be closed to who serves."""
    server = prepare('error_log logs/new-error.log; http { access_log logs/new-access.log; '
                     'server { listen 127.0.0.1:%%PORT%%; } }', bare=True)
    kept = server.write('logs/new-error.log', 'what was there\n')

    done = server.run('-t')

    assert done.returncode == 0, done.stderr
    assert kept.read_text(encoding='utf-8') == 'what was there\n'
    assert not (server.prefix / 'logs/new-access.log').exists()


def test_plan_says_what_the_configuration_comes_to(prepare):
    server = prepare('worker_processes 3; http { access_log logs/a.log; server { listen 127.0.0.1:%%PORT%%; listen %%PORT_B%%; } }')

    done = server.run('--plan')

    assert (done.returncode, done.stderr) == (0, '')
    lines = done.stdout.splitlines()
    for line in (f'prefix: {server.prefix}/', f'configuration: {server.prefix}/colmeia.conf',
                 f'pid file: {server.prefix}/logs/colmeia.pid', f'control socket: {server.prefix}/logs/colmeia.control',
                 f'error log: {server.prefix}/logs/error.log', f'log: {server.prefix}/logs/a.log',
                 f'address: http://127.0.0.1:{server.port}/', f'address: http://localhost:{server.named_port("PORT_B")}/',
                 'workers: 3', 'daemon: off', 'user: nobody, by default'):
        assert line in lines, (line, lines)
    assert not (server.prefix / 'logs/a.log').exists()


def test_plan_of_a_wrong_configuration_is_its_mistakes(prepare):
    done = prepare('nonsense;').run('--plan')

    assert (done.returncode, done.stdout) == (1, '')
    assert '"nonsense" is not a directive' in done.stderr


# -- sending signals

def test_s_without_a_running_server_says_not_running(prepare):
    server = prepare(SITE)

    done = server.run('-s', 'stop')

    assert done.returncode == 3
    assert 'colmeia.pid' in done.stderr


def test_s_does_not_signal_the_owner_of_a_recycled_pid(prepare):
    server = prepare(SITE)
    bystander = subprocess.Popen(['sleep', '60'])
    server.write('logs/colmeia.pid', f'{bystander.pid}\n')

    done = server.run('-s', 'stop')

    assert done.returncode == 3
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


@pytest.mark.parametrize('verb', ['stop', 'quit'])
def test_s_ends_the_server(hive, verb):
    server = hive(SITE)

    done = server.run('-s', verb)

    assert (done.returncode, done.stdout) == (0, f'{verb}: done, process {server.pid} has ended\n')
    assert server.wait_exit() == 0
    assert not (server.prefix / 'logs/colmeia.pid').exists()


def test_s_reload_starts_a_new_generation(hive):
    server = hive(SITE)
    before = server.workers()

    done = server.run('-s', 'reload')

    assert done.returncode == 0, done.stderr
    server.wait_for_error(r'generation 2 serves with 2 workers')
    server.wait_for(lambda: not set(server.workers()) & set(before), 'the old workers to leave')


def test_s_reads_the_pid_path_of_the_configuration(hive):
    server = hive('pid logs/colmeia.pid;' + SITE)
    os.rename(server.prefix / 'colmeia.conf', server.prefix / 'other.conf')

    done = server.run('-c', 'other.conf', '-s', 'stop')

    assert done.returncode == 0, done.stderr
    assert server.wait_exit() == 0

"""The command line: what each option prints, where, and the exit status."""

import os
import re
import subprocess

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


# -- where things are

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

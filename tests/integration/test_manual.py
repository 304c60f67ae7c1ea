"""The manual pages and the completions of shells, which systemd/manual/manual.py makes of what the binary says of itself."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from support import server as server_module

MANUAL = pathlib.Path(os.environ.get('COLMEIA_SOURCE_DIR', pathlib.Path(__file__).parents[2])) / 'systemd/manual/manual.py'
PAGES = ('colmeia.8', 'colmeia.conf.5', 'colmeia-lab.1')
LABORATORY = pathlib.Path(os.path.abspath(server_module.BINARY)).with_name('colmeia-lab')


def said(*arguments):
    done = subprocess.run([server_module.BINARY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=True, env=server_module.environment())
    return done.stdout


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp('manual')
    subprocess.run([sys.executable, '-B', MANUAL, os.path.abspath(server_module.BINARY), LABORATORY, folder],
                   check=True, env=server_module.environment())
    return folder


def complete(made, *words):
    """What bash offers for the last word."""
    script = '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _colmeia; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(['bash', '-c', script, 'bash', made / 'colmeia.bash', *words], capture_output=True, text=True,
                          check=True)
    return done.stdout.split()


def verbs():
    return set(re.findall(r'^  ([a-z][\w-]*)', said('ctl', '-h').split('Verbs:')[1].split('Exit codes')[0], re.MULTILINE))


def test_every_directive_has_its_entry(made):
    directives = re.findall(r'^### (\w+)', said('--reference'), re.MULTILINE)
    page = (made / 'colmeia.conf.5').read_text(encoding='utf-8')

    assert len(directives) > 50
    assert re.findall(r'^\.SS (\w+)', page, re.MULTILINE) == directives


def test_every_option_and_verb_has_its_entry(made):
    page = (made / 'colmeia.8').read_text(encoding='utf-8')

    letters = re.findall(r'^  -(.)', said('-h'), re.MULTILINE)
    assert letters and all(re.search(rf'^\.BI? \\-{re.escape(letter)}(\s|$)', page, re.MULTILINE) for letter in letters)
    assert verbs() and all(re.search(rf'^\.BI? {verb}(\s|$)', page, re.MULTILINE) for verb in verbs())


def test_every_option_of_ctl_has_its_entry(made):
    page = (made / 'colmeia.8').read_text(encoding='utf-8')

    options = re.findall(r'^  (--[a-z-]+)', said('ctl', '-h'), re.MULTILINE)
    assert '--last-reload' in options
    for option in options:
        assert re.search(r'^\.BI? ' + re.escape(option.replace('-', r'\-')) + r'(\s|$)', page, re.MULTILINE), option


@pytest.mark.parametrize('name', PAGES)
def test_pages_have_no_mistake_for_roff(made, name):
    done = subprocess.run(['groff', '-man', '-ww', '-z', '-rLL=100n', made / name], capture_output=True, text=True, check=True)

    assert done.stderr == ''


def test_bash_completes_options_signals_and_verbs(made):
    assert complete(made, 'colmeia', 'c') == ['ctl']
    assert set(complete(made, 'colmeia', '')) == {'ctl', 'serve', *(f'-{letter}' for letter in '?hvVtTqspceg')}
    assert complete(made, 'colmeia', '-s', 're') == ['reopen', 'reload']
    assert set(complete(made, 'colmeia', 'ctl', '')) == verbs()
    assert complete(made, 'colmeia', 'ctl', '--j') == ['--json']
    assert complete(made, 'colmeia', 'ctl', 'trace', '--last') == ['--last-reload']
    assert 'status' in complete(made, 'colmeia', 'ctl', '--socket', '/x', 'st')
    assert complete(made, 'colmeia', 'ctl', 'status', '') == []


def test_serve_has_its_entry_and_its_completion(made, tmp_path):
    page = (made / 'colmeia.8').read_text(encoding='utf-8')
    (tmp_path / 'site').mkdir()
    (tmp_path / 'side').write_text('no folder', encoding='utf-8')

    assert '.SH SERVE' in page and '.BI \\-\\-listen " addr"' in page and '.B \\-\\-listing' in page
    assert set(complete(made, 'colmeia', 'serve', '--')) == {'--listen', '--listing'}
    assert complete(made, 'colmeia', 'serve', f'{tmp_path}/si') == [f'{tmp_path}/site']
    assert complete(made, 'colmeia', 'serve', '.', '--listen', '') == []


def test_zsh_understands_its_completion(made):
    assert subprocess.run(['zsh', '-n', made / '_colmeia'], capture_output=True, check=True).stderr == b''


def test_zsh_knows_every_verb(made):
    text = (made / '_colmeia').read_text(encoding='utf-8')

    assert set(re.findall(r"^    '([a-z]+):", text, re.MULTILINE)) == verbs()

"""colmeia-lab: every exhibit runs and gives numbers that can be true, and both reports hold them."""

import json
import os
import re
import shlex
import signal
import subprocess

import pytest

LAB = os.environ['COLMEIA_LAB']

# Columns that may well be zero; all others are positive wherever they are measured.
MAY_BE_ZERO = {'copies', 'peer_memory', 'memory', 'lost', 'lost_percent', 'late', 'wasted_wakeups', 'empty_accepts'}

# Columns that an exhibit may not have: not every form carries bytes, and ptrace may be forbidden.
MAY_BE_MISSING = {'bytes_per_second', 'system_calls', 'system_calls_by_construction', 'memory', 'peer_memory', 'heavy_p50'}

# What is not there in every container: message queues need a kernel with them.
MAY_BE_UNAVAILABLE = {'message-queue'}


def run(*arguments, cwd, **options):
    return subprocess.run([LAB, *arguments], cwd=cwd, text=True, capture_output=True, timeout=400, **options)


@pytest.fixture(scope='module')
def everything(tmp_path_factory):
    """One quick run of everything, which the tests below look at: its folder and its result."""
    folder = tmp_path_factory.mktemp('lab')
    temporary = folder / 'tmp'
    temporary.mkdir()
    result = run('--quick', 'all', '--json', 'lab.json', '--html', 'lab.html', cwd=folder,
                 env={**os.environ, 'TMPDIR': str(temporary)})
    assert result.returncode in (0, 3), result.stdout + result.stderr
    return folder, result


def results(everything):
    report = json.loads((everything[0] / 'lab.json').read_text())
    return [(family, entry) for family in report['families'] for entry in family['results']]


def measured(everything):
    return [(family, entry) for family, entry in results(everything) if entry['measured']]


def listed(tmp_path):
    listing = run('list', cwd=tmp_path).stdout
    return set(re.findall(r'^  (\S+)', listing, re.MULTILINE))


def test_every_exhibit_is_measured(everything, tmp_path):
    unavailable = {entry['exhibit']: entry['why'] for _, entry in results(everything) if not entry['measured']}

    assert {entry['exhibit'] for _, entry in results(everything)} == listed(tmp_path)
    assert set(unavailable) <= MAY_BE_UNAVAILABLE, unavailable
    assert everything[1].returncode == (3 if unavailable else 0)


def test_everything_is_measured_on_one_core_and_on_two_where_there_are_two(everything):
    placements = {entry['placement'] for _, entry in results(everything)}

    assert placements == ({'one', 'two'} if len(os.sched_getaffinity(0)) > 1 else {'one'})
    assert 'one core: CPU ' in everything[1].stderr


def test_numbers_are_positive(everything):
    for family, entry in measured(everything):
        assert list(entry['values']) == [column['key'] for column in family['columns']]
        for key, value in entry['values'].items():
            if value is None:
                assert key in MAY_BE_MISSING, (entry['exhibit'], key)
            else:
                assert value > 0 or (key in MAY_BE_ZERO and value == 0), (entry['exhibit'], key, value)


def test_p99_is_not_below_p50(everything):
    pairs = 0
    for _, entry in measured(everything):
        for key, value in entry['values'].items():
            p99 = entry['values'].get(key.replace('_p50', '_p99')) if key.endswith('_p50') else None
            if p99 is not None:
                assert value <= p99, (entry['exhibit'], key)
                pairs += 1
    assert pairs > 50


def test_counted_system_calls_are_those_of_the_construction(everything):
    counted = 0
    for _, entry in measured(everything):
        calls = entry['values'].get('system_calls')
        if calls is None or 'calls expected' in entry['note']:
            continue
        # A signal may be sent twice when its queue is full; nothing else makes a call more, or less.
        assert abs(calls - entry['values']['system_calls_by_construction']) < 0.1, entry['exhibit']
        counted += 1
    if counted == 0:
        pytest.skip('this process may not trace its children, so nothing was counted')


def test_the_race_loses_updates_and_its_repairs_lose_none(everything):
    for family, entry in measured(everything):
        if family['name'] == 'race':
            assert (entry['values']['lost'] > 0) == (entry['exhibit'] == 'race'), entry


def test_a_count_of_ones_own_is_cheaper_than_a_shared_one(everything):
    report = json.loads((everything[0] / 'lab.json').read_text())
    if report['machine']['sanitized']:
        pytest.skip('a build with sanitizers: its numbers are not for comparison')
    cost = {(entry['exhibit'], entry['placement']): entry['values']['increment'] for family, entry in measured(everything)
            if family['name'] == 'race'}

    for placement in {where for _, where in cost}:
        assert cost['race-own', placement] < cost['race-atomic', placement] < cost['race-mutex', placement], cost


def test_a_handoff_is_fair_and_a_mutex_is_not(everything):
    spread = {entry['exhibit']: entry['values']['single_imbalance'] for family, entry in measured(everything)
              if family['name'] == 'accept'}

    assert spread['accept-handoff'] == pytest.approx(1, abs=0.05)
    # A busy machine takes longer, and at each delay of the mutex another worker may come into its own.
    assert spread['accept-mutex'] > 1.2


def test_bytes_of_a_message_are_fewest_in_a_line_and_most_in_json(everything):
    size = {entry['exhibit']: entry['values']['bytes'] for family, entry in measured(everything)
            if family['name'] == 'codec'}

    assert size['line'] < size['frame'] < size['json']


def test_the_page_and_the_tables_show_each_exhibit(everything):
    page = (everything[0] / 'lab.html').read_text()
    for family, entry in results(everything):
        assert f'>{entry["title"]}</th>' in page
        assert f'  {entry["title"]} ' in everything[1].stdout
        assert f'id="{family["name"]}"' in page
    assert page.count('<svg ') >= len(json.loads((everything[0] / 'lab.json').read_text())['families'])


def test_nothing_is_left_behind(everything):
    assert list((everything[0] / 'tmp').iterdir()) == []
    assert sorted(path.name for path in everything[0].iterdir()) == ['lab.html', 'lab.json', 'tmp']


def test_an_exhibit_that_may_not_run_says_why_and_the_others_go_on(tmp_path):
    # There is no folder for temporary files: nothing can run at all.
    result = run('--quick', 'frame', 'file-lock', '--json', 'lab.json', cwd=tmp_path, env={**os.environ, 'TMPDIR': '/nowhere'})
    assert result.returncode == 2
    assert '/nowhere' in result.stderr

    # No file may grow: the shared file cannot be written, the frame needs none.
    result = subprocess.run(['/bin/sh', '-c', f'trap "" XFSZ; ulimit -f 0; exec {shlex.quote(str(LAB))} --quick frame file-lock'], cwd=tmp_path,
                            text=True, capture_output=True, timeout=400)
    assert result.returncode == 3, result.stdout + result.stderr
    assert 'File too large' in result.stderr
    assert 'binary frame' in result.stdout


def test_an_interrupted_run_keeps_what_it_has_and_leaves_no_process(tmp_path):
    process = subprocess.Popen([LAB, 'coordination', '--json', 'lab.json'], cwd=tmp_path, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, 'TMPDIR': str(tmp_path)})
    lines = iter(process.stderr.readline, '')
    assert any('one core' in line and ',' in line and ':' not in line for line in lines)  # the first exhibit has ended
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)

    assert process.returncode == 130
    assert 'interrupted' in stderr
    assert 'Ways to coordinate' in stdout
    assert json.loads((tmp_path / 'lab.json').read_text())['families'][0]['results']
    assert [path.name for path in tmp_path.iterdir()] == ['lab.json']


def test_mistakes_of_the_command_line_are_told(tmp_path):
    result = run('unix-steam', cwd=tmp_path)
    assert result.returncode == 1
    assert 'did you mean "unix-stream"?' in result.stderr

    result = run('frame', '--json', 'no/such/folder/lab.json', cwd=tmp_path)
    assert result.returncode == 2
    assert 'no/such/folder/lab.json' in result.stderr

    assert 'Exit status' in run('--help', cwd=tmp_path).stdout
    assert run('nothing', cwd=tmp_path).returncode == 0

"""The arithmetic of the tables, and that rows and options fit together. No server is started and no time is taken."""

import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / 'integration'))

import growth  # noqa: E402  the path has to be set first
import load  # noqa: E402
import rows  # noqa: E402
import table  # noqa: E402


def taken(cpu, user=1.0, system=3.0):
    return {'cpu': cpu, 'both': 2 * cpu, 'user_ticks': user, 'system_ticks': system, 'busy': 0.5, 'rps': 1e6 / cpu, 'p50': 100, 'p99': 900,
            'memory': 1 << 20}


def test_a_ratio_is_taken_within_each_round():
    ours, nginx = [taken(1.0), taken(10.0), taken(2.0)], [taken(2.0), taken(30.0), taken(3.0)]

    assert table.ratio(ours, nginx) == 2.0  # of 2, 3 and 1.5; the ratio of the medians would be 1.5


def test_a_round_that_one_side_missed_is_left_out_of_the_ratio():
    ours, nginx = [taken(1.0), None, taken(2.0)], [taken(2.0), taken(30.0), None]

    assert table.ratio(ours, nginx) == 2.0
    assert table.ratio(ours, []) is None


def test_the_summary_compares_with_nginx_and_with_the_limit():
    numbers = table.summary({'limit': [taken(4.0)], 'colmeia': [taken(5.0)], 'nginx': [taken(10.0)], 'h2o': [None]})

    assert list(numbers) == ['limit', 'colmeia', 'nginx']
    assert numbers['colmeia']['to_nginx'] == 2.0
    assert numbers['colmeia']['to_limit'] == 1.25
    assert numbers['colmeia']['user'] == 1.25  # a quarter of the ticks


def test_a_promise_is_kept_or_missed():
    row = next(row for row in rows.ROWS if row.name == '1k')
    numbers = table.summary({'limit': [taken(4.0)], 'colmeia': [taken(5.0)], 'nginx': [taken(10.0)]})

    assert table.verdicts(row, numbers) == [('nginx/ours >= 1.35: 2.00', True), ('ours/limit <= 1.12: 1.25', False)]
    assert table.verdicts(row, {}) == []


def test_a_promise_that_even_the_limit_loop_breaks_is_told_as_such():
    row = next(row for row in rows.ROWS if row.name == '404')
    numbers = table.summary({'limit': [taken(4.0)], 'colmeia': [taken(5.0)], 'nginx': [taken(6.0)]})

    assert table.verdicts(row, numbers) == [('nginx/ours >= 1.7: 1.20; beyond the limit loop, whose ratio is 1.50', False)]


@pytest.mark.parametrize('value, text', [(None, '-'), (float('inf'), 'inf'), (0, '0'), (0.6634, '0.663'), (7.4, '7.40'), (29.64, '29.6'), (357.2, '357')])
def test_numbers_have_three_digits(value, text):
    assert table.number(value) == text


def test_sizes_and_times_have_units():
    assert table.size(4 << 20) == '4.00 MiB'
    assert table.microseconds(250) == '250 us'
    assert table.microseconds(12500) == '12.5 ms'


def test_a_table_has_a_line_for_each_server():
    row = rows.ROWS[0]

    text = table.core([row], {row.name: table.summary({'limit': [taken(4.0)], 'colmeia': [taken(5.0)]})})

    lines = text.split('\n')
    assert len(lines) == 5
    assert lines[2].startswith(f'| {row.title} ') and lines[3].startswith('|  ')
    assert len({len(line) for line in lines[:4]}) == 1


def test_each_row_asks_as_it_says():
    for row in rows.ROWS:
        line = load.command(1, row, 1)
        assert f'-c{row.connections}' in line
        assert line[-3:] == ['--', 'pipelined', str(row.pipelined)] if row.pipelined > 1 else line[-1].endswith(row.path)
        assert row.settings.get('close', False) == (('Connection', 'close') in row.headers)
        assert row.settings.get('status', 200) == row.status
        assert row.status != 200 or rows.TREE[row.path[1:]] == row.settings.get('bytes', 1024)


def axis_of(**costs):
    """Measurements along an axis of two points: {label: (first, last)}."""
    return {label: {1: [{'cpu': first}, None], 1000: [{'cpu': last}]} for label, (first, last) in costs.items()}


def test_what_grows_steeper_than_nginx_and_ends_dearer_is_told():
    axis = next(axis for axis in growth.AXES if axis.name == 'prefixes')

    assert table.cliffs([axis], {axis.name: axis_of(colmeia=(5.0, 20.0), nginx=(7.0, 14.0))}) == [
        ('prefix locations', "CPU per request grew x 4.00, nginx's x 2.00")]
    assert table.cliffs([axis], {axis.name: axis_of(colmeia=(2.0, 8.0), nginx=(7.0, 14.0))}) == []
    assert table.cliffs([axis], {axis.name: axis_of(colmeia=(5.0, 20.0))}) == []


def test_growth_has_a_column_for_each_point():
    axis = next(axis for axis in growth.AXES if axis.name == 'prefixes')

    lines = table.growth([axis], {axis.name: axis_of(colmeia=(5.0, 10.0))}).split('\n')

    assert [cell.strip() for cell in lines[2].split('|')] == ['', 'CPU per request', 'colmeia', '5.00 us', '10.0 us', 'x 2.00', '']


def test_a_scene_is_judged_by_its_rounds():
    measured = {'half': {'colmeia': [{'p99': 100.0}, {'p99': 300.0}], 'nginx': [{'p99': 100.0}, {'p99': 200.0}]},
                'rest': {'colmeia': [{'worker': 3 << 20}]}}
    results = {name: table.medians(one) for name, one in measured.items()}

    assert table.scene_verdicts(results, measured) == [
        ('half', "p99 <= 1.1 of nginx's: 1.25", False), ('rest', 'worker <= 4.00 MiB: 3.00 MiB', True)]


def test_an_unknown_row_is_named():
    done = subprocess.run([sys.executable, '-B', str(HERE / 'bench.py'), '--quick', '1k', 'nonsense'], capture_output=True,
                          text=True, check=False)

    assert done.returncode == 2
    assert 'no row nonsense; there are 1k, defaults' in done.stderr


def test_a_wrong_word_is_told_before_anything_is_built(tmp_path):
    def checked(*arguments):
        return subprocess.run([sys.executable, '-B', str(HERE / 'bench.py'), '--check', '--binary', str(tmp_path / 'absent'),
                               *arguments], capture_output=True, text=True, check=False)

    assert checked('--quick', '1k').returncode == 0  # the binary is not built yet
    for arguments, said in ((('nonsense',), 'no row nonsense'), (('--growth', '1k'), 'no row 1k'),
                            (('--servers', 'apache'), 'no server apache'), (('--instructions', 'idle'), 'no row idle'),
                            (('--also', 'x'), '--also takes')):
        done = checked(*arguments)
        assert done.returncode == 2 and said in done.stderr, arguments


def test_the_legend_explains_every_column_of_numbers():
    assert tuple(table.LEGEND) == table.HEAD[2:]
    assert all(line.count('  ') for line in table.legend().splitlines())


def test_a_quick_run_judges_nothing(tmp_path, capsys):
    import argparse

    import bench
    row = next(row for row in rows.ROWS if row.name == '1k')
    measured = {'1k': {'limit': [taken(4.0)], 'colmeia': [taken(5.0)], 'nginx': [taken(10.0)]}}
    for quick in (True, False):
        given = argparse.Namespace(rows=[row], scenes=[], rounds=1, seconds=1, quick=quick)
        bench.report(given, tmp_path, ['limit', 'colmeia', 'nginx'], {}, measured, {})
        said = capsys.readouterr().out
        assert ('MISSED' in said, 'judges nothing' in said) == (not quick, quick)
        assert table.legend() in said

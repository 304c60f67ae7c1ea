"""From rounds to numbers, and from numbers to a table. Pure: no server, no clock.

Machines drift while they are measured, so a ratio is taken within each round, where both sides stood next to each
other, and its median over the rounds is what counts; not the ratio of the two medians.
"""

import math
import statistics


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def ratio(rounds, other_rounds, key='cpu'):
    """The median over the rounds of other / own; None where a side is missing."""
    pairs = [(own, other) for own, other in zip(rounds, other_rounds) if own and other]
    return median([other[key] / own[key] for own, other in pairs])


def user_part(rounds):
    """User time per request: the share of ticks over all rounds together, of the exact CPU time."""
    rounds = [one for one in rounds if one]
    user = sum(one['user_ticks'] for one in rounds)
    ticks = user + sum(one['system_ticks'] for one in rounds)
    return median([one['cpu'] for one in rounds]) * user / ticks if ticks else None


def summary(measured):
    """{server: [round or None...]} of one row becomes {server: its numbers}."""
    numbers = {}
    for label, rounds in measured.items():
        taken = [one for one in rounds if one]
        if not taken:
            continue
        numbers[label] = {key: median([one[key] for one in taken])
                          for key in ('cpu', 'both', 'busy', 'rps', 'p50', 'p99', 'memory')}
        numbers[label]['user'] = user_part(taken)
        numbers[label]['to_nginx'] = ratio(rounds, measured.get('nginx', []))
        limit = ratio(rounds, measured.get('limit', []))
        numbers[label]['to_limit'] = 1 / limit if limit else None
        numbers[label]['least'] = min(one['cpu'] for one in taken)
        numbers[label]['most'] = max(one['cpu'] for one in taken)
    return numbers


def verdicts(row, numbers, label='colmeia'):
    """What the row promises of ours: [(text, kept or not)]; nothing where the other side was not measured.

    A ratio to nginx that the limit loop itself does not reach on this machine is said to be beyond it: no server has it.
    """
    ours = numbers.get(label)
    if not ours:
        return []
    said = []
    if row.ratio and ours.get('to_nginx') and 'nginx' in numbers:
        text = f'nginx/ours >= {row.ratio:g}: {number(ours["to_nginx"])}'
        limit = numbers.get('limit', {}).get('to_nginx')
        if limit and limit < row.ratio:
            text += f'; beyond the limit loop, whose ratio is {number(limit)}'
        said.append((text, ours['to_nginx'] >= row.ratio))
    if row.limit and ours.get('to_limit'):
        said.append((f'ours/limit <= {row.limit:g}: {number(ours["to_limit"])}', ours['to_limit'] <= row.limit))
    if row.h2o and 'h2o' in numbers:
        theirs = numbers['h2o']['cpu']
        said.append((f'not dearer than h2o: {number(ours["cpu"])}, {number(theirs)}', ours['cpu'] <= theirs))
    return said


def number(value, digits=3):
    """A number with so many significant digits, without an exponent; '-' for None, 'inf' for a ratio to nothing."""
    if value is None:
        return '-'
    if math.isinf(value):
        return 'inf'
    if value == 0:
        return '0'
    size = abs(value)
    whole = len(str(int(size))) if size >= 1 else 0
    return f'{value:.{max(0, digits - max(whole, 1 if size >= 1 else 0))}f}'


def size(value):
    """Bytes for people."""
    if value is None:
        return '-'
    for unit in ('B', 'KiB', 'MiB', 'GiB'):
        if abs(value) < 1024 or unit == 'GiB':
            return f'{number(value)} {unit}'
        value /= 1024
    return ''


def microseconds(value):
    """A time for people, given in microseconds."""
    if value is None:
        return '-'
    for unit, least in (('us', 1), ('ms', 1e3), ('s', 1e6)):
        if value < least * 1000 or unit == 's':
            return f'{number(value / least)} {unit}'
    return ''


def with_unit(value, unit):
    """A number for people: `unit` is us, bytes, count or ratio."""
    return {'us': microseconds, 'bytes': size, 'count': lambda count: '-' if count is None else f'{count:.0f}',
            'ratio': number}[unit](value)


def markdown(head, rows, left=2):
    """A table in Markdown, laid out so that it reads as plain text too; the first `left` columns are text."""
    widths = [max(len(str(row[column])) for row in [head, *rows]) for column in range(len(head))]
    lines = []
    for row in [head, None, *rows]:
        if row is None:
            cells = ['-' * width if column < left else '-' * (width - 1) + ':' for column, width in enumerate(widths)]
        else:
            cells = [str(cell).ljust(widths[column]) if column < left else str(cell).rjust(widths[column])
                     for column, cell in enumerate(row)]
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines) + '\n'


HEAD = ('row', 'server', 'CPU us', 'user us', '+ client', 'nginx/it', 'it/limit', 'req/s', 'p50', 'p99', 'memory', 'busy')


# What the columns of core() say, for the reader of a table alone.
LEGEND = {
    'CPU us': "the server's CPU time for one request, in microseconds: what is compared",
    'user us': 'of that, what it spends in its own code; the rest is the kernel',
    '+ client': "CPU time of server and wrk together: with small answers the kernel books some of one's work on the other",
    'nginx/it': "nginx's CPU us divided by this server's in the same round, the median: above 1 it is cheaper than nginx",
    'it/limit': 'its CPU us divided by those of the limit loop, which only makes the system calls: 1 is as cheap as can be',
    'req/s': 'answers in a second, with one worker on one CPU',
    'p50': 'half of the answers came within this time',
    'p99': '99 of 100 did',
    'memory': 'what the server and its workers have resident and to themselves',
    'busy': "how much of its CPU the server used: far below 100 % the client was the slower one, and req/s says nothing",
}


def legend():
    return ''.join(f'{name:<10}{meaning}\n' for name, meaning in LEGEND.items())


def core(rows, results):
    """The table of all rows: `results` is {row name: summary()}."""
    lines = []
    for row in rows:
        title = row.title
        for label, one in results.get(row.name, {}).items():
            lines.append((title, label, number(one['cpu']), number(one['user'], 2), number(one['both']), number(one['to_nginx']),
                          number(one['to_limit']), f'{one["rps"]:.0f}', microseconds(one['p50']),
                          microseconds(one['p99']), size(one['memory']), f'{one["busy"] * 100:.0f} %'))
            title = ''
    return markdown(HEAD, lines)


def scenes(wanted, labels, results):
    """The table of scenes: `results` is {scene name: {label: {measure: median}}}; a column for each server."""
    lines = []
    for scene in wanted:
        title = scene.title
        for key, name, unit in scene.measures:
            values = [results[scene.name].get(label, {}).get(key) for label in labels]
            lines.append((title, name, *(with_unit(value, unit) for value in values)))
            title = ''
    return markdown(('scene', 'measure', *labels), lines)


def medians(measured):
    """{label: [round or None...]} of a scene becomes {label: {measure: median}}."""
    found = {}
    for label, rounds in measured.items():
        taken = [one for one in rounds if one]
        if taken:
            found[label] = {key: median([one.get(key) for one in taken]) for key in taken[0]}
    return found


# What the scenes promise of ours: (scene, measure, at most, unit); ('nginx', factor) is nginx's own figure times that.
PROMISES = (
    ('half', 'p99', ('nginx', 1.1), 'us'),
    ('idle', 'bytes', ('nginx', 1.0), 'bytes'),
    ('rest', 'worker', 4 << 20, 'bytes'),
    ('start', 'ready', 15e3, 'us'),
    ('start', 'serving', 60e3, 'us'),
    ('spread', 'single_spread', 1.5, 'ratio'),
    ('spread', 'single_wasted', 0.02, 'ratio'),
    ('spread', 'burst_spread', 2.0, 'ratio'),
    ('spread', 'burst_wasted', 0.1, 'ratio'),
)


def scene_verdicts(results, measured, label='colmeia'):
    """As verdicts(), of the scenes: [(scene, text, kept or not)]."""
    said = []
    for scene, key, most, unit in PROMISES:
        ours = results.get(scene, {}).get(label, {}).get(key)
        if ours is None:
            continue
        if isinstance(most, tuple):
            other, factor = most
            of_round = ratio(measured[scene].get(other, []), measured[scene][label], key)
            if of_round is not None:
                said.append((scene, f"{key} <= {factor:g} of {other}'s: {number(of_round)}", of_round <= factor))
        else:
            said.append((scene, f'{key} <= {with_unit(most, unit)}: {with_unit(ours, unit)}', ours <= most))
    return said


def growth(axes, measured):
    """The table of growth: a line for each measure and server, a column for each point; and how much it grew in all."""
    texts = []
    for axis in axes:
        of_axis = measured.get(axis.name, {})
        points = sorted({point for rounds in of_axis.values() for point in rounds})
        lines = []
        for key, name, unit in axis.measures:
            title = name
            for label, of_label in of_axis.items():
                values = [at(of_label, point, key) for point in points]
                if any(value is not None for value in values):
                    lines.append((title, label, *(with_unit(value, unit) for value in values), times(values)))
                    title = ''
        head = (f'{axis.title}: {axis.along}', 'server', *(f'{point:,}' for point in points), 'grew')
        texts.append(markdown(head, lines))
    return '\n'.join(texts)


def at(of_label, point, key):
    """The median of a measure at one point; None where nobody measured it."""
    return median([one.get(key) for one in of_label.get(point, []) if one])


def grew(values):
    """The last one divided by the first one."""
    known = [value for value in values if value]
    return known[-1] / known[0] if len(known) > 1 else None


def times(values):
    """The same for people."""
    return '-' if grew(values) is None else f'x {number(grew(values))}'


STEEPER = 1.5   # how much more than nginx something of ours may grow before it is told as a cliff


def cliffs(axes, measured):
    """Where ours grew clearly more than nginx's and costs more at the last point: [(axis title, text)]."""
    found = []
    for axis in axes:
        of_axis = measured.get(axis.name, {})
        points = sorted({point for rounds in of_axis.values() for point in rounds})
        for key, name, _ in axis.measures:
            ours, theirs = ([at(of_axis.get(label, {}), point, key) for point in points] for label in ('colmeia', 'nginx'))
            if not grew(ours) or not grew(theirs) or grew(ours) <= STEEPER * grew(theirs):
                continue
            if ours[-1] and theirs[-1] and ours[-1] > theirs[-1]:
                found.append((axis.title, f"{name} grew {times(ours)}, nginx's {times(theirs)}"))
    return found

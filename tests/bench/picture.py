"""The pictures: bars of CPU time per request, drawn by matplotlib into SVG and PNG."""

try:
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot
except ImportError:  # the table does without
    pyplot = None

import table

COLOURS = {'limit': '#9e9e9e', 'colmeia': '#e0a100', 'nginx': '#2e7d32', 'nginx-plain': '#7cb342', 'h2o': '#1565c0', 'lighttpd': '#8e3b8e'}
OTHERS = ('#b5651d', '#00838f', '#c2185b')


def colours(labels):
    others = iter(OTHERS * len(labels))
    return {label: COLOURS.get(label) or next(others) for label in labels}


def save(figure, path):
    """Writes PATH.svg and PATH.png; returns their names."""
    names = [path.with_suffix(suffix) for suffix in ('.svg', '.png')]
    for name in names:
        figure.savefig(name, dpi=130, metadata={'Date': None} if name.suffix == '.svg' else None)
    pyplot.close(figure)
    return names


def core(rows, results, path, note=''):
    """One little chart for each row, as the rows' scales differ: CPU per request, the user part darker."""
    rows = [row for row in rows if results.get(row.name)]
    if pyplot is None or not rows:
        return []
    columns = 2
    height = (len(rows) + columns - 1) // columns
    figure, axes = pyplot.subplots(height, columns, figsize=(12, 1.9 * height + 0.6), squeeze=False,
                                   constrained_layout=True)
    figure.suptitle('CPU time of the server per request, microseconds (user part dark); less is better\n' + note,
                    fontsize=11)
    for place, axis in enumerate(axes.flat):
        if place >= len(rows):
            axis.axis('off')
            continue
        numbers = results[rows[place].name]
        labels = list(numbers)
        colour = colours(labels)
        values = [numbers[label]['cpu'] for label in labels]
        bars = axis.barh(labels, values, color=[colour[label] for label in labels], alpha=0.75)
        axis.barh(labels, [numbers[label]['user'] or 0 for label in labels], color=[colour[label] for label in labels])
        axis.bar_label(bars, labels=[f'{value:.3g}' for value in values], padding=3, fontsize=8)
        axis.set_title(rows[place].title, fontsize=10, loc='left')
        axis.set_xlim(0, max(values) * 1.15)
        axis.invert_yaxis()
        axis.tick_params(labelsize=8)
        for side in ('top', 'right'):
            axis.spines[side].set_visible(False)
    return save(figure, path)


def growth(axes, measured, path, note=''):
    """A little chart for each axis and drawn measure, both scales logarithmic."""
    charts = [(axis, measure) for axis in axes if measured.get(axis.name) for measure in axis.measures[:axis.drawn]]
    if pyplot is None or not charts:
        return []
    columns = 3
    height = (len(charts) + columns - 1) // columns
    figure, axes_of = pyplot.subplots(height, columns, figsize=(14, 3.1 * height + 0.6), squeeze=False, constrained_layout=True)
    figure.suptitle('How the cost grows as the work grows\n' + note, fontsize=11)
    for place, chart in enumerate(axes_of.flat):
        if place >= len(charts):
            chart.axis('off')
            continue
        axis, (key, name, unit) = charts[place]
        of_axis = measured[axis.name]
        colour = colours(list(of_axis))
        largest = 0
        for label, of_label in of_axis.items():
            pairs = [(point, table.at(of_label, point, key)) for point in sorted(of_label)]
            pairs = [(point, value) for point, value in pairs if value]
            if pairs:
                chart.plot(*zip(*pairs), marker='o', markersize=3, label=label, color=colour[label])
                largest = max(largest, *(value for _, value in pairs))
        chart.set_xscale('log')
        chart.set_yscale('log')
        if largest:
            chart.set_ylim(top=largest * 2)
        chart.yaxis.set_major_formatter(lambda value, _, unit=unit: table.with_unit(value, unit))
        chart.yaxis.set_minor_formatter(lambda *_: '')
        chart.set_title(axis.title, fontsize=9, loc='left')
        chart.set_xlabel(axis.along, fontsize=8)
        chart.set_ylabel(name, fontsize=8)
        chart.tick_params(labelsize=7)
        chart.grid(True, alpha=0.3)
        chart.legend(fontsize=7)
    return save(figure, path)

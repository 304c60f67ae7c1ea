"""The dashboard for Grafana asks only for what `hive prometheus` tells."""

import json
import os
import pathlib
import re
from signal import SIGHUP

ROOT = pathlib.Path(os.environ.get('COLMEIA_SOURCE_DIR', pathlib.Path(__file__).resolve().parents[2]))
DASHBOARD = ROOT / 'conf' / 'grafana-dashboard.json'

SUFFIXES = {'counter': [''], 'gauge': [''], 'histogram': ['_bucket', '_sum', '_count']}


def queries():
    """[(where it stands, expression, legend)] of everything that the dashboard asks for."""
    board = json.loads(DASHBOARD.read_text(encoding='utf-8'))
    found = [(panel['title'], target['expr'], target['legendFormat'])
             for panel in board['panels'] for target in panel.get('targets', [])]
    found += [(note['name'], note['expr'], '') for note in board['annotations']['list']]
    found += [(variable['name'], variable['query']['query'], '') for variable in board['templating']['list']
              if variable['type'] == 'query']
    return found


def metrics(text):
    """{sample name: labels that its samples have} of a page for Prometheus."""
    types = dict(re.findall(r'^# TYPE (\S+) (\S+)$', text, re.MULTILINE))
    named = {name + suffix: set() for name, kind in types.items() for suffix in SUFFIXES[kind]}
    for name, labels in re.findall(r'^([a-z_]+)(?:\{(.*)\})? \S+$', text, re.MULTILINE):
        named[name] |= set(re.findall(r'(\w+)="', labels))
    return named


def served_metrics(hive):
    """What a server with one reload behind it tells."""
    server = hive("""
        http { server { listen 127.0.0.1:%%PORT%%; location /metrics { hive prometheus; } } }
    """)
    server.signal(SIGHUP)
    server.wait_for_error(r'generation 2 serves')
    return metrics(server.wait_for(lambda: 'colmeia_last_reload_successful' in server.get('/metrics').text
                                   and server.get('/metrics').text, 'the result of the reload'))


def test_every_metric_and_label_of_the_dashboard_is_told(hive):
    told = served_metrics(hive)
    asked = queries()

    assert len(asked) > 20
    for title, expression, legend in asked:
        names = re.findall(r'\bcolmeia_[a-z0-9_]+', expression)
        assert names, f'{title} asks for nothing of ours: {expression}'
        for name in names:
            assert name in told, f'{title} asks for {name}'
        labels = set(re.findall(r'\{\{(\w+)\}\}', legend)) | {
            label.strip() for group in re.findall(r'\bby \(([^)]*)\)', expression) for label in group.split(',')}
        known = set.union(*(told[name] for name in names))
        assert labels <= known, f'{title} asks for the labels {labels - known}'


def test_every_family_of_metrics_is_on_the_dashboard_but_those_named_here(hive):
    """Whoever adds a metric decides whether an operator wants to see it."""
    left_out = {
        # the same is shown by worker, or in all
        'colmeia_requests', 'colmeia_cpu_seconds', 'colmeia_worker_responses', 'colmeia_worker_sent_bytes',
        'colmeia_worker_received_bytes', 'colmeia_worker_connections', 'colmeia_worker_wasted_wakeups',
        'colmeia_worker_connections_full', 'colmeia_worker_silent', 'colmeia_worker_turn_seconds',
        'colmeia_worker_descriptors_out', 'colmeia_worker_log_lines_lost',
        'colmeia_gzip_cache_hits', 'colmeia_gzip_cache_misses',
        'colmeia_worker_gzip_cache_hits', 'colmeia_worker_gzip_cache_misses',
        # for sums and joins
        'colmeia_build_info', 'colmeia_accept_by_info', 'colmeia_start_time_seconds', 'colmeia_worker_start_time_seconds',
        # the latest one is shown
        'colmeia_reloads', 'colmeia_last_reload_timestamp_seconds', 'colmeia_last_failed_reload_timestamp_seconds',
    }
    family = re.compile(r'(_bucket|_sum|_count|_total)$')
    asked = {family.sub('', name) for _, expression, _ in queries()
             for name in re.findall(r'\bcolmeia_[a-z0-9_]+', expression)}

    told = {family.sub('', name) for name in served_metrics(hive) if 'ended_workers' not in name}

    assert told - asked == left_out


def test_panels_do_not_overlap_and_say_what_they_show():
    board = json.loads(DASHBOARD.read_text(encoding='utf-8'))
    taken = {}
    for panel in board['panels']:
        place = panel['gridPos']
        assert place['x'] + place['w'] <= 24, panel['title']
        for x in range(place['x'], place['x'] + place['w']):
            for y in range(place['y'], place['y'] + place['h']):
                assert (x, y) not in taken, (panel['title'], taken[x, y])
                taken[x, y] = panel['title']
        assert panel['type'] == 'row' or panel['description'].endswith('.'), panel['title']
    assert len({panel['id'] for panel in board['panels']}) == len(board['panels'])

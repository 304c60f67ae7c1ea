"""The trace: what master and children said and did, over the control socket and in all its views."""

from contextlib import ExitStack
import json
import os
import re
from signal import SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGSTOP
import threading

from support import processes
from support.control import ask, ctl, lines_until, socket_path
from support.http_client import Connection
from support.waiting import DEADLINE

SITE = 'worker_processes 2; http { server { listen 127.0.0.1:%%PORT%%; root html; } }'
RING = 4096


def events_of(server, *options):
    done = ctl(server, 'trace', '--json', *options)
    assert (done.returncode, done.stderr) == (0, '')
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_message(event):
    return event['kind'] in ('send', 'receive')


def until_quiet(server, generation=2):
    """Until nothing of an earlier generation is left: the story of the reload is at its end."""
    server.wait_for(lambda: any(event['kind'] == 'generation' and event['generation'] == generation - 1
                                and event['text'] == 'closed' for event in ask_all(server)), 'the old generation to end')


def ask_all(server, after=0):
    return ask(server, f'/trace?after={after}')[1]['events']


def reloaded(hive):
    server = hive(SITE)
    done = ctl(server, 'reload')
    assert done.returncode == 0, done.stderr
    until_quiet(server)
    return server


def read_until(process, condition, what):
    """Events as JSON, up to and with the first that meets the condition."""
    return [json.loads(line) for line in lines_until(process, lambda line: condition(json.loads(line)), what)]


# -- the events

def test_every_event_of_a_reload_leads_back_to_the_command(hive):
    server = reloaded(hive)

    story = events_of(server, '--last-reload')

    assert (story[0]['kind'], story[0]['text'], story[0]['cause']) == ('command', 'reload', None)
    numbers = {event['seq'] for event in story}
    for event in story[1:]:
        assert event['cause'] in numbers and event['cause'] < event['seq'], event
    told = [(event['kind'], event['peer'], event['message'] or event['text'].split(' ')[0]) for event in story]
    for one, times in ((('send', 'compiler', 'Compile'), 1), (('receive', 'compiler', 'Compiled'), 1),
                       (('spawn', 'worker', 'worker'), 2), (('send', 'worker', 'Adopt'), 2),
                       (('receive', 'worker', 'Ready'), 2), (('send', 'worker', 'Drain'), 2),
                       (('exit', 'worker', 'exited'), 2), (('exit', 'compiler', 'exited'), 1),
                       (('reply', 'operator', 'generation'), 1)):
        assert told.count(one) == times, (one, told)


def test_a_reload_by_signal_begins_with_the_signal(hive):
    server = hive(SITE)
    server.signal(SIGHUP)
    until_quiet(server)

    story = events_of(server, '--last-reload')

    assert (story[0]['kind'], story[0]['text'], story[0]['from']) == ('signal', 'signal 1 (SIGHUP)', 'operator')
    assert story[-1]['text'] in ('closed', 'empty')


def test_without_a_reload_there_is_none_to_tell_of(hive):
    done = ctl(hive(SITE), 'trace', '--last-reload')

    assert (done.returncode, done.stdout) == (1, '')
    assert 'knows of no reload' in done.stderr


def test_text_points_from_effects_to_causes(hive):
    server = reloaded(hive)

    text = ctl(server, 'trace').stdout

    found = {int(number): int(cause or 0) for number, cause in re.findall(r'^ *#(\d+) (?:<- #(\d+))?', text, re.M)}
    assert found == {event['seq']: event['cause'] or 0 for event in events_of(server)}


def test_since_begins_at_an_event_or_a_time(hive):
    server = hive(SITE)

    assert events_of(server, '--since', '5')[0]['seq'] == 5
    assert events_of(server, '--since', '1h') == events_of(server)
    assert events_of(server, '--since', '0ms') == []
    assert ctl(server, 'trace', '--since', 'yesterday').returncode == 1


def test_a_respawn_has_the_death_as_its_cause(hive):
    server = hive(SITE)
    victim = server.workers()[0]
    os.kill(victim, SIGKILL)
    server.wait_for(lambda: len(server.workers()) == 2 and victim not in server.workers(), 'a successor')

    told = events_of(server)

    death = next(event for event in told if event['kind'] == 'exit' and event['pid'] == victim)
    assert death['text'] == 'was killed by signal 9 (SIGKILL)'
    spawn = next(event for event in told if event['kind'] == 'spawn' and event['seq'] > death['seq'])
    cause = next(event for event in told if event['seq'] == spawn['cause'])
    assert cause['pid'] == victim


# -- the views

def test_the_chart_of_a_reload_has_each_message_once(hive):
    server = reloaded(hive)
    story = events_of(server, '--last-reload')

    done = ctl(server, 'trace', '--last-reload', '--mermaid')

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == 'sequenceDiagram'
    participants = re.findall(r'^    participant (\w+) as ', done.stdout, re.M)
    assert participants[:3] == ['operator', 'master', 'compiler_2'] and len(participants) == 7
    arrows = re.findall(r'^    (\w+?)(?:-+>>|-+x)(\w+): \[(\d+)\] (\w+)', done.stdout, re.M)
    drawn = [(int(number), name) for _, _, number, name in arrows]
    assert [one for one in drawn if one[0] in {event['seq'] for event in story if is_message(event)}] == \
        [(event['seq'], event['message']) for event in story if is_message(event)]
    assert {end for arrow in arrows for end in arrow[:2]} <= set(participants)
    # Nothing else was said meanwhile: the chart has all messages since the command.
    said = [event['seq'] for event in events_of(server, '--since', str(story[0]['seq'])) if is_message(event)]
    assert [number for number, _ in drawn if number in said] == said


def test_chrome_opens_what_it_is_given(hive):
    server = reloaded(hive)

    entries = json.loads(ctl(server, 'trace', '--chrome').stdout)['traceEvents']

    for entry in entries:
        assert {'ph', 'name', 'pid', 'tid', 'ts'} <= set(entry), entry
        assert entry['ph'] != 'X' or entry['dur'] >= 0
    names = {entry['args']['name'] for entry in entries if entry['name'] == 'process_name'}
    assert {'operator', 'master'} < names and sum(name.startswith('worker') for name in names) == 4
    begun = sorted(entry['id'] for entry in entries if entry['ph'] == 's')
    ended = sorted(entry['id'] for entry in entries if entry['ph'] == 'f')
    messages = {event['seq'] for event in events_of(server) if is_message(event)}
    assert begun == ended and len(set(begun)) == len(begun) and messages <= set(begun)
    states = {entry['name'] for entry in entries if entry['ph'] == 'X' and entry['cat'] == 'state'}
    assert {'starting', 'ready', 'draining'} <= states


def test_hex_decodes_every_frame(hive):
    server = reloaded(hive)
    frames = {event['seq']: event for event in ask(server, '/trace?frames=1')[1]['events'] if is_message(event)}

    text = ctl(server, 'trace', '--hex').stdout

    blocks = {int(number): block for number, block in re.findall(r'^ *#(\d+) .*\n((?:    [0-9a-f]{4}  .*\n)+)', text, re.M)}
    assert set(blocks) == set(frames) and len(frames) > 20
    for number, block in blocks.items():
        found = re.findall(r'^    ([0-9a-f]{4})  ((?:[0-9a-f]{2} ?){1,8})', block, re.M)
        joined = ''.join(part.replace(' ', '') for _, part in found)
        assert joined == frames[number]['frame']
        assert len(joined) == 2 * frames[number]['bytes']
        assert f'({frames[number]["message"]})' in block
        assert re.search(rf'sequence +{frames[number]["number"]}$', block, re.M)


def test_descriptors_are_told_by_name(hive):
    server = reloaded(hive)
    for arguments in (('trace',), ('trace', '--hex')):
        text = ctl(server, *arguments).stdout
        for name in ('configuration', 'scoreboard', 'trace', 'text', 'plan'):
            assert re.search(rf'descriptors?(:| ).*\b{name}\b', text), (arguments, name)
        assert re.search(rf'descriptors?:? +listener \S*:{server.port}$', text, re.M), arguments
        assert re.search(r'descriptors?:? +log \S*error\.log$', text, re.M), arguments

    kinds = {event['message']: event['descriptors'] for event in events_of(server) if is_message(event)}
    assert kinds['Adopt'] == ['configuration', 'scoreboard', 'trace'] and kinds['Go'] == []


# -- following

def test_following_sees_a_death_and_the_successor(hive, follow):
    server = hive(SITE)
    watching = follow(server, '--json', '--since', '1')
    victim = server.workers()[0]
    read_until(watching, lambda event: event['kind'] == 'server' and event['text'] == 'serving', 'the start')

    os.kill(victim, SIGKILL)
    seen = read_until(watching, lambda event: event['kind'] == 'state' and event['text'] == 'ready', 'a successor')

    assert any(event['kind'] == 'exit' and event['pid'] == victim for event in seen)
    assert seen[-1]['pid'] != victim and seen[-1]['pid'] in server.workers()
    watching.send_signal(SIGINT)
    assert watching.wait(DEADLINE) == 0


def test_following_ends_when_the_server_does(hive, follow):
    server = hive(SITE)
    watching = follow(server, '--json', '--since', '1')
    read_until(watching, lambda event: event['kind'] == 'server' and event['text'] == 'serving', 'the start')

    assert ctl(server, 'quit').returncode == 0
    out, complaint = watching.communicate(timeout=DEADLINE)

    assert watching.returncode == 0
    assert 'the server has left' in complaint
    # How much more it hears depends on whether it was asking when the server left.
    assert any((event['kind'], event['text']) == ('command', 'quit') for event in map(json.loads, out.splitlines()))


def test_without_since_following_begins_now(hive, follow):
    server = hive(SITE)
    before = ask(server, '/trace')[1]['newest']
    watching = follow(server, '--json')
    seen = []
    reading = threading.Thread(target=lambda: seen.append(json.loads(watching.stdout.readline())))
    reading.start()
    # When it has begun to wait cannot be seen from outside, so there is news until it has told some.
    server.wait_for(lambda: ask(server, '/drain', 'POST', {'worker': 99})[0] == 422 and seen, 'news')
    reading.join()

    assert seen[0]['seq'] > before
    assert seen[0]['text'] in ('drain 99', 'no worker lives in slot 99')


FAR = 99999999  # the number of no event: who asks for later ones waits, whatever happens


def fill_places(server, stack, count):
    for _ in range(count):
        connection = stack.enter_context(Connection(socket_path(server)))
        connection.request('GET', f'/trace?after={FAR}&wait=30000')


def test_only_so_many_may_wait_and_orders_still_work(hive):
    server = hive(SITE)
    with ExitStack() as stack:
        fill_places(server, stack, 16)
        server.wait_for(lambda: ask(server, f'/trace?after={FAR}&wait=50')[0] == 503, 'all places to be taken')

        assert ask(server, '/health')[0] == 200
        assert ask(server, '/drain', 'POST', {'worker': 99})[0] == 422

    server.wait_for(lambda: ask(server, f'/trace?after={FAR}&wait=1')[0] == 200, 'the places to be free')


def test_what_goes_together_is_said(hive):
    server = hive(SITE)

    for options in (('--follow', '--mermaid'), ('--follow', '--chrome'), ('--follow', '--last-reload')):
        done = ctl(server, 'trace', *options)
        assert (done.returncode, done.stdout) == (1, '')
        assert '"--follow"' in done.stderr


# -- a ring that is full

def refuse(server, orders=1):
    """Gives so many orders that are refused: two events each."""
    body = b'{"worker": 99}'
    with Connection(socket_path(server)) as connection:
        for _ in range(orders):
            connection.request('POST', '/drain', [('Content-Length', str(len(body)))], body)
            assert connection.response('POST').status == 422


def overflow(server):
    """More events than the ring holds."""
    refuse(server, RING // 2 + 50)


def test_what_was_overwritten_is_told(hive):
    server = hive(SITE)
    overflow(server)

    page = ask(server, '/trace')[1]
    text = ctl(server, 'trace').stdout.splitlines()

    assert page['missed'] == page['events'][0]['seq'] - 1 == page['newest'] - RING
    assert text[0] == f'-- {page["missed"]} events missed: they were overwritten before they were read'
    assert len(text) == RING + 1


def test_a_follower_that_was_sent_away_because_it_did_not_read_comes_back_and_misses_nothing(hive, follow):
    """As one in a pipe to a pager, or stopped by Ctrl-Z."""
    def sockets():
        return sum(target.startswith('socket:') for target in processes.descriptors(server.pid).values())

    server = hive(SITE)
    alone = sockets()
    watching = follow(server, '--json', '--since', '1')
    last = read_until(watching, lambda event: event['kind'] == 'server' and event['text'] == 'serving', 'the start')[-1]
    watching.send_signal(SIGSTOP)
    refuse(server)  # an answer for it
    server.wait_for(lambda: sockets() == alone, 'its connection to be closed')
    refuse(server)
    newest = ask(server, '/trace')[1]['newest']

    watching.send_signal(SIGCONT)
    seen = read_until(watching, lambda event: event.get('seq') == newest, 'the newest')

    assert [event['seq'] for event in seen] == [*range(last['seq'] + 1, newest + 1)]


def test_a_follower_that_falls_behind_skips_and_says_so(hive, follow):
    server = hive(SITE)
    watching = follow(server, '--json', '--since', '1')
    last = read_until(watching, lambda event: event['kind'] == 'server' and event['text'] == 'serving', 'the start')[-1]
    watching.send_signal(SIGSTOP)
    overflow(server)
    overflow(server)
    newest = ask(server, '/trace')[1]['newest']

    watching.send_signal(SIGCONT)
    seen = read_until(watching, lambda event: event.get('seq') == newest, 'the newest')

    assert any('missed' in event for event in seen)
    assert sum(event.get('missed', 1) for event in seen) == newest - last['seq']

"""The hive's page in a real Chromium: what it shows is what happens."""

import collections
import os
import signal
import subprocess

from selenium.webdriver.common.keys import Keys

from support.control import socket_path
from support.server import BINARY
from support.waiting import wait_for

# What a worker and the master say to each other from its birth to its readiness, with one listener and one log.
BIRTH = ['spawn', 'Hello', 'Adopt', 'Lend', 'Lend', 'Go', 'Ready']


def reload_and_wait(page):
    """Reloads the server, and waits until the page tells the whole story of it."""
    before = set(page.pids('ready'))
    page.server.signal(signal.SIGHUP)
    page.wait_for(lambda: len(page.pids('ready')) == len(before) and not before & set(page.pids('ready')),
                  'the workers of the new generation')
    page.wait_for(lambda: 'over after' in page.text('#sequence-facts') and 'SIGHUP' in page.text('#sequence-facts'),
                  'the end of the reload')


def test_there_is_a_box_for_each_worker_and_no_other(look):
    page = look(workers=3)

    page.wait_for(lambda: len(page.pids('ready')) == 3, 'three ready workers')
    assert page.pids('ready') == sorted(page.server.workers())
    assert len(page.boxes()) == 3
    assert f'pid {page.server.pid}' in page.text('.box.master')
    assert '3 workers ready' in page.text('#server')


def test_a_killed_worker_is_seen_dead_beside_its_ready_successor(look):
    page = look(workers=2)
    victim, other = page.wait_for(lambda: len(page.pids('ready')) == 2 and page.pids('ready'), 'both workers')

    os.kill(victim, signal.SIGKILL)

    page.wait_for(lambda: page.boxes().get(victim, {}).get('state') == 'gone'
                  and len(page.pids('ready')) == 2, 'the dead worker and its successor side by side')
    boxes = page.boxes()
    assert 'SIGKILL' in boxes[victim]['text']
    assert boxes[other]['state'] == 'ready'
    assert sorted(page.server.workers()) == page.pids('ready')
    page.wait_for(lambda: victim not in page.boxes(), 'the dead worker to leave the picture')


def test_a_death_is_said_aloud(look):
    page = look(workers=2)
    victim = page.wait_for(lambda: len(page.pids('ready')) == 2 and page.pids('ready'), 'both workers')[0]
    page.ask("""window.said = '';
        new MutationObserver(() => { said += document.getElementById('announcer').textContent; })
          .observe(document.getElementById('announcer'), {childList: true})""")

    os.kill(victim, signal.SIGKILL)

    page.wait_for(lambda: f'process {victim}, was killed by signal 9' in page.ask('return said'), 'the announcement')
    assert page.ask("return document.getElementById('announcer').getAttribute('aria-live')") == 'polite'


def test_the_chart_of_a_reload_has_each_message_once(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')

    reload_and_wait(page)

    numbers = [number for number, _ in page.arrows()]
    assert numbers == sorted(set(numbers))
    words = collections.Counter(word for _, word in page.arrows())
    for word in BIRTH:
        of_the_compiler = 1 if word in ('spawn', 'Hello') else 0
        lent = 2 if word == 'Lend' else 1  # the listener and the log
        assert words[word] == 2 * lent + of_the_compiler, (word, words)
    for word, times in {'SIGHUP': 1, 'Compile': 1, 'Compiled': 1, 'Drain': 2, 'Draining': 2, 'exit': 3}.items():
        assert words[word] == times, (word, words)


def test_the_chart_of_a_reload_is_told_again_from_the_history(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    reload_and_wait(page)
    seen = page.arrows()

    page.open()

    page.wait_for(lambda: page.arrows() == seen, 'the same chart')


def test_messages_fly_during_a_reload(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    page.ask("""window.flown = [];
        new MutationObserver((changes) => {
          for (const {addedNodes} of changes) flown.push(...[...addedNodes].map((node) => node.textContent));
        }).observe(document.querySelector('.sky'), {childList: true})""")

    page.server.signal(signal.SIGHUP)

    page.wait_for(lambda: {'SIGHUP', 'Compile', 'Adopt', 'Ready', 'Drain'} <= set(page.ask('return flown')),
                  'messages in the air')
    page.wait_for(lambda: page.ask("return document.querySelectorAll('.flight').length") == 0, 'all to have arrived')


def test_nothing_flies_for_who_wants_less_motion(look, browser):
    browser.prefers(motion='reduce')
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    page.ask("""window.flown = 0;
        new MutationObserver(() => { flown += 1; }).observe(document.querySelector('.sky'), {childList: true})""")

    reload_and_wait(page)

    assert page.ask('return flown') == 0


def test_it_survives_a_restart_of_the_server(look):
    page = look(workers=2)
    old = page.wait_for(lambda: len(page.pids('ready')) == 2 and page.pids('ready'), 'both workers')

    assert page.server.stop() == 0
    page.wait_for(lambda: page.link() == 'reconnecting', 'the loss to be told')
    page.server.exit_status = None
    page.server.start()

    page.wait_for(lambda: page.link() == 'live' and page.pids('ready') == sorted(page.server.workers()),
                  'the workers of the new server')
    assert not set(old) & set(page.boxes())
    assert f'pid {page.server.pid}' in page.text('.box.master')


def test_a_reload_does_not_interrupt_it(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')

    for generation in (2, 3):
        reload_and_wait(page)
        ready = [box['generation'] for box in page.boxes().values() if box['state'] == 'ready']
        assert ready == [generation, generation]
    wait_for(lambda: page.link() == 'live', 'the connection to be back')


def test_a_reload_that_fails_is_told_and_changes_nothing(look):
    page = look(workers=2)
    before = page.wait_for(lambda: len(page.pids('ready')) == 2 and page.pids('ready'), 'both workers')

    page.server.configure('http { no_such_directive; }')
    page.server.signal(signal.SIGHUP)

    page.wait_for(lambda: 'no_such_directive' in page.text('.box.master'), 'the reason in the box of the master')
    page.wait_for(lambda: 'rejected' in page.text('#sequence'), 'the end of the reload in the chart')
    assert 'over after' in page.text('#sequence-facts')
    assert page.pids('ready') == before


def test_a_frozen_worker_is_found_even_when_it_serves_the_page(look):
    page = look(workers=2, main='worker_watchdog 2s;')
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    host = page.wait_for(lambda: [pid for pid, box in page.boxes().items() if 'this page' in box['text']], 'the host')[0]

    os.kill(host, signal.SIGSTOP)

    page.wait_for(lambda: host not in page.pids('ready') and len(page.pids('ready')) == 2, 'a successor')
    page.wait_for(lambda: any('heartbeat missed' in row['text'] for row in page.log()), 'the missed heartbeat')
    assert page.link() == 'live'
    page.server.expected_status = None


def test_enter_on_an_event_marks_its_causes_and_effects(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    reload_and_wait(page)
    compiled = next(row['seq'] for row in page.log() if 'Compiled' in row['text'])

    page.ask('document.querySelector(`#log [data-seq="${arguments[0]}"]`).focus()', compiled)
    page.press(Keys.ENTER)

    parts = {row['seq']: row['part'] for row in page.log()}
    assert parts[compiled] == 'chosen'
    causes = [row['text'] for row in page.log() if row['part'] == 'cause']
    effects = [row['text'] for row in page.log() if row['part'] == 'effect']
    assert any('SIGHUP' in text for text in causes)
    assert any('Compile' in text for text in causes)
    assert any('spawn' in text and 'worker' in text for text in effects)
    assert any('Drain' in text for text in effects)
    page.press(Keys.ESCAPE)
    assert {row['part'] for row in page.log()} == {''}


def test_pause_holds_the_picture_and_going_on_catches_up(look):
    page = look(workers=2)
    before = page.wait_for(lambda: len(page.pids('ready')) == 2 and page.pids('ready'), 'both workers')

    page.click('#pause')
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: before[0] not in page.server.workers() and len(page.server.workers()) == 2, 'a successor')
    held = page.wait_for(lambda: page.link() == 'paused' and page.pids('ready'), 'the pause')
    assert held == before

    page.click('#pause')
    page.wait_for(lambda: page.pids('ready') == sorted(page.server.workers()), 'the workers of now')


def test_requests_are_counted_on_the_worker_that_answered(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    requests = "return Number(document.querySelector('#totals div:nth-child(3) dd').innerText)"
    before = page.ask(requests)

    for _ in range(50):
        assert page.server.get('/').status == 200

    page.wait_for(lambda: page.ask(requests) >= before + 50, 'fifty requests more')
    bars = page.ask("return [...document.querySelectorAll('.bar b')].map((bar) => Number(bar.innerText))")
    assert len(bars) == 2
    assert sum(bars) >= 50
    assert page.ask("return document.querySelectorAll('[data-chart=requests] .line').length") == 2


def test_everything_comes_from_the_hive_itself(look):
    page = look(workers=2)

    names = page.ask("return performance.getEntriesByType('resource').map((entry) => entry.name)")

    assert len(names) > 10
    assert all(name.startswith(page.url) for name in names), names


# What is written down of each flight as it begins: its word, the state of the box it comes from or goes to, and of each
# change of a box's state when it happens.
WATCH = """
window.story = [];
const state = (key) => document.querySelector(`.box[data-key="${key}"]`)?.dataset.state ?? 'absent';
const seen = new Map();
window.watcher = setInterval(() => {
  for (const flight of document.querySelectorAll('.flight')) {
    if (flight.dataset.told) continue;
    flight.dataset.told = 'yes';
    story.push(['flies', flight.textContent, flight.dataset.peer ?? '', state(flight.dataset.peer)]);
  }
  for (const box of document.querySelectorAll('.box.worker')) {
    const {key, state} = box.dataset;
    if (seen.get(key) !== state) story.push(['box', state, key, '']);
    seen.set(key, state);
  }
}, 15);
"""


def until_landed(page):
    page.wait_for(lambda: page.ask("return document.querySelectorAll('.flight').length") == 0, 'all to have arrived')


def test_a_box_changes_when_the_message_that_changes_it_lands(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    page.ask(WATCH)

    reload_and_wait(page)
    until_landed(page)

    story = page.ask('return story')
    flights = {word: [entry for entry in story if entry[:2] == ['flies', word]] for word in ('Go', 'Ready', 'Drain', 'exit')}
    assert len(flights['Drain']) == 2
    # Whom it flies to is there, and not yet what the message makes of it.
    assert [entry[3] for entry in flights['Drain']] == ['ready', 'ready'], story
    # A worker may be ready before its spawn has landed.
    assert {entry[3] for entry in flights['Ready']} <= {'coming', 'starting'}
    assert all(entry[3] in ('ready', 'draining') for entry in flights['exit'] if ':' in entry[2])
    for word, after in (('Ready', 'ready'), ('Drain', 'draining')):
        for entry in flights[word]:
            changes = story.index(['box', after, entry[2], ''], story.index(entry))
            assert changes > story.index(entry), (word, story)


def test_the_past_does_not_play_into_the_present(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    for _ in range(3):  # more records than one batch holds
        assert page.server.run('-s', 'reload').returncode == 0
    workers = sorted(page.server.wait_for(lambda: len(page.server.workers()) == 2 and page.server.workers(), 'the last two'))

    page.open()
    page.ask(WATCH)
    shown = page.text('#server')
    page.wait_for(lambda: page.text('#server') != shown, 'two seconds to go by')

    assert [entry for entry in page.ask('return story') if entry[0] == 'flies'] == []
    assert sorted(page.boxes()) == workers
    assert page.pids('ready') == workers
    assert len(page.log()) > 60


def test_a_button_replays_the_last_reload_slowly(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    assert page.ask("return document.getElementById('replay').disabled")
    reload_and_wait(page)
    until_landed(page)
    now = page.pids('ready')
    page.ask(WATCH)

    page.wait_for(lambda: not page.ask("return document.getElementById('replay').disabled"), 'something to replay')
    page.click('#replay')

    assert page.text('#replay') == 'Stop the replay'
    assert len(page.pids('ready')) == 2 and not set(page.pids('ready')) & set(now), 'the workers of before'
    page.wait_for(lambda: page.ask("return document.querySelector('#sequence .now') !== null"), 'the chart to point at it')
    page.wait_for(lambda: page.text('#replay') == 'Replay slowly', 'the end of the replay')
    flown = collections.Counter(entry[1] for entry in page.ask('return story') if entry[0] == 'flies')
    assert flown['Drain'] == 2 and flown['Adopt'] == 2 and flown['SIGHUP'] == 1
    assert page.pids('ready') == now


def test_a_replay_can_be_stopped(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    reload_and_wait(page)
    now = page.pids('ready')
    page.wait_for(lambda: not page.ask("return document.getElementById('replay').disabled"), 'something to replay')

    page.click('#replay')
    page.click('#replay')

    assert page.text('#replay') == 'Replay slowly'
    page.wait_for(lambda: page.pids('ready') == now, 'the hive of now')


def test_the_whole_chart_of_a_reload_is_seen(look):
    page = look(workers=4)
    page.wait_for(lambda: len(page.pids('ready')) == 4, 'all workers')

    reload_and_wait(page)

    hidden = page.ask("""const chart = document.getElementById('sequence');
        return chart.scrollHeight - chart.clientHeight""")
    assert len(page.arrows()) >= 40
    assert hidden <= 1


def test_a_server_that_is_gone_is_not_green(look):
    page = look(workers=2)
    page.wait_for(lambda: len(page.pids('ready')) == 2, 'both workers')
    green = page.colour('.box.worker .word', 'color')

    assert page.server.stop() == 0

    page.wait_for(lambda: not page.pids('ready') and page.link() == 'reconnecting', 'no box to be ready')
    assert all(box['state'] in ('no answer', 'gone') for box in page.boxes().values())
    assert page.ask("return document.querySelector('.box.master').dataset.state") == 'no answer'
    assert page.colour('.box.worker .word', 'color') != green
    assert 'does not answer' in page.text('#server') and 'ready' not in page.text('#server')


def test_an_upgrade_is_a_scene_and_history_is_kept(look):
    page = look(workers=2)
    old = page.wait_for(lambda: len(page.pids('ready')) == 2 and page.pids('ready'), 'both workers')
    master = page.server.pid
    first = page.log()[-1]['text']
    # A state that lasts for a moment counts, too.
    page.ask("""window.heads = new Set();
        new MutationObserver((changes) => {
          for (const {target, attributeName, oldValue} of changes) {
            if (!target.matches('.box.helper')) continue;
            const states = attributeName === 'data-state' ? [oldValue, target.dataset.state] : [target.dataset.state];
            for (const state of states) heads.add(`${target.dataset.key} ${state}`);
          }
        }).observe(document.body, {subtree: true, attributeOldValue: true, attributeFilter: ['data-state', 'hidden']})""")

    done = page.server.run('-s', 'reload')  # something to remember
    assert done.returncode == 0
    upgraded = subprocess.run([BINARY, 'ctl', '--socket', socket_path(page.server), 'upgrade'], capture_output=True, text=True,
                              check=False, env=page.server.env)
    assert upgraded.returncode == 0, upgraded.stderr

    try:
        page.wait_for(lambda: f'pid {master} ' not in page.text('.box.master') and len(page.pids('ready')) == 2,
                      'the new master and its workers')
        assert not set(old) & set(page.pids('ready'))
        page.wait_for(lambda: {'new master at work', 'old master draining'} <= set(page.ask('return [...heads]')),
                      'the new master to come and the old one to drain')
        page.wait_for(lambda: 'old master gone' in page.ask('return [...heads]'), 'the old master to leave')
        page.wait_for(lambda: sorted(page.boxes()) == page.pids('ready'), 'its workers to leave the picture')
        texts = [row['text'] for row in page.log()]
        assert any('spawn + listeners' in text for text in texts), 'the hand-over'
        assert any('upgrade' in text for text in texts) and first in texts, 'history'
        assert page.link() == 'live'
    except AssertionError:
        print(page.ask('return [...heads]'), page.boxes(), page.log())
        raise
    finally:
        page.server.expected_status = None

"""The hive's page for everybody: by keyboard, in the light and in the dark, on a phone."""

import os
import signal

import pytest
from selenium.webdriver.common.keys import Keys

from support.load import Load


def with_workers(page, count):
    page.wait_for(lambda: len(page.pids('ready')) == count, f'{count} ready workers')
    return page


def has_reloaded(page):
    """Whether the chart tells a reload to its end."""
    facts = page.text('#sequence-facts')
    return 'SIGHUP' in facts and 'over after' in facts


def tab_until(page, wanted, attribute='id', most=40):
    """Presses the tabulator until an element has the focus; fails when it never gets it."""
    passed = []
    for _ in range(most):
        page.press(Keys.TAB)
        passed.append(page.focused(attribute))
        if passed[-1] == wanted:
            return
    raise AssertionError(f'{wanted} is not reached: {passed}')


def test_everything_is_reached_by_the_tabulator(look):
    page = with_workers(look(workers=2), 2)

    for stop in ('pause', 'theme'):
        tab_until(page, stop)
    tab_until(page, 'treeitem', 'role')
    tab_until(page, 'filter')
    page.press(Keys.TAB)
    assert page.ask("return document.activeElement.closest('#log') !== null"), 'one row of the log is the next stop'
    tab_until(page, 'sequence')


def test_arrow_keys_walk_among_the_boxes(look):
    page = with_workers(look(workers=3), 3)
    tab_until(page, 'treeitem', 'role')
    assert page.focused('data-key') == 'master'

    page.press(Keys.ARROW_LEFT)
    assert page.focused('data-key') == 'operator'
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.focused('data-key') == 'compiler'
    page.press(Keys.HOME, Keys.ARROW_DOWN)
    workers = [page.focused('data-key')]
    page.press(Keys.END)
    workers.append(page.focused('data-key'))
    assert all(':' in key for key in workers)
    assert workers[0] != workers[1]
    page.press(Keys.ARROW_LEFT)
    assert page.focused('data-key') not in ('master', workers[1])
    assert page.ask("return document.querySelectorAll('[role=treeitem][tabindex=\"0\"]').length") == 1


def test_the_focus_is_seen(look):
    page = with_workers(look(workers=2), 2)

    tab_until(page, 'treeitem', 'role')

    style, width = page.ask("""const style = getComputedStyle(document.activeElement);
        return [style.outlineStyle, parseFloat(style.outlineWidth)]""")
    assert style == 'solid'
    assert width >= 2


def test_enter_on_a_box_shows_its_messages_alone(look):
    page = with_workers(look(workers=2), 2)
    tab_until(page, 'treeitem', 'role')

    page.press(Keys.END, Keys.ENTER)

    assert page.focused('aria-selected') == 'true'
    rows = page.log()
    assert rows
    assert all('worker 1' in row['text'] for row in rows), rows
    page.press(Keys.ENTER)
    assert any('worker 0' in row['text'] for row in page.log())


def test_a_focused_box_keeps_the_focus_while_numbers_change(look):
    page = with_workers(look(workers=2), 2)
    tab_until(page, 'treeitem', 'role')
    page.press(Keys.END)
    key = page.focused('data-key')
    shown = page.text('#server')

    page.wait_for(lambda: page.text('#server') != shown, 'the next second')
    assert page.focused('data-key') == key


def test_every_box_and_chart_has_a_name(look):
    page = with_workers(look(workers=2), 2)

    nameless = page.ask("""
        return [...document.querySelectorAll('[role=treeitem], [role=tree], [role=img], [role=region], section, button')]
          .filter((element) => ![element.getAttribute('aria-label'), element.getAttribute('aria-labelledby'), element.innerText]
            .some((name) => (name ?? '').trim()))
          .map((element) => element.outerHTML.slice(0, 80))""")

    assert not nameless
    names = page.ask("return [...document.querySelectorAll('.box.worker')].map((box) => box.getAttribute('aria-label'))")
    assert all('ready' in name and 'pid' in name for name in names), names


def test_a_state_is_told_by_a_word_and_a_shape_too(look):
    page = with_workers(look(workers=2), 2)
    victim = page.pids('ready')[0]
    shape = "return document.querySelector(`.box[data-key$=':${arguments[0]}'] .badge path:last-child`).getAttribute('d')"
    ready = page.ask(shape, victim)

    os.kill(victim, signal.SIGKILL)

    page.wait_for(lambda: page.boxes().get(victim, {}).get('state') == 'gone', 'the death to be seen')
    assert 'gone' in page.boxes()[victim]['text']
    assert page.ask(shape, victim) != ready


def test_the_system_chooses_light_or_dark(look, browser):
    page = with_workers(look(workers=2), 2)
    assert not page.is_dark()

    browser.prefers('dark')

    assert page.is_dark()


def test_the_switch_outweighs_the_system_and_is_remembered(look):
    page = with_workers(look(workers=2), 2)

    page.click('#theme')
    assert 'light' in page.text('#theme') and not page.is_dark()
    page.click('#theme')
    assert 'dark' in page.text('#theme') and page.is_dark()
    page.open()
    assert page.is_dark()
    page.click('#theme')
    assert 'system' in page.text('#theme') and not page.is_dark()


@pytest.mark.parametrize('colours', ['light', 'dark'])
def test_all_text_has_the_contrast_of_wcag_aa(look, browser, colours):
    browser.prefers(colours)
    page = with_workers(look(workers=2), 2)
    page.server.signal(signal.SIGHUP)
    page.wait_for(lambda: has_reloaded(page), 'a reload')
    os.kill(with_workers(page, 2).pids('ready')[0], signal.SIGKILL)
    page.wait_for(lambda: page.pids('gone'), 'boxes in several states')

    texts = page.contrasts()

    assert len(texts) > 80
    assert not [(text, round(ratio, 2)) for text, ratio in texts if ratio < 4.5]


@pytest.mark.parametrize('width', [320, 360, 768, 1024, 1920])
def test_it_fits_the_screen_without_scrolling_sideways(look, browser, width):
    browser.screen(width, 740, phone=width < 700)
    page = with_workers(look(workers=3), 3)
    page.server.signal(signal.SIGHUP)
    page.wait_for(lambda: has_reloaded(page), 'a reload')

    assert page.too_wide() == []


@pytest.mark.parametrize('name, width, colours', [('light', 1440, 'light'), ('dark', 1440, 'dark'), ('phone', 390, 'light'),
                                                  ('phone-dark', 390, 'dark')])
def test_screenshots_are_taken_of_a_reload_under_load(look, browser, screenshots, name, width, colours):
    browser.prefers(colours)
    browser.screen(width, 900, phone=width < 700)
    page = with_workers(look(workers=4), 4)

    with Load(page.server.port, keep=16, close=4):
        points = "return (document.querySelector('.line')?.getAttribute('d') ?? '').split('L').length"
        page.wait_for(lambda: page.ask(points) > 6, 'some seconds of measurements')
        os.kill(page.pids('ready')[1], signal.SIGKILL)
        page.wait_for(lambda: len(page.pids('ready')) == 4 and page.pids('gone'), 'a successor')

        def in_the_air():  # for a second or two; who has missed them has another reload to look at
            flights = page.ask("return document.querySelectorAll('.flight').length")
            if flights == 0 and has_reloaded(page):
                page.server.signal(signal.SIGHUP)
            return flights >= 4
        page.server.signal(signal.SIGHUP)
        page.wait_for(in_the_air, 'messages in the air')
        browser.screenshot(screenshots / f'{name}-reload.png')
        page.wait_for(lambda: has_reloaded(page), 'the end of the reload')
        browser.screenshot(screenshots / f'{name}.png')

    for picture in (f'{name}-reload.png', f'{name}.png'):
        assert (screenshots / picture).stat().st_size > 20_000

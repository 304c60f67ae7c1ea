"""The hive's page as tests see it: questions about what it shows, and what a reader does with it."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from support.waiting import wait_for

# Chromium, sanitizers and other tests share two cores.
DEADLINE = 40.0

# Each text that can be seen, with the contrast between its colour and the ground behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """
const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
function rgba(colour) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
const over = (top, under) => top.slice(0, 3).map((value, index) => value * top[3] + under[index] * (1 - top[3])).concat(1);
function ground(element) {
  if (element === null) return rgba('Canvas');
  const own = rgba(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own : over(own, ground(element.parentElement));
}
function luminance([r, g, b]) {
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const [x, y, z] = [r, g, b].map((value) => linear(value / 255));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}
const found = [];
for (const element of document.querySelectorAll('body *')) {
  const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
  const style = getComputedStyle(element);
  if (!own || element.closest('.unseen, .skip, .sky, noscript, title') || element.getClientRects().length === 0) continue;
  const behind = ground(element);
  const colour = over(rgba(element instanceof SVGElement ? style.fill : style.color), behind);
  const [high, low] = [luminance(colour), luminance(behind)].sort((a, b) => b - a);
  found.push([own, (high + 0.05) / (low + 0.05)]);
}
return found;
"""


class Page:
    """One view of a server's hive."""

    def __init__(self, browser, server):
        self.browser = browser
        self.driver = browser.driver
        self.server = server

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server.port}/hive/'

    def open(self):
        """Loads the page, and waits until it shows the server."""
        self.driver.get(self.url)
        self.wait_for(lambda: self.link() == 'live' and self.boxes(), 'the page to show workers')
        return self

    def wait_for(self, condition, what):
        return wait_for(condition, what, DEADLINE)

    def ask(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    # -- what it shows

    def link(self):
        """The state of the connection: opening, live, paused or reconnecting."""
        return self.ask("return document.getElementById('link').dataset.link")

    def boxes(self):
        """{pid: {'state', 'text', 'generation'}} of the workers' boxes."""
        found = self.ask("""
            return [...document.querySelectorAll('.box.worker')].map((box) => [box.dataset.key, box.dataset.state,
              box.innerText, Number(box.closest('.generation').dataset.generation)])""")
        return {int(key.split(':')[1]): {'state': state, 'text': text, 'generation': generation}
                for key, state, text, generation in found}

    def pids(self, state):
        """Pids of the workers that are shown in this state, in ascending order."""
        return sorted(pid for pid, box in self.boxes().items() if box['state'] == state)

    def text(self, selector):
        return self.ask('return document.querySelector(arguments[0]).innerText', selector)

    def arrows(self):
        """The messages of the sequence chart, from the top: (number, word)."""
        return [tuple(pair) for pair in self.ask("""
            return [...document.querySelectorAll('#sequence .message')].map((arrow) =>
              [Number(arrow.dataset.seq), arrow.querySelector('.label').textContent])""")]

    def log(self):
        """The rows of the log, the newest first: {'seq', 'text', 'part'}."""
        return self.ask("""
            return [...document.querySelectorAll('#log li')].map((row) => ({seq: Number(row.firstElementChild.dataset.seq),
              text: row.innerText.replace(/\\s+/g, ' '), part: row.dataset.part}))""")

    def colour(self, selector, name):
        """A computed colour as (red, green, blue)."""
        said = self.ask('return getComputedStyle(document.querySelector(arguments[0])).getPropertyValue(arguments[1])',
                        selector, name)
        return tuple(int(part) for part in said[said.index('(') + 1:-1].split(',')[:3])

    def is_dark(self):
        return sum(self.colour('body', 'background-color')) < 200

    def too_wide(self):
        """What makes the page wider than the screen: the beginnings of elements."""
        return self.ask("""
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            return [`${document.documentElement.scrollWidth} pixels`, ...[...document.querySelectorAll('body *')]
              .filter((element) => !element.closest('.scroll > *') && element.getBoundingClientRect().right > width)
              .map((element) => element.outerHTML.slice(0, 90))]""")

    def contrasts(self):
        """[(text, ratio)] of every text in sight."""
        return self.ask(CONTRASTS)

    def complaints(self):
        """What the console got to hear: [message]. That a stream broke is no fault of the page: workers die in tests."""
        said = [entry['message'] for entry in self.driver.get_log('browser') if entry['level'] in ('SEVERE', 'WARNING')]
        return [message for message in said if not ('/hive/events' in message and 'net::ERR_' in message)]

    # -- what a reader does

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def click(self, selector):
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def focused(self, attribute='id'):
        """An attribute of the element that has the focus."""
        return self.ask('return document.activeElement.getAttribute(arguments[0])', attribute)

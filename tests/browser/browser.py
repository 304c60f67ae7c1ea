"""Chromium without a window, as Debian packages it, and what tests ask of it."""

import base64
import os
import pathlib
import shutil
import subprocess
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

# Nothing but the page under test is asked for over the network, and nothing is kept.
FLAGS = ('--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--no-proxy-server',
         '--disable-background-timer-throttling', '--disable-renderer-backgrounding')


def can_shut_itself_in():
    """Whether Chromium may build its sandbox: not as root, nor where users may make no namespaces, as in containers."""
    if os.geteuid() == 0:
        return False
    return subprocess.run(['unshare', '--user', 'true'], capture_output=True, check=False).returncode == 0


class Browser:
    """One Chromium with a fresh profile; close() ends it."""

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix='colmeia-chromium-')
        options = Options()
        options.binary_location = shutil.which('chromium') or '/usr/bin/chromium'
        for flag in (*FLAGS, f'--user-data-dir={self._profile}', *([] if can_shut_itself_in() else ['--no-sandbox'])):
            options.add_argument(flag)
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        self.driver = webdriver.Chrome(service=Service('/usr/bin/chromedriver'), options=options)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def command(self, name, **arguments):
        """A command of the Chrome DevTools Protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def screen(self, width=1440, height=900, phone=False):
        self.command('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=2 if phone else 1,
                     mobile=phone)

    def prefers(self, colours='light', motion='no-preference'):
        """What the system says: light or dark, no-preference or reduce."""
        self.command('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': colours},
                                                            {'name': 'prefers-reduced-motion', 'value': motion}])

    def forget(self):
        """Back to how it was at first: no page, no console, no remembered choice, a desktop's screen."""
        self.driver.get('about:blank')
        self.command('Storage.clearDataForOrigin', origin='*', storageTypes='all')
        self.driver.get_log('browser')
        self.screen()
        self.prefers()

    def screenshot(self, path):
        """The whole page as a picture, beyond what the screen shows."""
        size = self.command('Page.getLayoutMetrics')['cssContentSize']
        picture = self.command('Page.captureScreenshot', captureBeyondViewport=True,
                               clip={'x': 0, 'y': 0, 'width': size['width'], 'height': size['height'], 'scale': 1})
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_bytes(base64.b64decode(picture['data']))
